@_spi(Backend) import WengertCore

extension CPUBackend {
  func prepare(_ call: MatMulCall, _ workspace: CPUStorage?) -> any Kernel {
    call.a.dtype.visit(PrepareProduct(call: call, plans: plans, workspace: workspace))
  }

  /// Bytes of the factors' copies.
  func workspace(for call: MatMulCall) -> Int { call.a.dtype.visit(ProductWorkspace(plan: ProductPlan(call))) }
}

private struct ProductWorkspace: ElementVisitor {
  let plan: ProductPlan

  func visit<Element: KernelElement>(_ type: Element.Type) -> Int {
    let left = FactorView<Element>.copyCount(plan.a, batch: plan.batch, rows: plan.m, columns: plan.k)
    let right = FactorView<Element>.copyCount(plan.b, batch: plan.batch, rows: plan.k, columns: plan.n)
    return (left + right) * MemoryLayout<Element.Compute>.stride
  }
}

extension ProductPlan {
  fileprivate init(_ call: MatMulCall) {
    self.init(a: call.a.layout, b: call.b.layout, out: call.out?.layout ?? Layout(rowMajor: call.shape))
    if call.epilogue == nil { simplify() }
  }
}

private struct PrepareProduct: ElementVisitor {
  let call: MatMulCall
  let plans: RowPlanCache
  let workspace: CPUStorage?

  func visit<Element: KernelElement>(_ type: Element.Type) -> any Kernel {
    let shape = call.shape
    ensure(call.out != nil || call.epilogue != nil, "a product goes somewhere")
    ensure(call.epilogue == nil || shape.rank == 2 && !call.accumulates, "an epilogue follows one product of matrices")
    return ProductKernel<Element>(call, plan: ProductPlan(call), epilogue: epilogue(shape), workspace)
  }

  private func epilogue(_ shape: Shape) -> ProductEpilogue? {
    guard let (epilogue, product) = call.epilogue else { return nil }
    var rows = epilogue
    ensure(
      rows.shape == shape && rows.program.outputs.allSatisfy { $0.accumulate == nil }, "an epilogue goes over the product's rows")
    let dtype = call.a.dtype
    // Where nothing but the epilogue reads the product, each thread has a block of it.
    rows.inputs[product] =
      call.out
      ?? View(
        storage: CPUStorage(slotOn: .shared, byteCount: shape.elementCount * dtype.byteCount), layout: Layout(rowMajor: shape),
        dtype: dtype)
    return ProductEpilogue(
      rows: RowKernel(rows, plans: plans, keepsRows: true), product: product, blockRows: ProductEpilogue.blockRows(shape, dtype))
  }
}

extension ProductEpilogue {
  /// Rows enough that the right factor, which BLAS packs anew for each block, costs little, and few enough that the block stays in the cache.
  ///
  /// The cost of packing is about 20% of a block of 128 rows and 4% of 512, whatever the other extents.
  fileprivate static func blockRows(_ shape: Shape, _ dtype: DType) -> Int {
    let rowBytes = max(shape[1], 1) * dtype.computeType.byteCount
    return max(128, min(512, (4 << 20) / rowBytes / 16 * 16))
  }
}

/// A batch of matrix products by extents and strides alone.
struct ProductPlan {
  struct Operand {
    var batch: Strides
    var rowStride: Int, columnStride: Int

    init(_ layout: Layout) {
      let rank = layout.shape.rank
      batch = Strides(layout.strides.prefix(rank - 2))
      rowStride = layout.strides[rank - 2]
      columnStride = layout.strides[rank - 1]
    }

    func matrix<Element>(_ pointer: UnsafeMutablePointer<Element>, _ rows: Int, _ columns: Int) -> Matrix<Element> {
      Matrix(pointer: pointer, rows: rows, columns: columns, rowStride: rowStride, columnStride: columnStride)
    }

    fileprivate func transposed() -> Operand {
      var result = self
      swap(&result.rowStride, &result.columnStride)
      return result
    }
  }

  var batch: Shape
  var m: Int, n: Int, k: Int
  var a: Operand, b: Operand, out: Operand
  /// Whether a and b have changed places: outᵀ = bᵀ · aᵀ.
  var isSwapped = false

  init(a: Layout, b: Layout, out: Layout) {
    let rank = out.shape.rank
    batch = Shape(out.shape.prefix(rank - 2))
    (m, n, k) = (out.shape[rank - 2], out.shape[rank - 1], a.shape[rank - 1])
    (self.a, self.b, self.out) = (Operand(a), Operand(b), Operand(out))
  }

  /// Makes few large products of many small ones if one factor is shared, and leaves an orientation in which BLAS can write `out` if there is one.
  mutating func simplify() {
    dropUnitAxes()
    absorbBatch()
    swapFactors()
    absorbBatch()
    let vector = m == 1 && n > 1
    if vector || !isWritable { swapFactors() }
    if !isWritable && !vector { swapFactors() }
  }

  /// Whether `out` is row-major.
  var isWritable: Bool {
    (out.columnStride == 1 || n == 1) && (m == 1 || out.rowStride >= n && out.rowStride <= Int(Int32.max))
  }

  private mutating func dropUnitAxes() {
    for axis in batch.indices.reversed() where batch[axis] == 1 { removeBatchAxis(axis) }
  }

  private mutating func removeBatchAxis(_ axis: Int) {
    batch.remove(at: axis)
    a.batch.remove(at: axis)
    b.batch.remove(at: axis)
    out.batch.remove(at: axis)
  }

  /// A batch axis along which b stays the same, and a and out go on as their rows do, only adds rows.
  private mutating func absorbBatch() {
    var axis = batch.rank - 1
    while axis >= 0 {
      let fits = m == 1 || a.batch[axis] == m * a.rowStride && out.batch[axis] == m * out.rowStride
      if b.batch[axis] == 0 && fits {
        if m == 1 { (a.rowStride, out.rowStride) = (a.batch[axis], out.batch[axis]) }
        m *= batch[axis]
        removeBatchAxis(axis)
        axis = batch.rank
      }
      axis -= 1
    }
  }

  private mutating func swapFactors() {
    (a, b, out) = (b.transposed(), a.transposed(), out.transposed())
    swap(&m, &n)
    isSwapped.toggle()
  }
}
