/// A function of whole tensors, which runs on the calling thread and may allocate.
public struct HostCall: KernelArguments {
  public var inputs: [View]
  public var outputs: [View]
  /// From the inputs to the outputs' values, of the outputs' types.
  public var body: @Sendable ([Tensor]) -> [Tensor]

  public var call: KernelCall { .host(self) }
  public var reads: [View] { inputs }
  public var writes: [View] { outputs }
  public func mapViews(_ f: (View) -> View) -> HostCall { HostCall(inputs: inputs.map(f), outputs: outputs.map(f), body: body) }
  public var flops: Double? { nil }

  /// Runs the function, and copies its results to the outputs.
  public func perform() {
    let results = body(inputs.map { Tensor($0, node: nil) })
    for (result, out) in zip(results, outputs) { ViewKernels.copy(result.view, into: out) }
  }
}
