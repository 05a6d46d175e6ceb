@_spi(Backend) import WengertCore

/// A batch of prepared matrix products: how the factors are read, how the work is divided, and what is done to the product.
///
/// It must not run on two threads at a time.
final class ProductKernel<Element: KernelElement>: Kernel, ParallelWork, @unchecked Sendable {
  typealias Number = Element.Compute

  private let plan: ProductPlan
  private let left: FactorView<Element>
  private let right: FactorView<Element>
  private let out: (storage: CPUStorage, offset: Int)?
  private let accumulates: Bool
  private let epilogue: ProductEpilogue?
  /// The matrices of the batch: left, right and out.
  private let matrices: StridedWalk
  /// Whether BLAS can write the product where it goes.
  private let isDirect: Bool
  private let method: Method

  /// Which implementation computes the product: BLAS; tiles that read the right factor as it is, or transposed; or tiles that read it from panels, packed as a whole or
  /// chunk by chunk.
  private enum Method {
    case blas, tiles
    case panels(PackedFactor<Number>)
    case chunks(ChunkedProduct<Number>)
  }

  /// How the current run is divided: each product into parts of its rows or columns, and these tasks into the pieces that threads take.
  private var parts = 1, alongRows = true, tasks = 0, pieces = 1
  /// Rows of a part, if these are blocks; and its columns, if they are divided too.
  private var partRows: Int?, partColumns: Int?
  private var target: UnsafeMutablePointer<Element>?
  /// The whole product, if it was made chunk by chunk.
  private var sums: Matrix<Number>?

  private let workspace: CPUStorage?

  init(_ call: MatMulCall, plan: ProductPlan, epilogue: ProductEpilogue?, _ workspace: CPUStorage?) {
    self.workspace = workspace
    self.plan = plan
    self.epilogue = epilogue
    accumulates = call.accumulates
    left = FactorView(plan.isSwapped ? call.b : call.a, plan.a, batch: plan.batch, rows: plan.m, columns: plan.k)
    right = FactorView(plan.isSwapped ? call.a : call.b, plan.b, batch: plan.batch, rows: plan.k, columns: plan.n)
    out = call.out.map { view in
      _ = view.address
      return (CPUStorage.of(view.storage), view.layout.offset)
    }
    let rank = plan.batch.rank
    matrices =
      rank == 0
      ? .none : StridedWalk([left.operand, right.operand, plan.out].map { Layout(shape: plan.batch, strides: $0.batch) }, 0..<rank)
    isDirect = Element.self == Number.self && plan.isWritable && call.out != nil
    method = Self.method(plan, left.operand, matrices.count)
  }

  private static func method(_ plan: ProductPlan, _ left: ProductPlan.Operand, _ products: Int) -> Method {
    let (m, n, k) = (plan.m, plan.n, plan.k)
    if !Number.hasTiles || m < 16 || n < 16 || k == 0 { return .blas }
    // Packing the right factor must cost little beside the product, and take little memory.
    if products == 1 && m >= 256 && k * n > 1 << 12 && k * n <= 1 << 22 && left.columnStride == 1 {
      return .panels(PackedFactor(k: k, n: n))
    }
    if products == 1 && min(m, n) >= 64 && m * k * n > 1 << 22 {
      return .chunks(ChunkedProduct(m: m, k: k, n: n, left: left))
    }
    if n % 16 != 0 && n < 48 { return .blas }
    // The right factor fits the second-level cache, and so does the left one if it is read across its rows.
    return k * n <= 1 << 16 && (left.columnStride == 1 || m * k <= 1 << 16) ? .tiles : .blas
  }

  private var panelCount: Int {
    switch method {
    case .blas, .tiles: 0
    case .panels(let panels): panels.copyCount
    case .chunks(let product): product.copyCount
    }
  }

  /// Numbers of a product that is made chunk by chunk and cannot be summed up where it goes; a small one is behind the panels.
  private var ownCount: Int {
    if case .chunks = method { isDirect ? 0 : plan.m * plan.n } else { 0 }
  }
  private var isOwnSmall: Bool { ownCount <= 1 << 22 }

  func run(_ faults: FaultNote?) {
    if plan.m == 0 || plan.n == 0 || matrices.count == 0 { return }
    target = out.map { ($0.storage.pointer + $0.offset * MemoryLayout<Element>.stride).assumingMemoryBound(to: Element.self) }
    epilogue?.rows.refresh()
    let copies = PooledBuffer<Number>(left.copyCount + right.copyCount, in: workspace)
    left.read(into: copies.pointer)
    right.read(into: copies.pointer + left.copyCount)
    let scratchCount = panelCount + (isOwnSmall ? ownCount : 0)
    let panelMemory = ScratchMemory.ofThread(.panels, scratchCount, of: Number.self)
    divide()
    if case .chunks(let product) = method {
      multiply(product, panelMemory)
    } else {
      if case .panels(let panels) = method { panels.pack(right.matrix(at: 0), into: panelMemory) }
      ThreadPool.shared.parallel(pieces, of: self)
    }
    withExtendedLifetime(copies) {}
  }

  /// The product chunk by chunk, where it goes or in memory of its own, and then what else is to be done with its rows.
  private func multiply(_ product: ChunkedProduct<Number>, _ memory: UnsafeMutablePointer<Number>) {
    let own = PooledBuffer<Number>(isOwnSmall ? 0 : ownCount)
    var whole = Matrix(
      pointer: isOwnSmall ? memory + panelCount : own.pointer, rows: plan.m, columns: plan.n, rowStride: plan.n, columnStride: 1)
    if isDirect {
      whole.pointer = UnsafeMutableRawPointer(target!).assumingMemoryBound(to: Number.self)
      whole.rowStride = plan.out.rowStride
    }
    product.multiply(left.matrix(at: 0), right.matrix(at: 0), into: whole, accumulates: accumulates && isDirect, memory: memory)
    sums = whole
    if !isDirect || epilogue != nil { ThreadPool.shared.parallel(pieces, of: self) }
    withExtendedLifetime(own) {}
  }

  private func divide() {
    let threads = ThreadPool.shared.threadCount
    let (m, n, k) = (plan.m, plan.n, plan.k)
    if let size = blockRows {
      // Blocks of whole rows, as many for each thread where that is worthwhile; for BLAS, eight by the sizes alone.
      var rows = size
      if isBLAS {
        rows = min(size, max(128, (m / 8 + 15) / 16 * 16))
      } else if m * n * max(k, 1) >= ThreadPool.worthwhile * 8 {
        rows = Number.tiling.shares(of: m, atMost: size, threads: threads)
      }
      partRows = rows
      (parts, alongRows) = (max(1, (m + rows - 1) / rows), true)
      partColumns = nil
      tasks = parts
      if case .panels(let panels) = method, epilogue == nil, isDirect, threads > 1, parts < 8 * threads {
        // Few rows: their blocks are too few for threads that get on differently well.
        let width = panels.tiling.rightWidth, shares = min((8 * threads + parts - 1) / parts, max(1, n / 256))
        partColumns = (Panels<Number>.count(n, width: width) + shares - 1) / shares * width
        tasks = parts * ((n + partColumns! - 1) / partColumns!)
      }
      pieces = tasks
      return
    }
    alongRows = m >= n
    parts = 1
    if isBLAS {
      // By the sizes alone: what BLAS makes of an element may depend on the block that it is in, but must not on the number of threads.
      parts = max(1, min(16, m * n * k / (ThreadPool.worthwhile * 4), max(m, n) / (min(m, n) < 16 ? 16 : 256)))
    } else if matrices.count % threads != 0 && matrices.count < 4 * threads {
      let worthwhile = m * n * k / (ThreadPool.worthwhile * 16)
      parts = max(1, min(threads, worthwhile, max(m, n) / 16))
    }
    tasks = matrices.count * parts
    pieces = max(1, min(tasks, threads * 16, matrices.count * m * n * max(k, 1) / (ThreadPool.worthwhile * 8)))
  }

  private var isBLAS: Bool { if case .blas = method { true } else { false } }

  /// Nil if the parts are as large as there are threads for.
  private var blockRows: Int? {
    // Few enough that a block of the product stays in the second-level cache for what follows.
    switch method {
    case .blas, .tiles: return epilogue?.blockRows
    case .panels where epilogue == nil && isDirect: return Number.tiling.blockRows
    case .panels, .chunks: return Number.tiling.blockRows(keeping: plan.n, elementSize: MemoryLayout<Number>.stride)
    }
  }

  func perform(_ piece: Int) {
    for task in piece * tasks / pieces..<(piece + 1) * tasks / pieces {
      let (matrix, part) = task.quotientAndRemainder(dividingBy: parts)
      let rows = alongRows ? slice(plan.m, part) : 0..<plan.m
      if let partColumns, case .panels(let panels) = method {
        multiply(panels, rows, matrix * partColumns..<min((matrix + 1) * partColumns, plan.n))
        continue
      }
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
    if case .chunks = method { return finish(rows, place) }
    if isDirect, let place {
      product(x, y, into: numbers(place))
      epilogue?.rows.walk(rows, product: nil)
    } else if let epilogue {
      inBlock(x, y, place, rows, epilogue)
    } else if let place {
      throughBlocks(x, y, place)
    }
  }

  /// Some rows and columns of a product that goes where it is computed.
  private func multiply(_ panels: PackedFactor<Number>, _ rows: Range<Int>, _ columns: Range<Int>) {
    guard let target, !rows.isEmpty else { return }
    let place = plan.out.matrix(target + matrices.offset(0, 2), plan.m, plan.n).block(rows: rows, columns: 0..<plan.n)
    panels.multiply(
      left.matrix(at: matrices.offset(0, 0)).block(rows: rows, columns: 0..<plan.k), columns: columns, into: numbers(place),
      accumulates: accumulates)
  }

  /// Elements that are numbers as they are.
  private func numbers(_ place: Matrix<Element>) -> Matrix<Number> {
    Matrix(
      pointer: UnsafeMutableRawPointer(place.pointer).assumingMemoryBound(to: Number.self), rows: place.rows, columns: place.columns,
      rowStride: place.rowStride, columnStride: place.columnStride)
  }

  private func product(_ x: Matrix<Number>, _ y: Matrix<Number>, into out: Matrix<Number>) {
    if x.columns > 0 {
      switch method {
      case .blas: Number.multiply(x, y, into: out, accumulates: accumulates)
      case .panels(let panels): panels.multiply(x, columns: 0..<out.columns, into: out, accumulates: accumulates)
      case .tiles where y.columnStride == 1: Number.tileProduct(x, y, into: out, accumulates: accumulates)
      case .tiles: turned(x, y, into: out)
      case .chunks: unreachable("chunks make the product as a whole")
      }
    } else if !accumulates {
      for i in 0..<out.rows {
        for j in 0..<out.columns { out.pointer[i * out.rowStride + j * out.columnStride] = .zero }
      }
    }
  }

  /// A product by tiles whose right factor has contiguous columns, and is transposed first.
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
    let count = rows.count * plan.n
    let numbers = ScratchMemory.ofThread(.blocks, Element.self == Number.self ? count : 2 * count, of: Number.self)
    product(x, y, into: Matrix(pointer: numbers, rows: rows.count, columns: plan.n, rowStride: plan.n, columnStride: 1))
    deliver(numbers, spare: numbers + count, place, rows, epilogue)
  }

  /// Rows of a product that was made as a whole.
  private func finish(_ rows: Range<Int>, _ place: Matrix<Element>?) {
    if isDirect {
      epilogue?.rows.walk(rows, product: nil)
      return
    }
    let n = plan.n, numbers = sums!.pointer + rows.lowerBound * plan.n
    let spare = ScratchMemory.ofThread(.blocks, accumulates ? n : rows.count * n, of: Number.self)
    if accumulates, let place {
      for i in 0..<rows.count {
        Element.widen(place.pointer + i * place.rowStride, step: place.columnStride, into: spare, count: n)
        for j in 0..<n { numbers[i * n + j] = Number.sum(spare[j], numbers[i * n + j]) }
      }
    }
    deliver(numbers, spare: spare, place, rows, epilogue)
  }

  /// Contiguous rows of the product, rounded to where they go, and the epilogue on them; `spare` has room for them as elements where they go nowhere else.
  private func deliver(
    _ numbers: UnsafeMutablePointer<Number>, spare: UnsafeMutablePointer<Number>, _ place: Matrix<Element>?, _ rows: Range<Int>,
    _ epilogue: ProductEpilogue?
  ) {
    let n = plan.n
    if let place {
      for i in 0..<rows.count {
        Element.round(numbers + i * n, into: place.pointer + i * place.rowStride, step: place.columnStride, count: n)
      }
      epilogue?.rows.walk(rows, product: nil)
      return
    }
    guard let epilogue else { return }
    var elements = UnsafeMutableRawPointer(numbers).assumingMemoryBound(to: Element.self)
    if Element.self != Number.self {
      elements = UnsafeMutableRawPointer(spare).assumingMemoryBound(to: Element.self)
      Element.round(numbers, into: elements, step: 1, count: rows.count * n)
    }
    epilogue.rows.walk(rows, product: (epilogue.product, UnsafeMutableRawPointer(elements - rows.lowerBound * n)))
  }
}

/// What is done to each block of a product's rows.
struct ProductEpilogue {
  let rows: RowKernel
  let product: Int
  let blockRows: Int
}

extension RowKernel {
  /// Walks some of the rows, of which one input may be in a block of its own.
  fileprivate func walk(_ rows: Range<Int>, product: (input: Int, base: UnsafeMutableRawPointer)?) {
    RowInterpreter(self, block: product).walk(rows: rows, columns: 0..<columns)
  }
}
