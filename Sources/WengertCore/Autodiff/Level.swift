import Synchronization

/// A transformation of a function in progress: a derivative (`DerivativeLevel`, with its tape), `vmap` (`Batch`) or `compile` (`Tracer`). It processes the operations on the values that it
/// knows, and does so by operations on what these are one level further out. Levels nest in any order, newer ones further in.
class Level: @unchecked Sendable {
  /// Greater is further in.
  let number: Int
  private let isClosed = Atomic<Bool>(false)

  /// Whether the function is still running.
  final var isOpen: Bool { !isClosed.load(ordering: .relaxed) }

  private static let numbers = Atomic<Int>(0)

  /// A level inside all that there are.
  init() { number = Level.numbers.add(1, ordering: .relaxed).newValue }

  init(number: Int) { self.number = number }

  /// The results of an operation of which at least one operand is known at this level, and none further in.
  func process(_ operation: some Operation, _ operands: [Tensor], _ caller: Caller) -> [Tensor] {
    unreachable("\(operation.name): a level that processes nothing")
  }

  /// The function has returned.
  final func close() { isClosed.store(true, ordering: .relaxed) }

  /// The innermost level in progress that knows one of `values`.
  static func innermost(of values: [Tensor]) -> Level? {
    var found: Level?
    for value in values {
      // A value that outlived its derivative is a constant there; a level further out may still know it.
      guard let level = value.openNode?.level else { continue }
      if found.map({ level.number > $0.number }) ?? true { found = level }
    }
    return found
  }
}
