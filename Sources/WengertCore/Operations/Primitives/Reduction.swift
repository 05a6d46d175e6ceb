/// Combines all elements along some axes, which stay with an extent of one.
struct Reduction: Operation {
  var op: ReduceOp
  /// In ascending order.
  var axes: Shape
  var dtype: DType

  var name: String {
    switch op {
    case .sum: "sum"
    case .product: "prod"
    case .minimum: "min"
    case .maximum: "max"
    }
  }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    var shape = operands[0].shape
    for axis in axes {
      // Any and all of nothing are false and true; other extremes need something.
      if (op == .minimum || op == .maximum) && (dtype != .bool || shape[dim: axis].number == 0) {
        caller.require(
          1, atMost: shape[dim: axis], name, "axis \(axis) of \(operands[0].shape) is empty and has no least or greatest element")
      }
      shape[dim: axis] = 1
    }
    return [TensorType(shape: shape, dtype: dtype)]
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let x = operands[0].view
    let out = results[0].allocate(on: backend)
    if x.shape.elementCount == 0 {
      ViewKernels.fill(out, with: op == .product || op == .minimum ? 1 : 0)
    } else {
      reduce(x, axes, into: out)
    }
    return [Tensor(out, node: nil)]
  }

  /// Innermost in memory first: rows of reduced axes one number each, or whole rows of a kept axis added up.
  private func reduce(_ x: View, _ axes: Shape, into out: View) {
    // Axes in the order of memory, widest stride first; those of extent one do not matter.
    let order = x.shape.indices.filter { x.shape[$0] != 1 }.sorted { abs(x.layout.strides[$0]) > abs(x.layout.strides[$1]) }
    let reduced = order.map { axes.contains($0) }
    guard let last = order.last, reduced.contains(true) else { return ViewKernels.copy(x, into: out) }
    if !reduced.last! {
      // A kept axis is innermost: accumulate over the others. The first slice is the start, neutral elements being unneeded then.
      let source = x.with(x.layout.permuted(Shape(order)))
      var target = out.with(out.layout.permuted(Shape(order)))
      for (i, isReduced) in reduced.enumerated() where isReduced { target.layout.strides[i] = 0 }
      target.layout.shape = source.shape
      ViewKernels.fill(out, with: op == .product ? 1 : 0)
      if op == .minimum || op == .maximum {
        var first = x
        for axis in axes { first.layout.shape[axis] = 1 }
        ViewKernels.copy(first, into: out)
      }
      return ViewKernels.reduce(op, source, into: target, accumulate: true)
    }
    // The innermost axis is reduced, together with its reduced neighbors as far as they form one row.
    var row = Layout(shape: [x.shape[last]], strides: [x.layout.strides[last]])
    var kept = order.dropLast()
    while let next = kept.last, axes.contains(next), x.layout.strides[next] == row.strides[0] * row.shape[0] {
      row.shape[0] *= x.shape[next]
      kept.removeLast()
    }
    var source = x.layout.permuted(Shape(kept))
    source.shape.append(row.shape[0])
    source.strides.append(row.strides[0])
    let rest = kept.filter { axes.contains($0) }
    if rest.isEmpty {
      var target = out.layout.permuted(Shape(kept))
      target.shape.append(1)
      target.strides.append(0)
      ViewKernels.reduce(op, x.with(source), into: out.with(target), accumulate: false)
    } else {
      // What remains is reduced from an intermediate of the compute type.
      var shape = x.shape
      for axis in order where !kept.contains(axis) { shape[axis] = 1 }
      let part = TensorType(shape: shape, dtype: dtype.computeType).allocate(on: out.storage.backend)
      var target = part.layout.permuted(Shape(kept))
      target.shape.append(1)
      target.strides.append(0)
      ViewKernels.reduce(op, x.with(source), into: part.with(target), accumulate: false)
      reduce(part, Shape(rest), into: out)
    }
  }

  func substituting(_ symbols: [String: Int]) -> Reduction { self }

  func batched(_ application: BatchedApplication) -> [Tensor] {
    apply(Reduction(op: op, axes: Shape(axes.map { $0 + 1 }), dtype: dtype), application.operands, application.caller)
  }

  func keeps(for wanted: [Bool]) -> Residuals {
    switch op {
    case .sum: .nothing
    case .product: .operands(0)
    case .minimum, .maximum: .all
    }
  }

  var derivative: Derivative {
    switch op {
    case .sum:
      .linear(in: [0], part: self) { a, ct in
        [ct[0]!.cast(to: a.operandTypes[0].dtype).move(.broadcast(a.operandTypes[0].shape), a.caller)]
      }
    case .product:
      .rule(
        vjp: { a, ct in
          let others = productOfOthers(a.operand(0), a.caller)
          return [(ct[0]!.cast(to: others.dtype) * others).cast(to: a.operandTypes[0].dtype)]
        },
        jvp: { a, t in
          let others = productOfOthers(a.operand(0), a.caller)
          return [apply1(Reduction(op: .sum, axes: axes, dtype: dtype), [t[0]!.cast(to: others.dtype) * others], a.caller)]
        })
    case .minimum, .maximum:
      // Shared evenly among equals.
      .rule(
        vjp: { a, ct in
          [(shares(a) * ct[0]!).cast(to: a.operandTypes[0].dtype)]
        },
        jvp: { a, t in [apply1(Reduction(op: .sum, axes: axes, dtype: dtype), [shares(a) * t[0]!], a.caller)] })
    }
  }

  /// One over the number of equals at each of them, in the compute type: half precision cannot count far. NaN everywhere where the extreme is NaN.
  private func shares(_ a: Application) -> Tensor {
    let wide = dtype.computeType
    let chosen = (a.operand(0) .== a.result()).cast(to: wide)
    return chosen / apply1(Reduction(op: .sum, axes: axes, dtype: wide), [chosen], a.caller)
  }

  /// ∏ over the reduced axes of all other elements, right also where some are zero, in the compute type: what comes before times what comes after. Where that
  /// might overflow though the product does not, the product divided by the element, and at a single zero that of all others.
  private func productOfOthers(_ x: Tensor, _ caller: Caller) -> Tensor {
    let x = x.cast(to: x.dtype.computeType)
    if x.shape.hasNoElements { return x }
    // The reduced axes as one last axis.
    let kept = x.shape.indices.filter { !axes.contains($0) }
    let order = Shape(kept + Array(axes))
    let moved = x.move(.permute(order), caller)
    var rows = x.shape.selecting(kept)
    rows.append(x.shape.selecting(axes).elements)
    let flat = moved.reshape(rows)
    let last = flat.rank - 1
    let one = flat.constant(1), zero = flat.constant(0)

    let isSafe = ProductRange.isSafe(flat, axis: last, caller)
    let tame = Tensor.select(isSafe, flat, one, caller)
    func before(_ y: Tensor) -> Tensor { y.shifted(1, axis: last, fill: 1, caller).cumulativeProduct(axis: -1) }
    let product = before(tame) * before(tame.flip(-1)).flip(-1)

    let isZero = flat .== 0
    let rest = Tensor.select(isZero, one, flat, caller)
    let wild = Tensor.select(isSafe, one, rest, caller)
    let zeros = apply1(Reduction(op: .sum, axes: [last], dtype: x.dtype), [isZero.cast(to: x.dtype)], caller)
    let withoutZeros = apply1(Reduction(op: .product, axes: [last], dtype: x.dtype), [wild], caller)
    let quotient = Tensor.select(
      isZero, Tensor.select(zeros .<= 1, withoutZeros, zero, caller), Tensor.select(zeros .== 0, withoutZeros / wild, zero, caller), caller)

    let others = Tensor.select(isSafe, product, quotient, caller)
    return others.reshape(moved.shape).move(.permute(order.inversePermutation), caller)
  }
}

extension Reduction {
  func write(to code: inout ProgramWriter) { code.values(op, CodeList(axes), dtype) }
  init(from code: inout ProgramReader) throws { try self.init(op: code.read(), axes: code.read(CodeList.self).numbers, dtype: code.read()) }
}

/// Where products of neighbors stay in a dtype's range whatever their order.
enum ProductRange {
  /// Whether all products of elements along `axis`, which stays with an extent of one, are far from overflow: Σ log₂ max(|x|, 1) is below the exponents' range.
  static func isSafe(_ x: Tensor, axis: Int, _ caller: Caller) -> Tensor {
    // Nobody differentiates a question.
    let x = stopGradient(x)
    let size = Tensor.broadcasting(.binary(.maximum), Tensor.real(.abs, x, caller), x.constant(1), caller)
    let bits = apply1(Reduction(op: .sum, axes: [axis], dtype: x.dtype), [Tensor.real(.log, size, caller)], caller)
    return bits .< (x.dtype == .float64 ? 600 : 60)
  }
}
