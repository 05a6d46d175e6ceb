/// Looks for the first kernel that makes a NaN or an infinity of finite operands.
struct NaNCheck {
  /// Traces the function once more, telling each operation's number before it is noted: how the place of an operator is found.
  let retrace: (@escaping (Int) -> Void) -> Void

  /// Runs the step; ends the program with the operation and its place where a result is not finite though all operands are.
  func run(_ step: BoundProgram.Step) {
    let inputs = step.placed.reads.map(Self.isFinite)
    if let fault = step.answer() { return step.report(fault) }
    if !inputs.isEmpty, inputs.allSatisfy(\.self), !step.placed.writes.allSatisfy(Self.isFinite) {
      let caller = step.call.caller, shapes = step.placed.reads.map(\.layout.shape)
      let message = "made a NaN or an infinity of finite operands \(shapes)"
      DataFaultScope.report(.notFinite, step.call.operation, message, number: 0, shapes: shapes, caller) {
        // The message is out, and the program ends where the function asks for the operation again.
        retrace { number in
          if number == caller.node { Failure.end(at: Failure.callerNow()) }
        }
        return nil
      }
    }
  }

  private static func isFinite(_ view: View) -> Bool {
    guard view.dtype.isFloating, view.shape.elementCount > 0 else { return true }
    let finite = apply1(Elementwise.unary(.isFinite), [Tensor(view, node: nil)], Caller(#fileID, #line))
    return finite.all().item() != 0
  }
}
