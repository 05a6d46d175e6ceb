@_spi(Backend) import Wengert

extension CaseList {
  /// Base shape [n, k].
  private static let sizes: [Shape] = [[3, 2], [5, 4], [1, 1], [8, 1], [17, 3]]
  private static let withEmpty = sizes + [[2, 0]]

  private static func row(
    _ name: String, _ operands: [Operand], _ shapes: [Shape] = sizes, accuracy: Double = 32, slope: OperationCase.Slope = .smooth,
    _ f: @escaping @Sendable ([Tensor]) -> [Tensor]
  ) -> OperationCase {
    OperationCase(name, operands, shapes: shapes, dtypes: [.float32, .float64], accuracy: .composed(accuracy), slope: slope, f)
  }

  private static func square(_ lead: Int...) -> Operand { .real(-1...1, shape: { Shape(lead + [$0[0], $0[0]]) }) }
  private static let any = Operand.real(-1...1)
  private static func tall(_ lead: Int...) -> Operand { .real(-1...1, shape: { Shape(lead + [2 * $0[1], $0[1]]) }) }

  /// With a large diagonal in which all elements differ: singular values and eigenvalues are far from each other and from zero.
  private static func spread(_ x: Tensor) -> Tensor {
    let m = x.shape[dim: x.rank - 2], n = x.shape[dim: x.rank - 1], device = Device(x.backend)
    let order = (Tensor.iota(n, device: device) + 1).cast(to: x.dtype)
    return x * 0.5 + Tensor.eye(m, n, dtype: x.dtype, device: device) * order * 4
  }

  /// The same with its rows backwards, so that pivots are exchanged.
  private static func turned(_ x: Tensor) -> Tensor { spread(x).flip(-2) }

  /// A matrix of about the identity.
  private static func regular(_ x: Tensor) -> Tensor {
    let n = x.shape[dim: x.rank - 1], device = Device(x.backend), size = Tensor(extent: n, dtype: x.dtype, device: device)
    return x * 0.5 / size + Tensor.eye(n, dtype: x.dtype, device: device)
  }

  /// Signs of vectors are chosen by whoever computes them.
  private static func signless(_ x: Tensor) -> Tensor { Wengert.square(x) }

  private static func qr(_ x: Tensor) -> [Tensor] {
    let (q, r) = x.qr()
    let signs = stopGradient(sign(r.diagonal()))
    return [q * signs.expandDims(-2), r * signs.expandDims(-1)]
  }

  private static func svd(_ x: Tensor) -> [Tensor] {
    let (u, s, vt) = x.svd()
    return [signless(u), s, signless(vt), u.matmul(vt)]
  }

  private static let norms: [(String, MatrixNorm)] = [
    ("fro", .frobenius), ("nuc", .nuclear), ("1", .one), ("-1", .minusOne), ("2", .two), ("-2", .minusTwo), ("inf", .infinity),
    ("-inf", .minusInfinity),
  ]

  public static let factorization: [OperationCase] =
    [
      row("lu", [square()], withEmpty) { x in
        let (p, l, u) = turned(x[0]).lu()
        return [p, l, u]
      },
      row("lu tall", [tall(2)], withEmpty) { x in
        let (p, l, u) = turned(x[0]).lu()
        return [p, l, u]
      },
      row("lu wide", [tall()], withEmpty) { x in
        let (p, l, u) = spread(x[0]).transpose().flip(-2).lu()
        return [p, l, u]
      },
      row("inverse", [square()]) { [turned($0[0]).inverse()] },
      row("inverse batched", [square(2)]) { [turned($0[0]).inverse()] },
      row("inverseWithInfo", [square(2)]) { x in
        let (inverse, info) = turned(x[0]).inverseWithInfo()
        return [inverse, info]
      },
      row("determinant", [square()]) { [regular($0[0]).flip(-2).determinant()] },
      row("determinant batched", [square(2, 1)]) { [regular($0[0]).determinant()] },
      row("signAndLogDeterminant", [square(2)]) { x in
        let (sign, logSize) = turned(x[0]).signAndLogDeterminant()
        return [sign, logSize]
      },
      row("matrixPower", [square()]) { [regular($0[0]).matrixPower(5)] },
      row("matrixPower -2", [square(2)]) { [regular($0[0]).matrixPower(-2)] },
      row("pseudoInverse", [any]) { [spread($0[0]).pseudoInverse()] },
      row("pseudoInverse tall", [tall(2)], withEmpty) { [spread($0[0]).pseudoInverse()] },
      row("leastSquares", [tall(), .real(shape: { [2 * $0[1], 2] })]) { [leastSquares(spread($0[0]), $0[1])] },
      row("leastSquares for a vector, wide", [tall(2), .real(shape: { [$0[1]] })]) { [leastSquares(spread($0[0]).transpose(), $0[1])] },
      row("matrixRank", [any], slope: .none) { [spread($0[0]).matrixRank()] },
      // Times a norm, since alone it is constant for one row or column.
      row("conditionNumber", [any]) { [spread($0[0]).conditionNumber() * spread($0[0]).matrixNorm()] },
      row("conditionNumber 1", [square(2)]) { [spread($0[0]).conditionNumber(.one)] },
      row("eigh", [square()], accuracy: 64) { x in
        let (values, vectors) = spread(x[0]).eigh()
        return [values, signless(vectors)]
      },
      row("eigh batched", [square(2, 1)], accuracy: 64) { x in
        let (values, vectors) = spread(x[0]).eigh()
        return [values, signless(vectors)]
      },
      row("svd", [square()], accuracy: 64) { svd(spread($0[0])) },
      row("svd tall", [tall(2)], withEmpty, accuracy: 64) { svd(spread($0[0])) },
      row("svd wide", [tall()], withEmpty, accuracy: 64) { svd(spread($0[0]).transpose()) },
      row("svd full", [tall()], withEmpty, slope: .zero) { x in
        let (u, _, vt) = stopGradient(spread(x[0])).svd(full: true), (v, _, ut) = stopGradient(spread(x[0]).transpose()).svd(full: true)
        return [u.matmul(u.transpose()), vt.matmul(vt.transpose()), v.matmul(v.transpose()), ut.matmul(ut.transpose())]
      },
      row("singularValues", [square(2)]) { [spread($0[0]).singularValues()] },
      row("qr", [square()]) { qr(turned($0[0])) },
      row("qr tall", [tall(2)], withEmpty) { qr(spread($0[0])) },
      row("qr wide", [tall()], withEmpty) { qr(spread($0[0]).transpose()) },
      row("qr full", [tall()], withEmpty, slope: .zero) { x in
        let q = stopGradient(spread(x[0])).qr(full: true).q
        return [q.matmul(q.transpose())]
      },
      row("matrixExponential", [square()]) { [$0[0].matrixExponential()] },
      row("matrixExponential squared", [square(2)], [[3, 2], [5, 4]]) { [($0[0] * 6).matrixExponential()] },
      row("solveBanded", [.real(-1...1, shape: { [$0[0]] }), .real(shape: { [$0[0], $0[1]] })]) { x in
        [solveBanded(lower: 1, upper: 2, stack([x[0] * 0.5, x[0], x[0] + 8, 1 - x[0]]), x[1])]
      },
      row("solveTridiagonal", [any, any, .real(3...4, shape: { [$0[0], $0[1] + 1] }), .real(shape: { [$0[1] + 1] })]) { x in
        [solveTridiagonal(lower: x[0], diagonal: x[2], upper: x[1], x[3])]
      },
    ] + norms.map { name, norm in row("matrixNorm \(name)", [tall(2)]) { [spread($0[0]).matrixNorm(norm)] } }
}
