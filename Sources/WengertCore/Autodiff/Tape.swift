import Synchronization

/// A Wengert list: the operations applied to traced values, in order. Reverse mode walks it backwards, forward mode forwards.
///
/// Each derivative in progress has a tape of its own; an operation on values of several tapes is recorded on each, the innermost (newest) one
/// seeing the others' values as constants of its level. Derivatives of derivatives need nothing more.
final class Tape: @unchecked Sendable {
  /// Later tapes are further in.
  let level: Int
  private let lock = Locked<Void>(())
  private(set) var entries: [Entry] = []
  private(set) var valueCount = 0
  private(set) var isOpen = true

  private static let levels = Atomic<Int>(0)

  struct Entry {
    var application: Application
    /// The tape's number of each operand, −1 for a constant.
    var operands: [Int]
    /// The number of the first result; the others follow.
    var firstResult: Int
  }

  init() { level = Tape.levels.add(1, ordering: .relaxed).newValue }

  /// The innermost tape that records one of `values`.
  static func innermost(of values: [Tensor]) -> Tape? {
    var found: Tape?
    for value in values {
      // A value that outlived its derivative is a constant there; a tape further out may still record it.
      guard let tape = value.openTape, tape.level > (found?.level ?? 0) else { continue }
      found = tape
    }
    return found
  }

  /// `value` as an independent variable of this tape.
  func watch(_ value: Tensor) -> Tensor {
    guard value.dtype.isFloating else { return value }
    return lock.withLock { _ in trace(value) }
  }

  private func trace(_ value: Tensor) -> Tensor {
    defer { valueCount += 1 }
    return Tensor(value.view, node: Node(tape: self, index: valueCount, outer: value.node))
  }

  func record(
    _ operation: some Operation, operands: [Tensor], primals: [Tensor], results: [Tensor], _ caller: Caller
  ) -> [Tensor] {
    switch operation.derivative {
    case .zero: return results
    case .notDifferentiable(let reason):
      caller.fail(operation.name, "has no derivative: \(reason). Use stopGradient where none is wanted")
    case .elementwise, .linear, .rule: break
    }
    guard results.contains(where: \.dtype.isFloating) else { return results }
    let keeps = operation.keeps
    let application = Application(
      operation: operation, operandTypes: primals.map(\.type), resultTypes: results.map(\.type),
      operands: primals.indices.map { keeps.operands >> UInt($0) & 1 == 1 ? primals[$0] : nil },
      results: results.map { keeps.results ? $0 : nil }, caller: caller)
    return lock.withLock { _ in
      entries.append(Entry(application: application, operands: operands.map { $0.index(on: self) }, firstResult: valueCount))
      return results.map(trace)
    }
  }

  /// Nothing more is recorded; what still carries this tape counts as constant.
  func close() { isOpen = false }

  /// Removes and returns the last entry, so that what it kept is freed.
  func popLast() -> Entry? { entries.popLast() }
}

/// A traced value's place: its number on a tape, and its node on the next tape further out.
final class Node: Sendable {
  let tape: Tape
  let index: Int
  let outer: Node?

  init(tape: Tape, index: Int, outer: Node?) {
    self.tape = tape
    self.index = index
    self.outer = outer
  }
}

extension Tensor {
  /// The innermost open tape that records this value.
  var openTape: Tape? {
    var node = self.node
    while let n = node, !n.tape.isOpen { node = n.outer }
    return node?.tape
  }

  /// This value as the levels outside `tape` see it.
  func lowered(below tape: Tape) -> Tensor {
    var node = self.node
    while let n = node, n.tape.level >= tape.level || !n.tape.isOpen { node = n.outer }
    return Tensor(view, node: node)
  }

  /// This value's number on `tape`, −1 if it is not recorded there.
  func index(on tape: Tape) -> Int {
    var node = self.node
    while let n = node, n.tape !== tape { node = n.outer }
    return node?.index ?? -1
  }
}
