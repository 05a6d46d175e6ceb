extension Passes {
  /// Lets products end in row programs that read them, if the backend can do both in one kernel.
  static func epilogues(_ graph: Graph, on backend: any Backend) -> Graph {
    let readers = FusionGroups.readers(graph)
    var rewriter = GraphRewriter(graph)
    for (index, node) in graph.nodes.enumerated() {
      if let choice = epilogue(graph, node, index, readers, backend) {
        let product = graph.nodes[choice.product]
        let value = node.operands[choice.operand]
        let keeps = readers[value].count > 1 || graph.outputs.contains(value)
        let joined = MatMulEpilogue(rows: choice.rows.program, product: choice.operand, keepsProduct: keeps)
        let others = node.operands.enumerated().filter { $0.offset != choice.operand }.map(\.element)
        var results = rewriter.add(joined, rewriter.values(product.operands + others), product.caller)
        if keeps { rewriter.replace(value, by: results.removeFirst()) }
        for (number, old) in node.results.enumerated() where choice.rows.sums[number] == nil {
          rewriter.replace(old, by: results.removeFirst())
        }
        for (number, summed) in choice.rows.sums.sorted(by: { $0.key < $1.key }) {
          let shape = graph.type(node.results[number]).shape
          let sum = rewriter.add(
            Reduction(op: .sum, axes: [0], dtype: graph.type(node.results[number]).dtype), rewriter.values([node.results[summed]]),
            node.caller)
          rewriter.replace(node.results[number], by: rewriter.add(.reshape(shape) as Movement, sum, node.caller)[0])
        }
      } else if !isJoinedLater(graph, node, index, readers, backend) {
        rewriter.keep(node)
      }
    }
    return rewriter.finish()
  }

  private struct Choice {
    var product: Int
    var operand: Int
    var rows: Rows
  }

  /// A row program without sums over rows; these can be taken afterwards, each of another result (both by their numbers among the node's).
  private struct Rows {
    var program: RowOperation
    var sums: [Int: Int]
  }

  /// The product that a node's row program can be joined to: one of rank two that the program reads once, in full, before whose join nothing else reads it.
  private static func epilogue(
    _ graph: Graph, _ node: Graph.Node, _ index: Int, _ readers: [[Int]], _ backend: any Backend
  ) -> Choice? {
    guard let rows = rowProgram(graph, node) else { return nil }
    let candidates = node.operands.indices.compactMap { operand -> Choice? in
      let value = node.operands[operand]
      guard case .node(let product, _) = graph.values[value].origin, graph.nodes[product].operation is MatMul,
        graph.type(value).shape == rows.program.shape, graph.type(value).shape.rank == 2, rows.program.program.inputs[operand].isRow,
        node.operands.filter({ $0 == value }).count == 1, readers[value].allSatisfy({ $0 >= index }),
        backend.canFuse(epilogue: rows.program.program, ofProduct: graph.type(value).dtype)
      else { return nil }
      return Choice(product: product, operand: operand, rows: rows)
    }
    return candidates.max { $0.product < $1.product }
  }

  private static func isJoinedLater(
    _ graph: Graph, _ node: Graph.Node, _ index: Int, _ readers: [[Int]], _ backend: any Backend
  ) -> Bool {
    guard node.operation is MatMul, let first = readers[node.results[0]].min() else { return false }
    return epilogue(graph, graph.nodes[first], first, readers, backend)?.product == index
  }

  /// The node as a row program whose sums over rows, if any, are of what it stores.
  private static func rowProgram(_ graph: Graph, _ node: Graph.Node) -> Rows? {
    guard let fused = node.operation as? RowOperation else { return nil }
    let outputs = fused.program.outputs
    var sums: [Int: Int] = [:]
    for (number, output) in outputs.enumerated() where output.accumulate != nil {
      let stored = outputs.firstIndex { $0.accumulate == nil && $0.value == output.value && $0.dtype == fused.program.dtypes[$0.value] }
      guard output.accumulate == .sum, let stored else { return nil }
      sums[number] = stored
    }
    var program = fused.program
    program.outputs.removeAll { $0.accumulate != nil }
    if !sums.isEmpty, program.name.hasSuffix("+sum") { program.name.removeLast(4) }
    return Rows(
      program: RowOperation(program: program, rule: fused.rule, shape: fused.iteration(node.operands.map { graph.type($0) })), sums: sums)
  }
}

extension FusionGroups {
  /// The nodes that read each value.
  static func readers(_ graph: Graph) -> [[Int]] {
    var readers = [[Int]](repeating: [], count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      for operand in node.operands where readers[operand].last != index { readers[operand].append(index) }
    }
    return readers
  }
}
