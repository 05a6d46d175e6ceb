extension Passes {
  /// Chooses orders of axes and forms of values so that nothing is copied for the sake of order alone.
  ///
  /// A transposed product is the product of the transposed factors in reverse, (AB)ᵀ = BᵀAᵀ, and products read transposed factors as they are. A reduction of a
  /// whole tensor runs over one long row, together with the element-wise operations before it.
  static func layout(_ graph: Graph) -> Graph {
    let uses = graph.useCounts
    var rewriter = GraphRewriter(graph)
    for node in graph.nodes {
      if case .permute(let axes)? = node.operation as? Movement, let product = graph.producer(node.operands[0]),
        product.operation is MatMul,
        axes.swapsLastTwo
      {
        let factors = product.operands.reversed().map { factor in
          rewriter.add(Movement.permute(axes), [rewriter.value(factor)], node.caller)[0]
        }
        rewriter.replace(node.results[0], by: rewriter.add(MatMul(), factors, product.caller)[0])
      } else if let reduction = node.operation as? Reduction, graph.isWhole(reduction, node.operands[0]) {
        let flat = flattened(node.operands[0], uses, graph, &rewriter)
        let sum = rewriter.add(Reduction(op: reduction.op, axes: [0], dtype: reduction.dtype), [flat], node.caller)[0]
        let shape = graph.type(node.results[0]).shape
        rewriter.replace(node.results[0], by: rewriter.add(Movement.reshape(shape), [sum], node.caller)[0])
      } else {
        rewriter.keep(node)
      }
    }
    return algebra(deadCode(rewriter.finish()))
  }

  /// The value as one row; element-wise operations that nothing else reads are applied to rows.
  private static func flattened(_ value: Graph.Value, _ uses: [Int], _ graph: Graph, _ rewriter: inout GraphRewriter) -> Graph.Value {
    let shape = graph.type(value).shape
    if let maker = graph.producer(value), let operation = maker.operation as? Elementwise, uses[value] == 1,
      maker.operands.allSatisfy({ graph.isDense($0) })
    {
      let rows = maker.operands.map { flattened($0, uses, graph, &rewriter) }
      return rewriter.add(operation, rows, maker.caller)[0]
    }
    let row = Shape(dimensions: [shape.elements])
    return rewriter.add(Movement.reshape(row), [rewriter.value(value)], Caller(#fileID, #line))[0]
  }
}

extension Graph {
  /// Whether the reduction is of all axes of a tensor of rank two or more.
  fileprivate func isWhole(_ reduction: Reduction, _ operand: Value) -> Bool {
    let rank = type(operand).shape.rank
    return rank >= 2 && reduction.axes.count == rank && isDense(operand)
  }

  /// Whether a value is in row-major order when it is computed: it is not a view, unless of one number.
  fileprivate func isDense(_ value: Value) -> Bool {
    switch producer(value)?.operation {
    case let movement as Movement:
      switch movement {
      case .reshape: isDense(producer(value)!.operands[0])
      case .permute, .broadcast, .pick, .barrier: false
      case .place, .concatenate, .copy: true
      }
    default: true
    }
  }
}

extension Shape {
  /// Whether, as an order of axes, it exchanges the last two.
  fileprivate var swapsLastTwo: Bool {
    guard rank >= 2 else { return false }
    var axes = Shape(0..<rank)
    axes.swapAt(rank - 2, rank - 1)
    return self == axes
  }
}
