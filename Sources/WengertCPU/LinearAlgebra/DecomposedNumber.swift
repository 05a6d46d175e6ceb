import CLAPACKE
import COpenBLAS

/// A number type whose matrices LAPACK takes apart. Matrices are row-major, without gaps.
///
/// Functions return LAPACK's word: 0 for a result, a positive number for steps that do not converge (of `lu` a pivot that is zero), a negative one for what is not a number.
protocol DecomposedNumber: LAPACKNumber {
  static func decomposeLU(_ a: UnsafeMutablePointer<Self>, _ m: Int32, _ n: Int32, _ pivots: UnsafeMutablePointer<Int32>) -> Int32
  /// a becomes R above reflections, of which `makeQ` makes k columns of Q in their place.
  static func decomposeQR(_ a: UnsafeMutablePointer<Self>, _ m: Int32, _ n: Int32, _ tau: UnsafeMutablePointer<Self>) -> Int32
  static func makeQ(
    _ a: UnsafeMutablePointer<Self>, _ m: Int32, _ columns: Int32, _ k: Int32, _ tau: UnsafeMutablePointer<Self>
  ) -> Int32
  static func decomposeSVD(
    _ a: UnsafeMutablePointer<Self>, _ m: Int32, _ n: Int32, full: Bool, _ s: UnsafeMutablePointer<Self>, _ u: UnsafeMutablePointer<Self>,
    _ vt: UnsafeMutablePointer<Self>
  ) -> Int32
  /// The lower triangle of a is read, and a becomes the vectors.
  static func decomposeSymmetric(_ a: UnsafeMutablePointer<Self>, _ n: Int32, _ values: UnsafeMutablePointer<Self>) -> Int32
  /// The vectors' columns are real, or pairs of a real and an imaginary part.
  static func decomposeGeneral(
    _ a: UnsafeMutablePointer<Self>, _ n: Int32, _ real: UnsafeMutablePointer<Self>, _ imaginary: UnsafeMutablePointer<Self>,
    _ vectors: UnsafeMutablePointer<Self>
  ) -> Int32
}

private let (all, some, none) = (CChar(UInt8(ascii: "A")), CChar(UInt8(ascii: "S")), CChar(UInt8(ascii: "N")))
private let (vectors, lower) = (CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "L")))

extension Float: DecomposedNumber {
  static func decomposeLU(_ a: UnsafeMutablePointer<Float>, _ m: Int32, _ n: Int32, _ pivots: UnsafeMutablePointer<Int32>) -> Int32 {
    singleThreaded
    return LAPACKE_sgetrf(LAPACK_ROW_MAJOR, m, n, a, n, pivots)
  }

  static func decomposeQR(_ a: UnsafeMutablePointer<Float>, _ m: Int32, _ n: Int32, _ tau: UnsafeMutablePointer<Float>) -> Int32 {
    singleThreaded
    return LAPACKE_sgeqrf(LAPACK_ROW_MAJOR, m, n, a, n, tau)
  }

  static func makeQ(
    _ a: UnsafeMutablePointer<Float>, _ m: Int32, _ columns: Int32, _ k: Int32, _ tau: UnsafeMutablePointer<Float>
  ) -> Int32 {
    singleThreaded
    return LAPACKE_sorgqr(LAPACK_ROW_MAJOR, m, columns, k, a, columns, tau)
  }

  static func decomposeSVD(
    _ a: UnsafeMutablePointer<Float>, _ m: Int32, _ n: Int32, full: Bool, _ s: UnsafeMutablePointer<Float>,
    _ u: UnsafeMutablePointer<Float>,
    _ vt: UnsafeMutablePointer<Float>
  ) -> Int32 {
    singleThreaded
    return LAPACKE_sgesdd(LAPACK_ROW_MAJOR, full ? all : some, m, n, a, n, s, u, full ? m : min(m, n), vt, n)
  }

  static func decomposeSymmetric(_ a: UnsafeMutablePointer<Float>, _ n: Int32, _ values: UnsafeMutablePointer<Float>) -> Int32 {
    singleThreaded
    return LAPACKE_ssyevd(LAPACK_ROW_MAJOR, vectors, lower, n, a, n, values)
  }

  static func decomposeGeneral(
    _ a: UnsafeMutablePointer<Float>, _ n: Int32, _ real: UnsafeMutablePointer<Float>, _ imaginary: UnsafeMutablePointer<Float>,
    _ right: UnsafeMutablePointer<Float>
  ) -> Int32 {
    singleThreaded
    return LAPACKE_sgeev(LAPACK_ROW_MAJOR, none, vectors, n, a, n, real, imaginary, nil, 1, right, n)
  }
}

extension Double: DecomposedNumber {
  static func decomposeLU(_ a: UnsafeMutablePointer<Double>, _ m: Int32, _ n: Int32, _ pivots: UnsafeMutablePointer<Int32>) -> Int32 {
    singleThreaded
    return LAPACKE_dgetrf(LAPACK_ROW_MAJOR, m, n, a, n, pivots)
  }

  static func decomposeQR(_ a: UnsafeMutablePointer<Double>, _ m: Int32, _ n: Int32, _ tau: UnsafeMutablePointer<Double>) -> Int32 {
    singleThreaded
    return LAPACKE_dgeqrf(LAPACK_ROW_MAJOR, m, n, a, n, tau)
  }

  static func makeQ(
    _ a: UnsafeMutablePointer<Double>, _ m: Int32, _ columns: Int32, _ k: Int32, _ tau: UnsafeMutablePointer<Double>
  ) -> Int32 {
    singleThreaded
    return LAPACKE_dorgqr(LAPACK_ROW_MAJOR, m, columns, k, a, columns, tau)
  }

  static func decomposeSVD(
    _ a: UnsafeMutablePointer<Double>, _ m: Int32, _ n: Int32, full: Bool, _ s: UnsafeMutablePointer<Double>,
    _ u: UnsafeMutablePointer<Double>,
    _ vt: UnsafeMutablePointer<Double>
  ) -> Int32 {
    singleThreaded
    return LAPACKE_dgesdd(LAPACK_ROW_MAJOR, full ? all : some, m, n, a, n, s, u, full ? m : min(m, n), vt, n)
  }

  static func decomposeSymmetric(_ a: UnsafeMutablePointer<Double>, _ n: Int32, _ values: UnsafeMutablePointer<Double>) -> Int32 {
    singleThreaded
    return LAPACKE_dsyevd(LAPACK_ROW_MAJOR, vectors, lower, n, a, n, values)
  }

  static func decomposeGeneral(
    _ a: UnsafeMutablePointer<Double>, _ n: Int32, _ real: UnsafeMutablePointer<Double>, _ imaginary: UnsafeMutablePointer<Double>,
    _ right: UnsafeMutablePointer<Double>
  ) -> Int32 {
    singleThreaded
    return LAPACKE_dgeev(LAPACK_ROW_MAJOR, none, vectors, n, a, n, real, imaginary, nil, 1, right, n)
  }
}
