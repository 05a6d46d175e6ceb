/// Looks for the first kernel that makes a NaN or an infinity of finite operands.
enum NaNCheck {
  /// Runs the step; ends the program with the operation and its place where a result is not finite though all operands are.
  static func run(_ step: BoundProgram.Step) -> Int? {
    let inputs = step.placed.reads.map(isFinite)
    let fault = step.kernel.run()
    if fault == nil, !inputs.isEmpty, inputs.allSatisfy(\.self), !step.placed.writes.allSatisfy(isFinite) {
      let shapes = step.placed.reads.map(\.layout.shape)
      DataFaultScope.report(
        .notFinite, step.call.operation, "made a NaN or an infinity of finite operands \(shapes)", number: 0, shapes: shapes,
        step.call.caller)
    }
    return fault
  }

  private static func isFinite(_ view: View) -> Bool {
    guard view.dtype.isFloating, view.shape.elementCount > 0 else { return true }
    let finite = apply1(Elementwise.unary(.isFinite), [Tensor(view, node: nil)], Caller(#fileID, #line))
    return finite.all().item() != 0
  }
}
