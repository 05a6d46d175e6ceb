/// The passes in their order. Derivatives are taken before: differentiate first, fuse last.
enum Passes {
  static func run(_ graph: Graph, _ options: CompileOptions, on backend: any Backend) -> Graph {
    var graph = deadCode(graph)
    if !options.optimizes { return graph }
    graph = constantFolding(algebra(graph), on: backend)
    graph = deadCode(commonSubexpressions(algebra(graph)))
    graph = layout(graph)
    if options.nanCheck { return graph }
    return epilogues(fusion(graph))
  }
}
