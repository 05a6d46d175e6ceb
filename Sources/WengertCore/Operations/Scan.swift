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
          let next = shifted(a.operand(0), by: reverse ? 1 : -1, fill: 0, a.caller)
          let r = linearRecurrence(next, ct[0]!, reverse: !reverse, a.caller)
          return [shifted(a.result(), by: reverse ? -1 : 1, fill: 1, a.caller) * r]
        },
        jvp: { a, t in
          let drive = shifted(a.result(), by: reverse ? -1 : 1, fill: 1, a.caller) * t[0]!
          return [linearRecurrence(a.operand(0), drive, reverse: reverse, a.caller)]
        })
    case .minimum, .maximum: .notDifferentiable("running extremes are for whole numbers only")
    }
  }

  /// The elements moved along the axis, `fill` entering.
  private func shifted(_ x: Tensor, by places: Int, fill: Double, _ caller: Caller) -> Tensor {
    let extent = x.shape[axis], move = min(abs(places), extent)
    var filler = x.shape
    filler[axis] = move
    let entering = x.constant(fill, filler)
    let staying = x.narrow(axis, places > 0 ? 0 : move, extent - move, caller)
    return apply1(Movement.concatenate(axis: axis), places > 0 ? [entering, staying] : [staying, entering], caller)
  }

  /// r[j] = a[j]·r[j−1] + b[j] with r[−1] = 0, by doubling: log₂ n steps of whole-tensor arithmetic (Hillis & Steele 1986).
  private func linearRecurrence(_ a: Tensor, _ b: Tensor, reverse: Bool, _ caller: Caller) -> Tensor {
    var a = a, b = b
    var distance = 1
    while distance < b.shape[axis] {
      let step = reverse ? -distance : distance
      b = b + a * shifted(b, by: step, fill: 0, caller)
      a = a * shifted(a, by: step, fill: 0, caller)
      distance *= 2
    }
    return b
  }
}

extension Tensor {
  /// Running sums along `axis`, or from the end. Whole numbers and bool add up in int64.
  ///
  /// Each float is rounded from a sum in float64 of float32 sums of sixteen neighbours: an error of 5 · 2⁻²⁴ Σ|x| at most beside that rounding, wherever it stands.
  public func cumulativeSum(axis: Int = -1, reverse: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    scan("cumulativeSum", .sum, axis, reverse, Caller(file, line))
  }

  /// Running products along `axis`, or from the end. Whole numbers and bool multiply in int64; floats in float64, each result being rounded to its dtype.
  public func cumulativeProduct(axis: Int = -1, reverse: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    scan("cumulativeProduct", .product, axis, reverse, Caller(file, line))
  }

  private func scan(_ name: String, _ op: ReduceOp, _ axis: Int, _ reverse: Bool, _ caller: Caller) -> Tensor {
    let x = dtype.isFloating ? self : cast(to: .int64)
    return apply1(Scan(op: op, axis: caller.normalize(axis, rank: rank, name, shape), reverse: reverse), [x], caller)
  }
}
