/// Factorizations of one matrix by our own threads: a block of columns is factored by LAPACK on one thread, and what it changes in the rest of the matrix is
/// products on all of them (the right-looking algorithms of Golub & Van Loan 2013, 3.2 and 4.2).
enum BlockedFactorization {
  /// Columns of a block.
  private static let width = 128
  private static let narrow = 64
  /// Below this extent LAPACK alone is as quick.
  private static let smallest = 384

  /// The lower triangle of a row-major matrix becomes its Cholesky factor; false if it is not positive definite.
  static func cholesky<Number: LAPACKNumber>(_ a: UnsafeMutablePointer<Number>, _ n: Int) -> Bool {
    if n < smallest || isAlone { return Number.factorCholesky(a, n, stride: n) }
    for start in stride(from: 0, to: n, by: width) {
      let end = min(start + width, n)
      guard Number.factorCholesky(a + (start * n + start), end - start, stride: n) else { return false }
      if end == n { break }
      let corner = Triangle(pointer: UnsafePointer(a + (start * n + start)), stride: n, isUpper: false, isTransposed: true)
      inParts(end..<n) { rows in
        Number.solveTriangle(corner, fromRight: true, a + (rows.lowerBound * n + start), rows: rows.count, columns: end - start, stride: n)
      }
      // Only what lies below the diagonal, the longest rows first.
      let blocks = Array(stride(from: end, to: n, by: width).reversed())
      ThreadPool.shared.parallel(blocks.count) { index in
        let rows = blocks[index]..<min(blocks[index] + width, n)
        let left = Matrix(pointer: a + (rows.lowerBound * n + start), rows: rows.count, columns: end - start, rowStride: n, columnStride: 1)
        let above = Matrix(pointer: a + (end * n + start), rows: rows.upperBound - end, columns: end - start, rowStride: n, columnStride: 1)
        let target = Matrix(
          pointer: a + (rows.lowerBound * n + end), rows: rows.count, columns: rows.upperBound - end, rowStride: n, columnStride: 1)
        Number.multiply(left, above.transposed, into: target, alpha: -1, beta: 1)
      }
    }
    for i in 0..<n { (a + (i * n + i + 1)).update(repeating: 0, count: n - i - 1) }
    return true
  }

  /// The transpose of a row-major matrix becomes P⁻¹·L·U, pivots counted from 1; false if it is singular.
  static func lu<Number: LAPACKNumber>(_ a: UnsafeMutablePointer<Number>, _ n: Int, pivots: UnsafeMutablePointer<Int32>) -> Bool {
    if n < smallest || isAlone { return Number.factorLU(a, rows: n, columns: n, stride: n, pivots: pivots) }
    for start in stride(from: 0, to: n, by: narrow) {
      let end = min(start + narrow, n)
      let corner = a + (start * n + start)
      guard Number.factorLU(corner, rows: n - start, columns: end - start, stride: n, pivots: pivots + start) else { return false }
      for i in start..<end { pivots[i] += Int32(start) }
      // Rows in memory are the columns that LAPACK sees.
      inParts(0..<start) { Number.exchange(a + $0.lowerBound * n, lines: $0.count, stride: n, start..<end, pivots: pivots) }
      let triangle = Triangle(pointer: UnsafePointer(corner), stride: n, isUpper: true, isUnit: true)
      let below = Matrix(pointer: corner + (end - start), rows: end - start, columns: n - end, rowStride: n, columnStride: 1)
      inParts(end..<n) { lines in
        let first = a + lines.lowerBound * n
        Number.exchange(first, lines: lines.count, stride: n, start..<end, pivots: pivots)
        Number.solveTriangle(triangle, fromRight: true, first + start, rows: lines.count, columns: end - start, stride: n)
        let factor = Matrix(pointer: first + start, rows: lines.count, columns: end - start, rowStride: n, columnStride: 1)
        let rest = Matrix(pointer: first + end, rows: lines.count, columns: n - end, rowStride: n, columnStride: 1)
        if end < n { Number.multiply(factor, below, into: rest, alpha: -1, beta: 1) }
      }
    }
    return true
  }

  /// Whether there is no other thread to help.
  private static var isAlone: Bool { ThreadPool.shared.threadCount == 1 || ThreadState.current.isInside }

  /// Lines in two parts per thread.
  private static func inParts(_ lines: Range<Int>, _ body: (Range<Int>) -> Void) {
    let parts = min(ThreadPool.shared.threadCount * 2, (lines.count + 31) / 32)
    ThreadPool.shared.parallel(parts) { part in
      body(lines.lowerBound + lines.count * part / parts..<lines.lowerBound + lines.count * (part + 1) / parts)
    }
  }
}
