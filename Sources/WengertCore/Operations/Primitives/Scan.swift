/// Running combinations along one axis: out[j] = x[0] ∘ … ∘ x[j], or from the end. Extremes are those of int64.
struct Scan: Operation {
  var op: ReduceOp
  var axis: Int
  var reverse: Bool

  var name: String {
    switch op {
    case .sum: "cumulativeSum"
    case .product: "cumulativeProduct"
    case .minimum: "cumulativeMin"
    case .maximum: "cumulativeMax"
    }
  }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    ensure(op == .sum || op == .product || operands[0].dtype == .int64, "\(name): running extremes are those of int64")
    return operands
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let x = operands[0].view
    let out = results[0].allocate(on: backend)
    if results[0].shape.elementCount > 0 {
      backend.run(ScanCall(x.with(x.layout.movingToEnd(axis)), op, reverse: reverse, into: out.with(out.layout.movingToEnd(axis))))
    }
    return [Tensor(out, node: nil)]
  }

  func substituting(_ symbols: [String: Int]) -> Scan { self }

  func batched(_ application: BatchedApplication) -> [Tensor] {
    apply(Scan(op: op, axis: axis + 1, reverse: reverse), application.operands, application.caller)
  }

  func keeps(for wanted: [Bool]) -> Residuals {
    switch op {
    case .sum: .nothing
    case .product: .all
    case .minimum, .maximum: .nothing
    }
  }

  var derivative: Derivative {
    switch op {
    case .sum:
      .linear(in: [0], part: self) { a, ct in [apply1(Scan(op: .sum, axis: axis, reverse: !reverse), [ct[0]!], a.caller)] }
    case .product:
      .rule(
        vjp: { a, ct in
          [ProductScan(a.operand(0), a.result(), axis, reverse, a.caller).pullback(ct[0]!).cast(to: a.operandTypes[0].dtype)]
        },
        jvp: { a, t in
          [ProductScan(a.operand(0), a.result(), axis, reverse, a.caller).pushforward(t[0]!).cast(to: a.operandTypes[0].dtype)]
        })
    case .minimum, .maximum: .zero
    }
  }
}

extension Scan {
  func write(to code: inout ProgramWriter) { code.values(op, axis, reverse) }
  init(from code: inout ProgramReader) throws { try self.init(op: code.read(), axis: code.read(), reverse: code.read()) }
}

/// The derivative of running products, y[j] = y[j−1]·x[j], in the compute type.
///
/// Where no product of neighbors can overflow it goes by recurrences without a division, so that zeros are no exception:
/// ẏ[j] = x[j]·ẏ[j−1] + y[j−1]·ẋ[j]; transposed, r[j] = ȳ[j] + x[j+1]·r[j+1], x̄[j] = y[j−1]·r[j]. Elsewhere a window between two elements may leave the range though no
/// result does, and it goes by quotients: ẏ = y·Σ ẋ/x over the elements so far, x̄[i] = Σ ȳ[j]·y[j] / x[i] over j ≥ i. There the first zero, before which nothing changes and
/// behind which y is zero, takes y with a one in its place.
private struct ProductScan {
  let x: Tensor, y: Tensor
  let axis: Int, reverse: Bool
  let caller: Caller
  /// Rows for the recurrences, of extent one along the axis.
  let isSafe: Tensor

  init(_ x: Tensor, _ y: Tensor, _ axis: Int, _ reverse: Bool, _ caller: Caller) {
    self.x = x.cast(to: x.dtype.computeType)
    self.y = y.cast(to: x.dtype.computeType)
    (self.axis, self.reverse, self.caller) = (axis, reverse, caller)
    isSafe = ProductRange.isSafe(self.x, axis: axis, caller)
  }

  func pullback(_ cotangent: Tensor) -> Tensor {
    let ct = cotangent.cast(to: x.dtype)
    let (first, isZero, withoutFirst) = quotients()
    let wild = wildRows(ct, 0)
    let atFirst = sums(product(withoutFirst, wild), reverse: !reverse)
    let others = sums(wild * wildRows(y, 0), reverse: !reverse) / choose(isZero, 1, wildRows(x, 1))
    let byQuotients = Tensor.select(first, atFirst, choose(isZero, 0, others), caller)
    let next = choose(isSafe, x, else: 1).shifted(reverse ? 1 : -1, axis: axis, fill: 0, caller)
    let r = linearRecurrence(next, choose(isSafe, ct, else: 0), reverse: !reverse)
    let byRecurrence = choose(isSafe, y, else: 0).shifted(reverse ? -1 : 1, axis: axis, fill: 1, caller) * r
    return Tensor.select(isSafe, byRecurrence, byQuotients, caller)
  }

  func pushforward(_ tangent: Tensor) -> Tensor {
    let t = tangent.cast(to: x.dtype)
    let (first, isZero, withoutFirst) = quotients()
    let wild = wildRows(t, 0)
    let atFirst = product(withoutFirst, sums(choose(first, wild, else: 0), reverse: reverse))
    let others = wildRows(y, 0) * sums(choose(isZero, 0, wild / choose(isZero, 1, wildRows(x, 1))), reverse: reverse)
    let byQuotients = atFirst + others
    let drive = choose(isSafe, y, else: 0).shifted(reverse ? -1 : 1, axis: axis, fill: 1, caller) * choose(isSafe, t, else: 0)
    let byRecurrence = linearRecurrence(choose(isSafe, x, else: 1), drive, reverse: reverse)
    return Tensor.select(isSafe, byRecurrence, byQuotients, caller)
  }

  /// Where the first zero is, where any is, and from the first on the running products with a one in its place.
  private func quotients() -> (first: Tensor, isZero: Tensor, withoutFirst: Tensor) {
    let x = wildRows(x, 1)
    let isZero = x .== 0
    let count = sums(isZero.cast(to: .int64), reverse: reverse)
    let first = isZero .& (count .== 1)
    let product = apply1(Scan(op: .product, axis: axis, reverse: reverse), [choose(first, 1, x)], caller)
    return (first, isZero, choose(count .== 0, 0, product))
  }

  /// a·b, zero where b is, though a may have overflowed.
  private func product(_ a: Tensor, _ b: Tensor) -> Tensor { choose(b .== 0, 0, a * b) }

  private func sums(_ x: Tensor, reverse: Bool) -> Tensor { apply1(Scan(op: .sum, axis: axis, reverse: reverse), [x], caller) }

  /// The rows that go by quotients; `other` in those that do not, where nothing may become infinite.
  private func wildRows(_ x: Tensor, _ other: Double) -> Tensor { choose(isSafe, other, x) }

  private func choose(_ condition: Tensor, _ a: Double, _ b: Tensor) -> Tensor { Tensor.select(condition, b.constant(a), b, caller) }
  private func choose(_ condition: Tensor, _ a: Tensor, else b: Double) -> Tensor { Tensor.select(condition, a, a.constant(b), caller) }

  /// r[j] = a[j]·r[j−1] + b[j] with r[−1] = 0, or from the end.
  private func linearRecurrence(_ a: Tensor, _ b: Tensor, reverse: Bool) -> Tensor {
    apply1(Recurrence(axis: axis, reverse: reverse), [a, b], caller)
  }
}

extension Tensor {
  /// Running sums along `axis`, or from the end. Whole numbers and bool add up in int64.
  ///
  /// Each float is rounded from a sum in float64 of float32 sums of sixteen neighbors: an error of 5 · 2⁻²⁴ Σ|x| at most besides that rounding, at any position.
  ///
  /// ```swift
  /// let x = Tensor([1.0, 2.0, 3.0]).cumulativeSum()  // [1, 3, 6]
  /// ```
  ///
  /// - Precondition: The axis exists.
  public func cumulativeSum(axis: Int = -1, reverse: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    scan("cumulativeSum", .sum, axis, reverse, Caller(file, line))
  }

  /// Running products along `axis`, or from the end. Whole numbers and bool multiply in int64; floats in float64, each result being rounded to its dtype.
  ///
  /// - Precondition: The axis exists.
  public func cumulativeProduct(axis: Int = -1, reverse: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    scan("cumulativeProduct", .product, axis, reverse, Caller(file, line))
  }

  private func scan(_ name: String, _ op: ReduceOp, _ axis: Int, _ reverse: Bool, _ caller: Caller) -> Tensor {
    let x = dtype.isFloating ? self : cast(to: .int64)
    return apply1(Scan(op: op, axis: caller.normalize(axis, rank: rank, name, shape), reverse: reverse), [x], caller)
  }
}
