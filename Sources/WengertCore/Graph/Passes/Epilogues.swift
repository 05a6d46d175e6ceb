extension Passes {
  /// Runs row programs over matrix products while these are in the cache, block by block.
  static func epilogues(_ graph: Graph) -> Graph {
    let readers = FusionGroups.readers(graph)
    var rewriter = GraphRewriter(graph)
    for (index, node) in graph.nodes.enumerated() {
      if let choice = epilogue(graph, node, index, readers) {
        let product = graph.nodes[choice.product]
        let value = node.operands[choice.operand]
        let keeps = readers[value].count > 1 || graph.outputs.contains(value)
        let joined = MatMulRows(rows: choice.rows, product: choice.operand, keepsProduct: keeps)
        let others = node.operands.enumerated().filter { $0.offset != choice.operand }.map(\.element)
        var results = rewriter.add(joined, rewriter.values(product.operands + others), product.caller)
        if keeps { rewriter.replace(value, by: results.removeFirst()) }
        for (old, new) in zip(node.results, results) { rewriter.replace(old, by: new) }
      } else if !isJoinedLater(graph, node, index, readers) {
        rewriter.keep(node)
      }
    }
    return rewriter.finish()
  }

  private struct Choice {
    var product: Int
    var operand: Int
    var rows: Fused
  }

  /// The product that a node's row program can be joined to: one of rank two that the program reads once, in full, before whose join nothing else reads it.
  private static func epilogue(_ graph: Graph, _ node: Graph.Node, _ index: Int, _ readers: [[Int]]) -> Choice? {
    guard let rows = rowProgram(graph, node) else { return nil }
    let candidates = node.operands.indices.compactMap { operand -> Choice? in
      let value = node.operands[operand]
      guard case .node(let product, _) = graph.values[value].origin, graph.nodes[product].operation is MatMul,
        graph.type(value).shape == rows.shape, graph.type(value).shape.rank == 2, rows.program.inputs[operand].isRow,
        node.operands.filter({ $0 == value }).count == 1, readers[value].allSatisfy({ $0 >= index })
      else { return nil }
      return Choice(product: product, operand: operand, rows: rows)
    }
    return candidates.max { $0.product < $1.product }
  }

  private static func isJoinedLater(_ graph: Graph, _ node: Graph.Node, _ index: Int, _ readers: [[Int]]) -> Bool {
    guard node.operation is MatMul, let first = readers[node.results[0]].min() else { return false }
    return epilogue(graph, graph.nodes[first], first, readers)?.product == index
  }

  /// The node as a row program without sums over rows.
  private static func rowProgram(_ graph: Graph, _ node: Graph.Node) -> Fused? {
    guard let fused = node.operation as? Fused, fused.program.outputs.allSatisfy({ $0.accumulate == nil }) else { return nil }
    var result = fused
    result.shape = fused.iteration(node.operands.map { graph.type($0) })
    return result
  }
}

extension FusionGroups {
  /// The nodes that read each value.
  static func readers(_ graph: Graph) -> [[Int]] {
    var readers = [[Int]](repeating: [], count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      for operand in Set(node.operands) { readers[operand].append(index) }
    }
    return readers
  }
}
