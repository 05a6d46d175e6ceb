/// Times the kernels of compiled functions.
public final class Profiler: @unchecked Sendable {
  public init() {}
  func run(_ step: BoundProgram.Step) -> Int? { step.kernel.run() }
}
