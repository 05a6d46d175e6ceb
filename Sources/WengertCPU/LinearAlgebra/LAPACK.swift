import CLAPACKE
import COpenBLAS

/// A number type whose matrices LAPACK factors. Pointers are to row-major matrices with the distance `stride` between rows.
protocol LAPACKNumber: BLASNumber {
  /// The lower triangle of a symmetric matrix becomes its Cholesky factor; false if there is none.
  static func factorCholesky(_ a: UnsafeMutablePointer<Self>, _ n: Int, stride: Int) -> Bool

  /// The transpose of a matrix of `rows` columns becomes P⁻¹·L·U, with pivots counted from 1; false if a pivot is zero.
  static func factorLU(
    _ a: UnsafeMutablePointer<Self>, rows: Int, columns: Int, stride: Int, pivots: UnsafeMutablePointer<Int32>
  ) -> Bool

  /// Exchanges, in each of `lines` rows, element i with element pivots[i], for i in `range`, in this order.
  static func exchange(
    _ a: UnsafeMutablePointer<Self>, lines: Int, stride: Int, _ range: Range<Int>, pivots: UnsafePointer<Int32>)

  /// b = op(a)⁻¹·b, or b·op(a)⁻¹ from the right, with b of `rows` × `columns`.
  static func solveTriangle(_ a: Triangle<Self>, fromRight: Bool, _ b: UnsafeMutablePointer<Self>, rows: Int, columns: Int, stride: Int)
}

/// A triangle in memory, and how it is taken.
struct Triangle<Element> {
  var pointer: UnsafePointer<Element>
  var stride: Int
  /// As it lies in memory.
  var isUpper: Bool
  var isTransposed = false
  /// Whether the diagonal is taken for ones.
  var isUnit = false

  fileprivate var side: CBLAS_UPLO { isUpper ? CblasUpper : CblasLower }
  fileprivate var order: CBLAS_TRANSPOSE { isTransposed ? CblasTrans : CblasNoTrans }
  fileprivate var diagonal: CBLAS_DIAG { isUnit ? CblasUnit : CblasNonUnit }
}

// A lower triangle of rows is an upper triangle of columns, which is how LAPACK counts.
private let upper = CChar(UInt8(ascii: "U"))

extension Float: LAPACKNumber {
  static func factorCholesky(_ a: UnsafeMutablePointer<Float>, _ n: Int, stride: Int) -> Bool {
    singleThreaded
    return LAPACKE_spotrf_work(LAPACK_COL_MAJOR, upper, Int32(n), a, Int32(stride)) == 0
  }

  static func factorLU(
    _ a: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int, pivots: UnsafeMutablePointer<Int32>
  ) -> Bool {
    singleThreaded
    return LAPACKE_sgetrf_work(LAPACK_COL_MAJOR, Int32(rows), Int32(columns), a, Int32(stride), pivots) == 0
  }

  static func exchange(
    _ a: UnsafeMutablePointer<Float>, lines: Int, stride: Int, _ range: Range<Int>, pivots: UnsafePointer<Int32>
  ) {
    LAPACKE_slaswp_work(
      LAPACK_COL_MAJOR, Int32(lines), a, Int32(stride), Int32(range.lowerBound + 1), Int32(range.upperBound), pivots, 1)
  }

  static func solveTriangle(
    _ a: Triangle<Float>, fromRight: Bool, _ b: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int
  ) {
    singleThreaded
    cblas_strsm(
      CblasRowMajor, fromRight ? CblasRight : CblasLeft, a.side, a.order, a.diagonal, Int32(rows), Int32(columns), 1, a.pointer,
      Int32(a.stride), b, Int32(stride))
  }
}

extension Double: LAPACKNumber {
  static func factorCholesky(_ a: UnsafeMutablePointer<Double>, _ n: Int, stride: Int) -> Bool {
    singleThreaded
    return LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, upper, Int32(n), a, Int32(stride)) == 0
  }

  static func factorLU(
    _ a: UnsafeMutablePointer<Double>, rows: Int, columns: Int, stride: Int, pivots: UnsafeMutablePointer<Int32>
  ) -> Bool {
    singleThreaded
    return LAPACKE_dgetrf_work(LAPACK_COL_MAJOR, Int32(rows), Int32(columns), a, Int32(stride), pivots) == 0
  }

  static func exchange(
    _ a: UnsafeMutablePointer<Double>, lines: Int, stride: Int, _ range: Range<Int>, pivots: UnsafePointer<Int32>
  ) {
    LAPACKE_dlaswp_work(
      LAPACK_COL_MAJOR, Int32(lines), a, Int32(stride), Int32(range.lowerBound + 1), Int32(range.upperBound), pivots, 1)
  }

  static func solveTriangle(
    _ a: Triangle<Double>, fromRight: Bool, _ b: UnsafeMutablePointer<Double>, rows: Int, columns: Int, stride: Int
  ) {
    singleThreaded
    cblas_dtrsm(
      CblasRowMajor, fromRight ? CblasRight : CblasLeft, a.side, a.order, a.diagonal, Int32(rows), Int32(columns), 1, a.pointer,
      Int32(a.stride), b, Int32(stride))
  }
}
