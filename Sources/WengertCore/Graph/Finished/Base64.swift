/// Bytes as text that source code holds in a literal: four letters for three bytes (RFC 4648).
enum Base64 {
  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  /// The number of each letter, 64 for what is none.
  private static let numbers: [UInt8] = {
    var numbers = [UInt8](repeating: 64, count: 256)
    for (number, letter) in letters.enumerated() { numbers[Int(letter)] = UInt8(number) }
    return numbers
  }()

  static func text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      var group = 0
      for place in 0..<3 { group = group << 8 | (place < count ? Int(bytes[start + place]) : 0) }
      for place in 0..<4 {
        text.append(place <= count ? letters[group >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// - Throws: `ProgramError` if there is a letter that is none, or one too few.
  static func bytes(_ text: String) throws -> [UInt8] {
    let text = Array(text.utf8)
    let end = text.suffix(2).firstIndex(of: UInt8(ascii: "=")) ?? text.count
    guard text.count % 4 == 0, text[end...].allSatisfy({ $0 == UInt8(ascii: "=") }) else {
      throw ProgramError("the literal has \(text.count) letters, which is no whole number of groups of four: a part of it is missing")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var group = 0, bits = 0
    for place in 0..<end {
      let number = numbers[Int(text[place])]
      if number == 64 { throw ProgramError("the literal has a character at \(place) that is not a letter of base64") }
      group = (group << 6 | Int(number)) & 0xFFFF
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: group >> bits))
      }
    }
    return bytes
  }
}
