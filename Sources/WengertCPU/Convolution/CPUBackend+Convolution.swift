@_spi(Backend) import WengertCore

extension CPUBackend {
  func workspace(for call: ConvolutionCall) -> Int { ConvolutionMethod(call).workspace }
  func prepare(_ call: ConvolutionCall, _ workspace: CPUStorage?) -> any Kernel {
    ConvolutionMethod(call).kernel(call, on: self, workspace)
  }
}

/// How a convolution is computed: by kernels of its own, or where these would be slow by copies of its windows and products.
private struct ConvolutionMethod {
  let call: ConvolutionCall
  /// Nil: by products.
  let plan: ConvolutionPlan?

  init(_ call: ConvolutionCall) {
    self.call = call
    // What a pixel meets is the image as it lies.
    let isProduct = !Float.hasTiles || call.isPointwise && call.role != .weight
    let plan = isProduct ? nil : ConvolutionPlan(call)
    self.plan = plan?.isAddressable == true ? plan : nil
  }

  var workspace: Int {
    guard let plan else { return PartsKernel.byteCount(call.parts) }
    return call.x.dtype.computeType == .float64 ? bytes(plan, Double.self) : bytes(plan, Float.self)
  }

  private func bytes<Element: KernelElement>(_ plan: ConvolutionPlan, _ type: Element.Type) -> Int
  where Element.Compute: ConvolutionNumber {
    call.role == .weight ? ConvolutionWeightKernel<Element>.workspace(plan) : ConvolutionKernel<Element>.workspace(plan)
  }

  func kernel(_ call: ConvolutionCall, on backend: CPUBackend, _ workspace: CPUStorage?) -> any Kernel {
    guard let plan else { return PartsKernel(on: backend, workspace, call.parts) }
    func kernel<Element: KernelElement>(_ type: Element.Type) -> any Kernel where Element.Compute: ConvolutionNumber {
      call.role == .weight ? ConvolutionWeightKernel<Element>(call, plan, workspace) : ConvolutionKernel<Element>(call, plan, workspace)
    }
    return switch call.x.dtype {
    case .float16: kernel(Float16Element.self)
    case .bfloat16: kernel(BFloat16Element.self)
    case .float32: kernel(Float.self)
    case .float64: kernel(Double.self)
    case .bool, .uint8, .int32, .int64: unreachable("a convolution of \(call.x.dtype)")
    }
  }
}
