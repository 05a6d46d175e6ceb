extension Passes {
  /// Computes once what is asked for several times: nodes of equal operations on equal operands. Operations depend on their operands alone (random numbers on
  /// their key), so that any two equal nodes have equal results.
  static func commonSubexpressions(_ graph: Graph) -> Graph {
    struct Key: Hashable {
      var operation: AnyHashable
      var operands: [Graph.Value]
    }
    var known: [Key: [Graph.Value]] = [:]
    var rewriter = GraphRewriter(graph)
    for node in graph.nodes {
      let key = Key(operation: AnyHashable(node.operation), operands: rewriter.values(node.operands))
      if let results = known[key] {
        for (old, new) in zip(node.results, results) { rewriter.replace(old, by: new) }
      } else {
        rewriter.keep(node)
        known[key] = rewriter.values(node.results)
      }
    }
    return rewriter.finish()
  }
}
