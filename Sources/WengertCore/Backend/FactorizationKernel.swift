/// What a backend takes whole matrices apart into. Results are row-major; a matrix with a NaN or an infinity has none from `svd`, `eigh` and `eig`.
@_spi(Backend) public enum FactorizationKernel: Hashable, Sendable {
  /// a [m, n] → L and U in one matrix [m, n] (the ones on the diagonal of L left out), int32 [m]: which row of a is row i of L·U, and ±1: the sign of that order. The
  /// largest element of a column is its pivot; a column of zeros is left as it is.
  case lu
  /// a [m, n] → q [m, k] with orthonormal columns, and the upper triangle r [k, n], q·r = a, k = min(m, n), or m if it is full.
  case qr(full: Bool)
  /// a [m, n] → u [m, k], values [k] that fall, vᵀ [k, n], u·diag(values)·vᵀ = a, k = min(m, n); of the full one u is [m, m] and vᵀ [n, n].
  case svd(full: Bool)
  /// a [n, n] → values [n] that rise, and the vectors as columns [n, n], of (a + aᵀ)/2.
  case eigh
  /// a [n, n] → values [n] and the vectors of length one as columns [n, n], real and imaginary parts: two and two tensors.
  case eig

  /// Why there is no result for matrix number `index` of a stack of this shape.
  func message(matrix index: Int, of shape: Shape) -> String {
    let which = shape.rank > 2 ? "matrix \(index) of \(shape)" : "the matrix of shape \(shape)"
    return "\(which) has elements that are not finite, or its values were not found in as many steps as are taken"
  }
}
