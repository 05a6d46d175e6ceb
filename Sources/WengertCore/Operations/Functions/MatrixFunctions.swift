extension Tensor {
  /// A⁻¹ for each matrix A of [..., n, n], as the solution of A·X = I.
  ///
  /// Float32 or float64. A matrix that is singular is a `DataFault`; `inverseWithInfo` reports which it is and goes on. For A⁻¹·B, `solve` is faster and more exact.
  ///
  /// - Precondition: Square matrices on the last two axes, of float32 or float64.
  public func inverse(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    requireSquare("inverse", Caller(file, line))
    return solve(self, ones, file: file, line: line)
  }

  /// The inverses as `inverse` gives them, NaN for a matrix that is singular, and `info` [...] (int32): 0 if there is an inverse, 1 if the matrix is singular. Derivatives are
  /// as those of `solveWithInfo`.
  ///
  /// - Precondition: As for `inverse`, except that a matrix may be singular.
  public func inverseWithInfo(file: StaticString = #fileID, line: UInt = #line) -> (inverse: Tensor, info: Tensor) {
    requireSquare("inverseWithInfo", Caller(file, line))
    let (solution, info) = solveWithInfo(self, ones, file: file, line: line)
    return (solution, info)
  }

  /// The identity matrix of as many rows.
  private var ones: Tensor { .identity(shape[dim: rank - 1], beside: self) }

  /// The determinants of [..., n, n]: [...], by an LU factorization; that of a matrix without rows is 1.
  ///
  /// Float32 or float64. First and second derivatives are those of the polynomial in the elements that a determinant is, for singular matrices too: the gradient is the
  /// matrix of cofactors. They are computed by way of singular values. Third derivatives are wrong, and nothing tells, at matrices of rank n − 3 or less.
  ///
  /// ```swift
  /// let slope = gradient(at: Tensor([[1, 2], [2, 4]])) { $0.determinant() }  // [[4, -2], [-2, 1]]
  /// ```
  ///
  /// - Precondition: Square matrices on the last two axes, of float32 or float64.
  public func determinant(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    requireSquare("determinant", caller)
    let operation = Custom(
      "determinant",
      forward: { operands in
        let factors = apply(Factorization(kernel: .lu), operands, caller)
        return [factors[0].diagonal().prod(axes: [-1]) * factors[2]]
      },
      vjp: { operands, _, cotangents in [operands[0].cofactors(caller) * cotangents[0].expandDims(-1).expandDims(-1)] },
      jvp: { operands, tangents in [(operands[0].cofactors(caller) * tangents[0]).sum(axes: [-2, -1])] })
    return applied(operation, lead, caller)
  }

  /// ∂det A/∂A, with a derivative of its own for every A.
  ///
  /// With U₀ and V₀ the singular vectors of the k values that are next to zero, held fixed, and B = A + τU₀V₀ᵀ, which is regular: det A = det B · det D, where D is the k × k
  /// matrix I − τV₀ᵀB⁻¹U₀, next to zero. Of det D what is of higher order than the second is left out.
  private func cofactors(_ caller: Caller) -> Tensor {
    let parts = apply(Factorization(kernel: .svd(full: false)), [stopGradient(self)], caller).map { stopGradient($0) }
    let n = shape[dim: rank - 1], s = parts[1]
    let top = s.largest, isNone = s .<= top * s.number(n, s.dtype) * dtype.epsilon
    let kept = isNone.cast(to: dtype), count = kept.sum(axes: [-1]).expandDims(-1).expandDims(-1)
    let one = constant(1), tau = WengertCore.select(top .== 0, one, top).expandDims(-1)
    let u = parts[0] * kept.expandDims(-2), v = parts[2].transpose() * kept.expandDims(-2)
    let b = self + tau * u.multiplied(by: v.transpose(), caller)
    let inverse = b.inverse(file: caller.file, line: caller.line)
    let left = v.transpose().multiplied(by: inverse, caller), right = inverse.multiplied(by: u, caller)
    let d = ones * kept.expandDims(-2) - tau * left.multiplied(by: u, caller)
    let trace = d.diagonal().sum(axes: [-1], keepDims: true).expandDims(-1)
    let squares = (d * d.transpose()).sum(axes: [-2, -1], keepDims: true)
    func of(_ cases: Tensor...) -> Tensor {
      cases.indices.dropLast().reversed().reduce(cases[cases.count - 1]) { WengertCore.select(count .== Double($1), cases[$1], $0) }
    }
    let zero = constant(0)
    let value = of(one, trace, (square(trace) - squares) * 0.5, zero)
    let slope = of(zero, ones, trace * ones - d.transpose(), zero)
    let moved = right.multiplied(by: slope.transpose(), caller).multiplied(by: left, caller)
    let whole = b.determinant(file: caller.file, line: caller.line).expandDims(-1).expandDims(-1)
    return whole * (value * inverse + tau * moved).transpose()
  }

  /// The sign (−1, 0 or 1) and the logarithm of the size of the determinants of [..., n, n]: [...] each; the determinant is `sign * exp(logSize)`. `numpy.linalg.slogdet` is alike.
  ///
  /// Float32 or float64. Of a singular matrix they are 0 and −∞, and its gradient, A⁻ᵀ otherwise, is NaN: there is none.
  ///
  /// - Precondition: Square matrices on the last two axes, of float32 or float64.
  public func signAndLogDeterminant(file: StaticString = #fileID, line: UInt = #line) -> (sign: Tensor, logSize: Tensor) {
    let caller = Caller(file, line)
    requireSquare("signAndLogDeterminant", caller)
    let factors = apply(Factorization(kernel: .lu), [stopGradient(self)], caller)
    let sign = WengertCore.sign(stopGradient(factors[0].diagonal())).prod(axes: [-1]) * factors[2]
    func slope(_ x: Tensor) -> Tensor { x.inverseWithInfo(file: file, line: line).inverse.transpose() }
    let operation = Custom(
      "signAndLogDeterminant",
      forward: { operands in
        let factors = apply(Factorization(kernel: .lu), operands, caller)
        return [log(abs(factors[0].diagonal())).sum(axes: [-1])]
      },
      vjp: { operands, _, cotangents in [slope(operands[0]) * cotangents[0].expandDims(-1).expandDims(-1)] },
      jvp: { operands, tangents in [(slope(operands[0]) * tangents[0]).sum(axes: [-2, -1])] })
    return (sign, applied(operation, lead, caller))
  }

  /// Aᵖ for each matrix A of [..., n, n] and a whole p, by repeated squaring; A⁰ is the identity, and for a negative p it is the power of the inverse.
  ///
  /// - Precondition: Square matrices on the last two axes, of float32 or float64. For a negative p they have inverses (a `DataFault` otherwise).
  public func matrixPower(_ p: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    requireSquare("matrixPower", caller)
    if p == 0 { return ones.broadcast(to: shape) }
    var square = p < 0 ? inverse(file: file, line: line) : self, rest = p.magnitude
    var result: Tensor?
    while true {
      if rest & 1 == 1 { result = result.map { $0.multiplied(by: square, caller) } ?? square }
      rest >>= 1
      if rest == 0 { return result! }
      square = square.multiplied(by: square, caller)
    }
  }

  /// The pseudo-inverses of Moore and Penrose [..., n, m] of [..., m, n], by singular values; those up to `rcond` times the largest count as zero.
  ///
  /// Float32 or float64. The gradient (Golub & Pereyra 1973) is that among matrices of the same rank, finite for every matrix, also where singular values are repeated or zero.
  ///
  /// - Parameters:
  ///   - rcond: by default max(m, n) times the distance from one to the next number of the dtype.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  /// - Precondition: Matrices on the last two axes, of float32 or float64.
  public func pseudoInverse(rcond: Double? = nil, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    requireMatrices("pseudoInverse", caller)
    func product(_ factors: Tensor...) -> Tensor { factors.dropFirst().reduce(factors[0]) { $0.multiplied(by: $1, caller) } }
    let operation = Custom(
      "pseudoInverse",
      forward: { operands in
        let parts = apply(Factorization(kernel: .svd(full: false)), operands, caller), s = parts[1]
        let isKept = s .> operands[0].leastValue(of: s, rcond)
        let inverse = WengertCore.select(isKept, 1 / WengertCore.select(isKept, s, s.constant(1)), s.constant(0))
        return [product(parts[2].transpose() * inverse.expandDims(-2), parts[0].transpose())]
      },
      // Ṗ = −PȦP + PPᵀȦᵀ(I − AP) + (I − PA)ȦᵀPᵀP
      vjp: { operands, results, cotangents in
        let a = operands[0], p = results[0], pt = p.transpose(), g = cotangents[0], gt = g.transpose()
        return [product(gt - product(a, p, gt), p, pt) + product(pt, p, gt - product(gt, p, a)) - product(pt, g, pt)]
      },
      jvp: { operands, tangents in
        let a = operands[0], p = a.pseudoInverse(rcond: rcond, file: file, line: line), pt = p.transpose()
        let t = tangents[0], tt = t.transpose()
        let first = product(p, pt, tt - product(tt, a, p)), second = product(tt - product(p, a, tt), pt, p)
        return [first + second - product(p, t, p)]
      })
    return applied(operation, lead.appending(Shape(dimensions: [shape[dim: rank - 1], shape[dim: rank - 2]])), caller)
  }

  private var lead: Shape { shape.selecting(0..<rank - 2) }

  /// The function of these matrices, which sees no names of axes; its result has those of a shape.
  private func applied(_ operation: Custom, _ result: Shape, _ caller: Caller) -> Tensor {
    shape.hasNames ? apply1(operation, [unnamed()], caller).taking(namesOf: result) : apply1(operation, [self], caller)
  }

  /// [..., 1]: up to where singular values of these matrices count as zero.
  private func leastValue(of s: Tensor, _ rcond: Double?) -> Tensor {
    let largest = s.largest
    if let rcond { return largest * rcond }
    return largest * s.number(Dimension.maximum(shape[dim: rank - 1], shape[dim: rank - 2]), dtype) * dtype.epsilon
  }

  /// The ranks of [..., m, n]: [...] (int64), how many singular values are above `rcond` times the largest one.
  ///
  /// - Parameters:
  ///   - rcond: by default as for `pseudoInverse`.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  /// - Precondition: Matrices on the last two axes, of float32 or float64.
  public func matrixRank(rcond: Double? = nil, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    requireMatrices("matrixRank", Caller(file, line))
    let s = singularValues(file: file, line: line)
    return (s .> leastValue(of: s, rcond)).cast(to: .int64).sum(axes: [-1])
  }
}

/// X of least |X| among those with the least |A·X − B|, for A [..., m, n] and B [..., m, k] or one vector [m]: [..., n, k] or [..., n]; leading axes broadcast.
///
/// It is the pseudo-inverse of A times B, whose rule it has: gradients are finite for matrices that lack full rank. `numpy.linalg.lstsq` is alike.
///
/// ```swift
/// let x = leastSquares(Tensor([[1], [1]]), Tensor([1.0, 3.0]))  // [2]
/// ```
///
/// - Parameters:
///   - a: A, [..., m, n].
///   - b: B, [..., m, k] or [m].
///   - rcond: as for `pseudoInverse`.
///   - file: the caller's file, which messages name.
///   - line: the caller's line, likewise.
/// - Precondition: Both are float32 or both float64, B has as many rows as A, and the leading axes broadcast.
public func leastSquares(
  _ a: Tensor, _ b: Tensor, rcond: Double? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line)
  a.requireMatrices("leastSquares", caller)
  let rows = a.shape[dim: a.rank - 2], right = b.rank == 1 ? b.expandDims(1) : b
  let message = "the right-hand side must be \(a.dtype) and have \(rows) rows, it is \(b.type) for matrices of shape \(a.shape)"
  caller.require(b.dtype == a.dtype && b.rank > 0, "leastSquares", message)
  caller.expect(right.shape[dim: right.rank - 2], sameAs: rows, "leastSquares", message, of: [a, b])
  let x = a.pseudoInverse(rcond: rcond, file: file, line: line).multiplied(by: right, caller)
  return b.rank == 1 ? x.squeeze(-1) : x
}
