import WengertNN

extension PyTorchOperationsGuide {
  /// Reductions and order.
  func reductions(_ row: TableValues) {
    row(#"x.max(axis: 1)"#, x.max(axis: 1))
    row(#"x.min(axis: 1)"#, x.min(axis: 1))
    row(#"x.min(), x.max()"#, x.min(), x.max())
    do {
      let c = (x - x.mean(axis: 1, keepDims: true)).l2Normalize()
      row(#"let c = (x - x.mean(axis: 1, keepDims: true)).l2Normalize(); c.matmul(c.transpose())"#, c.matmul(c.transpose()))
    }
    do {
      let c = x - x.mean(axis: 1, keepDims: true)
      row(#"let c = x - x.mean(axis: 1, keepDims: true); c.matmul(c.transpose()) / 2"#, c.matmul(c.transpose()) / 2)
    }
    row(#"x.cumulativeMax(axis: 1)"#, x.cumulativeMax(axis: 1))
    row(#"x.cumulativeMin(axis: 1)"#, x.cumulativeMin(axis: 1))
    row(#"x.cumulativeProduct(axis: 1)"#, x.cumulativeProduct(axis: 1))
    row(#"x.cumulativeSum(axis: 1)"#, x.cumulativeSum(axis: 1))
    row(#"(x[0..., 1...] + x[0..., 0..<2]).cumulativeSum(axis: 1) / 2"#, (x[0..., 1...] + x[0..., 0..<2]).cumulativeSum(axis: 1) / 2)
    row(#"x[0..., 1...] - x[0..., 0..<2]"#, x[0..., 1...] - x[0..., 0..<2])
    row(#"(x - y).norm(3)"#, (x - y).norm(3))
    do {
      let c = p[0..., 1...] - p[0..., 0..<2]
      row(
        #"let c = p[0..., 1...] - p[0..., 0..<2]; (c.pad([(0, 0), (1, 0)], mode: .replicate) + c.pad([(0, 0), (0, 1)], mode: .replicate)) / 2"#,
        (c.pad([(0, 0), (1, 0)], mode: .replicate) + c.pad([(0, 0), (0, 1)], mode: .replicate)) / 2)
    }
    do {
      let c = x.argSort(axis: 1)[0..., 1...1]
      row(#"let c = x.argSort(axis: 1)[0..., 1...1]; x.takeAlong(c).squeeze(1), c.squeeze(1)"#, x.takeAlong(c).squeeze(1), c.squeeze(1))
    }
    row(#"(x * y).sum(axis: -1)"#, (x * y).sum(axis: -1))
    row(#"x.norm(3)"#, x.norm(3))
    row(#"x.logSoftmax(axis: 1)"#, x.logSoftmax(axis: 1))
    row(#"x.logCumulativeSumExp(axis: 1)"#, x.logCumulativeSumExp(axis: 1))
    row(#"x.logSumExp(axis: 1)"#, x.logSumExp(axis: 1))
    row(#"x.max(), x.max(axis: 1), x.argMax(axis: 1)"#, x.max(), x.max(axis: 1), x.argMax(axis: 1))
    row(#"x.mean(axis: 1)"#, x.mean(axis: 1))
    row(
      #"x.quantile(0.5, interpolation: .lower), x.quantile(0.5, axis: 1, interpolation: .lower)"#, x.quantile(0.5, interpolation: .lower),
      x.quantile(0.5, axis: 1, interpolation: .lower))
    row(#"x.min(), x.min(axis: 1), x.argMin(axis: 1)"#, x.min(), x.min(axis: 1), x.argMin(axis: 1))
    do {
      let c = g.sorted(axis: 1)
      row(
        #"let c = g.sorted(axis: 1); c.takeAlong((c.expandDims(2) .== c.expandDims(1)).sum(axis: 2).argMax(axis: 1, keepDims: true)).squeeze(1)"#,
        c.takeAlong((c.expandDims(2) .== c.expandDims(1)).sum(axis: 2).argMax(axis: 1, keepDims: true)).squeeze(1))
    }
    row(#"x.sorted(axis: 0)"#, x.sorted(axis: 0))
    row(
      #"n.maskedFill(isNaN(n), 0).sum(axis: 1) / (.!isNaN(n)).cast(to: .float32).sum(axis: 1)"#,
      n.maskedFill(isNaN(n), 0).sum(axis: 1) / (.!isNaN(n)).cast(to: .float32).sum(axis: 1))
    row(
      #"n.maskedSelect(.!isNaN(n)).quantile(0.5, interpolation: .lower)"#, n.maskedSelect(.!isNaN(n)).quantile(0.5, interpolation: .lower))
    row(#"n.maskedSelect(.!isNaN(n)).quantile(0.3)"#, n.maskedSelect(.!isNaN(n)).quantile(0.3))
    row(#"n.maskedFill(isNaN(n), 0).sum(axis: 1)"#, n.maskedFill(isNaN(n), 0).sum(axis: 1))
    row(#"(x.l2Normalize(axis: 1) * y.l2Normalize(axis: 1)).sum(axis: 1)"#, (x.l2Normalize(axis: 1) * y.l2Normalize(axis: 1)).sum(axis: 1))
    row(#"x.l2Normalize(axis: 1)"#, x.l2Normalize(axis: 1))
    row(#"(x - y + 1e-6).norm(axis: -1)"#, (x - y + 1e-6).norm(axis: -1))
    row(
      #"a.cdist(a).maskedSelect(Tensor.ones([3, 3]).upperTriangle(1) .> 0)"#,
      a.cdist(a).maskedSelect(Tensor.ones([3, 3]).upperTriangle(1) .> 0))
    row(#"(-x).softmax(axis: 1)"#, (-x).softmax(axis: 1))
    row(#"x.prod(axis: 1)"#, x.prod(axis: 1))
    row(#"x.quantile(0.3, axis: 1)"#, x.quantile(0.3, axis: 1))
    row(#"z * clip(20 / z.norm(axes: [1, 2], keepDims: true), 0, 1)"#, z * clip(20 / z.norm(axes: [1, 2], keepDims: true), 0, 1))
    row(#"x.softmax(axis: 1)"#, x.softmax(axis: 1))
    row(#"x.sorted(axis: 1), x.argSort(axis: 1)"#, x.sorted(axis: 1), x.argSort(axis: 1))
    row(#"x.std(axis: 1, correction: 1)"#, x.std(axis: 1, correction: 1))
    row(#"x.std(axis: 1, correction: 1), x.mean(axis: 1)"#, x.std(axis: 1, correction: 1), x.mean(axis: 1))
    row(#"x.sum(axis: 1)"#, x.sum(axis: 1))
    row(#"x.topK(2)"#, x.topK(2))
    row(#"(x[0..., 1...] + x[0..., 0..<2]).sum(axis: 1) / 2"#, (x[0..., 1...] + x[0..., 0..<2]).sum(axis: 1) / 2)
    row(#"x.variance(axis: 1, correction: 1)"#, x.variance(axis: 1, correction: 1))
    row(#"x.variance(axis: 1, correction: 1), x.mean(axis: 1)"#, x.variance(axis: 1, correction: 1), x.mean(axis: 1))
  }

  /// Products and matrices.
  func products(_ row: TableValues) {
    row(#"a + z.matmul(z.transpose()).sum(axis: 0)"#, a + z.matmul(z.transpose()).sum(axis: 0))
    row(#"a + a.matmul(a)"#, a + a.matmul(a))
    row(#"t + a.matmul(v)"#, t + a.matmul(v))
    row(#"a + v.outer(t)"#, a + v.outer(t))
    row(#"a + z.matmul(z.transpose())"#, a + z.matmul(z.transpose()))
    row(#"z.matmul(z.transpose())"#, z.matmul(z.transpose()))
    row(#"x.cdist(y)"#, x.cdist(y))
    do {
      let c = solveTriangular(a, Tensor.eye(3))
      row(#"let c = solveTriangular(a, Tensor.eye(3)); c.transpose().matmul(c)"#, c.transpose().matmul(c))
    }
    do {
      let c = solveTriangular(a, x.transpose())
      row(
        #"let c = solveTriangular(a, x.transpose()); solveTriangular(a.lowerTriangle().transpose(), c, upper: true)"#,
        solveTriangular(a.lowerTriangle().transpose(), c, upper: true))
    }
    row(#"v.cross(t, axis: 0)"#, v.cross(t, axis: 0))
    row(#"v.matmul(t)"#, v.matmul(t))
    row(#"einsum("ij,kj->ik", x, y)"#, einsum("ij,kj->ik", x, y))
    row(#"x.matmul(y.transpose())"#, x.matmul(y.transpose()))
    row(#"x.kron(y)"#, x.kron(y))
    row(#"a.cholesky()"#, a.cholesky())
    row(#"a.conditionNumber()"#, a.conditionNumber())
    row(#"x.cross(y)"#, x.cross(y))
    row(#"a.determinant()"#, a.determinant())
    row(#"a.eigh()"#, a.eigh())
    row(#"a.eigh().values"#, a.eigh().values)
    row(#"a.inverse()"#, a.inverse())
    row(#"leastSquares(x.transpose(), a)"#, leastSquares(x.transpose(), a))
    row(#"a.lu()"#, a.lu())
    do {
      let c = a.lu()
      row(#"let c = a.lu(); c.l + c.u - Tensor.eye(3)"#, c.l + c.u - Tensor.eye(3))
    }
    do {
      let c = a.lu()
      row(
        #"let c = a.lu(); solveTriangular(c.u, solveTriangular(c.l, c.p.transpose().matmul(x.transpose())), upper: true)"#,
        solveTriangular(c.u, solveTriangular(c.l, c.p.transpose().matmul(x.transpose())), upper: true))
    }
    row(#"a.matrixNorm(), a.matrixNorm(.two)"#, a.matrixNorm(), a.matrixNorm(.two))
    row(#"a.matrixPower(3)"#, a.matrixPower(3))
    row(#"x.matmul(a.matmul(v))"#, x.matmul(a.matmul(v)))
    row(#"x.norm()"#, x.norm())
    row(#"x.pseudoInverse()"#, x.pseudoInverse())
    row(#"a.qr()"#, a.qr())
    row(#"a.signAndLogDeterminant()"#, a.signAndLogDeterminant())
    row(#"solve(a, b)"#, solve(a, b))
    row(#"solveTriangular(a, x.transpose(), upper: true)"#, solveTriangular(a, x.transpose(), upper: true))
    row(#"x.svd()"#, x.svd())
    row(#"x.singularValues()"#, x.singularValues())
    row(#"a.inverse().reshape([3, 1, 3])"#, a.inverse().reshape([3, 1, 3]))
    row(#"solve(a, b).reshape([3, 1])"#, solve(a, b).reshape([3, 1]))
    row(#"pow(v.expandDims(1), Tensor.iota(3).cast(to: .float32))"#, pow(v.expandDims(1), Tensor.iota(3).cast(to: .float32)))
    row(#"a.signAndLogDeterminant().logSize"#, a.signAndLogDeterminant().logSize)
    row(#"a.lu()"#, a.lu())
    row(#"x.matmul(x.transpose())"#, x.matmul(x.transpose()))
    row(#"a.matrixExponential()"#, a.matrixExponential())
    row(#"x.matmul(a)"#, x.matmul(a))
    row(#"a.matmul(v)"#, a.matmul(v))
    row(#"v.outer(t)"#, v.outer(t))
    row(#"x.tensordot(y)"#, x.tensordot(y))
    row(#"a.trace()"#, a.trace())
    row(#"v.matmul(t)"#, v.matmul(t))
  }
}
