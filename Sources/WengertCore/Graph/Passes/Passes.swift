/// The passes in their order. Derivatives are taken before: differentiate first, fuse last.
enum Passes {
  /// Those that keep single operations.
  static func simplify(_ graph: Graph, _ options: CompileOptions, on backend: any Backend) -> Graph {
    var graph = deadCode(graph)
    if !options.optimizes { return graph }
    graph = constantFolding(algebra(graph), on: backend)
    graph = deadCode(commonSubexpressions(algebra(graph)))
    graph = layout(graph)
    return options.nanCheck ? graph : rematerialization(graph)
  }

  /// Those after which a node may stand for several operations.
  static func fuse(_ graph: Graph, _ options: CompileOptions, on backend: any Backend) -> Graph {
    options.optimizes && !options.nanCheck ? schedule(epilogues(fusion(sums(graph)), on: backend)) : graph
  }
}
