import CKernels

/// A number type in which convolutions have kernels of their own: products of which one factor's rows lie anywhere.
protocol ConvolutionNumber: AttentionNumber {
  /// out = a · b, or out += a · b: a in panels of a tile's rows, `step` apart, and row l of b at `b + places[l]`. The columns fill whole vectors.
  static func product(
    panels a: UnsafePointer<Self>, step: Int, _ b: UnsafePointer<Self>, places: UnsafePointer<Int32>, depth: Int, into out: Matrix<Self>,
    accumulates: Bool)
  /// The same with row i of a, contiguous, at `a + places[i]`.
  static func product(
    rows a: UnsafePointer<Self>, places: UnsafePointer<Int32>, _ b: Matrix<Self>, into out: Matrix<Self>, accumulates: Bool)
}

extension Float: ConvolutionNumber {
  static func product(
    panels a: UnsafePointer<Float>, step: Int, _ b: UnsafePointer<Float>, places: UnsafePointer<Int32>, depth: Int, into out: Matrix<Float>,
    accumulates: Bool
  ) {
    wg_product_of_places_f32(a, step, b, places, out.pointer, out.rowStride, out.rows, out.columns, depth, accumulates ? 1 : 0)
  }
  static func product(
    rows a: UnsafePointer<Float>, places: UnsafePointer<Int32>, _ b: Matrix<Float>, into out: Matrix<Float>, accumulates: Bool
  ) {
    wg_product_of_rows_f32(
      a, places, b.pointer, b.rowStride, out.pointer, out.rowStride, out.rows, out.columns, b.rows, accumulates ? 1 : 0)
  }
}

extension Double: ConvolutionNumber {
  static func product(
    panels a: UnsafePointer<Double>, step: Int, _ b: UnsafePointer<Double>, places: UnsafePointer<Int32>, depth: Int,
    into out: Matrix<Double>, accumulates: Bool
  ) {
    wg_product_of_places_f64(a, step, b, places, out.pointer, out.rowStride, out.rows, out.columns, depth, accumulates ? 1 : 0)
  }
  static func product(
    rows a: UnsafePointer<Double>, places: UnsafePointer<Int32>, _ b: Matrix<Double>, into out: Matrix<Double>, accumulates: Bool
  ) {
    wg_product_of_rows_f64(
      a, places, b.pointer, b.rowStride, out.pointer, out.rowStride, out.rows, out.columns, b.rows, accumulates ? 1 : 0)
  }
}
