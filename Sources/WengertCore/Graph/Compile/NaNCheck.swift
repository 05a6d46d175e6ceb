/// Looks for the first kernel that makes a NaN or an infinity of finite operands.
struct NaNCheck {
  /// Traces the function once more, passing on each operation's number before it is noted: how the place of an operator is found.
  let retrace: (@escaping (Int) -> Void) -> Void

  /// Runs the step; ends the program with the operation and its place where a result is not finite though all operands are.
  func run(_ step: BoundProgram.Step) {
    // Asked before the kernel writes over its operands; read, once, after it.
    let inputs = Self.areFinite(step.placed.reads)
    if let fault = step.answer() { return step.report(fault) }
    if !step.placed.reads.isEmpty, let outputs = Self.areFinite(step.placed.writes),
      (inputs.map { $0 .& .!outputs } ?? .!outputs).item() != 0
    {
      let caller = step.call.caller, shapes = step.placed.reads.map(\.layout.shape)
      let message = "made a NaN or an infinity of finite operands \(shapes)"
      DataFaultScope.report(.notFinite, step.call.operation, message, number: 0, shapes: shapes, caller) {
        // The message is out, and the program ends when the function asks for the operation again.
        retrace { number in
          if number == caller.node { Failure.end(at: Failure.callerNow()) }
        }
        return nil
      }
    }
  }

  /// Whether all elements are finite, as a truth value; nil if there is no floating one.
  private static func areFinite(_ views: [View]) -> Tensor? {
    var all: Tensor?
    for view in views where view.dtype.isFloating && view.shape.elementCount > 0 {
      let finite = apply1(Elementwise.unary(.isFinite), [Tensor(view, node: nil)], Caller(#fileID, #line)).all()
      all = all.map { $0 .& finite } ?? finite
    }
    return all
  }
}
