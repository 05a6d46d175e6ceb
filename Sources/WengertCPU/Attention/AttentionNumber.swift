import CKernels

/// A number type with attention's inner loops, on matrices of contiguous rows.
protocol AttentionNumber: KernelNumber, BinaryFloatingPoint {
  static func softmax(_ scores: Matrix<Self>, _ logSumExp: UnsafeMutablePointer<Self>, _ dropout: wg_dropout?)
  static func softmaxGradient(
    _ scores: Matrix<Self>, _ gradient: Matrix<Self>, _ logSumExp: UnsafePointer<Self>, _ inner: UnsafePointer<Self>, _ scale: Self,
    _ dropout: wg_dropout?)
  static func inner(_ a: Matrix<Self>, _ b: Matrix<Self>, _ result: UnsafeMutablePointer<Self>)
  /// out = alpha · a · b, or that added to `out`; a has any strides. The memory `ahead` is fetched meanwhile.
  static func product(
    _ a: Matrix<Self>, _ b: Matrix<Self>, into out: Matrix<Self>, alpha: Self, accumulates: Bool, ahead: UnsafeRawBufferPointer)
}

extension AttentionNumber {
  static func product(_ a: Matrix<Self>, _ b: Matrix<Self>, into out: Matrix<Self>, alpha: Self, accumulates: Bool) {
    product(a, b, into: out, alpha: alpha, accumulates: accumulates, ahead: UnsafeRawBufferPointer(start: nil, count: 0))
  }

  static func tileProduct(
    _ a: Matrix<Self>, _ b: Matrix<Self>, into out: Matrix<Self>, accumulates: Bool, ahead: UnsafeRawBufferPointer
  ) {
    product(a, b, into: out, alpha: 1, accumulates: accumulates, ahead: ahead)
  }
}

extension Float: AttentionNumber {
  static func softmax(_ scores: Matrix<Float>, _ logSumExp: UnsafeMutablePointer<Float>, _ dropout: wg_dropout?) {
    withOptional(dropout) { wg_softmax_f32(scores.pointer, scores.rowStride, scores.rows, scores.columns, logSumExp, $0) }
  }
  static func softmaxGradient(
    _ scores: Matrix<Float>, _ gradient: Matrix<Float>, _ logSumExp: UnsafePointer<Float>, _ inner: UnsafePointer<Float>, _ scale: Float,
    _ dropout: wg_dropout?
  ) {
    withOptional(dropout) {
      wg_softmax_gradient_f32(
        scores.pointer, gradient.pointer, scores.rowStride, scores.rows, scores.columns, logSumExp, inner, scale, $0)
    }
  }
  static func inner(_ a: Matrix<Float>, _ b: Matrix<Float>, _ result: UnsafeMutablePointer<Float>) {
    wg_inner_f32(a.pointer, a.rowStride, b.pointer, b.rowStride, a.rows, a.columns, result)
  }
  static func product(
    _ a: Matrix<Float>, _ b: Matrix<Float>, into out: Matrix<Float>, alpha: Float, accumulates: Bool, ahead: UnsafeRawBufferPointer
  ) {
    wg_product_f32(
      a.pointer, a.rowStride, a.columnStride, b.pointer, b.rowStride, out.pointer, out.rowStride, out.rows, out.columns, a.columns, alpha,
      accumulates ? 1 : 0, ahead.baseAddress, ahead.count)
  }
  static var hasTiles: Bool { wg_level() > Int32(WG_LEVEL_BASE) }
  static var tiling: Tiling {
    let tile = wg_tile_f32()
    return Tiling(tileRows: tile.rows, tileColumns: tile.columns, elementSize: MemoryLayout<Float>.stride, caches: .ofProcessor)
  }
  static func panelProduct(
    _ a: UnsafePointer<Float>, step: Int, _ b: Matrix<Float>, into out: Matrix<Float>, accumulates: Bool, ahead: UnsafeRawBufferPointer
  ) {
    wg_product_of_panels_f32(
      a, step, b.pointer, b.rowStride, out.pointer, out.rowStride, out.rows, out.columns, b.rows, accumulates ? 1 : 0,
      ahead.baseAddress, ahead.count)
  }
  static func transpose(_ a: Matrix<Float>, into out: Matrix<Float>) {
    wg_transpose_f32(a.pointer, a.rowStride, a.rows, a.columns, out.pointer, out.columns)
  }
  static func pack(_ a: Matrix<Float>, into panels: UnsafeMutablePointer<Float>, width: Int, step: Int) {
    wg_pack_f32(a.pointer, a.rowStride, a.rows, a.columns, panels, width, step)
  }
}

extension Double: AttentionNumber {
  static func softmax(_ scores: Matrix<Double>, _ logSumExp: UnsafeMutablePointer<Double>, _ dropout: wg_dropout?) {
    withOptional(dropout) { wg_softmax_f64(scores.pointer, scores.rowStride, scores.rows, scores.columns, logSumExp, $0) }
  }
  static func softmaxGradient(
    _ scores: Matrix<Double>, _ gradient: Matrix<Double>, _ logSumExp: UnsafePointer<Double>, _ inner: UnsafePointer<Double>,
    _ scale: Double,
    _ dropout: wg_dropout?
  ) {
    withOptional(dropout) {
      wg_softmax_gradient_f64(
        scores.pointer, gradient.pointer, scores.rowStride, scores.rows, scores.columns, logSumExp, inner, scale, $0)
    }
  }
  static func inner(_ a: Matrix<Double>, _ b: Matrix<Double>, _ result: UnsafeMutablePointer<Double>) {
    wg_inner_f64(a.pointer, a.rowStride, b.pointer, b.rowStride, a.rows, a.columns, result)
  }
  static func product(
    _ a: Matrix<Double>, _ b: Matrix<Double>, into out: Matrix<Double>, alpha: Double, accumulates: Bool, ahead: UnsafeRawBufferPointer
  ) {
    wg_product_f64(
      a.pointer, a.rowStride, a.columnStride, b.pointer, b.rowStride, out.pointer, out.rowStride, out.rows, out.columns, a.columns, alpha,
      accumulates ? 1 : 0, ahead.baseAddress, ahead.count)
  }
  static var hasTiles: Bool { wg_level() > Int32(WG_LEVEL_BASE) }
  static var tiling: Tiling {
    let tile = wg_tile_f64()
    return Tiling(tileRows: tile.rows, tileColumns: tile.columns, elementSize: MemoryLayout<Double>.stride, caches: .ofProcessor)
  }
  static func panelProduct(
    _ a: UnsafePointer<Double>, step: Int, _ b: Matrix<Double>, into out: Matrix<Double>, accumulates: Bool, ahead: UnsafeRawBufferPointer
  ) {
    wg_product_of_panels_f64(
      a, step, b.pointer, b.rowStride, out.pointer, out.rowStride, out.rows, out.columns, b.rows, accumulates ? 1 : 0,
      ahead.baseAddress, ahead.count)
  }
  static func transpose(_ a: Matrix<Double>, into out: Matrix<Double>) {
    wg_transpose_f64(a.pointer, a.rowStride, a.rows, a.columns, out.pointer, out.columns)
  }
  static func pack(_ a: Matrix<Double>, into panels: UnsafeMutablePointer<Double>, width: Int, step: Int) {
    wg_pack_f64(a.pointer, a.rowStride, a.rows, a.columns, panels, width, step)
  }
}

extension Matrix {
  /// Asks for the matrix's memory, whose rows no prefetcher of the processor foresees, before it is needed.
  func prefetch() {
    let size = MemoryLayout<Element>.stride
    wg_prefetch(pointer, rowStride * size, rows, columns * size)
  }
}

/// Lends the address of a value that may be missing.
private func withOptional<Value>(_ value: Value?, _ body: (UnsafePointer<Value>?) -> Void) {
  if let value { withUnsafePointer(to: value) { body($0) } } else { body(nil) }
}
