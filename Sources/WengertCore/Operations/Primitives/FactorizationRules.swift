// The derivatives of factorizations. Of repeated values the vectors are not unique and have no derivative: see `Tensor.quotient`.
extension Factorization {
  // MARK: LU

  // P·A = L·U with L and U made square: L⁻¹·P·Ȧ·U⁻¹ = L⁻¹·L̇ + U̇·U⁻¹, a strict lower triangle and an upper one.

  static func luTangent(_ a: Application, _ tangent: Tensor) -> Tensor {
    let (l, u, p) = luFactors(a)
    let left = solved(l, p.multiplied(by: tangent, a.caller), upper: false, a.caller)
    let inner = solved(u.transpose(), left.transpose(), upper: false, a.caller).transpose()
    return l.multiplied(by: inner.lowerTriangle(-1), a.caller) + inner.upperTriangle().multiplied(by: u, a.caller)
  }

  static func luPullback(_ a: Application, _ cotangent: Tensor?) -> Tensor? {
    guard let cotangent else { return nil }
    let (l, u, p) = luFactors(a)
    let lower = l.transpose().multiplied(by: cotangent.lowerTriangle(-1), a.caller).lowerTriangle(-1)
    let upper = cotangent.upperTriangle().multiplied(by: u.transpose(), a.caller).upperTriangle()
    let left = solved(l.transpose(), lower + upper, upper: true, a.caller)
    let inner = solved(u, left.transpose(), upper: true, a.caller).transpose()
    return p.transpose().multiplied(by: inner, a.caller)
  }

  /// L [m, m] and U [n, n], of ones where there is nothing of the matrix, and P.
  private static func luFactors(_ a: Application) -> (Tensor, Tensor, Tensor) {
    let packed = a.result(0), rank = packed.rank
    let m = packed.shape[dim: rank - 2], n = packed.shape[dim: rank - 1], k = Dimension.minimum(m, n)
    func none(_ rows: Dimension, _ columns: Dimension) -> Tensor {
      packed.constant(0, packed.shape.selecting(0..<rank - 2).appending(Shape(dimensions: [rows, columns])))
    }
    var l = packed.lowerTriangle(-1), u = packed.upperTriangle()
    if m.equals(n) != true {
      l = concatenate([l.narrow(-1, from: 0, count: k), none(m, m - k)], axis: -1)
      u = concatenate([u.narrow(-2, from: 0, count: k), none(n - k, n)], axis: -2)
      let isAbsent = Tensor.iota(n, beside: u) .>= u.number(k, .int64)
      u = u + Tensor.identity(n, beside: u) * isAbsent.cast(to: u.dtype)
    }
    return (l + Tensor.identity(m, beside: l), u, a.result(1).permutationMatrix(packed.dtype))
  }

  // MARK: QR (Walter & Lehman 2018)

  static func qrTangents(_ a: Application, _ tangent: Tensor) -> [Tensor?] {
    let (q, r) = tallFactors(a)
    let c = solved(r.transpose(), tangent.transpose(), upper: false, a.caller).transpose()
    let w = q.transpose().multiplied(by: c, a.caller)
    let strict = w.lowerTriangle(-1), turn = strict - strict.transpose()
    return [c + q.multiplied(by: turn - w, a.caller), (w - turn).multiplied(by: r, a.caller).upperTriangle()]
  }

  static func qrPullback(_ a: Application, _ ct: [Tensor?]) -> Tensor? {
    let (q, r) = tallFactors(a)
    let ofR = ct[1].map { r.multiplied(by: $0.upperTriangle().transpose(), a.caller) }
    let ofQ = ct[0].map { $0.transpose().multiplied(by: q, a.caller) }
    guard let m = ofR.map({ r in ofQ.map { r - $0 } ?? r }) ?? ofQ.map({ -$0 }) else { return nil }
    let symmetric = q.multiplied(by: m.lowerTriangle() + m.lowerTriangle(-1).transpose(), a.caller)
    let all = ct[0].map { $0 + symmetric } ?? symmetric
    return solved(r, all.transpose(), upper: true, a.caller).transpose()
  }

  /// Q and R where R is square.
  private static func tallFactors(_ a: Application) -> (Tensor, Tensor) {
    let shape = a.operandTypes[0].shape, m = shape[dim: shape.rank - 2], n = shape[dim: shape.rank - 1]
    a.caller.require(
      n.isAtMost(m) == true, "qr", "the derivative asks which is greater, the number of rows or of columns, which \(shape) does not say")
    return (a.result(0), a.result(1))
  }

  // MARK: SVD

  // Ȧ = U̇ S Vᵀ + U Ṡ Vᵀ + U S V̇ᵀ. With W = UᵀȦV: Ṡ = diag W, UᵀU̇ = F∘(W S + S Wᵀ), VᵀV̇ = F∘(S W + Wᵀ S), Fᵢⱼ = 1/(sⱼ² − sᵢ²).

  static func svdTangents(_ a: Application, _ tangent: Tensor) -> [Tensor?] {
    let (u, s, v) = (a.result(0), a.result(1), a.result(2).transpose())
    let (rows, columns) = (s.expandDims(-1), s.expandDims(-2)), gaps = squaredGaps(s)
    let onRight = tangent.multiplied(by: v, a.caller)
    let w = u.transpose().multiplied(by: onRight, a.caller)
    let own = w.quotient(by: gaps, a.caller), turned = w.transpose().quotient(by: gaps, a.caller)
    var du = u.multiplied(by: own * columns + turned * rows, a.caller)
    var dv = v.multiplied(by: own * rows + turned * columns, a.caller)
    if isTall(a, 2, 1) { du = du + outside(u, onRight, a.caller).quotient(by: significant(s).expandDims(-2), a.caller) }
    if isTall(a, 1, 2) {
      let onLeft = tangent.transpose().multiplied(by: u, a.caller)
      dv = dv + outside(v, onLeft, a.caller).quotient(by: significant(s).expandDims(-2), a.caller)
    }
    return [du, w.diagonal(), dv.transpose()]
  }

  static func svdPullback(_ a: Application, _ ct: [Tensor?]) -> Tensor? {
    let (u, s, vt) = (a.result(0), a.result(1), a.result(2)), v = vt.transpose()
    let (rows, columns) = (s.expandDims(-1), s.expandDims(-2))
    var inner: [Tensor] = [], outer: [Tensor] = []
    if let cotangent = ct[1] { inner.append(cotangent.expandDims(-1) * Tensor.identity(s.shape[dim: s.rank - 1], beside: s)) }
    if let cotangent = ct[0] {
      let f = u.transpose().multiplied(by: cotangent, a.caller).quotient(by: squaredGaps(s), a.caller)
      inner.append((f + f.transpose()) * columns)
      if isTall(a, 2, 1) {
        outer.append(outside(u, cotangent, a.caller).quotient(by: significant(s).expandDims(-2), a.caller).multiplied(by: vt, a.caller))
      }
    }
    if let cotangent = ct[2]?.transpose() {
      let f = vt.multiplied(by: cotangent, a.caller).quotient(by: squaredGaps(s), a.caller)
      inner.append((f + f.transpose()) * rows)
      if isTall(a, 1, 2) {
        let part = outside(v, cotangent, a.caller).quotient(by: significant(s).expandDims(-2), a.caller)
        outer.append(u.multiplied(by: part.transpose(), a.caller))
      }
    }
    if inner.isEmpty { return nil }
    let middle = u.multiplied(by: inner.dropFirst().reduce(inner[0], +), a.caller).multiplied(by: vt, a.caller)
    return outer.reduce(middle, +)
  }

  /// Whether the axis at `i` from the end may be longer than the one at `j`.
  private static func isTall(_ a: Application, _ i: Int, _ j: Int) -> Bool {
    let shape = a.operandTypes[0].shape
    return shape[dim: shape.rank - i].isAtMost(shape[dim: shape.rank - j]) != true
  }

  /// (I − QQᵀ)x
  private static func outside(_ q: Tensor, _ x: Tensor, _ caller: Caller) -> Tensor {
    x - q.multiplied(by: q.transpose().multiplied(by: x, caller), caller)
  }

  /// sⱼ² − sᵢ², infinite for i = j and zero for equal values.
  private static func squaredGaps(_ s: Tensor) -> Tensor { gaps(s, times: s.expandDims(-2) + s.expandDims(-1)) }

  /// Values, and zero for those that are zero as far as rounding shows.
  private static func significant(_ s: Tensor) -> Tensor {
    let known = stopGradient(s)
    return WengertCore.select(known .<= known.largest * (8 * s.dtype.epsilon), s.constant(0), s)
  }

  /// λⱼ − λᵢ, infinite for i = j and zero for values that are equal as far as rounding shows.
  private static func gaps(_ values: Tensor, times factor: Tensor? = nil) -> Tensor {
    let difference = values.expandDims(-2) - values.expandDims(-1), known = abs(stopGradient(values))
    let least = known.largest.expandDims(-1) * (8 * values.dtype.epsilon)
    let order = Tensor.iota(values.shape[dim: values.rank - 1], beside: values)
    let apart = WengertCore.select(
      abs(stopGradient(difference)) .<= least, values.constant(0), factor.map { difference * $0 } ?? difference)
    return WengertCore.select(order.expandDims(1) .== order, values.constant(.infinity), apart)
  }

  // MARK: eigh

  // For a symmetric Ȧ, with W = QᵀȦQ: λ̇ = diag W, QᵀQ̇ = W / (λⱼ − λᵢ) off the diagonal.

  static func eighTangents(_ a: Application, _ tangent: Tensor) -> [Tensor?] {
    let (values, q) = (a.result(0), a.result(1))
    let w = q.transpose().multiplied(by: symmetric(tangent), a.caller).multiplied(by: q, a.caller)
    return [w.diagonal(), q.multiplied(by: w.quotient(by: gaps(values), a.caller), a.caller)]
  }

  static func eighPullback(_ a: Application, _ ct: [Tensor?]) -> Tensor? {
    let (values, q) = (a.result(0), a.result(1))
    let ofValues = ct[0].map { $0.expandDims(-1) * Tensor.identity(values.shape[dim: values.rank - 1], beside: values) }
    let ofVectors = ct[1].map { q.transpose().multiplied(by: $0, a.caller).quotient(by: gaps(values), a.caller) }
    guard let inner = ofValues.map({ d in ofVectors.map { d + $0 } ?? d }) ?? ofVectors else { return nil }
    return symmetric(q.multiplied(by: inner, a.caller).multiplied(by: q.transpose(), a.caller))
  }

  private static func symmetric(_ x: Tensor) -> Tensor { (x + x.transpose()) * 0.5 }

  private static func solved(_ a: Tensor, _ b: Tensor, upper: Bool, _ caller: Caller) -> Tensor {
    let lead = caller.broadcast([a.shape, b.shape], exceptLast: 2, of: [a, b], "solveTriangular")
    return apply1(LinearAlgebra(kernel: .solveTriangular(upper: upper)), [a.withLead(lead), b.withLead(lead)], caller)
  }
}

extension DType {
  /// The distance from one to the next number.
  var epsilon: Double { self == .float64 ? .ulpOfOne : Double(Float.ulpOfOne) }
}

extension Tensor {
  /// x / d. Where d is zero it is 0 for x = 0 and NaN for any other x, as the derivative of a vector that is not unique: there is none, and it counts for nothing
  /// where nothing depends on it. So are its derivatives.
  fileprivate func quotient(by d: Tensor, _ caller: Caller) -> Tensor {
    let operation = Custom(
      "quotient",
      forward: { operands in
        let (x, d) = (operands[0], operands[1]), isZero = d .== 0
        let none = WengertCore.select(x .== 0, x.constant(0), x.constant(.nan))
        return [WengertCore.select(isZero, none, x / WengertCore.select(isZero, d.constant(1), d))]
      },
      vjp: { operands, results, cotangents in
        let ofX = cotangents[0].quotient(by: operands[1], caller)
        return [ofX, -(ofX * results[0])]
      },
      jvp: { operands, tangents in
        let value = operands[0].quotient(by: operands[1], caller)
        return [tangents[0].quotient(by: operands[1], caller) - (value * tangents[1]).quotient(by: operands[1], caller)]
      })
    return apply1(operation, [self, d.broadcast(to: shape)], caller)
  }

  /// The largest along the last axis, which stays, of numbers that are not negative; zero if there is none.
  var largest: Tensor {
    if shape[dim: rank - 1].equals(0) == false { return max(axes: [-1], keepDims: true) }
    let zero = constant(0, shape.selecting(0..<rank - 1).appending(Shape([1])))
    return concatenate([self, zero], axis: -1).max(axes: [-1], keepDims: true)
  }

  /// The identity matrix of this tensor's dtype.
  static func identity(_ n: Dimension, beside other: Tensor) -> Tensor {
    let order = Tensor.iota(n, beside: other)
    return (order.expandDims(1) .== order).cast(to: other.dtype)
  }

  /// P with P·A the rows of A in the order of these numbers.
  func permutationMatrix(_ dtype: DType) -> Tensor {
    let order = Tensor.iota(shape[dim: rank - 1], beside: self)
    return (expandDims(-1).cast(to: .int64) .== order).cast(to: dtype)
  }
}
