/// Running combinations along one axis: out[j] = x[0] ∘ … ∘ x[j], or from the end.
struct Scan: Operation {
  var op: ReduceOp
  var axis: Int
  var reverse: Bool

  var name: String { op == .sum ? "cumulativeSum" : "cumulativeProduct" }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] { operands }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let x = operands[0].view
    let out = results[0].allocate(on: backend)
    if results[0].shape.elementCount > 0 {
      out.storage.backend.scan(x.with(x.layout.movingToEnd(axis)), op, reverse: reverse, into: out.with(out.layout.movingToEnd(axis)))
    }
    return [Tensor(out, node: nil)]
  }

  func bound(_ symbols: [String: Int]) -> Scan { self }

  var keeps: Kept {
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
      // y[j] = y[j−1]·x[j]: ẏ[j] = x[j]·ẏ[j−1] + y[j−1]·ẋ[j]; transposed, r[j] = ȳ[j] + x[j+1]·r[j+1], x̄[j] = y[j−1]·r[j]. No division: zeros are no exception.
      .rule(
        vjp: { a, ct in
          let next = a.operand(0).shifted(reverse ? 1 : -1, axis: axis, fill: 0, a.caller)
          let r = apply1(Recurrence(axis: axis, reverse: !reverse), [next, ct[0]!], a.caller)
          return [before(a) * r]
        },
        jvp: { a, t in
          let drive = before(a) * t[0]!
          return [apply1(Recurrence(axis: axis, reverse: reverse), [a.operand(0), drive], a.caller)]
        })
    case .minimum, .maximum: .notDifferentiable("running extremes are for whole numbers only")
    }
  }

  /// What each element is combined with: the result before it, one before the first.
  private func before(_ a: Application) -> Tensor { a.result().shifted(reverse ? -1 : 1, axis: axis, fill: 1, a.caller) }
}

extension Tensor {
  /// Running sums along `axis`, or from the end. Whole numbers and bool add up in int64.
  public func cumulativeSum(axis: Int = -1, reverse: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    scan("cumulativeSum", .sum, axis, reverse, Caller(file, line))
  }

  /// Running products along `axis`, or from the end. Whole numbers and bool multiply in int64.
  public func cumulativeProduct(axis: Int = -1, reverse: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    scan("cumulativeProduct", .product, axis, reverse, Caller(file, line))
  }

  private func scan(_ name: String, _ op: ReduceOp, _ axis: Int, _ reverse: Bool, _ caller: Caller) -> Tensor {
    let x = dtype.isFloating ? self : cast(to: .int64)
    return apply1(Scan(op: op, axis: caller.normalize(axis, rank: rank, name, shape), reverse: reverse), [x], caller)
  }
}
