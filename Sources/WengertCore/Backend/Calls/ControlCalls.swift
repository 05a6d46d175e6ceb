/// carries ← body(carries, elements[i], constants) again and again, i from the first to the last or from the last to the first: as often as `count` says, or `length` times, and only as
/// long as `condition(carries, conditionConstants)` is true. What else the body gives goes into `outputs[i]`.
///
/// The functions are programs of their own: a backend has no kernel for this call, but runs `kernel(on:)`.
@_spi(Backend) public struct LoopCall: KernelArguments {
  let body: Body
  let condition: Body?
  /// The numbers of the symbols in the functions' types.
  let symbols: [String: Int]
  /// One whole number, int32 or int64.
  public var count: View?
  /// Row-major; they hold the initial values.
  public var carries: [View]
  /// With an axis of steps in front; each step's elements are row-major.
  public var elements: [View]
  /// Row-major.
  public var constants: [View], conditionConstants: [View]
  /// As `elements`.
  public var outputs: [View]
  /// int32 []: how many steps there were.
  public var steps: View?
  public let length: Int
  public let isReversed: Bool

  public var call: KernelCall { .loop(self) }
  public var reads: [View] { (count.map { [$0] } ?? []) + elements + constants + conditionConstants }
  public var writes: [View] { carries + outputs + (steps.map { [$0] } ?? []) }
  public func mapViews(_ f: (View) -> View) -> LoopCall {
    var new = self
    new.count = count.map(f)
    new.carries = carries.map(f)
    new.elements = elements.map(f)
    new.constants = constants.map(f)
    new.conditionConstants = conditionConstants.map(f)
    new.outputs = outputs.map(f)
    new.steps = steps.map(f)
    return new
  }

  public var flops: Double? { nil }
  public var summary: String { "\(length) steps" }

  /// A kernel that runs the functions' own kernels.
  public func kernel(on backend: any Backend) -> any Kernel { LoopKernel(self, on: backend) }
}

/// outputs ← branches[index](its operands): one of several functions, the first of which has the number 0. As `LoopCall`, without a kernel of its own.
@_spi(Backend) public struct BranchCall: KernelArguments {
  let branches: [Body]
  let symbols: [String: Int]
  /// One whole number, int32; numbers out of range count as the first, or the last.
  public var index: View
  /// Of each function, row-major.
  public var operands: [[View]]
  public var outputs: [View]

  public var call: KernelCall { .branch(self) }
  public var reads: [View] { [index] + operands.flatMap(\.self) }
  public var writes: [View] { outputs }
  public func mapViews(_ f: (View) -> View) -> BranchCall {
    var new = self
    new.index = f(index)
    new.operands = operands.map { $0.map(f) }
    new.outputs = outputs.map(f)
    return new
  }

  public var flops: Double? { nil }

  /// A kernel that runs the functions' own kernels.
  public func kernel(on backend: any Backend) -> any Kernel { BranchKernel(self, on: backend) }
}
