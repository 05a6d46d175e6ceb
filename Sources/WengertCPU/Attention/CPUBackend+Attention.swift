import WengertCore

extension CPUBackend {
  func prepare(_ call: AttentionCall) -> any Kernel {
    switch call.out.dtype {
    case .float16: AttentionKernel<Float16Element>(call)
    case .bfloat16: AttentionKernel<BFloat16Element>(call)
    case .float32: AttentionKernel<Float>(call)
    case .float64: AttentionKernel<Double>(call)
    case .bool, .uint8, .int32, .int64: unreachable("attention over \(call.out.dtype)")
    }
  }

  func prepare(_ call: AttentionBackwardCall) -> any Kernel {
    switch call.out.dtype {
    case .float16: AttentionBackwardKernel<Float16Element>(call)
    case .bfloat16: AttentionBackwardKernel<BFloat16Element>(call)
    case .float32: AttentionBackwardKernel<Float>(call)
    case .float64: AttentionBackwardKernel<Double>(call)
    case .bool, .uint8, .int32, .int64: unreachable("attention over \(call.out.dtype)")
    }
  }
}
