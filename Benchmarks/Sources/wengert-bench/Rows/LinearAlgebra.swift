import Wengert

extension Row {
  private static let side = 1024

  /// X Xᵀ / n + 1, a well-conditioned positive definite matrix.
  private static func positiveDefinite() -> Tensor {
    let x = normal([side, side])
    return x.matmul(x.transpose()) / Double(side) + Tensor.eye(side)
  }

  /// Functions of one matrix [512, 512] and of 64 of 64 × 64; the operations, in n³, are those of LAPACK's usual algorithms.
  private static func matrices(_ functions: KeyValuePairs<String, (Double, @Sendable (Tensor) -> [Tensor])>) -> [Row] {
    functions.flatMap { name, body in
      [
        arithmetic("\(name)-512", "512x512", flops: body.0 * Double(512 * 512 * 512), { [wellConditioned([512, 512])] }) { body.1($0[0]) },
        arithmetic("\(name)-64", "64 of 64x64", flops: body.0 * Double(64 * 64 * 64 * 64), { [wellConditioned([64, 64, 64])] }) {
          body.1($0[0])
        },
      ]
    }
  }

  private static func wellConditioned(_ shape: Shape) -> Tensor {
    let x = normal(shape)
    return x.matmul(x.transpose()) / Double(shape.last!) + Tensor.eye(shape.last!)
  }

  private static let ofOne = matrices([
    "cholesky": (1 / 3, { [$0.cholesky()] }),
    "lu": (
      2 / 3,
      {
        let (p, l, u) = $0.lu()
        return [p, l, u]
      }
    ),
    "qr": (
      8 / 3,
      {
        let (q, r) = $0.qr()
        return [q, r]
      }
    ),
    "svd": (
      22,
      {
        let (u, s, vt) = $0.svd()
        return [u, s, vt]
      }
    ),
    "eigh": (
      9,
      {
        let (values, vectors) = $0.eigh()
        return [values, vectors]
      }
    ),
    "slogdet": (
      2 / 3,
      {
        let (sign, size) = $0.signAndLogDeterminant()
        return [sign, size]
      }
    ),
    "svdvals": (8 / 3, { [$0.singularValues()] }), "det": (2 / 3, { [$0.determinant()] }), "inv": (2, { [$0.inverse()] }),
    "inv-ex": (2, { [$0.inverseWithInfo().0] }), "pinv": (24, { [$0.pseudoInverse()] }), "matrix-power": (6, { [$0.matrixPower(5)] }),
    "matrix-rank": (8 / 3, { [$0.matrixRank()] }), "cond": (8 / 3, { [$0.conditionNumber()] }),
    "matrix-norm-nuc": (8 / 3, { [$0.matrixNorm(.nuclear)] }), "matrix-exp": (20, { [$0.matrixExponential()] }),
    "solve": (8 / 3, { [solve($0, $0.transpose())] }), "solve-triangular": (1, { [solveTriangular($0, $0)] }),
    "lstsq": (10 / 3, { [leastSquares($0, $0.narrow(-1, from: 0, count: 16))] }),
  ])

  private static let banded: [Row] = joined(
    memory(
      "64 of 256x8", elements: 64 * 256 * 19,
      { [uniform([64, 255], -1...1), uniform([64, 256], 3...4, seed: 2), uniform([64, 255], -1...1, seed: 3), normal([64, 256, 8])] },
      ["solve-tridiagonal": { [solveTridiagonal(lower: $0[0], diagonal: $0[1], upper: $0[2], $0[3])] }]),
    memory(
      "1024x8, 4 diagonals", elements: 1024 * 20, { [uniform([4, 1024], 0.1...1), normal([1024, 8])] },
      ["solve-banded": { [solveBanded(lower: 1, upper: 2, $0[0] + Tensor([0, 0, 8, 0]).expandDims(1), $0[1])] }]))

  static let linearAlgebra =
    ofOne + banded + [
      arithmetic("cholesky", "1024x1024", flops: Double(side * side) * Double(side) / 3, { [positiveDefinite()] }) { [$0[0].cholesky()] },
      arithmetic(
        "solve", "1024x1024, 64 columns", flops: Double(side * side) * (2 * Double(side) / 3 + 2 * 64),
        { [positiveDefinite(), normal([side, 64], seed: 2)] }
      ) { [solve($0[0], $0[1])] },
    ]
}
