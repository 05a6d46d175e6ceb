@_spi(Backend) import WengertCore

extension CPUBackend {
  func prepare(_ call: AttentionCall, _ workspace: CPUStorage?) -> any Kernel {
    switch call.out.dtype {
    case .float16: AttentionKernel<Float16Element>(call, workspace)
    case .bfloat16: AttentionKernel<BFloat16Element>(call, workspace)
    case .float32: AttentionKernel<Float>(call, workspace)
    case .float64: AttentionKernel<Double>(call, workspace)
    case .bool, .uint8, .int32, .int64: unreachable("attention over \(call.out.dtype)")
    }
  }

  func prepare(_ call: AttentionBackwardCall, _ workspace: CPUStorage?) -> any Kernel {
    switch call.out.dtype {
    case .float16: AttentionBackwardKernel<Float16Element>(call, workspace)
    case .bfloat16: AttentionBackwardKernel<BFloat16Element>(call, workspace)
    case .float32: AttentionBackwardKernel<Float>(call, workspace)
    case .float64: AttentionBackwardKernel<Double>(call, workspace)
    case .bool, .uint8, .int32, .int64: unreachable("attention over \(call.out.dtype)")
    }
  }

  /// Bytes of the copies of attention's operands and results, which are of one dtype.
  func workspace(for views: [View]) -> Int {
    func count<Element: KernelElement>(_ type: Element.Type) -> Int where Element.Compute: AttentionNumber {
      views.reduce(0) { $0 + HeadMatrix<Element>.copyCount($1) } * MemoryLayout<Element.Compute>.stride
    }
    return switch views[0].dtype {
    case .float16: count(Float16Element.self)
    case .bfloat16: count(BFloat16Element.self)
    case .float32: count(Float.self)
    case .float64: count(Double.self)
    case .bool, .uint8, .int32, .int64: 0
    }
  }
}
