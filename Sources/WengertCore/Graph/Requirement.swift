/// What must hold between two extents for the numbers that their symbols get: asked while a graph is traced, checked when its program is bound.
struct Requirement: Sendable {
  enum Relation: Sendable { case equal, atMost }

  let a: Dimension
  let relation: Relation
  let b: Dimension
  let operation: String
  let message: String
  let caller: Caller

  /// What is asked, by whatever operation's call.
  struct Question: Hashable {
    let a: Dimension
    let relation: Relation
    let b: Dimension
    let operation: String
  }

  var question: Question { Question(a: a, relation: relation, b: b, operation: operation) }

  func holds(_ symbols: [String: Int]) -> Bool {
    let (x, y) = (a.substituting(symbols), b.substituting(symbols))
    return relation == .equal ? x == y : x <= y
  }

  /// Ends the program, as the operation would have with these numbers.
  ///
  /// - Parameter place: finds the caller of an operator.
  func fail(_ symbols: [String: Int], place: () -> String?) -> Never {
    caller.fail(operation, text(symbols)) { caller.isOwn ? place() : nil }
  }

  /// What is wrong with these numbers.
  func text(_ symbols: [String: Int]) -> String {
    let names = Set(a.symbols + b.symbols).sorted()
    let values = names.map { "\($0) = \(symbols[$0].map(String.init) ?? "?")" }.joined(separator: ", ")
    return "\(message), with \(values)"
  }
}

extension Caller {
  /// Ends the program unless a ≤ b, now or, where the symbols decide, when they get their numbers.
  func require(_ a: Dimension, atMost b: Dimension, _ operation: String, _ message: @autoclosure () -> String) {
    if let answer = a.isAtMost(b) {
      if !answer { fail(operation, message()) }
    } else {
      ask(a, .atMost, b, operation, message())
    }
  }

  /// Ends the program unless a = b, now or, where the symbols decide, when they get their numbers.
  func require(_ a: Dimension, equals b: Dimension, _ operation: String, _ message: @autoclosure () -> String) {
    if let answer = a.equals(b) {
      if !answer { fail(operation, message()) }
    } else {
      ask(a, .equal, b, operation, message())
    }
  }

  /// Rules are looked at again by passes, when nothing is traced: what they ask then was asked before.
  private func ask(_ a: Dimension, _ relation: Requirement.Relation, _ b: Dimension, _ operation: String, _ message: String) {
    Tracer.current?.require(
      Requirement(a: a.unnamed, relation: relation, b: b.unnamed, operation: operation, message: message, caller: self))
  }

  /// Ends the program unless a = b for all values of the symbols.
  package func require(_ a: Dimension, sameAs b: Dimension, _ operation: String, _ message: @autoclosure () -> String) {
    if let fault = fault(a, b, message) { fail(operation, fault) }
  }

  /// As `require`, where the rank of the operation's result is known without it.
  package func expect(
    _ a: Dimension, sameAs b: Dimension, _ operation: String, _ message: @autoclosure () -> String,
    of tensors: @autoclosure () -> [Tensor] = []
  ) {
    if let fault = fault(a, b, message) { expect(false, operation, fault, of: tensors()) }
  }

  private func fault(_ a: Dimension, _ b: Dimension, _ message: () -> String) -> String? {
    switch a.equals(b) {
    case true: nil
    case false: message()
    case nil: "\(message()); \(Dimension.openQuestion(a, "equals", b))"
    }
  }
}
