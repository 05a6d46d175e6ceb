/// Looks for the first kernel that makes a NaN or an infinity of finite operands.
enum NaNCheck {
  static func run(_ step: BoundProgram.Step) -> Int? { step.kernel.run() }
}
