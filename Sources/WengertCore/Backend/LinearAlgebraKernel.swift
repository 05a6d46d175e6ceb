/// What a backend computes of whole matrices.
@_spi(Backend) public enum LinearAlgebraKernel: Hashable, Sendable {
  /// a → L, lower triangular with a positive diagonal (zero above it) and L·Lᵀ = (a + aᵀ)/2, which must be positive definite.
  case cholesky
  /// a, b → x with a·x = b, by a factorization with partial pivoting.
  case solve
  /// a, b → x with a·x = b, where only the upper or the lower triangle of a is looked at.
  case solveTriangular(upper: Bool)

  var fault: DataFault.Kind {
    switch self {
    case .cholesky: .notPositiveDefinite
    case .solve, .solveTriangular: .singular
    }
  }

  /// Why there is no result for matrix number `index` of a stack of this shape.
  func message(matrix index: Int, of shape: Shape) -> String {
    let which = shape.rank > 2 ? "matrix \(index) of \(shape)" : "the matrix of shape \(shape)"
    switch self {
    case .cholesky: return "\(which) is not positive definite"
    case .solve, .solveTriangular: return "\(which) is singular"
    }
  }
}
