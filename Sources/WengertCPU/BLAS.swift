import COpenBLAS
import WengertCore

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

  /// Whether BLAS can read it as it lies, in either order.
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
  static func multiply(_ a: Matrix<Float>, _ b: Matrix<Float>, into out: Matrix<Float>, accumulates: Bool) {
    multiply(a, b, into: out, alpha: 1, beta: accumulates ? 1 : 0)
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
