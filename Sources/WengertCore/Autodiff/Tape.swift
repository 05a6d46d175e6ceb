import Synchronization

/// A Wengert list: the operations applied to traced values, in order. Reverse mode walks it backwards, forward mode forwards.
///
/// Each derivative in progress has a tape of its own; an operation on values of several tapes is recorded on each, the innermost (newest) one
/// seeing the others' values as constants of its level. Derivatives of derivatives need nothing more.
final class Tape: @unchecked Sendable {
  let level: DerivativeLevel
  private let lock = Locked<Void>(())
  private(set) var entries: [Entry]
  private(set) var valueCount = 0

  struct Entry {
    var application: Application
    /// The tape's number of each operand, −1 for a constant.
    var operands: [Int]
    /// The number of the first result; the others follow.
    var firstResult: Int
  }

  /// - Parameter willCut: called with the number of each cut before it is noted.
  init(willCut: ((Int) -> Void)? = nil) {
    level = DerivativeLevel(willCut: willCut)
    entries = []
    entries.reserveCapacity(16)
  }

  /// `value` as an independent variable of this tape.
  func watch(_ value: Tensor) -> Tensor {
    guard value.dtype.isFloating else { return value }
    return lock.withLock { _ in trace(value) }
  }

  private func trace(_ value: Tensor) -> Tensor {
    defer { valueCount += 1 }
    return Tensor(value.face, node: Node(level, .recorded(self, index: valueCount), outer: value.node))
  }

  func record(
    _ operation: some Operation, operands: [Tensor], primals: [Tensor], results: [Tensor], _ caller: Caller
  ) -> [Tensor] {
    func cut(_ result: Tensor) -> Tensor {
      result.cut(level, level.newCut(result.dtype.isFloating ? .constant : .discrete, operation.name, caller))
    }
    switch operation.derivative {
    case .zero: return results.map(cut)
    case .notDifferentiable(let reason):
      caller.fail(operation.name, "has no derivative: \(reason). Use stopGradient if none is wanted")
    case .elementwise, .linear, .rule: break
    }
    guard results.contains(where: \.dtype.isFloating) else { return results.map(cut) }
    let indices = operands.map { $0.index(on: self) }
    let wanted = indices.map { $0 >= 0 }
    let keeps = operation.keeps(for: wanted)
    let application = Application(
      operation: operation, operandTypes: primals.map(\.type), resultTypes: results.map(\.type), wanted: wanted,
      operands: primals.indices.map { keeps.keeps($0) ? primals[$0] : nil },
      results: keeps.results ? results : [], caller: caller)
    return lock.withLock { _ in
      entries.append(Entry(application: application, operands: indices, firstResult: valueCount))
      return results.map { result in
        if result.dtype.isFloating { return trace(result) }
        valueCount += 1
        return cut(result)
      }
    }
  }

  /// Nothing more is recorded; what still carries this tape counts as constant.
  func close() { level.close() }

  /// Removes and returns the last entry, so that what it kept is freed.
  func popLast() -> Entry? { entries.popLast() }

  /// Frees what the entries kept.
  func removeAll() { entries = [] }
}
