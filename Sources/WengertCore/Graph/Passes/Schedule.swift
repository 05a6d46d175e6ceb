extension Passes {
  /// Orders the nodes so that memory is free early.
  static func schedule(_ graph: Graph) -> Graph { updatesEarly(numbersFirst(graph)) }

  /// Moves what follows from arguments alone and is small (learning rates, keys) to the front, where it holds nothing up.
  private static func numbersFirst(_ graph: Graph) -> Graph {
    var isEarly = [Bool](repeating: false, count: graph.values.count)
    for (value, info) in graph.values.enumerated() {
      switch info.origin {
      case .input, .constant: isEarly[value] = graph.isSmall(value)
      case .node: break
      }
    }
    var early: [Graph.Node] = [], rest: [Graph.Node] = []
    for node in graph.nodes {
      if node.operands.allSatisfy({ isEarly[$0] }) && node.results.allSatisfy({ graph.isSmall($0) }) {
        for result in node.results { isEarly[result] = true }
        early.append(node)
      } else {
        rest.append(node)
      }
    }
    var rewriter = GraphRewriter(graph)
    for node in early + rest { rewriter.keep(node) }
    return rewriter.finish()
  }

  /// Moves what only overwrites an argument (an optimizer's update, say) to where its operands are ready and the old value is read no more, so that the
  /// gradient's memory is free again early.
  private static func updatesEarly(_ graph: Graph) -> Graph {
    if graph.updates.isEmpty { return graph }
    let readers = FusionGroups.readers(graph)
    var overwrites: [Graph.Value: [Graph.Value]] = [:]
    for update in graph.updates { overwrites[graph.outputs[update.output], default: []].append(graph.inputs[update.input]) }
    var position: [Int: Int] = [:]
    for (index, node) in graph.nodes.enumerated() where node.results.allSatisfy({ overwrites[$0] != nil && readers[$0].isEmpty }) {
      var after = -1
      for operand in node.operands {
        if case .node(let producer, _) = graph.values[operand].origin { after = max(after, producer) }
      }
      for input in node.results.flatMap({ overwrites[$0]! }) {
        for reader in readers[input] where reader != index { after = max(after, reader) }
      }
      if after < index - 1 { position[index] = after }
    }
    if position.isEmpty { return graph }
    var following: [Int: [Int]] = [:]
    for index in position.keys.sorted() { following[position[index]!, default: []].append(index) }
    var rewriter = GraphRewriter(graph)
    for index in following[-1] ?? [] { rewriter.keep(graph.nodes[index]) }
    for (index, node) in graph.nodes.enumerated() {
      if position[index] == nil { rewriter.keep(node) }
      for later in following[index] ?? [] { rewriter.keep(graph.nodes[later]) }
    }
    return rewriter.finish()
  }
}

extension Graph {
  fileprivate func isSmall(_ value: Value) -> Bool { type(value).shape.elements.number.map { $0 <= 64 } ?? false }
}
