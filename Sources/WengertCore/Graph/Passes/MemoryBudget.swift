/// Chooses what to compute again so that a program's buffers keep to a budget.
///
/// Round by round, the values that are live where most memory is, read before and after that place, and cheapest to make again per byte, get a second computation before
/// their next reader; the program is planned anew, until it keeps to the budget or nothing is left to choose (Chen et al. 2016; Griewank & Walther 2000).
struct MemoryBudget {
  let bytes: Int
  /// The symbols' values for which the budget holds.
  let sizes: [String: Int]
  /// Who plans.
  let backend: any Backend
  private static var mostRounds: Int { 24 }

  /// - Parameters:
  ///   - graph: before fusion.
  ///   - fused: the same after it.
  /// - Returns: the fused graph of least memory that was found, within the budget if there is one.
  func apply(_ graph: Graph, _ fused: Graph, fuse: (Graph) -> Graph) -> (graph: Graph, byteCount: Int) {
    var graph = graph
    var best = (graph: fused, byteCount: arena(fused))
    for _ in 0..<Self.mostRounds where best.byteCount > bytes {
      guard let next = recomputing(graph, freeing: best.byteCount - bytes) else { break }
      graph = next
      let candidate = fuse(next)
      let size = arena(candidate)
      if size < best.byteCount { best = (candidate, size) }
    }
    return best
  }

  private func arena(_ graph: Graph) -> Int { MemoryPlan(Lowering(graph, symbols: sizes), on: backend).arenaByteCount }

  private func recomputing(_ graph: Graph, freeing excess: Int) -> Graph? {
    let life = Lifetimes(graph, sizes)
    let peak = life.peak
    var candidates: [(value: Graph.Value, late: Int, size: Int, cost: Double)] = []
    for (index, node) in graph.nodes.enumerated() where index < peak && node.results.count == 1 && graph.isRecomputable(node) {
      let value = node.results[0]
      guard !graph.outputs.contains(value), let late = life.nextReader(value, after: peak) else { continue }
      candidates.append((value, late, life.byteCount[value], life.cost(node) / Double(max(life.byteCount[value], 1))))
    }
    candidates.sort { $0.cost != $1.cost ? $0.cost < $1.cost : $0.size > $1.size }
    var again: [Int: [Graph.Value]] = [:]
    var chosen = Set<Graph.Value>()
    var lastRead = life.lastRead
    var needed = Set<Graph.Value>()
    var freed = 0
    for (value, late, size, _) in candidates where freed < excess && !needed.contains(value) {
      let operands = graph.producer(value)!.operands.map { life.root[$0] }
      // What it is made from must be there: an argument, or kept so long for others in any case.
      let isThere = operands.allSatisfy { operand in
        guard case .node = graph.values[operand].origin else { return true }
        return !chosen.contains(operand) && lastRead[operand] >= late
      }
      guard isThere else { continue }
      again[late, default: []].append(value)
      chosen.insert(value)
      for operand in operands {
        needed.insert(operand)
        lastRead[operand] = max(lastRead[operand], late)
      }
      freed += size
    }
    if again.isEmpty { return nil }
    return Passes.recomputing(graph, again.mapValues { $0.sorted() })
  }
}

/// When each value of a graph lives, views counting as what they look at.
private struct Lifetimes {
  let graph: Graph
  private(set) var root: [Graph.Value]
  private(set) var byteCount: [Int]
  private(set) var lastRead: [Int]
  /// Of each root, the nodes that read it, directly or through a view; of those through a view, whether the view is made no earlier than it is read late.
  private var readers: [[(reader: Int, through: Int)]]
  private let shapes: [Shape]

  init(_ graph: Graph, _ sizes: [String: Int]) {
    self.graph = graph
    root = Array(graph.values.indices)
    shapes = graph.values.map { $0.type.shape.substituting(sizes) }
    byteCount = zip(graph.values, shapes).map { $1.elementCount * $0.type.dtype.byteCount }
    lastRead = Array(repeating: -1, count: graph.values.count)
    readers = Array(repeating: [], count: graph.values.count)
    var madeAt = [Int](repeating: -1, count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      for operand in Set(node.operands) { readers[root[operand]].append((index, madeAt[operand])) }
      if graph.isView(node) {
        root[node.results[0]] = root[node.operands[0]]
        madeAt[node.results[0]] = index
      }
      if case .fill? = node.operation as? Creation { byteCount[node.results[0]] = 0 }
    }
    for value in graph.values.indices { lastRead[value] = readers[value].last?.reader ?? -1 }
    for output in graph.outputs { lastRead[root[output]] = graph.nodes.count }
  }

  /// The node at which the values that live take most bytes.
  var peak: Int {
    var change = [Int](repeating: 0, count: graph.nodes.count + 2)
    for (index, node) in graph.nodes.enumerated() {
      for result in node.results where root[result] == result && lastRead[result] >= 0 {
        change[index] += byteCount[result]
        change[lastRead[result] + 1] -= byteCount[result]
      }
    }
    var sum = 0, most = -1, place = 0
    for (index, delta) in change.enumerated() {
      sum += delta
      if sum > most { (most, place) = (sum, index) }
    }
    return place
  }

  /// The first reader behind a place, if all readers behind it look through views made behind it.
  func nextReader(_ value: Graph.Value, after place: Int) -> Int? {
    let late = readers[value].filter { $0.reader > place }
    guard let first = late.first, late.allSatisfy({ $0.through < 0 || $0.through > place }) else { return nil }
    return first.reader
  }

  /// Roughly how long the node takes, in bytes moved at the speed of memory.
  func cost(_ node: Graph.Node) -> Double {
    let moved = Double((node.operands + node.results).reduce(0) { $0 + byteCount[$1] })
    guard node.operation is MatMul else { return moved }
    let inner = shapes[node.operands[0]]
    // Some twenty operations in the time of a byte.
    return moved + 2 * Double(shapes[node.results[0]].elementCount) * Double(inner[inner.rank - 1]) / 20
  }
}

extension Graph {
  fileprivate func isView(_ node: Node) -> Bool {
    switch node.operation as? Movement {
    case .reshape, .permute, .broadcast, .pick, .barrier: true
    case .place, .concatenate, .copy, nil: false
    }
  }

  fileprivate func isRecomputable(_ node: Node) -> Bool {
    switch node.operation {
    case is Elementwise, is MatMul, is Reduction: true
    case let fused as RowOperation: fused.program.outputs.allSatisfy { $0.accumulate == nil }
    case let movement as Movement: !isView(node) && movement.name != "barrier"
    case let indexing as Indexing: indexing.name == "gather" || indexing.name == "takeAlong"
    default: false
    }
  }
}
