extension Passes {
  /// Adds up in the memory of the sum: c + a·b where c is a product too and read nowhere else, and c plus slices scattered into zeros.
  static func sums(_ graph: Graph) -> Graph {
    let uses = graph.useCounts
    var rewriter = GraphRewriter(graph)
    var sums = Set<Graph.Value>()
    for node in graph.nodes {
      guard node.operation as? Elementwise == .binary(.add), node.operands[0] != node.operands[1] else {
        rewriter.keep(node)
        continue
      }
      func isProduct(_ value: Graph.Value) -> Bool { graph.producer(value)?.operation is MatMul && uses[value] == 1 }
      func isSum(_ value: Graph.Value) -> Bool { (sums.contains(value) && uses[value] == 1) || isProduct(value) }
      let (a, b) = (node.operands[0], node.operands[1])
      // The later is added to the earlier.
      let pairs = a < b ? [(b, a), (a, b)] : [(a, b), (b, a)]
      if let (product, addend) = pairs.first(where: { isProduct($0) && isSum($1) }), let maker = graph.producer(product) {
        let operands = rewriter.values(maker.operands + [addend])
        rewriter.replace(node.results[0], by: rewriter.add(MatMulAdd(), operands, maker.caller)[0])
        sums.insert(node.results[0])
      } else if let (scattered, addend) = pairs.first(where: { graph.scatteredOnce($0.0, uses) != nil }),
        let (maker, axis) = graph.scatteredOnce(scattered, uses)
      {
        let operands = rewriter.values(maker.operands + [addend])
        rewriter.replace(node.results[0], by: rewriter.add(ScatterAddInto(axis: axis), operands, maker.caller)[0])
      } else {
        rewriter.keep(node)
      }
    }
    return deadCode(rewriter.finish())
  }
}

extension Graph {
  /// The scatter-add that makes a value which is read once.
  fileprivate func scatteredOnce(_ value: Value, _ uses: [Int]) -> (node: Node, axis: Int)? {
    guard uses[value] == 1, let maker = producer(value), case .scatterAdd(let axis, _)? = maker.operation as? Indexing else { return nil }
    return (maker, axis)
  }
}
