/// The passes in their order. Derivatives are taken before: differentiate first, fuse last.
enum Passes {
  /// Those that keep single operations.
  static func simplify(_ graph: Graph, _ options: CompileOptions, on backend: any Backend) -> Graph {
    var graph = deadCode(graph.verified(after: "tracing")).verified(after: "dead code")
    if !options.optimizes { return graph }
    graph = algebra(graph).verified(after: "algebra")
    graph = constantFolding(graph, on: backend).verified(after: "constant folding")
    graph = algebra(graph).verified(after: "algebra")
    graph = commonSubexpressions(graph).verified(after: "common subexpressions")
    graph = layout(deadCode(graph)).verified(after: "layout")
    return options.nanCheck ? graph : rematerialization(graph).verified(after: "rematerialization")
  }

  /// Those after which a node may stand for several operations.
  static func fuse(_ graph: Graph, _ options: CompileOptions, on backend: any Backend) -> Graph {
    if !options.optimizes || options.nanCheck { return graph }
    var graph = sums(graph).verified(after: "sums")
    graph = fusion(graph).verified(after: "fusion")
    graph = epilogues(graph, on: backend).verified(after: "epilogues")
    // Row programs give their sums in another shape, as a view, of which more views may be taken.
    graph = deadCode(algebra(graph)).verified(after: "algebra")
    return schedule(graph).verified(after: "schedule")
  }
}
