import Foundation

extension Data {
  /// The bytes with one to four faults of the kinds that files suffer: flipped bits, extreme or random fields, lost,
  /// inserted, repeated or cut-off runs.
  public func damaged(seed: UInt64) -> Data {
    var generator = SplitMix64(seed: seed)
    var bytes = [UInt8](self)
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
      let position = Int.random(in: 0..<bytes.count, using: &generator)
      let run = position..<Swift.min(bytes.count, position + Int.random(in: 1...8, using: &generator))
      switch Int.random(in: 0..<8, using: &generator) {
      case 0, 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 2: for i in run { bytes[i] = UInt8.random(in: 0...255, using: &generator) }
      case 3:
        let extreme: UInt8 = [0, 0xff, 0x7f, 0x80].randomElement(using: &generator)!
        for i in run { bytes[i] = extreme }
      case 4: bytes.removeSubrange(run)
      case 5: bytes.insert(contentsOf: run.map { _ in UInt8.random(in: 0...255, using: &generator) }, at: position)
      case 6: bytes.insert(contentsOf: bytes[run], at: position)
      default: bytes.removeSubrange(position...)
      }
    }
    return Data(bytes)
  }
}
