import WengertCore

extension CPUBackend {
  /// Kernels of one program run one after another. A kernel keeps state between its beginning and its end, so that it must not run on two threads at a time;
  /// two programs, each with kernels of its own, may.
  public func prepare(_ call: KernelCall) -> any Kernel {
    switch call {
    case .rows(let call): RowKernel(call, plans: plans)
    case .matmul(let call): prepare(call)
    case .gather(let call): GatherKernel(call)
    case .scatterAdd(let call): ScatterAddKernel(call)
    case .takeAlong(let call): FunctionKernel(writing: call.writes) { call.runOnCPU() }
    case .scatterAddAlong(let call): FunctionKernel(writing: call.writes) { call.runOnCPU() }
    case .argSort(let call): FunctionKernel { call.runOnCPU() }
    case .argReduce(let call): FunctionKernel { call.runOnCPU() }
    case .scan(let call): FunctionKernel { call.runOnCPU() }
    case .recurrence(let call): FunctionKernel { call.runOnCPU() }
    case .linearAlgebra(let call): FunctionKernel(writing: call.writes) { call.runOnCPU() }
    case .attention(let call): prepare(call)
    case .attentionBackward(let call): prepare(call)
    case .host(let call):
      FunctionKernel {
        call.perform()
        return nil
      }
    }
  }
}
