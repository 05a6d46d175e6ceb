extension Passes {
  /// Computes cheap values again where they are needed late, instead of keeping them from the forward pass to the backward.
  ///
  /// A value is cheap if one pass over memory makes it from values that are kept anyway: element-wise operations, row programs (softmax, layer norm, dropout's
  /// mask), conversions. Where it is read both soon after it is made and again much later, the late readers get a copy of their own, computed from its
  /// operands just before the first of them; a barrier keeps the passes from merging the two again.
  static func rematerialization(_ graph: Graph) -> Graph {
    let readers = FusionGroups.readers(graph)
    let distance = max(16, graph.nodes.count / 16)
    var lastRead = graph.values.indices.map { readers[$0].last ?? -1 }
    for output in graph.outputs { lastRead[output] = graph.nodes.count }

    /// The late readers of each value that is computed again, by the node before which that happens.
    var again: [Int: [Graph.Value]] = [:]
    for (index, node) in graph.nodes.enumerated() {
      guard node.results.count == 1, graph.isCheap(node) else { continue }
      let value = node.results[0]
      guard !graph.outputs.contains(value), let late = firstLate(graph, value, index, readers, distance) else { continue }
      // What it is made from must live as long in any case.
      let operands = node.operands.map { graph.unstretched($0) }
      let isKept = operands.allSatisfy { operand in
        if case .node = graph.values[operand].origin { return lastRead[operand] >= late || !graph.isLarge(operand, beside: value) }
        return true
      }
      guard isKept else { continue }
      again[late, default: []].append(value)
      for operand in operands { lastRead[operand] = max(lastRead[operand], late) }
    }
    if again.isEmpty { return graph }
    return recomputing(graph, again)
  }

  /// The first of a value's readers that are much later than where it was read before; nil if all are near each other.
  private static func firstLate(_ graph: Graph, _ value: Graph.Value, _ made: Int, _ readers: [[Int]], _ distance: Int) -> Int? {
    var previous = made
    for reader in readers[value] {
      if reader - previous > distance { return reader }
      previous = reader
    }
    return nil
  }

  /// The graph with these values computed again before the nodes named.
  static func recomputing(_ graph: Graph, _ again: [Int: [Graph.Value]]) -> Graph {
    var rewriter = GraphRewriter(graph)
    // New values that were computed again: they stand where they are needed, and need no barrier.
    var fresh = Set<Graph.Value>()
    for (index, node) in graph.nodes.enumerated() {
      for value in again[index] ?? [] {
        guard let maker = graph.producer(value) else { continue }
        let operands = maker.operands.map { operand -> Graph.Value in
          let now = rewriter.value(operand)
          guard case .node = rewriter.result.values[now].origin, rewriter.fill(now) == nil, !fresh.contains(now) else { return now }
          return rewriter.add(Movement.barrier(Graph.newBarrier()), [now], maker.caller)[0]
        }
        let results = rewriter.add(maker.operation, operands, maker.caller)
        for (old, new) in zip(maker.results, results) where old == value {
          rewriter.replace(old, by: new)
          fresh.insert(new)
        }
      }
      rewriter.keep(node)
    }
    return rewriter.finish()
  }
}

extension Graph {
  /// Whether one pass over memory computes the node's result.
  func isCheap(_ node: Node) -> Bool {
    switch node.operation {
    case is Elementwise: true
    case let fused as RowOperation: fused.program.outputs.allSatisfy { $0.accumulate == nil }
    default: false
    }
  }

  /// Whether keeping the operand costs about as much as keeping the value.
  fileprivate func isLarge(_ operand: Value, beside value: Value) -> Bool {
    let (a, b) = (type(operand).shape.elements, type(value).shape.elements)
    // A row or a number per row is small beside the whole.
    return !(type(operand).shape.rank < type(value).shape.rank || a.number.map { $0 <= 4096 } ?? false) || a == b
  }
}
