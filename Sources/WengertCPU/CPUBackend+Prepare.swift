@_spi(Backend) import WengertCore

extension CPUBackend {
  /// What threads need each for themselves, and what depends on the operands' values, is not part of it: threads keep the one, the pool the other.
  public func workspace(for call: KernelCall) -> Int {
    switch call {
    case .matmul(let call): workspace(for: call)
    case .gather(let call): call.indices.shape.elementCount * MemoryLayout<Int>.stride
    case .scatterAdd(let call): call.indices.shape.elementCount * MemoryLayout<Int>.stride
    case .convolution(let call): workspace(for: call)
    case .attention(let call): workspace(for: [call.operands.query, call.operands.key, call.operands.value, call.out])
    case .attentionBackward(let call):
      workspace(
        for: [call.operands.query, call.operands.key, call.operands.value, call.out, call.cotangent, call.query, call.key, call.value])
    default: 0
    }
  }

  /// Rows of a product are at hand when the block that they are in is made, whatever is done with them.
  public func canFuse(epilogue: RowProgram, ofProduct dtype: DType) -> Bool { true }

  /// Kernels of one program run one after another. A kernel keeps state between its beginning and its end, so that it must not run on two threads at a time;
  /// two programs, each with kernels of its own, may.
  public func prepare(_ call: KernelCall, workspace: Storage?) -> any Kernel {
    let workspace = workspace.map(CPUStorage.of)
    return switch call {
    case .rows(let call): RowKernel(call, plans: plans)
    case .matmul(let call): prepare(call, workspace)
    case .gather(let call): GatherKernel(call, workspace)
    case .scatterAdd(let call): ScatterAddKernel(call, workspace)
    case .takeAlong(let call): FunctionKernel(writing: call.writes) { call.runOnCPU() }
    case .scatterAddAlong(let call): FunctionKernel(writing: call.writes) { call.runOnCPU() }
    case .argSort(let call): FunctionKernel { call.runOnCPU() }
    case .argReduce(let call): FunctionKernel { call.runOnCPU() }
    case .scan(let call): FunctionKernel { call.runOnCPU() }
    case .recurrence(let call): FunctionKernel { call.runOnCPU() }
    case .linearAlgebra(let call): FunctionKernel(writing: call.writes) { call.runOnCPU() }
    case .factorization(let call): FunctionKernel(writing: call.writes) { call.runOnCPU() }
    case .convolution(let call): prepare(call, workspace)
    case .attention(let call): prepare(call, workspace)
    case .attentionBackward(let call): prepare(call, workspace)
    case .loop(let call): call.kernel(on: self)
    case .branch(let call): call.kernel(on: self)
    }
  }
}
