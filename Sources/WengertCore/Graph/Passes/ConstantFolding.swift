extension Passes {
  /// Computes at compile time what depends on no argument, where the result is small: one number in every element stays one number, other results become constants.
  static func constantFolding(_ graph: Graph, on backend: any Backend) -> Graph {
    let largest = 1 << 16
    var rewriter = GraphRewriter(graph)
    for node in graph.nodes {
      let operands = rewriter.values(node.operands)
      if let elementwise = node.operation as? Elementwise, !operands.isEmpty {
        let fills = operands.compactMap { rewriter.fill($0) }
        if fills.count == operands.count {
          let type = graph.type(node.results[0])
          let numbers = zip(fills, operands).map { Tensor.full($0, [], dtype: rewriter.result.type($1).dtype, backend: backend) }
          let number = apply1(elementwise, numbers, node.caller).item()
          // An int64 that no double can hold stays an operation.
          if type.dtype != .int64 || abs(number) < 0x1p53 {
            rewriter.replace(node.results[0], by: rewriter.add(Creation.fill(number, type.shape, type.dtype), [], node.caller)[0])
            continue
          }
        }
      }
      let tensors = operands.compactMap { rewriter.constant($0, on: backend) }
      let isSmall = node.results.allSatisfy { graph.type($0).shape.elements.number.map { $0 <= largest } ?? false }
      let isBarrier = if case Movement.barrier? = node.operation as? Movement { true } else { false }
      if !operands.isEmpty && tensors.count == operands.count && isSmall && !isBarrier && !node.operation.namesSymbols
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
  /// The number in every element of a value of the new graph, where there is one.
  func fill(_ value: Graph.Value) -> Double? {
    if case .fill(let number, _, _)? = result.producer(value)?.operation as? Creation { return number }
    return nil
  }

  /// The tensor that a value of the new graph is, where it is known.
  func constant(_ value: Graph.Value, on backend: any Backend) -> Tensor? {
    if case .constant(let tensor) = result.values[value].origin { return tensor.shape.isSymbolic ? nil : tensor }
    if let number = fill(value), !result.type(value).shape.isSymbolic {
      return .full(number, result.type(value).shape, dtype: result.type(value).dtype, backend: backend)
    }
    return nil
  }
}
