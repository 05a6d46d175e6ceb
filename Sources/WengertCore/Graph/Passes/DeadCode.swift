extension Passes {
  /// Leaves out what no output needs.
  static func deadCode(_ graph: Graph) -> Graph {
    var isLive = [Bool](repeating: false, count: graph.values.count)
    for output in graph.outputs { isLive[output] = true }
    for node in graph.nodes.reversed() where node.results.contains(where: { isLive[$0] }) {
      for operand in node.operands { isLive[operand] = true }
    }
    var rewriter = GraphRewriter(graph)
    for node in graph.nodes where node.results.contains(where: { isLive[$0] }) { rewriter.keep(node) }
    return rewriter.finish()
  }
}
