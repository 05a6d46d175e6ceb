import Foundation

/// Ours beside peers that compute the same: a folder in which we leave what they compute with, and they what they have found, as float32 in order of memory.
final class Exchange {
  let folder = FileManager.default.temporaryDirectory.appending(path: "wengert-bench-\(ProcessInfo.processInfo.processIdentifier)")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func write(_ values: [Float], _ name: String) throws {
    try values.withUnsafeBytes { try Data($0).write(to: folder.appending(path: name)) }
  }

  /// A table of ours and of the peers' rows, measured in turn; a row whose result is not ours is refused.
  ///
  /// - Parameters:
  ///   - amount: how much a call does, of `unit`.
  ///   - call: has been called before.
  ///   - tolerance: how far two results that are the same may differ.
  func compare(
    _ ours: [Float], rows: [(name: String, peer: Peer)], amount: Int, unit: String, tolerance: Double, rounds: Int, repeats: Int,
    _ call: @escaping () -> Void
  ) {
    let times = Rounds(
      rounds,
      [("ours", { _ in Measurement(repeats: repeats, isWarm: true, call).median })]
        + rows.map { name, peer in (name, { _ in peer.measure(name, repeats: repeats) }) })
    show("medians of \(rounds) rounds; ratio: ours / theirs in time, the median of the rounds' ratios; difference: the greatest")
    show(cells("", "ms", "\(unit)/s", "ratio", "difference"))
    for name in ["ours"] + rows.map(\.name) {
      guard let time = times.median(name) else {
        show("\(name): not there")
        continue
      }
      let numbers = [String(format: "%.1f", time), String(format: "%.0f", Double(amount) / time * 1000)]
      if name == "ours" {
        show(cells(name, numbers[0], numbers[1]))
        continue
      }
      let difference = difference(name, from: ours)
      guard let difference, difference <= tolerance else {
        show("\(name): refused, its result is not ours: the greatest difference is \(difference.map { "\($0)" } ?? "one of size")")
        continue
      }
      show(cells(name, numbers[0], numbers[1], String(format: "%.3f", times.ratio("ours", to: name)!), String(format: "%.1e", difference)))
    }
  }

  /// The greatest difference of what a peer has left under this name; nil where there is nothing of the same size.
  private func difference(_ name: String, from ours: [Float]) -> Double? {
    guard let data = try? Data(contentsOf: folder.appending(path: name)), data.count == ours.count * 4 else { return nil }
    return data.withUnsafeBytes { bytes in
      ours.indices.reduce(0) { max($0, Double(abs(ours[$1] - bytes.loadUnaligned(fromByteOffset: $1 * 4, as: Float.self)))) }
    }
  }

  private func cells(_ name: String, _ rest: String...) -> String {
    let padded = rest.map { String(repeating: " ", count: max(0, 12 - $0.count)) + $0 }
    return name + String(repeating: " ", count: max(0, 28 - name.count)) + padded.joined()
  }
}
