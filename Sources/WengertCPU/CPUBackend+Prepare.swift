import WengertCore

extension CPUBackend {
  /// Kernels of one program run one after another. A kernel keeps state between its beginning and its end, so that it must not run on two threads at a time;
  /// two programs, each with kernels of its own, may.
  public func prepare(_ call: KernelCall) -> any Kernel {
    switch call {
    case .rows(let call): RowKernel(call, plans: plans)
    case .matmul(let call): prepare(call)
    case .attention(let call, let out, let logSumExp): prepare(call, into: out, logSumExp: logSumExp)
    case .attentionBackward(let call, let out, let logSumExp, let cotangent, let query, let key, let value):
      prepare(
        call, AttentionBackwardViews(out: out, logSumExp: logSumExp, cotangent: cotangent, query: query, key: key, value: value))
    case .gather(let source, let indices, let out): prepareGather(source, indices: indices, into: out)
    case .scatterAdd(let updates, let indices, let out): prepareScatterAdd(updates, indices: indices, into: out)
    case .takeAlong, .scatterAddAlong, .argSort, .argReduce, .scan, .recurrence, .linearAlgebra, .host:
      PlainKernel(backend: self, call: call)
    }
  }
}
