import CKernels

/// A number type with attention's inner loops; matrices of weights are contiguous.
protocol AttentionNumber: BLASNumber {
  static func softmax(_ scores: Matrix<Self>, _ logSumExp: UnsafeMutablePointer<Self>, _ dropout: ops_dropout?)
  static func softmaxGradient(
    _ scores: Matrix<Self>, _ gradient: Matrix<Self>, _ logSumExp: UnsafePointer<Self>, _ inner: UnsafePointer<Self>, _ scale: Self,
    _ dropout: ops_dropout?)
  static func inner(_ a: Matrix<Self>, _ b: Matrix<Self>, _ result: UnsafeMutablePointer<Self>)
}

extension Float: AttentionNumber {
  static func softmax(_ scores: Matrix<Float>, _ logSumExp: UnsafeMutablePointer<Float>, _ dropout: ops_dropout?) {
    withOptional(dropout) { ops_softmax_f32(scores.pointer, scores.rows, scores.columns, logSumExp, $0) }
  }
  static func softmaxGradient(
    _ scores: Matrix<Float>, _ gradient: Matrix<Float>, _ logSumExp: UnsafePointer<Float>, _ inner: UnsafePointer<Float>, _ scale: Float,
    _ dropout: ops_dropout?
  ) {
    withOptional(dropout) {
      ops_softmax_gradient_f32(scores.pointer, gradient.pointer, scores.rows, scores.columns, logSumExp, inner, scale, $0)
    }
  }
  static func inner(_ a: Matrix<Float>, _ b: Matrix<Float>, _ result: UnsafeMutablePointer<Float>) {
    ops_inner_f32(a.pointer, a.rowStride, b.pointer, b.rowStride, a.rows, a.columns, result)
  }
}

extension Double: AttentionNumber {
  static func softmax(_ scores: Matrix<Double>, _ logSumExp: UnsafeMutablePointer<Double>, _ dropout: ops_dropout?) {
    withOptional(dropout) { ops_softmax_f64(scores.pointer, scores.rows, scores.columns, logSumExp, $0) }
  }
  static func softmaxGradient(
    _ scores: Matrix<Double>, _ gradient: Matrix<Double>, _ logSumExp: UnsafePointer<Double>, _ inner: UnsafePointer<Double>,
    _ scale: Double,
    _ dropout: ops_dropout?
  ) {
    withOptional(dropout) {
      ops_softmax_gradient_f64(scores.pointer, gradient.pointer, scores.rows, scores.columns, logSumExp, inner, scale, $0)
    }
  }
  static func inner(_ a: Matrix<Double>, _ b: Matrix<Double>, _ result: UnsafeMutablePointer<Double>) {
    ops_inner_f64(a.pointer, a.rowStride, b.pointer, b.rowStride, a.rows, a.columns, result)
  }
}

/// Lends the address of a value that may be missing.
private func withOptional<Value>(_ value: Value?, _ body: (UnsafePointer<Value>?) -> Void) {
  if let value { withUnsafePointer(to: value) { body($0) } } else { body(nil) }
}
