extension Tensor {
  /// P, L and U with P·L·U = A for each matrix A of [..., m, n], k = min(m, n): a permutation matrix [..., m, m], a lower triangle with ones on its diagonal
  /// [..., m, k], and an upper triangle [..., k, n]. `scipy.linalg.lu` is alike.
  ///
  /// Float32 or float64, with the largest element of a column as its pivot. Singular matrices have factors too; a derivative needs min(m, n) pivots that are not zero,
  /// and is a `DataFault` without them.
  ///
  /// ```swift
  /// let (p, l, u) = Tensor([[0, 2], [1, 1]]).lu()  // [[0, 1], [1, 0]], [[1, 0], [0, 1]], [[1, 1], [0, 2]]
  /// ```
  ///
  /// - Precondition: Matrices on the last two axes, of float32 or float64.
  public func lu(file: StaticString = #fileID, line: UInt = #line) -> (p: Tensor, l: Tensor, u: Tensor) {
    let caller = Caller(file, line), results = factored(.lu, "lu", caller)
    let packed = results[0], m = packed.shape[dim: rank - 2], n = packed.shape[dim: rank - 1], k = Dimension.minimum(m, n)
    let isSquare = m.equals(n) == true, lower = packed.lowerTriangle(-1), upper = packed.upperTriangle()
    let order = Tensor.iota(m, beside: self), columns = Tensor.iota(k, beside: self)
    let ones = (order.expandDims(1) .== columns).cast(to: dtype)
    return (
      results[1].permutationMatrix(dtype).transpose(), (isSquare ? lower : lower.narrow(-1, from: 0, count: k)) + ones,
      isSquare ? upper : upper.narrow(-2, from: 0, count: k)
    )
  }

  /// Q with orthonormal columns and an upper triangle R with Q·R = A for each matrix A of [..., m, n]: [..., m, k] and [..., k, n], k = min(m, n); if `full`,
  /// [..., m, m] and [..., m, n]. `numpy.linalg.qr` is alike.
  ///
  /// Float32 or float64, by Householder reflections, so that the diagonal of R may have either sign. The derivative (Walter & Lehman 2018) needs linearly independent
  /// columns, the first k of a wide matrix, and is a `DataFault` where R has a zero on its diagonal; the full one of a matrix with m > n has none.
  ///
  /// - Precondition: Matrices on the last two axes, of float32 or float64.
  public func qr(full: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> (q: Tensor, r: Tensor) {
    let caller = Caller(file, line)
    requireMatrices("qr", caller)
    let m = shape[dim: rank - 2], n = shape[dim: rank - 1]
    // Of a wide matrix the columns behind the first square are Qᵀ times what they were.
    if m.isAtMost(n) == true, m.equals(n) != true {
      let parts = factored(.qr(full: false), "qr", caller, narrow(rank - 1, 0, m, caller))
      let rest = parts[0].transpose().multiplied(by: narrow(rank - 1, m, n - m, caller), caller)
      return (parts[0], concatenate([parts[1], rest], axis: -1, file: file, line: line))
    }
    let results = factored(.qr(full: full && m.equals(n) != true), "qr", caller)
    return (results[0], results[1])
  }

  /// U, the singular values, and Vᵀ with U·diag(s)·Vᵀ = A for each matrix A of [..., m, n]: [..., m, k], [..., k] and [..., k, n], k = min(m, n); if `full`, U is
  /// [..., m, m] and Vᵀ [..., n, n]. The values fall and are not negative. `numpy.linalg.svd` is alike.
  ///
  /// Float32 or float64. A matrix with elements that are not finite is a `DataFault`. A column of U and the row of Vᵀ may change their signs together.
  ///
  /// The gradient through the values alone is finite for every matrix. Vectors of a value that is repeated, and those outside of the range of A, are not unique and
  /// have no derivative: a gradient that depends on them is NaN, one in which their cotangents are zero leaves them out. For functions that are smooth all the
  /// same there are `pseudoInverse`, `determinant`, `leastSquares` and `matrixNorm`. Full vectors have no derivative. Of U·diag(s)·Vᵀ itself, where two or more values are zero, the gradient lacks the
  /// part between the vectors of these, and nothing tells.
  ///
  /// - Precondition: Matrices on the last two axes, of float32 or float64.
  public func svd(full: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> (u: Tensor, s: Tensor, vt: Tensor) {
    let results = factored(.svd(full: full), "svd", Caller(file, line))
    return (results[0], results[1], results[2])
  }

  /// The singular values of each matrix of [..., m, n] in falling order: [..., min(m, n)]. Their gradient is finite for every matrix; that of a value which is repeated
  /// depends on the vectors that are found for it.
  ///
  /// - Precondition: As for `svd`.
  public func singularValues(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    factored(.svd(full: false), "singularValues", Caller(file, line))[1]
  }

  /// The eigenvalues [..., n], which rise, and orthonormal eigenvectors as the columns of [..., n, n], of each symmetric matrix of [..., n, n]: A·Q = Q·diag(λ); of A the
  /// symmetric part (A + Aᵀ)/2 is taken. `numpy.linalg.eigh` is alike.
  ///
  /// Float32 or float64. A matrix with elements that are not finite is a `DataFault`. Each vector may change its sign. The gradient through the values alone is finite for
  /// every matrix; vectors of values that are repeated have no derivative: what depends on them has the gradient NaN, and where their cotangents are zero they are
  /// left out.
  ///
  /// - Precondition: Square matrices on the last two axes, of float32 or float64.
  public func eigh(file: StaticString = #fileID, line: UInt = #line) -> (values: Tensor, vectors: Tensor) {
    let caller = Caller(file, line)
    requireSquare("eigh", caller)
    let results = factored(.eigh, "eigh", caller)
    return (results[0], results[1])
  }

  /// The eigenvalues [..., n] and eigenvectors of length one, the columns of [..., n, n], of each matrix of [..., n, n], in no order: A·V = V·diag(λ), as real and
  /// imaginary parts. Complex ones come in conjugate pairs, one after the other. `numpy.linalg.eig` is alike.
  ///
  /// Float32 or float64, on the CPU. It has no derivative: `eigh` of symmetric matrices has one. A matrix with elements that are not finite is a `DataFault`.
  ///
  /// - Precondition: Square matrices on the last two axes, of float32 or float64, on the CPU, of which no derivative is taken.
  public func eig(
    file: StaticString = #fileID, line: UInt = #line
  ) -> (values: (real: Tensor, imaginary: Tensor), vectors: (real: Tensor, imaginary: Tensor)) {
    let caller = Caller(file, line)
    requireSquare("eig", caller)
    let results = factored(.eig, "eig", caller)
    return ((results[0], results[1]), (results[2], results[3]))
  }

  func requireMatrices(_ name: String, _ caller: Caller) {
    caller.require(dtype == .float32 || dtype == .float64, name, "needs float32 or float64, got \(dtype)")
    caller.require(rank >= 2, name, "needs matrices on the last two axes, got \(shape)")
  }

  private func factored(_ kernel: FactorizationKernel, _ name: String, _ caller: Caller, _ x: Tensor? = nil) -> [Tensor] {
    requireMatrices(name, caller)
    return apply(Factorization(kernel: kernel), [x ?? self], caller)
  }
}
