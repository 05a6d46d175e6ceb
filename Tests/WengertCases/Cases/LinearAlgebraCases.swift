@_spi(Backend) import Wengert

extension CaseList {
  /// Base shape [n, k].
  private static let sizes: [Shape] = [[3, 2], [5, 4], [1, 1], [8, 1], [17, 3], [2, 0]]

  private static func row(_ name: String, _ operands: [Operand], _ f: @escaping @Sendable ([Tensor]) -> Tensor) -> OperationCase {
    OperationCase(name, operands, shapes: sizes, dtypes: [.float32, .float64], accuracy: .composed(16)) { [f($0)] }
  }

  private static func matrix(_ lead: Int...) -> Operand { .real(-1...1, shape: { Shape(lead + [$0[0], $0[0]]) }) }
  private static func right(_ lead: Int...) -> Operand { .real(shape: { Shape(lead + [$0[0], $0[1]]) }) }

  /// With a diagonal so large that the matrix is well-conditioned, and its symmetric part positive definite.
  private static func dominant(_ x: Tensor) -> Tensor {
    let n = x.shape[dim: x.rank - 1], device = Device(x.backend)
    return x + Tensor.eye(n, dtype: x.dtype, device: device) * Tensor(extent: 2 * n, dtype: x.dtype, device: device)
  }

  public static let linearAlgebra: [OperationCase] = [
    row("cholesky", [matrix()]) { dominant($0[0]).cholesky() },
    row("cholesky batched", [matrix(2, 3)]) { dominant($0[0]).cholesky() },
    row("solve", [matrix(), right()]) { solve(dominant($0[0]), $0[1]) },
    row("solve with the transpose", [matrix(), right()]) { solve(dominant($0[0]).transpose(), $0[1]) },
    row("solve for a vector", [matrix(), .real(shape: { [$0[0]] })]) { solve(dominant($0[0]), $0[1]) },
    row("solve broadcast", [matrix(2, 1), right(3)]) { solve(dominant($0[0]), $0[1]) },
    row("solveTriangular", [matrix(), right()]) { solveTriangular(dominant($0[0]), $0[1]) },
    row("solveTriangular upper, transposed", [matrix(2), right(2)]) { solveTriangular(dominant($0[0]).transpose(), $0[1], upper: true) },
  ]
}
