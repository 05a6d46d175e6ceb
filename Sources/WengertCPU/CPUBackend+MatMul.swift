import WengertCore

extension CPUBackend {
  public func matmul(_ a: View, _ b: View, into out: View) {
    if out.shape.elementCount == 0 { return }
    var plan = ProductPlan(a: a.layout, b: b.layout, out: out.layout)
    plan.simplify()
    out.dtype.visit(RunProduct(plan: plan, a: a, b: b, out: out))
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

  /// Makes few large products of many small ones where one factor is shared, and leaves an orientation in which BLAS can write `out` if there is one.
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

/// One factor, in a form that BLAS can read.
private struct Factor<Number: KernelNumber> {
  var operand: ProductPlan.Operand
  var pointer: UnsafeMutablePointer<Number>
  /// Holds the packed copy, if there is one.
  private var copy: Temporary<Number>?

  /// The view itself where possible; otherwise a contiguous copy of its different matrices.
  init<Element: KernelElement>(
    _ view: View, _ operand: ProductPlan.Operand, batch: Shape, rows: Int, columns: Int, as type: Element.Type
  ) where Element.Compute == Number {
    let source = view.pointer(as: Element.self)
    let direct = UnsafeMutableRawPointer(source).assumingMemoryBound(to: Number.self)
    if Element.self == Number.self && operand.matrix(direct, rows, columns).isReadable {
      (self.operand, pointer, copy) = (operand, direct, nil)
      return
    }
    // Axes of stride zero repeat a matrix, which is copied once. Rows of the copy run along the source's shorter stride.
    var distinct = batch
    for axis in batch.indices where operand.batch[axis] == 0 { distinct[axis] = 1 }
    let alongRows = operand.columnStride != 1 && operand.rowStride == 1
    let (lines, length) = alongRows ? (columns, rows) : (rows, columns)
    let (lineStride, step) = alongRows ? (operand.columnStride, operand.rowStride) : (operand.rowStride, operand.columnStride)
    var shape = distinct
    shape.append(lines)
    var strides = operand.batch
    strides.append(lineStride)
    let walk = SharedAxes([Layout(shape: shape, strides: strides)], 0..<shape.rank)
    let copy = Temporary<Number>(walk.count * length)
    let target = copy.pointer
    ThreadPool.shared.parallelRanges(walk.count, stepsEach: length) { range in
      for line in range {
        Element.widen(source + walk.offset(line, 0), step: step, into: target + line * length, count: length)
      }
    }
    self.operand = operand
    (self.operand.rowStride, self.operand.columnStride) = alongRows ? (1, length) : (length, 1)
    let steps = distinct.rowMajorStrides
    for axis in batch.indices { self.operand.batch[axis] = distinct[axis] == 1 ? 0 : steps[axis] * lines * length }
    (pointer, self.copy) = (target, copy)
  }
}

private struct RunProduct: ElementVisitor {
  var plan: ProductPlan
  var a: View, b: View, out: View

  func visit<Element: KernelElement>(_ type: Element.Type) {
    typealias Number = Element.Compute
    let (m, n, k) = (plan.m, plan.n, plan.k)
    let target = out.pointer(as: Element.self)
    let batch = SharedAxes([Layout(shape: plan.batch, strides: plan.out.batch)], 0..<plan.batch.rank)
    if k == 0 { return fill(target, batch) }

    let left = Factor(plan.isSwapped ? b : a, plan.a, batch: plan.batch, rows: m, columns: k, as: Element.self)
    let right = Factor(plan.isSwapped ? a : b, plan.b, batch: plan.batch, rows: k, columns: n, as: Element.self)
    let layouts = [left.operand, right.operand, plan.out].map { Layout(shape: plan.batch, strides: $0.batch) }
    let matrices = SharedAxes(layouts, 0..<plan.batch.rank)

    let (parts, alongRows) = split(matrices.count)
    let isDirect = Element.self == Number.self && plan.isWritable
    // A product that BLAS cannot write in place passes through a block of rows.
    let blockRows = max(1, min(m, (1 << 17) / n))
    let tasks = matrices.count * parts
    let groups = max(1, min(tasks, ThreadPool.shared.threadCount * 16, matrices.count * m * n * k / (ThreadPool.worthwhile * 8)))
    ThreadPool.shared.parallel(groups, stepsEach: .max / groups, scratch: isDirect ? 0 : blockRows * n, of: Number.self) { index, scratch in
      for task in index * tasks / groups..<(index + 1) * tasks / groups {
        let (matrix, part) = task.quotientAndRemainder(dividingBy: parts)
        let rows = alongRows ? slice(m, part, parts) : 0..<m
        let columns = alongRows ? 0..<n : slice(n, part, parts)
        if rows.isEmpty || columns.isEmpty { continue }
        let x = left.operand.matrix(left.pointer + matrices.offset(matrix, 0), m, k)
        let y = right.operand.matrix(right.pointer + matrices.offset(matrix, 1), k, n).block(rows: 0..<k, columns: columns)
        let z = plan.out.matrix(target + matrices.offset(matrix, 2), m, n)
        if isDirect {
          let place = plan.out.matrix(UnsafeMutableRawPointer(z.pointer).assumingMemoryBound(to: Number.self), m, n)
          Number.multiply(x.block(rows: rows, columns: 0..<k), y, into: place.block(rows: rows, columns: columns))
          continue
        }
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: blockRows) {
          let some = start..<min(start + blockRows, rows.upperBound)
          let block = Matrix(pointer: scratch, rows: some.count, columns: columns.count, rowStride: columns.count, columnStride: 1)
          Number.multiply(x.block(rows: some, columns: 0..<k), y, into: block)
          let place = z.block(rows: some, columns: columns)
          for i in 0..<some.count {
            Element.round(
              scratch + i * columns.count, into: place.pointer + i * place.rowStride, step: place.columnStride, count: columns.count)
          }
        }
      }
    }
    withExtendedLifetime((left, right)) {}
  }

  /// Into how many parts each product is divided, and whether by rows, so that every thread has as much to do.
  private func split(_ products: Int) -> (parts: Int, alongRows: Bool) {
    let threads = ThreadPool.shared.threadCount
    let alongRows = plan.m >= plan.n
    if products % threads == 0 || products >= 4 * threads { return (1, alongRows) }
    let worthwhile = plan.m * plan.n * plan.k / (ThreadPool.worthwhile * 4)
    return (max(1, min(threads, worthwhile, max(plan.m, plan.n) / 16)), alongRows)
  }

  /// Part `index` of `count` parts of 0..<extent, at multiples of 16.
  private func slice(_ extent: Int, _ index: Int, _ count: Int) -> Range<Int> {
    let blocks = (extent + 15) / 16
    return min(extent, blocks * index / count * 16)..<min(extent, blocks * (index + 1) / count * 16)
  }

  private func fill<Element: KernelElement>(_ target: UnsafeMutablePointer<Element>, _ batch: SharedAxes) {
    let zero = Element(rounding: .zero)
    for index in 0..<batch.count {
      let matrix = plan.out.matrix(target + batch.offset(index, 0), plan.m, plan.n)
      for i in 0..<plan.m {
        for j in 0..<plan.n { matrix.pointer[i * matrix.rowStride + j * matrix.columnStride] = zero }
      }
    }
  }
}
