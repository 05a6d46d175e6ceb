/// The operations of a plain graph: each of these, or none of them (`other`). Shapes are those of the results' types.
package enum PlainOperation {
  // Each element on its own; operands of one shape and one dtype, but for `select`'s condition.
  case unary(UnaryOp), binary(BinaryOp), compare(CompareOp)
  /// Operand 0 is the bool condition.
  case select
  case cast

  // Made of nothing.
  case fill(Double)
  /// 0, 1, 2, … as int64.
  case iota
  case extent(Dimension)

  // Moved.
  case reshape, broadcast
  case permute(Shape)
  case slice(starts: Shape, steps: Shape)
  case diagonal(first: Int, second: Int, offset: Int)
  /// A tensor of `fill` with the operand as a slice, or as a diagonal, of it.
  case placeSlice(starts: Shape, steps: Shape, fill: Double)
  case placeDiagonal(first: Int, second: Int, offset: Int, fill: Double)
  case concatenate(axis: Int)
  case identity
  /// Windows on a new last axis, and their sums.
  case unfold(axis: Int, step: Int, dilation: Int)
  case fold(axis: Int, step: Int, dilation: Int)

  // Combined. Reduced axes stay with an extent of one.
  case reduce(ReduceOp, axes: Shape)
  case matmul
  case convolution(ConvolutionRole, strides: Shape, padding: Shape, dilation: Shape, groups: Dimension)
  case scan(ReduceOp, axis: Int, reverse: Bool)
  /// y[j] = a[j]·y[j−1] + b[j]
  case recurrence(axis: Int, reverse: Bool)

  // At positions.
  case gather(axis: Int), scatterAdd(axis: Int), takeAlong(axis: Int), scatterAddAlong(axis: Int)
  case argSort(axis: Int, descending: Bool)
  case argReduce(ReduceOp, axis: Int)

  // Of the last axis.
  case softmax, logSoftmax, logSumExp
  /// Operands x, gain, bias.
  case layerNorm(epsilon: Double)

  /// 32 random bits for each element, of an int64 key: word `lane` of Philox-4×32-10, numbered among all elements or in the last axis.
  case randomBits(stream: UInt32, lane: Int, byColumn: Bool)
  /// Such bits to a float in [0, 1).
  case unitInterval

  /// What has no plain form: factorizations, and what is new.
  case other

  init(_ operation: any Operation) {
    switch operation {
    case let operation as Elementwise: self.init(operation)
    case let operation as Movement: self.init(operation)
    case let operation as Creation:
      switch operation {
      case .fill(let value, _, _): self = .fill(value)
      case .iota: self = .iota
      case .extent(let extent, _): self = .extent(extent)
      }
    case let operation as Indexing:
      switch operation {
      case .gather(let axis): self = .gather(axis: axis)
      case .scatterAdd(let axis, _): self = .scatterAdd(axis: axis)
      case .takeAlong(let axis): self = .takeAlong(axis: axis)
      case .scatterAddAlong(let axis, _): self = .scatterAddAlong(axis: axis)
      }
    case let operation as Sorting:
      switch operation {
      case .argSort(let axis, let descending, _): self = .argSort(axis: axis, descending: descending)
      case .argReduce(let axis, let op): self = .argReduce(op, axis: axis)
      }
    case let operation as Windows:
      switch operation {
      case .unfold(let axis, _, let step, let dilation): self = .unfold(axis: axis, step: step, dilation: dilation)
      case .fold(let axis, _, let step, let dilation): self = .fold(axis: axis, step: step, dilation: dilation)
      }
    case let operation as RowOperation:
      switch operation.rule {
      case .softmax: self = .softmax
      case .logSoftmax: self = .logSoftmax
      case .logSumExp: self = .logSumExp
      case .layerNorm(let epsilon): self = .layerNorm(epsilon: epsilon)
      case .replay, .l2Normalize, .selfAdjoint, .constant: self = operation.program.random ?? .other
      }
    case let operation as Reduction: self = .reduce(operation.op, axes: operation.axes)
    case is MatMul: self = .matmul
    case let operation as Convolution:
      self = .convolution(
        operation.role, strides: operation.strides, padding: operation.padding, dilation: operation.dilation, groups: operation.groups)
    case let operation as Scan: self = .scan(operation.op, axis: operation.axis, reverse: operation.reverse)
    case let operation as Recurrence: self = .recurrence(axis: operation.axis, reverse: operation.reverse)
    default: self = .other
    }
  }

  private init(_ operation: Elementwise) {
    switch operation {
    case .unary(let op): self = .unary(op)
    case .binary(let op): self = .binary(op)
    case .compare(let op): self = .compare(op)
    case .select: self = .select
    case .cast: self = .cast
    case .special: self = .other
    }
  }

  private init(_ operation: Movement) {
    switch operation {
    case .reshape: self = .reshape
    case .permute(let axes): self = .permute(axes)
    case .broadcast: self = .broadcast
    case .pick(.slice(let starts, let steps, _)): self = .slice(starts: starts, steps: steps)
    case .pick(.diagonal(let first, let second, let offset)): self = .diagonal(first: first, second: second, offset: offset)
    case .place(.slice(let starts, let steps, _), _, let fill): self = .placeSlice(starts: starts, steps: steps, fill: fill)
    case .place(.diagonal(let first, let second, let offset), _, let fill):
      self = .placeDiagonal(first: first, second: second, offset: offset, fill: fill)
    case .concatenate(let axis): self = .concatenate(axis: axis)
    case .copy, .barrier: self = .identity
    }
  }
}

extension Operation {
  /// Whether it is given by other operations in a plain graph: what only one's own kernels know, fused operations, row programs and special functions; attention.
  var hasDefinition: Bool {
    switch self {
    case let operation as Elementwise: operation.isSpecial
    case let operation as RowOperation:
      switch operation.rule {
      case .softmax, .logSoftmax, .logSumExp, .layerNorm: false
      case .replay, .l2Normalize, .selfAdjoint, .constant: operation.program.random == nil
      }
    case is Attention, is AttentionBackward, is ClassLoss, is MatMulAdd, is MatMulEpilogue, is ScatterAddInto: true
    default: false
    }
  }
}

extension Graph {
  /// The same function with the definitions of the operations that have one.
  func expanded(on backend: any Backend) -> Graph {
    let tracer = Tracer(target: backend)
    defer { tracer.close() }
    var new: [Tensor?] = values.map { _ in nil }
    for (name, input) in zip(inputNames, inputs) { new[input] = tracer.input(name, type(input)) }
    func value(_ old: Value) -> Tensor {
      if let known = new[old] { return known }
      guard case .constant(let tensor) = values[old].origin else { unreachable("a value is used before it is made") }
      let joined = tracer.joining(tensor)
      new[old] = joined
      return joined
    }
    // What a node becomes has its caller.
    var callers: [Caller] = []
    let results = Tracer.$current.withValue(tracer) {
      for node in nodes {
        let made = Self.definition(node.operation, node.operands.map(value), tracer, node.caller)
        for (old, tensor) in zip(node.results, made) { new[old] = tensor }
        callers += [Caller](repeating: node.caller, count: tracer.graph.nodes.count - callers.count)
      }
      return outputs.map { tracer.value(of: value($0)) }
    }
    var graph = tracer.graph
    graph.outputs = results
    for (number, caller) in callers.enumerated() { graph.nodes[number].caller = caller }
    return graph
  }

  private static func definition(_ operation: any Operation, _ x: [Tensor], _ tracer: Tracer, _ caller: Caller) -> [Tensor] {
    if let creation = operation as? Creation { return [tracer.create(creation, on: tracer.target!, caller)] }
    if !operation.hasDefinition { return apply(operation, x, caller) }
    switch operation {
    case let function as Elementwise:
      // A row program needs a row.
      let rows = x.map { $0.rank == 0 ? $0.move(.reshape([1]), caller) : $0 }
      let program = RowOperation(program: ElementwisePrograms.program(function, rows), rule: .replay)
      return program.replay(rows, caller).map { x[0].rank == 0 ? $0.move(.reshape([]), caller) : $0 }
    case let operation as RowOperation: return operation.replay(x, caller)
    case let operation as Attention: return operation.dense(x, caller)
    case let operation as AttentionBackward: return operation.attention.vjpOfDense(Array(x[..<5]), [x[7], nil], caller)
    case is ClassLoss:
      let logits = apply1(RowFunctions.logSoftmax(x[0].dtype), [x[0]], caller)
      return [-apply1(Indexing.takeAlong(axis: logits.rank - 1), [logits, x[1]], caller)]
    case is MatMulAdd: return [apply1(MatMul(), Array(x[..<2]), caller) + x[2]]
    case let operation as MatMulEpilogue:
      let product = apply1(MatMul(), Array(x[..<2]), caller)
      var operands = Array(x[2...])
      operands.insert(product, at: operation.product)
      return (operation.keepsProduct ? [product] : []) + apply(operation.rows, operands, caller)
    case let operation as ScatterAddInto:
      let extent = x[2].shape[dim: operation.axis]
      return [apply1(Indexing.scatterAdd(axis: operation.axis, extent: extent), Array(x[..<2]), caller) + x[2]]
    default: unreachable("\(operation.name) has no definition")
    }
  }
}

extension Elementwise {
  fileprivate var isSpecial: Bool { if case .special = self { true } else { false } }
}

extension RowProgram {
  /// The plain operation, if this is all that the program does, which has no tensor operation of its own otherwise.
  fileprivate var random: PlainOperation? {
    guard instructions.count == 2, instructions[0] == .load(0), outputs.count == 1, outputs[0].accumulate == nil else { return nil }
    switch instructions[1] {
    case .random(_, let stream, let lane, let numbering): return .randomBits(stream: stream, lane: lane, byColumn: numbering == .byColumn)
    case .unary(.unitInterval, _): return .unitInterval
    default: return nil
    }
  }
}
