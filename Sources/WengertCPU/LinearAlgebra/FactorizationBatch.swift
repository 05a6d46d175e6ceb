import Synchronization
@_spi(Backend) import WengertCore

extension LinearAlgebraCall {
  func runOnCPU() -> Int? {
    if out.dtype == .float32 { return FactorizationBatch<Float>(self).compute() }
    ensure(out.dtype == .float64, "\(kernel) is for float32 and float64, not for \(out.dtype)")
    return FactorizationBatch<Double>(self).compute()
  }
}

/// A stack of equal problems: matrices [n, n] and results [n, columns]. One is shared among the threads, several are dealt out to them.
private struct FactorizationBatch<Number: LAPACKNumber> {
  let kernel: LinearAlgebraKernel
  let operands: [View]
  let out: View
  let info: View?
  let n: Int, columns: Int
  let walk: StridedWalk
  let a: ProductPlan.Operand, b: ProductPlan.Operand

  init(_ call: LinearAlgebraCall) {
    (kernel, operands, out, info) = (call.kernel, call.operands, call.out, call.info)
    (n, columns) = (operands[0].shape.last!, out.shape.last!)
    ensure(out.layout.isContiguous && info?.layout.isContiguous != false, "\(kernel) writes row-major results")
    walk = StridedWalk(operands.map(\.layout) + [out.layout], 0..<out.shape.rank - 2)
    (a, b) = (ProductPlan.Operand(operands[0].layout), ProductPlan.Operand(operands.last!.layout))
  }

  func compute() -> Int? {
    if out.shape.elementCount == 0 { return nil }
    let failed = Atomic<Int>(.max)
    let left = operands[0].pointer(as: Number.self), right = operands.last!.pointer(as: Number.self)
    let target = out.pointer(as: Number.self), info = info.map { $0.pointer(as: Int32.self) }
    func one(_ index: Int) {
      let x = a.matrix(left + walk.offset(index, 0), n, n)
      let y = b.matrix(right + walk.offset(index, operands.count - 1), n, columns)
      let result = target + walk.offset(index, operands.count)
      let hasResult = compute(x, y, into: result)
      if let info {
        info[index] = hasResult ? 0 : 1
        if !hasResult { result.update(repeating: .nan, count: n * columns) }
      } else if !hasResult {
        failed.min(index, ordering: .relaxed)
      }
    }
    if walk.count == 1 {
      one(0)
    } else {
      ThreadPool.shared.parallelRanges(walk.count, stepsEach: n * n * (n + columns)) { for index in $0 { one(index) } }
    }
    let first = failed.load(ordering: .relaxed)
    return first == .max ? nil : first
  }

  private func compute(_ a: Matrix<Number>, _ b: Matrix<Number>, into out: UnsafeMutablePointer<Number>) -> Bool {
    switch kernel {
    case .cholesky:
      symmetrize(a, into: out)
      // LAPACK lets a NaN pass.
      return BlockedFactorization.cholesky(out, n) && (0..<n).allSatisfy { out[$0 * (n + 1)] > 0 }
    case .solve:
      copy(b, into: out)
      return solve(a, into: out)
    case .solveTriangular(let upper):
      copy(b, into: out)
      return solveTriangular(a, upper: upper, into: out)
    }
  }

  // MARK: Solving

  private func solve(_ a: Matrix<Number>, into x: UnsafeMutablePointer<Number>) -> Bool {
    let (n, columns) = (n, columns)
    let factors = PooledBuffer<Number>(n * n), order = PooledBuffer<Int32>(n)
    let (f, pivots) = (factors.pointer, order.pointer)
    // Where columns are contiguous it is the transpose that is factored.
    let isFlipped = a.columnStride != 1 && a.rowStride == 1
    copy(isFlipped ? a.transposed : a, into: f)
    guard BlockedFactorization.lu(f, n, pivots: pivots) else { return false }
    // In memory stand Uᵀ below and Lᵀ above the diagonal, of the transpose of what was copied: P·aᵀ = L·U, so that a = Uᵀ·Lᵀ·P.
    var lower = Triangle(pointer: UnsafePointer(f), stride: n, isUpper: false)
    var upper = Triangle(pointer: UnsafePointer(f), stride: n, isUpper: true, isUnit: true)
    (lower.isTransposed, upper.isTransposed) = (isFlipped, isFlipped)
    inColumns(x) { part, width in
      func exchange(_ i: Int) {
        let other = Int(pivots[i]) - 1
        if other != i { for c in 0..<width { swap(&part[i * columns + c], &part[other * columns + c]) } }
      }
      if isFlipped { for i in 0..<n { exchange(i) } }
      Number.solveTriangle(isFlipped ? upper : lower, fromRight: false, part, rows: n, columns: width, stride: columns)
      Number.solveTriangle(isFlipped ? lower : upper, fromRight: false, part, rows: n, columns: width, stride: columns)
      if !isFlipped { for i in (0..<n).reversed() { exchange(i) } }
    }
    withExtendedLifetime(factors) {}
    withExtendedLifetime(order) {}
    return true
  }

  private func solveTriangular(_ a: Matrix<Number>, upper: Bool, into x: UnsafeMutablePointer<Number>) -> Bool {
    for i in 0..<n where a.pointer[i * (a.rowStride + a.columnStride)] == 0 { return false }
    var stored = a
    var packed: PooledBuffer<Number>?
    if !a.isReadable {
      let memory = PooledBuffer<Number>(n * n)
      copy(a, into: memory.pointer)
      stored = Matrix(pointer: memory.pointer, rows: n, columns: n, rowStride: n, columnStride: 1)
      packed = consume memory
    }
    let isFlipped = stored.leadingDimension == nil
    let stride = (isFlipped ? stored.transposed : stored).leadingDimension!
    let triangle = Triangle(
      pointer: UnsafePointer(stored.pointer), stride: stride, isUpper: upper != isFlipped, isTransposed: isFlipped)
    inColumns(x) { part, width in
      Number.solveTriangle(triangle, fromRight: false, part, rows: n, columns: width, stride: columns)
    }
    withExtendedLifetime(packed) {}
    return true
  }

  /// Right-hand sides are independent of each other.
  private func inColumns(_ x: UnsafeMutablePointer<Number>, _ body: (UnsafeMutablePointer<Number>, Int) -> Void) {
    let parts = n * n * columns < ThreadPool.worthwhile ? 1 : max(1, min(ThreadPool.shared.threadCount, columns / 8))
    ThreadPool.shared.parallel(parts) { part in
      let start = columns * part / parts, end = columns * (part + 1) / parts
      body(x + start, end - start)
    }
  }

  // MARK: Moving

  /// Row-major, as it is.
  private func copy(_ source: Matrix<Number>, into target: UnsafeMutablePointer<Number>) {
    ThreadPool.shared.parallelRanges(source.rows, stepsEach: source.columns) { range in
      for i in range {
        let row = source.pointer + i * source.rowStride, line = target + i * source.columns
        if source.columnStride == 1 {
          line.update(from: row, count: source.columns)
        } else {
          for j in 0..<source.columns { line[j] = row[j * source.columnStride] }
        }
      }
    }
  }

  /// The lower triangle of (a + aᵀ)/2, and zero above it, by squares that fit the cache.
  private func symmetrize(_ a: Matrix<Number>, into target: UnsafeMutablePointer<Number>) {
    let side = 32, n = n
    let blocks = (n + side - 1) / side
    let (rowStride, columnStride) = (a.rowStride, a.columnStride)
    ThreadPool.shared.parallelRanges(blocks, stepsEach: side * n) { range in
      for block in range {
        let rows = block * side..<min((block + 1) * side, n)
        for start in stride(from: 0, to: rows.upperBound, by: side) {
          for i in rows {
            let line = target + i * n
            for j in start..<min(start + side, i + 1) {
              line[j] = (a.pointer[i * rowStride + j * columnStride] + a.pointer[j * rowStride + i * columnStride]) * 0.5
            }
          }
        }
        for i in rows { (target + (i * n + i + 1)).update(repeating: 0, count: n - i - 1) }
      }
    }
  }
}
