import Testing
@_spi(Backend) import WengertTestSupport

/// What the case list does not hold: singular matrices, repeated values, factors that are not unique, and matrices without factors.
@Suite("Matrices taken apart")
struct FactorizationTests {
  private func matrix(_ shape: Shape, seed: Int = 1) -> Tensor { RandomKey(seed).normal(shape, dtype: .float64) }
  private func largest(_ x: Tensor) -> Double { x.count == 0 ? 0 : abs(x).max().item() }

  @Test(
    "factors give the matrix back, of every shape",
    arguments: [[3, 3], [5, 2], [2, 5], [1, 4], [3, 0], [0, 3], [0, 0], [2, 40, 33]] as [Shape])
  func products(shape: Shape) {
    let a = matrix(shape), m = shape[shape.rank - 2], n = shape[shape.rank - 1]
    let (p, l, u) = a.lu()
    #expect(largest(p.matmul(l).matmul(u) - a) < 1e-12)
    for full in [false, true] {
      let (q, r) = a.qr(full: full), (left, s, right) = a.svd(full: full), k = min(m, n)
      #expect(largest(q.matmul(r) - a) < 1e-12 && largest(r.lowerTriangle(-1)) == 0)
      let middle = s.expandDims(-1) * Tensor.eye(k, dtype: .float64)
      #expect(largest(left.narrow(-1, from: 0, count: k).matmul(middle).matmul(right.narrow(-2, from: 0, count: k)) - a) < 1e-12)
      for columns in [q, left, right.transpose()] {
        let width = columns.shape[columns.rank - 1]
        #expect(width == (full ? columns.shape[columns.rank - 2] : columns.shape[columns.rank - 1]))
        #expect(largest(columns.transpose().matmul(columns) - Tensor.eye(width, dtype: .float64)) < 1e-12)
      }
    }
    guard m == n else { return }
    let symmetric = a + a.transpose(), (values, vectors) = symmetric.eigh()
    #expect(largest(symmetric.matmul(vectors) - vectors * values.expandDims(-2)) < 1e-12)
    let (roots, columns) = a.eig()
    let (x, y) = (columns.real, columns.imaginary), (c, d) = (roots.real.expandDims(-2), roots.imaginary.expandDims(-2))
    #expect(largest(a.matmul(x) - (x * c - y * d)) < 1e-12 && largest(a.matmul(y) - (x * d + y * c)) < 1e-12)
  }

  /// det of 3 × 3 by its definition.
  @Sendable private static func polynomial(_ a: Tensor) -> Tensor {
    func minor(_ i: Int, _ j: Int, _ k: Int) -> Tensor { a[0, i] * (a[1, j] * a[2, k] - a[1, k] * a[2, j]) }
    return minor(0, 1, 2) - minor(1, 0, 2) + minor(2, 0, 1)
  }

  @Test("first and second derivatives of a determinant are its polynomial's, whatever the rank", arguments: 0...3)
  func singularDeterminants(rank: Int) {
    let a = matrix([3, max(rank, 1)]).matmul(matrix([max(rank, 1), 3], seed: 2)) * (rank == 0 ? 0 : 1)
    let direction = matrix([3, 3], seed: 3)
    for x in [a, Tensor.eye(3, dtype: .float64)] {
      #expect(largest(gradient(at: x) { $0.determinant() } - gradient(at: x, Self.polynomial)) < 1e-12)
      #expect(
        largest(
          hessianVectorProduct(at: x, along: direction) { $0.determinant() }
            - hessianVectorProduct(at: x, along: direction, Self.polynomial))
          < 1e-11)
    }
    let along = jvp(at: a, along: direction) { $0.determinant() }.tangent
    #expect(largest(along - jvp(at: a, along: direction, Self.polynomial).tangent) < 1e-12)
  }

  @Test("where singular values are repeated or zero, gradients of what is smooth are finite")
  func repeatedValues() {
    let one = Tensor.eye(3, dtype: .float64)
    let low = matrix([4, 1]).matmul(matrix([1, 3], seed: 2)), none = Tensor.zeros([4, 3], dtype: .float64)
    for x in [one, one * 2, low, none] {
      let finite = { (name: String, f: (Tensor) -> Tensor) in
        #expect(isFinite(gradient(at: x, f)).all().item() == 1, "\(name)")
      }
      finite("values") { square($0.svd().s).sum() }
      finite("nuclear") { $0.matrixNorm(.nuclear) }
      finite("two") { $0.matrixNorm(.two) }
      finite("pseudoInverse") { $0.pseudoInverse().sum() }
      finite("leastSquares") { leastSquares($0, Tensor.ones([x.shape[0]], dtype: .float64)).sum() }
      finite("eigenvalues") { square($0.transpose().matmul($0).eigh().values).sum() }
    }
    // The squares of all values add up to those of the elements.
    #expect(largest(gradient(at: one) { square($0.svd().s).sum() } - one * 2) < 1e-14)
    #expect(largest(gradient(at: low) { $0.matrixNorm(.two) } - low / low.norm()) < 1e-14)
    // The pseudo-inverse of u·vᵀ is v·uᵀ/(|u|²|v|²).
    let slope = gradient(at: low) { $0.pseudoInverse().sum() }
    let expected = gradient(at: [matrix([4, 1]), matrix([1, 3], seed: 2)]) { x in
      (x[0].matmul(x[1]) / (square(x[0]).sum() * square(x[1]).sum())).sum()
    }
    #expect(largest(slope.matmul(matrix([1, 3], seed: 2).transpose()) - expected[0]) < 1e-12)
  }

  @Test("vectors of repeated values have no gradient, and others do")
  func repeatedVectors() {
    let x = Tensor([[2, 0, 0], [0, 2, 0], [0, 0, 5]], dtype: .float64)
    let weights = matrix([3, 3])
    #expect(isNaN(gradient(at: x) { ($0.eigh().vectors * weights).sum() }).any().item() == 1)
    #expect(isNaN(gradient(at: x) { ($0.svd().u * weights).sum() }).any().item() == 1)
    // The vector of 5, of which the others are not asked.
    let slope = gradient(at: x) { ($0.eigh().vectors.narrow(-1, from: 2, count: 1) * weights.narrow(1, from: 0, count: 1)).sum() }
    #expect(isFinite(slope).all().item() == 1 && largest(slope) > 0)
    let other = gradient(at: x) { square($0.svd().u.narrow(-1, from: 0, count: 1) * weights.narrow(1, from: 0, count: 1)).sum() }
    #expect(isFinite(other).all().item() == 1)
  }

  @Test("matrices without a result are faults, and those with info are not")
  func faults() throws {
    let bad = Tensor([[1, 0, 0, 1], [.nan, 0, 0, 1]]).reshape([2, 2, 2])
    for decompose in [{ $0.svd().s }, { $0.eigh().values }, { $0.eig().values.real }] as [(Tensor) -> Tensor] {
      let fault = #expect(throws: DataFault.self) { try catchingDataFaults { decompose(bad) } }
      #expect(fault?.kind == .notConverged && fault?.number == 1 && fault?.shapes == [[2, 2, 2]])
    }
    #expect(isNaN(bad.lu().u[1]).any().item() == 1 && isNaN(bad.qr().r[1]).any().item() == 1)
    let singular = Tensor([[1, 1], [1, 1]])
    #expect(throws: DataFault.self) { try catchingDataFaults { singular.inverse() } }
    #expect(throws: DataFault.self) { try catchingDataFaults { singular.matrixPower(-1) } }
    #expect(singular.inverseWithInfo().info.item() == 1)
    let (sign, logSize) = singular.signAndLogDeterminant()
    #expect(sign.item() == 0 && logSize.item() == -.infinity && singular.determinant().item() == 0)
    #expect(isNaN(gradient(at: singular) { $0.signAndLogDeterminant().logSize }).all().item() == 1)
    #expect(singular.conditionNumber(.one).item() == .infinity && singular.matrixRank().item() == 1)
    #expect(isNaN((singular * 1e7).matrixExponential()).all().item() == 1)
  }

  @Test("an exponential of what commutes is a product, and that of nothing is the identity")
  func exponentials() {
    let a = matrix([4, 4]) * 5, one = Tensor.eye(4, dtype: .float64)
    #expect(largest(a.matrixExponential().matmul((-a).matrixExponential()) - one) < 1e-6)
    #expect(largest((one * 0).matrixExponential() - one) == 0)
    #expect(largest((one * 700).matrixExponential() * 1e-304 - one * 1.0142320547350045) < 1e-10)
    let slope = gradient(at: one * 0) { $0.matrixExponential().sum() }
    #expect(largest(slope - 1) < 1e-14)
  }
}
