import WengertCore

extension CPUBackend {
  public func attention(_ call: AttentionCall, into out: View, logSumExp: View) {
    let wrong = prepare(call, into: out, logSumExp: logSumExp).run()
    ensure(wrong == nil, "attention: the offsets were not checked")
  }

  public func attentionBackward(
    _ call: AttentionCall, out: View, logSumExp: View, cotangent: View, intoQuery: View, intoKey: View, intoValue: View
  ) {
    let views = AttentionBackwardViews(
      out: out, logSumExp: logSumExp, cotangent: cotangent, query: intoQuery, key: intoKey, value: intoValue)
    let wrong = prepare(call, views).run()
    ensure(wrong == nil, "attention: the offsets were not checked")
  }

  func prepare(_ call: AttentionCall, into out: View, logSumExp: View) -> any Kernel {
    switch out.dtype {
    case .float16: AttentionKernel<Float16Element>(call, out, logSumExp)
    case .bfloat16: AttentionKernel<BFloat16Element>(call, out, logSumExp)
    case .float32: AttentionKernel<Float>(call, out, logSumExp)
    case .float64: AttentionKernel<Double>(call, out, logSumExp)
    case .bool, .uint8, .int32, .int64: unreachable("attention over \(out.dtype)")
    }
  }

  func prepare(_ call: AttentionCall, _ views: AttentionBackwardViews) -> any Kernel {
    switch views.out.dtype {
    case .float16: PreparedAttentionBackward<Float16Element>(call, views)
    case .bfloat16: PreparedAttentionBackward<BFloat16Element>(call, views)
    case .float32: PreparedAttentionBackward<Float>(call, views)
    case .float64: PreparedAttentionBackward<Double>(call, views)
    case .bool, .uint8, .int32, .int64: unreachable("attention over \(views.out.dtype)")
    }
  }
}

/// What attention's gradient reads besides the call's operands, and where it goes.
struct AttentionBackwardViews {
  var out: View, logSumExp: View, cotangent: View
  var query: View, key: View, value: View
}
