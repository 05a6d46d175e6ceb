import CKernels
import COpenBLAS
@_spi(Backend) import WengertCore

/// A matrix in memory by its strides, in elements.
struct Matrix<Element> {
  var pointer: UnsafeMutablePointer<Element>
  var rows: Int, columns: Int
  var rowStride: Int, columnStride: Int

  var transposed: Matrix {
    Matrix(pointer: pointer, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride)
  }

  func block(rows r: Range<Int>, columns c: Range<Int>) -> Matrix {
    Matrix(
      pointer: pointer + (r.lowerBound * rowStride + c.lowerBound * columnStride), rows: r.count, columns: c.count, rowStride: rowStride,
      columnStride: columnStride)
  }

  /// The distance between rows under which BLAS can take this for a row-major matrix, nil if it cannot.
  var leadingDimension: Int? {
    guard columnStride == 1 || columns == 1 else { return nil }
    if rows == 1 { return max(columns, 1) }
    return rowStride >= max(columns, 1) && rowStride <= Int(Int32.max) ? rowStride : nil
  }

  /// Whether BLAS can read it as it is, in either order.
  var isReadable: Bool { leadingDimension != nil || transposed.leadingDimension != nil }
}

/// A number type whose products BLAS computes: float and double.
protocol BLASNumber: KernelNumber, BinaryFloatingPoint {
  /// out = alpha · a · b + beta · out. All are readable, and `out` is row-major.
  static func multiply(_ a: Matrix<Self>, _ b: Matrix<Self>, into out: Matrix<Self>, alpha: Self, beta: Self)
}

/// One thread inside each call: the work is split over ours.
let singleThreaded: Void = openblas_set_num_threads(1)

extension Matrix {
  fileprivate var order: CBLAS_TRANSPOSE { leadingDimension != nil ? CblasNoTrans : CblasTrans }
  /// As it lies in memory, row by row.
  fileprivate var stored: Matrix { leadingDimension != nil ? self : transposed }
  fileprivate var leading: Int32 { Int32(stored.leadingDimension!) }
  /// The distance between the elements of a single column.
  fileprivate var step: Int32 { rows == 1 ? 1 : Int32(rowStride) }
}

extension Float: BLASNumber {
  /// How much of the inner axis BLAS is given at a time: some of its kernels add up all of what they are given one by one.
  private static var depth: Int { 1024 }

  /// An error of at most `depth` roundings of Σ|a||b|, however long the inner axis is.
  static func multiply(_ a: Matrix<Float>, _ b: Matrix<Float>, into out: Matrix<Float>, accumulates: Bool) {
    let k = a.columns, count = out.rows * out.columns
    if k <= 2 * depth { return multiply(a, b, into: out, alpha: 1, beta: accumulates ? 1 : 0) }
    if count > 1 << 18 {
      // A span of the product at a time, so that its sums take little memory.
      let isWide = out.columns >= out.rows, extent = isWide ? out.columns : out.rows, size = max(1, (1 << 18) / (count / extent))
      for start in stride(from: 0, to: extent, by: size) {
        let span = start..<min(start + size, extent)
        let (rows, columns) = (isWide ? 0..<out.rows : span, isWide ? span : 0..<out.columns)
        multiply(
          a.block(rows: rows, columns: 0..<k), b.block(rows: 0..<k, columns: columns), into: out.block(rows: rows, columns: columns),
          accumulates: accumulates)
      }
      return
    }
    let part = PooledBuffer<Float>(count), sums = PooledBuffer<Double>(count)
    let block = Matrix(pointer: part.pointer, rows: out.rows, columns: out.columns, rowStride: out.columns, columnStride: 1)
    for start in stride(from: 0, to: k, by: depth) {
      let some = start..<min(start + depth, k)
      multiply(a.block(rows: 0..<a.rows, columns: some), b.block(rows: some, columns: 0..<b.columns), into: block, alpha: 1, beta: 0)
      if start == 0 {
        for i in 0..<count { sums.pointer[i] = Double(part.pointer[i]) }
      } else {
        wg_add_wide()(sums.pointer, part.pointer, Int64(count))
      }
    }
    for i in 0..<out.rows {
      let row = out.pointer + i * out.rowStride, total = sums.pointer + i * out.columns
      for j in 0..<out.columns {
        let place = row + j * out.columnStride
        place.pointee = Float(accumulates ? Double(place.pointee) + total[j] : total[j])
      }
    }
    withExtendedLifetime(part) {}
    withExtendedLifetime(sums) {}
  }

  static func multiply(_ a: Matrix<Float>, _ b: Matrix<Float>, into out: Matrix<Float>, alpha: Float, beta: Float) {
    singleThreaded
    // One row is a vector too: outᵀ = bᵀ · aᵀ.
    if a.rows == 1 && b.columns > 1 { return multiply(b.transposed, a.transposed, into: out.transposed, alpha: alpha, beta: beta) }
    if b.columns == 1 {
      cblas_sgemv(
        CblasRowMajor, a.order, Int32(a.stored.rows), Int32(a.stored.columns), alpha, a.pointer, a.leading, b.pointer, b.step, beta,
        out.pointer,
        out.step)
    } else {
      cblas_sgemm(
        CblasRowMajor, a.order, b.order, Int32(a.rows), Int32(b.columns), Int32(a.columns), alpha, a.pointer, a.leading, b.pointer,
        b.leading,
        beta, out.pointer, out.leading)
    }
  }
}

extension Double: BLASNumber {
  static func multiply(_ a: Matrix<Double>, _ b: Matrix<Double>, into out: Matrix<Double>, accumulates: Bool) {
    multiply(a, b, into: out, alpha: 1, beta: accumulates ? 1 : 0)
  }

  static func multiply(_ a: Matrix<Double>, _ b: Matrix<Double>, into out: Matrix<Double>, alpha: Double, beta: Double) {
    singleThreaded
    // One row is a vector too: outᵀ = bᵀ · aᵀ.
    if a.rows == 1 && b.columns > 1 { return multiply(b.transposed, a.transposed, into: out.transposed, alpha: alpha, beta: beta) }
    if b.columns == 1 {
      cblas_dgemv(
        CblasRowMajor, a.order, Int32(a.stored.rows), Int32(a.stored.columns), alpha, a.pointer, a.leading, b.pointer, b.step, beta,
        out.pointer,
        out.step)
    } else {
      cblas_dgemm(
        CblasRowMajor, a.order, b.order, Int32(a.rows), Int32(b.columns), Int32(a.columns), alpha, a.pointer, a.leading, b.pointer,
        b.leading,
        beta, out.pointer, out.leading)
    }
  }
}

extension KernelNumber {
  /// The product by loops over whole rows, for the types that BLAS does not know.
  static func multiply(_ a: Matrix<Self>, _ b: Matrix<Self>, into out: Matrix<Self>, accumulates: Bool) {
    for i in 0..<out.rows {
      let row = out.pointer + i * out.rowStride
      if !accumulates { for j in 0..<out.columns { row[j] = zero } }
      for k in 0..<a.columns {
        let factor = a.pointer[i * a.rowStride + k * a.columnStride]
        let other = b.pointer + k * b.rowStride
        if b.columnStride == 1 {
          for j in 0..<out.columns { row[j] = sum(row[j], product(factor, other[j])) }
        } else {
          for j in 0..<out.columns { row[j] = sum(row[j], product(factor, other[j * b.columnStride])) }
        }
      }
    }
  }
}
