import Foundation

/// A measured row.
struct Line: Encodable {
  var row: String
  var shape: String
  /// Milliseconds.
  var ours: Double
  var peers: [String: Double]
  /// Ours without compiling.
  var eager: Double?
  /// Ours with one thread, and a single call of OpenBLAS, for products.
  var oneThread: Double?
  var blas: Double?
  /// A copy of the bytes that the row must move.
  var copy: Double?
  var flops: Double?
  var bytes: Double?

  /// Ours over the best peer that gives a new result, as ours does.
  var ratio: Double? { peers.filter { $0.key != Peer.inPlace }.values.min().map { ours / $0 } }
  /// Ours over a peer that writes into memory that is there.
  var ratioInPlace: Double? { peers[Peer.inPlace].map { ours / $0 } }
}

struct Report: Encodable {
  var core: String
  var threads: Int
  var peers: [String]
  var lines: [Line] = []

  func printHeading() {
    show("OpenBLAS core \(core), \(threads) threads; medians in milliseconds")
    show(
      "ours: compiled; eager: call by call; ratio: ours / the best peer but \(Peer.inPlace); x into: ours / \(Peer.inPlace); x copy: ours / a copy of the bytes that must move; x blas: ours / one call of OpenBLAS"
    )
    show(cells("row", "shape", "ours", ["eager"] + peers, "ratio", "x into", "GFLOP/s", "GB/s", "x copy", "1 thread", "x blas"))
  }

  func printLine(_ line: Line) {
    show(
      cells(
        line.row, line.shape, number(line.ours), [number(line.eager)] + peers.map { number(line.peers[$0]) }, number(line.ratio, 2),
        number(line.ratioInPlace, 2),
        number(line.flops.map { $0 / line.ours / 1e6 }, 0), number(line.bytes.map { $0 / line.ours / 1e6 }, 1),
        number(line.copy.map { line.ours / $0 }, 2), number(line.oneThread), number(line.blas.map { line.ours / $0 }, 2)))
  }

  private func number(_ value: Double?, _ digits: Int? = nil) -> String {
    guard let value else { return "" }
    return String(format: "%.\(digits ?? (value < 10 ? 2 : 1))f", value)
  }

  private func cells(_ row: String, _ shape: String, _ ours: String, _ peers: [String], _ rest: String...) -> String {
    func left(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
    func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
    let numbers = ([ours] + peers + rest).map { right($0, 10) }.joined(separator: " ")
    return left(row, 23) + left(shape, 26) + numbers
  }

  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(self).write(to: URL(fileURLWithPath: path))
  }
}
