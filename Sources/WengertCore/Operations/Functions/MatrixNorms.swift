/// A norm of matrices.
public enum MatrixNorm: Sendable, CaseIterable {
  /// √Σ|aᵢⱼ|²
  case frobenius
  /// The sum of the singular values.
  case nuclear
  /// The largest sum of |aᵢⱼ| of a column.
  case one
  /// The least sum of |aᵢⱼ| of a column; no norm, but taken for one.
  case minusOne
  /// The largest singular value.
  case two
  /// The least singular value; no norm, but taken for one.
  case minusTwo
  /// The largest sum of |aᵢⱼ| of a row.
  case infinity
  /// The least sum of |aᵢⱼ| of a row; no norm, but taken for one.
  case minusInfinity
}

extension Tensor {
  /// A norm of each matrix of [..., m, n]: [...], or [..., 1, 1].
  ///
  /// Float32 or float64. The gradient is finite for every matrix: that of the nuclear norm is U·Vᵀ, also where singular values are zero; where the largest (least) of
  /// several is taken, those that are equal share it in rows and columns, and of singular values the first counts; that of `frobenius` is zero at zero.
  ///
  /// - Precondition: Matrices on the last two axes, of float32 or float64; not empty, except for `frobenius` and `nuclear`.
  public func matrixNorm(
    _ norm: MatrixNorm = .frobenius, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    requireMatrices("matrixNorm", Caller(file, line))
    func sums(_ axis: Int) -> Tensor { abs(self).sum(axes: [axis], file: file, line: line) }
    // The values fall.
    func singularValue(_ place: Int) -> Tensor {
      let s = singularValues(file: file, line: line), last = s.shape[dim: s.rank - 1] - 1
      return s.narrow(-1, from: place == 0 ? 0 : last, count: 1, file: file, line: line).squeeze(-1)
    }
    let result =
      switch norm {
      case .frobenius: self.norm(2, axes: [-2, -1], file: file, line: line)
      case .nuclear: singularValues(file: file, line: line).sum(axes: [-1])
      case .one: sums(-2).max(axes: [-1], file: file, line: line)
      case .minusOne: sums(-2).min(axes: [-1], file: file, line: line)
      case .two: singularValue(0)
      case .minusTwo: singularValue(-1)
      case .infinity: sums(-1).max(axes: [-1], file: file, line: line)
      case .minusInfinity: sums(-1).min(axes: [-1], file: file, line: line)
      }
    return keepDims ? result.expandDims(-1).expandDims(-1) : result
  }

  /// The condition numbers [...] of [..., m, n] in a norm: of `two` the quotient of the largest singular value and the least (of `minusTwo` its reciprocal), of the others |A|·|A⁻¹|
  /// for square matrices. That of a singular matrix is infinite (of `minusTwo` zero).
  ///
  /// - Precondition: Matrices on the last two axes, of float32 or float64, that are not empty, and square for norms other than `two` and `minusTwo`.
  public func conditionNumber(_ norm: MatrixNorm = .two, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    if norm == .two || norm == .minusTwo {
      let largest = matrixNorm(.two, file: file, line: line), least = matrixNorm(.minusTwo, file: file, line: line)
      return norm == .two ? largest / least : least / largest
    }
    requireSquare("conditionNumber", caller)
    let (inverse, info) = inverseWithInfo(file: file, line: line), hasInverse = info .== 0
    let safe = WengertCore.select(hasInverse.expandDims(-1).expandDims(-1), inverse, constant(0))
    let product = matrixNorm(norm, file: file, line: line) * safe.matrixNorm(norm, file: file, line: line)
    return WengertCore.select(hasInverse, product, constant(.infinity))
  }
}
