import Wengert

extension Row {
  private static let side = 1024

  /// X Xᵀ / n + 1, a well-conditioned positive definite matrix.
  private static func positiveDefinite() -> Tensor {
    let x = normal([side, side])
    return x.matmul(x.transpose()) / Double(side) + Tensor.eye(side)
  }

  static let linearAlgebra = [
    arithmetic("cholesky", "1024x1024", flops: Double(side * side) * Double(side) / 3, { [positiveDefinite()] }) { [$0[0].cholesky()] },
    arithmetic(
      "solve", "1024x1024, 64 columns", flops: Double(side * side) * (2 * Double(side) / 3 + 2 * 64),
      { [positiveDefinite(), normal([side, 64], seed: 2)] }
    ) { [solve($0[0], $0[1])] },
  ]
}
