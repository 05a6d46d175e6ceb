import Wengert

extension Row {
  private static let side = 1024

  /// X Xᵀ / n + 1, a well-conditioned positive definite matrix.
  private static func positiveDefinite() -> Tensor {
    let x = normal([side, side])
    return x.matmul(x.transpose()) / Double(side) + Tensor.eye(side)
  }

  static let linearAlgebra: [Row] = []
}
