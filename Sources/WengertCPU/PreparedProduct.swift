import WengertCore

/// A batch of matrix products made ready: how the factors are read, how the work is divided, and what is done to the product.
///
/// It must not run on two threads at a time.
final class PreparedProduct<Element: KernelElement>: Kernel, ParallelWork, @unchecked Sendable {
  typealias Number = Element.Compute

  private let plan: ProductPlan
  private let left: ProductFactor<Element>
  private let right: ProductFactor<Element>
  private let out: (storage: CPUStorage, offset: Int)?
  private let accumulates: Bool
  private let epilogue: ProductEpilogue?
  /// The matrices of the batch: left, right and out.
  private let matrices: SharedAxes
  /// Whether BLAS can write the product where it goes.
  private let isDirect: Bool
  private let method: Method

  /// Who multiplies: BLAS; tiles that read the right factor as it lies, or turned over; or tiles that read it from panels.
  private enum Method {
    case blas, tiles
    case panels(PanelFactor<Number>)
  }

  /// How the run in hand is divided: each product into parts of its rows or columns, and these tasks into the pieces that threads take.
  private var parts = 1, alongRows = true, tasks = 0, pieces = 1
  /// Rows of a part, where these are blocks.
  private var partRows: Int?
  private var target: UnsafeMutablePointer<Element>?

  init(_ call: MatMulCall, plan: ProductPlan, epilogue: ProductEpilogue?) {
    self.plan = plan
    self.epilogue = epilogue
    accumulates = call.accumulates
    left = ProductFactor(plan.isSwapped ? call.b : call.a, plan.a, batch: plan.batch, rows: plan.m, columns: plan.k)
    right = ProductFactor(plan.isSwapped ? call.a : call.b, plan.b, batch: plan.batch, rows: plan.k, columns: plan.n)
    out = call.out.map { view in
      _ = view.address
      return (unsafeDowncast(view.storage, to: CPUStorage.self), view.layout.offset)
    }
    let layouts = [left.operand, right.operand, plan.out].map { Layout(shape: plan.batch, strides: $0.batch) }
    matrices = SharedAxes(layouts, 0..<plan.batch.rank)
    isDirect = Element.self == Number.self && plan.isWritable && call.out != nil
    method = Self.method(plan, left.operand, matrices.count)
  }

  private static func method(_ plan: ProductPlan, _ left: ProductPlan.Operand, _ products: Int) -> Method {
    let (m, n, k) = (plan.m, plan.n, plan.k)
    if !Number.hasTiles || m < 16 || n < 16 || k == 0 { return .blas }
    // Packing the right factor must cost little beside the product, and take little memory.
    if products == 1 && m >= 256 && k * n > 1 << 12 && k * n <= 1 << 20 && left.columnStride == 1 {
      return .panels(PanelFactor(k: k, n: n))
    }
    if n % 16 != 0 && n < 48 { return .blas }
    // The right factor fits the second-level cache, and so does the left one if it is read across its rows.
    return k * n <= 1 << 16 && (left.columnStride == 1 || m * k <= 1 << 16) ? .tiles : .blas
  }

  private var panelCount: Int {
    if case .panels(let panels) = method { panels.copyCount } else { 0 }
  }

  func run() -> Int? {
    if plan.m == 0 || plan.n == 0 || matrices.count == 0 { return nil }
    target = out.map { ($0.storage.pointer + $0.offset * MemoryLayout<Element>.stride).assumingMemoryBound(to: Element.self) }
    epilogue?.rows.refresh()
    let copies = Temporary<Number>(left.copyCount + right.copyCount + panelCount)
    left.read(into: copies.pointer)
    right.read(into: copies.pointer + left.copyCount)
    if case .panels(let panels) = method {
      panels.pack(right.matrix(at: 0), into: copies.pointer + left.copyCount + right.copyCount)
    }
    divide()
    ThreadPool.shared.parallel(pieces, of: self)
    withExtendedLifetime(copies) {}
    return nil
  }

  private func divide() {
    let threads = ThreadPool.shared.threadCount
    let (m, n, k) = (plan.m, plan.n, plan.k)
    if let size = blockRows {
      // Blocks of whole rows; at least one for each thread where that is worthwhile.
      let share = ((m + threads - 1) / threads + 7) / 8 * 8
      let rows = m * n * max(k, 1) >= ThreadPool.worthwhile * 8 ? min(size, share) : size
      partRows = rows
      (parts, alongRows) = (max(1, (m + rows - 1) / rows), true)
      tasks = parts
      pieces = parts
      return
    }
    alongRows = m >= n
    parts = 1
    if matrices.count % threads != 0 && matrices.count < 4 * threads {
      let worthwhile = m * n * k / (ThreadPool.worthwhile * 4)
      parts = max(1, min(threads, worthwhile, max(m, n) / 16))
    }
    tasks = matrices.count * parts
    pieces = max(1, min(tasks, threads * 16, matrices.count * m * n * max(k, 1) / (ThreadPool.worthwhile * 8)))
  }

  /// Nil where the parts are as large as there are threads for.
  private var blockRows: Int? {
    if case .panels = method {
      // Few enough that a block of the product stays in the second-level cache.
      return max(16, min(64, (1 << 17) / plan.n / 8 * 8))
    }
    return epilogue?.blockRows
  }

  func perform(_ piece: Int) {
    for task in piece * tasks / pieces..<(piece + 1) * tasks / pieces {
      let (matrix, part) = task.quotientAndRemainder(dividingBy: parts)
      let rows = alongRows ? slice(plan.m, part) : 0..<plan.m
      let columns = alongRows ? 0..<plan.n : slice(plan.n, part)
      if !rows.isEmpty && !columns.isEmpty { multiply(matrix, rows, columns) }
    }
  }

  /// Part `index` of 0..<extent, at multiples of 16 or of the block.
  private func slice(_ extent: Int, _ index: Int) -> Range<Int> {
    if let partRows { return index * partRows..<min((index + 1) * partRows, extent) }
    let blocks = (extent + 15) / 16
    return min(extent, blocks * index / parts * 16)..<min(extent, blocks * (index + 1) / parts * 16)
  }

  private func multiply(_ matrix: Int, _ rows: Range<Int>, _ columns: Range<Int>) {
    let x = left.matrix(at: matrices.offset(matrix, 0)).block(rows: rows, columns: 0..<plan.k)
    let y = right.matrix(at: matrices.offset(matrix, 1)).block(rows: 0..<plan.k, columns: columns)
    let place = target.map { plan.out.matrix($0 + matrices.offset(matrix, 2), plan.m, plan.n).block(rows: rows, columns: columns) }
    if isDirect, let place {
      let numbers = UnsafeMutableRawPointer(place.pointer).assumingMemoryBound(to: Number.self)
      product(
        x, y,
        into: Matrix(
          pointer: numbers, rows: rows.count, columns: columns.count, rowStride: place.rowStride, columnStride: place.columnStride))
      epilogue?.rows.walk(rows, product: nil)
    } else if let epilogue {
      inBlock(x, y, place, rows, epilogue)
    } else if let place {
      throughBlocks(x, y, place)
    }
  }

  private func product(_ x: Matrix<Number>, _ y: Matrix<Number>, into out: Matrix<Number>) {
    if x.columns > 0 {
      switch method {
      case .blas: Number.multiply(x, y, into: out, accumulates: accumulates)
      case .panels(let panels): panels.multiply(x, into: out, accumulates: accumulates)
      case .tiles where y.columnStride == 1: Number.tileProduct(x, y, into: out, accumulates: accumulates)
      case .tiles: turned(x, y, into: out)
      }
    } else if !accumulates {
      for i in 0..<out.rows {
        for j in 0..<out.columns { out.pointer[i * out.rowStride + j * out.columnStride] = .zero }
      }
    }
  }

  /// A product by tiles whose right factor lies across the memory, and is turned over first.
  private func turned(_ x: Matrix<Number>, _ y: Matrix<Number>, into out: Matrix<Number>) {
    let length = (y.columns + 15) / 16 * 16
    let scratch = ScratchMemory.ofThread(.registers, y.rows * length, of: Number.self)
    var rows = Matrix(pointer: scratch, rows: y.rows, columns: length, rowStride: length, columnStride: 1)
    Number.transpose(y.transposed, into: rows)
    rows.columns = y.columns
    Number.tileProduct(x, rows, into: out, accumulates: accumulates)
  }

  /// A product that BLAS cannot write in place, or not in this type, by blocks of rows.
  private func throughBlocks(_ x: Matrix<Number>, _ y: Matrix<Number>, _ place: Matrix<Element>) {
    let (m, n) = (place.rows, place.columns)
    let size = max(1, min(m, (1 << 17) / n))
    let scratch = ScratchMemory.ofThread(.blocks, size * n, of: Number.self)
    for start in stride(from: 0, to: m, by: size) {
      let some = start..<min(start + size, m)
      let block = Matrix(pointer: scratch, rows: some.count, columns: n, rowStride: n, columnStride: 1)
      let target = place.block(rows: some, columns: 0..<n)
      if accumulates {
        for i in 0..<some.count {
          Element.widen(target.pointer + i * target.rowStride, step: target.columnStride, into: scratch + i * n, count: n)
        }
      }
      product(x.block(rows: some, columns: 0..<x.columns), y, into: block)
      for i in 0..<some.count {
        Element.round(scratch + i * n, into: target.pointer + i * target.rowStride, step: target.columnStride, count: n)
      }
    }
  }

  /// One block of rows with its epilogue, through scratch memory.
  private func inBlock(
    _ x: Matrix<Number>, _ y: Matrix<Number>, _ place: Matrix<Element>?, _ rows: Range<Int>, _ epilogue: ProductEpilogue
  ) {
    let n = plan.n
    let count = rows.count * n
    let isSame = Element.self == Number.self
    let numbers = ScratchMemory.ofThread(.blocks, isSame ? count : 2 * count, of: Number.self)
    product(x, y, into: Matrix(pointer: numbers, rows: rows.count, columns: n, rowStride: n, columnStride: 1))
    if let place {
      for i in 0..<rows.count {
        Element.round(numbers + i * n, into: place.pointer + i * place.rowStride, step: place.columnStride, count: n)
      }
      epilogue.rows.walk(rows, product: nil)
      return
    }
    var elements = UnsafeMutableRawPointer(numbers).assumingMemoryBound(to: Element.self)
    if !isSame {
      elements = UnsafeMutableRawPointer(numbers + count).assumingMemoryBound(to: Element.self)
      Element.round(numbers, into: elements, step: 1, count: count)
    }
    epilogue.rows.walk(rows, product: (epilogue.product, UnsafeMutableRawPointer(elements - rows.lowerBound * n)))
  }
}

/// One factor, in a form that BLAS can read: the view itself where possible; otherwise a contiguous copy of its different matrices, made by each run.
final class ProductFactor<Element: KernelElement>: ParallelWork {
  typealias Number = Element.Compute

  private let storage: CPUStorage
  private let offset: Int
  private let rows: Int, columns: Int
  /// As BLAS reads it: of the copy, if there is one.
  let operand: ProductPlan.Operand
  /// Numbers in the copy; 0 where there is none.
  let copyCount: Int
  /// The copy's lines in the view, their length and the distance between a line's elements.
  private let lines: SharedAxes
  private let length: Int, step: Int

  private var source: UnsafeMutablePointer<Element>?
  private var numbers: UnsafeMutablePointer<Number>?
  private var pieces = 1

  init(_ view: View, _ operand: ProductPlan.Operand, batch: Shape, rows: Int, columns: Int) {
    storage = unsafeDowncast(view.storage, to: CPUStorage.self)
    offset = view.layout.offset
    (self.rows, self.columns) = (rows, columns)
    let numbers = UnsafeMutableRawPointer(view.address).assumingMemoryBound(to: Number.self)
    if Element.self == Number.self && operand.matrix(numbers, rows, columns).isReadable {
      self.operand = operand
      (copyCount, length, step) = (0, 0, 0)
      lines = SharedAxes([Layout(shape: [], strides: [])], 0..<0)
      return
    }
    // Axes of stride zero repeat a matrix, which is copied once. Rows of the copy run along the source's shorter stride.
    var distinct = batch
    for axis in batch.indices where operand.batch[axis] == 0 { distinct[axis] = 1 }
    let alongRows = operand.columnStride != 1 && operand.rowStride == 1
    let (count, length) = alongRows ? (columns, rows) : (rows, columns)
    var shape = distinct
    shape.append(count)
    var strides = operand.batch
    strides.append(alongRows ? operand.columnStride : operand.rowStride)
    lines = SharedAxes([Layout(shape: shape, strides: strides)], 0..<shape.rank)
    self.length = length
    step = alongRows ? operand.rowStride : operand.columnStride
    copyCount = lines.count * length
    var packed = operand
    (packed.rowStride, packed.columnStride) = alongRows ? (1, length) : (length, 1)
    let steps = distinct.rowMajorStrides
    for axis in batch.indices { packed.batch[axis] = distinct[axis] == 1 ? 0 : steps[axis] * count * length }
    self.operand = packed
  }

  /// Finds the view's memory of this run, and fills the copy.
  func read(into copy: UnsafeMutablePointer<Number>) {
    let source = (storage.pointer + offset * MemoryLayout<Element>.stride).assumingMemoryBound(to: Element.self)
    self.source = source
    if copyCount == 0 {
      numbers = UnsafeMutableRawPointer(source).assumingMemoryBound(to: Number.self)
      return
    }
    numbers = copy
    pieces = ThreadPool.shared.pieces(lines.count, stepsEach: length)
    ThreadPool.shared.parallel(pieces, of: self)
  }

  func perform(_ piece: Int) {
    for line in lines.count * piece / pieces..<lines.count * (piece + 1) / pieces {
      Element.widen(source! + lines.offset(line, 0), step: step, into: numbers! + line * length, count: length)
    }
  }

  func matrix(at offset: Int) -> Matrix<Number> { operand.matrix(numbers! + offset, rows, columns) }
}

/// What is done to each block of a product's rows.
struct ProductEpilogue {
  let rows: RowRun
  let product: Int
  let blockRows: Int
}

extension RowRun {
  /// Walks some of the rows, of which one input may stand in a block of its own.
  fileprivate func walk(_ rows: Range<Int>, product: (input: Int, base: UnsafeMutableRawPointer)?) {
    RowInterpreter(self, block: product).walk(rows: rows, columns: 0..<columns)
  }
}
