import Foundation

/// A measured row: medians in milliseconds, and medians of the rounds' ratios.
struct Line: Encodable {
  // Names of what is measured in each round, beside the peers'.
  static let ours = "ours", eager = "eager here", oneThread = "1 thread", copy = "copy"
  static let blas = "OpenBLAS", blasOneThread = "OpenBLAS, 1 thread"

  var row: String
  var shape: String
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
  /// Ours over the best peer that may be compared and gives a new result, as ours does.
  var ratio: Double?
  /// Ours over a peer that writes into memory that is there.
  var ratioInPlace: Double?
  var ratioToCopy: Double?
  var ratioToBLAS: Double?
  /// One thread's time over that of all.
  var speedUp: Double?
  var speedUpOfBLAS: Double?
  /// Peers that are shown, but not compared.
  var uncounted: Set<String>
  /// Which times are too short for what the row claims, and are left out.
  var faults: [String] = []

  /// No loop over memory is so much faster than a copy of as many bytes: what seems to be has moved fewer.
  private static let mostTimesCopy = 8.0

  init(_ row: Row, _ measured: Rounds, peers names: [String], comparable: [String]) {
    var rounds = measured
    self.row = row.name
    shape = row.shape
    uncounted = Set(names.filter { $0 != Peer.inPlace }).subtracting(comparable)
    ours = rounds.median(Self.ours)!
    copy = rounds.median(Self.copy)
    for name in [Self.ours, Self.eager] + names {
      guard let copy, let time = rounds.median(name), time * Self.mostTimesCopy < copy else { continue }
      rounds.remove(name)
      faults.append(
        String(format: "\(row.name), \(name): %.3f ms, where a copy of the bytes that it must move takes %.3f ms", time, copy))
    }
    eager = rounds.median(Self.eager)
    oneThread = rounds.median(Self.oneThread)
    blas = rounds.median(Self.blas)
    peers = names.reduce(into: [:]) { $0[$1] = rounds.median($1) }
    switch row.cost {
    case .flops(let count): flops = count
    case .bytes(let count): bytes = count
    }
    ratio = rounds.ratio(Self.ours, to: rounds.best(of: comparable))
    ratioInPlace = rounds.ratio(Self.ours, to: Peer.inPlace)
    ratioToCopy = rounds.ratio(Self.ours, to: Self.copy)
    ratioToBLAS = rounds.ratio(Self.ours, to: Self.blas)
    speedUp = rounds.ratio(Self.oneThread, to: Self.ours)
    speedUpOfBLAS = rounds.ratio(Self.blasOneThread, to: Self.blas)
  }

  /// Whether our own time is one of the faults.
  var isRefused: Bool { faults.contains { $0.hasPrefix("\(row), \(Self.ours):") } }
}

struct Report: Encodable {
  var level = Level.current.rawValue
  var processor = Machine.name
  var core = Yardstick.blasCore
  var peers: [String]
  var threads: Int
  var rounds: Int
  var lines: [Line] = []

  func printHeading() {
    show("medians of \(rounds) rounds in milliseconds; ratios are the medians of the rounds' ratios")
    show(
      """
      ours: compiled; eager: call by call; ratio: ours / the best peer but \(Peer.inPlace); x into: ours / \(Peer.inPlace); x copy: ours / a copy of the bytes that must move; \
      1 thread: ours; up: 1 thread / \(threads); x blas: ours / one call of OpenBLAS; blas up: OpenBLAS's 1 thread / \(threads)
      """)
    if Level.current != .avx512 {
      show("in brackets: not counted; JAX's products choose their instructions at run time, and may go beyond the level \(level)")
    }
    show(
      cells(
        "row", "shape", "ours", ["eager"] + peers, "ratio", "x into", "GFLOP/s", "GB/s", "x copy", "1 thread", "up", "x blas", "blas up"))
  }

  func printLine(_ line: Line) {
    if line.isRefused { return show("\(line.row): refused, it moves fewer bytes than it claims") }
    let theirs = peers.map { name in
      let text = number(line.peers[name])
      return line.uncounted.contains(name) && !text.isEmpty ? "[\(text)]" : text
    }
    show(
      cells(
        line.row, line.shape, number(line.ours), [number(line.eager)] + theirs, number(line.ratio, 2), number(line.ratioInPlace, 2),
        number(line.flops.map { $0 / line.ours / 1e6 }, 0), number(line.bytes.map { $0 / line.ours / 1e6 }, 1),
        number(line.ratioToCopy, 2), number(line.oneThread), number(line.speedUp, 2), number(line.ratioToBLAS, 2),
        number(line.speedUpOfBLAS, 2)))
  }

  private func number(_ value: Double?, _ digits: Int? = nil) -> String {
    guard let value else { return "" }
    return String(format: "%.\(digits ?? (value < 0.1 ? 4 : value < 10 ? 2 : 1))f", value)
  }

  private func cells(_ row: String, _ shape: String, _ ours: String, _ peers: [String], _ rest: String...) -> String {
    func left(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }
    func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
    let numbers = ([ours] + peers + rest).map { right($0, 10) }.joined(separator: " ")
    return left(row, 43) + left(shape, 26) + numbers
  }

  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(self).write(to: URL(fileURLWithPath: path))
  }
}
