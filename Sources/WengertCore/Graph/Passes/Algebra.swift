extension Passes {
  /// Rewrites nodes by identities that change no result (except for the sign of a zero to which a zero is added): neutral elements, double negation, views of views, views of one number.
  static func algebra(_ graph: Graph) -> Graph {
    var rewriter = GraphRewriter(graph)
    for node in graph.nodes {
      let operands = rewriter.values(node.operands)
      if let value = simplified(node, operands, &rewriter) {
        rewriter.replace(node.results[0], by: value)
      } else {
        rewriter.keep(node)
      }
    }
    return rewriter.finish()
  }

  /// The value that stands for the node's result; nil if nothing is simpler.
  private static func simplified(_ node: Graph.Node, _ operands: [Graph.Value], _ rewriter: inout GraphRewriter) -> Graph.Value? {
    switch node.operation {
    case let operation as Elementwise: return simplified(operation, node, operands, &rewriter)
    case let operation as Movement: return simplified(operation, node, operands, &rewriter)
    case let operation as Reduction:
      // One element is its own sum, product and extreme.
      let shape = rewriter.result.type(operands[0]).shape
      let isTrivial = operation.axes.allSatisfy { shape.isOne($0) } && rewriter.result.type(operands[0]).dtype == operation.dtype
      return isTrivial ? operands[0] : nil
    default: return nil
    }
  }

  // MARK: Element by element

  private static func simplified(
    _ operation: Elementwise, _ node: Graph.Node, _ x: [Graph.Value], _ rewriter: inout GraphRewriter
  ) -> Graph.Value? {
    /// What the value is the negative of.
    func negated(_ value: Graph.Value) -> Graph.Value? {
      guard let maker = rewriter.result.producer(value), maker.operation as? Elementwise == .unary(.negate) else { return nil }
      return maker.operands[0]
    }
    func number(_ i: Int) -> Double? { rewriter.fill(x[i]) }
    func add(_ operation: Elementwise, _ operands: [Graph.Value]) -> Graph.Value { rewriter.add(operation, operands, node.caller)[0] }
    switch operation {
    case .unary(.negate): return negated(x[0])
    case .unary(let op) where op.isIdempotent:
      return rewriter.result.producer(x[0])?.operation as? Elementwise == operation ? x[0] : nil
    case .binary(.add):
      if number(1) == 0 { return x[0] }
      if number(0) == 0 { return x[1] }
      if let b = negated(x[1]) { return add(.binary(.subtract), [x[0], b]) }
      if let a = negated(x[0]) { return add(.binary(.subtract), [x[1], a]) }
    case .binary(.subtract):
      if number(1) == 0 { return x[0] }
      // 0 − 0 is 0, and −0 is not.
      if number(0) == 0, !rewriter.result.type(x[1]).dtype.isFloating { return add(.unary(.negate), [x[1]]) }
      if let b = negated(x[1]) { return add(.binary(.add), [x[0], b]) }
    case .binary(.multiply):
      if number(1) == 1 { return x[0] }
      if number(0) == 1 { return x[1] }
      if rewriter.result.type(x[0]).dtype.isFloating {
        if number(1) == -1 { return add(.unary(.negate), [x[0]]) }
        if number(0) == -1 { return add(.unary(.negate), [x[1]]) }
      }
    case .binary(.divide) where number(1) == 1: return x[0]
    case .binary(.power) where number(1) == 1: return x[0]
    case .select:
      if let choice = number(0) { return choice != 0 ? x[1] : x[2] }
      if x[1] == x[2] { return x[1] }
    case .cast(let dtype):
      if rewriter.result.type(x[0]).dtype == dtype { return x[0] }
    default: break
    }
    return nil
  }

  // MARK: Views

  private static func simplified(
    _ operation: Movement, _ node: Graph.Node, _ x: [Graph.Value], _ rewriter: inout GraphRewriter
  ) -> Graph.Value? {
    let type = node.results.first.map { rewriter.source.type($0) }!
    let old = rewriter.result.type(x[0]).shape
    switch operation {
    case .barrier, .place: return nil
    case .copy: return x[0]
    case .concatenate: return x.count == 1 ? x[0] : nil
    case .reshape, .permute, .broadcast, .pick: break
    }
    if let number = rewriter.fill(x[0]) { return rewriter.add(Creation.fill(number, type.shape, type.dtype), [], node.caller)[0] }
    let maker = rewriter.result.producer(x[0])
    let inner = maker?.operation as? Movement
    switch (operation, inner) {
    case (.reshape(let shape), _) where shape == old: return x[0]
    case (.broadcast(let shape), _) where shape == old: return x[0]
    case (.permute(let axes), _) where axes == Shape(axes.indices): return x[0]
    case (.pick(.slice(_, let steps, let counts)), _) where counts == old && steps == Shape(repeating: 1, count: old.rank): return x[0]
    case (.reshape(let shape), .reshape):
      let origin = maker!.operands[0]
      return rewriter.result.type(origin).shape == shape ? origin : rewriter.add(Movement.reshape(shape), [origin], node.caller)[0]
    case (.broadcast(let shape), .broadcast): return rewriter.add(Movement.broadcast(shape), [maker!.operands[0]], node.caller)[0]
    case (.permute(let outer), .permute(let first)):
      let both = Shape(outer.map { first[$0] })
      if both == Shape(both.indices) { return maker!.operands[0] }
      return rewriter.add(Movement.permute(both), [maker!.operands[0]], node.caller)[0]
    default: return nil
    }
  }
}

extension UnaryOp {
  /// Whether applying it twice is applying it once.
  fileprivate var isIdempotent: Bool {
    switch self {
    case .abs, .sign, .floor, .ceil, .round, .relu: true
    default: false
    }
  }
}
