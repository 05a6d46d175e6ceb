extension Passes {
  /// Computes at compile time what depends on no argument, if the result is small: one number in every element stays one number, for which no kernel is asked; other
  /// results become constants.
  static func constantFolding(_ graph: Graph, on backend: any Backend) -> Graph {
    let largest = 1 << 16
    let computes = !(backend is ShapeBackend)
    var rewriter = GraphRewriter(graph)
    for node in graph.nodes {
      let operands = rewriter.values(node.operands)
      if let elementwise = node.operation as? Elementwise, !operands.isEmpty {
        let fills = operands.compactMap { rewriter.fill($0) }
        if fills.count == operands.count {
          let type = graph.type(node.results[0])
          let dtypes = operands.map { rewriter.result.type($0).dtype }
          if let number = elementwise.folded(fills, dtypes) {
            rewriter.replace(node.results[0], by: rewriter.add(Creation.fill(number, type.shape, type.dtype), [], node.caller)[0])
            continue
          }
          if type.shape.rank > 0 {
            // The program computes it once, of one element.
            let numbers = zip(fills, dtypes).map { rewriter.add(Creation.fill($0, [], $1), [], node.caller)[0] }
            let one = rewriter.add(elementwise, numbers, node.caller)
            rewriter.replace(node.results[0], by: rewriter.add(Movement.broadcast(type.shape), one, node.caller)[0])
            continue
          }
        }
      }
      let tensors = operands.compactMap { rewriter.constant($0, on: backend) }
      // A shape of symbols beside a zero has a number of elements, and is known when they have theirs.
      let isSmall = node.results.allSatisfy { !graph.type($0).shape.isSymbolic && graph.type($0).shape.elementCount <= largest }
      let isBarrier = if case Movement.barrier? = node.operation as? Movement { true } else { false }
      if computes && !operands.isEmpty && tensors.count == operands.count && isSmall && !isBarrier && !node.operation.namesSymbols
        && operands.contains(where: { rewriter.fill($0) == nil })
      {
        let results = apply(node.operation, tensors, node.caller)
        for (old, result) in zip(node.results, results) { rewriter.replace(old, by: rewriter.add(constant: result)) }
      } else {
        rewriter.keep(node)
      }
    }
    return rewriter.finish()
  }
}

extension GraphRewriter {
  /// The number in every element of a value of the new graph, if there is one.
  func fill(_ value: Graph.Value) -> Double? {
    if case .fill(let number, _, _)? = result.producer(value)?.operation as? Creation { return number }
    return nil
  }

  /// The tensor that a value of the new graph is, if it is known.
  func constant(_ value: Graph.Value, on backend: any Backend) -> Tensor? {
    if case .constant(let tensor) = result.values[value].origin { return tensor.shape.isSymbolic ? nil : tensor }
    if let number = fill(value), !result.type(value).shape.isSymbolic {
      return .full(number, result.type(value).shape, dtype: result.type(value).dtype, backend: backend)
    }
    return nil
  }
}
