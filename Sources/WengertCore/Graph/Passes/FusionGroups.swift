/// Which nodes of a graph become one row program.
///
/// A node belongs to a group if it can be said in the kernel language: element-wise operations, row programs, reductions of the last axis, and sums of all others (column sums).
/// Groups grow from each node to the producers of its operands, and to near readers of the same operand, where both walk one space, rows that are reduced meeting
/// the space of what is repeated along them, and where nothing outside lies between them.
struct FusionGroups {
  /// Instructions and operands beyond which a program would no longer stand in the cache.
  static let largest = 96, mostOperands = 24

  let graph: Graph
  /// The group of each node, by number of the node; nil for those that no row program can hold.
  private(set) var groupOf: [Int?]
  private(set) var groups: [Group] = []
  /// The nodes that read each value.
  let readers: [[Int]]
  /// The search that last came to each node, and its number.
  private var visited: [Int]
  private var visit = 0

  struct Group {
    var members: [Int]
    /// The shape that the program walks.
    var space: Shape
    /// Whether it could as well compute one number per row: nothing in it looks along the row.
    var isPerElement: Bool
    var size: Int
    /// Whether it waits for a late argument.
    var isLate = false
  }

  init(_ graph: Graph) {
    self.graph = graph
    readers = FusionGroups.readers(graph)
    groupOf = Array(repeating: nil, count: graph.nodes.count)
    visited = Array(repeating: 0, count: graph.nodes.count)
    var late = Set(graph.inputs.suffix(graph.lateInputCount))
    for (index, node) in graph.nodes.enumerated() {
      let isLate = node.operands.contains(where: late.contains)
      if isLate { late.formUnion(node.results) }
      guard var group = graph.rowGroup(of: node, index) else { continue }
      group.isLate = isLate
      groups.append(group)
      groupOf[index] = groups.count - 1
      for operand in node.operands {
        guard let producer = self.index(ofProducer: graph.unstretched(operand)), let other = groupOf[producer], let own = groupOf[index],
          other != own
        else { continue }
        merge(other, own)
      }
    }
    mergeReadersOfOneValue()
  }

  /// How many nodes may lie between two readers of a value that are joined.
  private static var siblingDistance: Int { 32 }

  /// Joins groups that read one value in full, near each other, so that it is read once.
  private mutating func mergeReadersOfOneValue() {
    for value in graph.values.indices where readers[value].count > 1 {
      var previous: (node: Int, group: Int)?
      for reader in readers[value] {
        guard let group = groupOf[reader], groups[group].space == graph.type(value).shape else { continue }
        if let (node, first) = previous, first != group, reader - node <= Self.siblingDistance { merge(first, group) }
        previous = (reader, groupOf[reader]!)
      }
    }
  }

  func index(ofProducer value: Graph.Value) -> Int? {
    if case .node(let index, _) = graph.values[value].origin { return index }
    return nil
  }

  /// Whether a node is written as a row program, alone or with others; a single operation on a product is, so that it can be joined to the product.
  func isWrittenAsRows(_ node: Int) -> Bool {
    guard let group = groupOf[node] else { return false }
    return groups[group].members.count > 1
      || (graph.nodes[node].operation is Elementwise
        && graph.nodes[node].operands.contains { graph.producer($0)?.operation is MatMul && graph.type($0).shape.rank == 2 })
  }

  /// Whether something needs the stretched value itself: row programs read through.
  func isNeeded(stretch node: Int) -> Bool {
    let value = graph.nodes[node].results[0]
    return graph.outputs.contains(value)
      || readers[value].contains { reader in
        graph.isStretch(reader) ? isNeeded(stretch: reader) : !isWrittenAsRows(reader)
      }
  }

  /// Makes one group of two where that is allowed.
  private mutating func merge(_ a: Int, _ b: Int) {
    let (first, second) = (groups[a], groups[b])
    guard first.isLate == second.isLate, first.size + second.size <= Self.largest, let space = commonSpace(first, second),
      linksAreRows(first, second), linksAreRows(second, first), !hasDetour(from: a, to: b), !hasDetour(from: b, to: a)
    else { return }
    let members = (first.members + second.members).sorted()
    guard operandCount(members) <= Self.mostOperands else { return }
    groups[a] = Group(
      members: members, space: space, isPerElement: first.isPerElement && second.isPerElement && first.space == second.space,
      size: first.size + second.size, isLate: first.isLate)
    groups[b].members = []
    for member in second.members { groupOf[member] = a }
  }

  /// The one space that both can walk.
  private func commonSpace(_ a: Group, _ b: Group) -> Shape? {
    if a.space == b.space { return a.space }
    if a.isPerElement && a.space == b.space.perRow { return b.space }
    if b.isPerElement && b.space == a.space.perRow { return a.space }
    return nil
  }

  /// Whether what the second reads of the first is known row by row; sums over rows are known at the end only.
  private func linksAreRows(_ first: Group, _ second: Group) -> Bool {
    let members = Set(first.members)
    return second.members.allSatisfy { member in
      graph.nodes[member].operands.allSatisfy { operand in
        let value = graph.unstretched(operand)
        guard case .node(let index, let result) = graph.values[value].origin, members.contains(index) else { return true }
        return !graph.isAccumulated(index, result)
      }
    }
  }

  /// Whether something outside both reads the first and is read by the second, so that one program cannot hold both.
  private mutating func hasDetour(from a: Int, to b: Int) -> Bool {
    visit += 1
    var stack: [Int] = []
    /// Notes what reads the node's results; true where that is the second group and the path has led outside.
    func follow(_ node: Int, outside: Bool) -> Bool {
      for result in graph.nodes[node].results {
        for reader in readers[result] where visited[reader] != visit {
          let group = groupOf[reader]
          if group == a || (group == b && !outside) { continue }
          if group == b { return true }
          if graph.isStretch(reader) && !outside {
            // Stretching is part of the reader; what else reads it is outside.
            if follow(reader, outside: false) { return true }
          } else {
            visited[reader] = visit
            stack.append(reader)
          }
        }
      }
      return false
    }
    for member in groups[a].members where follow(member, outside: false) { return true }
    while let node = stack.popLast() {
      if follow(node, outside: true) { return true }
      // A group runs as a whole: what reads any of it waits for all of it.
      guard let group = groupOf[node] else { continue }
      for member in groups[group].members where visited[member] != visit {
        visited[member] = visit
        if follow(member, outside: true) { return true }
      }
    }
    return false
  }

  private func operandCount(_ members: [Int]) -> Int {
    let inside = Set(members)
    var operands = Set<Graph.Value>()
    for member in members {
      for operand in graph.nodes[member].operands {
        let value = graph.unstretched(operand)
        if let producer = index(ofProducer: value), inside.contains(producer) { continue }
        operands.insert(value)
      }
    }
    return operands.count
  }
}

extension Graph {
  /// A group of the node alone; nil where no row program can hold it.
  fileprivate func rowGroup(of node: Node, _ index: Int) -> FusionGroups.Group? {
    // Whole numbers of eight bits wrap when they are stored, and so must be.
    guard node.results.allSatisfy({ type($0).dtype != .uint8 }) else { return nil }
    func group(_ space: Shape, perElement: Bool, size: Int) -> FusionGroups.Group? {
      space.rank == 0 ? nil : FusionGroups.Group(members: [index], space: space, isPerElement: perElement, size: size)
    }
    switch node.operation {
    case is Elementwise: return group(type(node.results[0]).shape, perElement: true, size: 1)
    case let fused as Fused:
      return group(
        fused.iteration(node.operands.map { type($0) }), perElement: fused.program.isPerElement, size: fused.program.instructions.count)
    case let reduction as Reduction:
      let shape = type(node.operands[0]).shape
      guard shape.rank > 0, !shape.hasNoElements else { return nil }
      let isRow = reduction.axes == [shape.rank - 1] && !shape.isOne(shape.rank - 1)
      let isColumns = reduction.op == .sum && shape.rank > 1 && reduction.axes == Shape(0..<shape.rank - 1)
      return isRow || isColumns ? group(shape, perElement: false, size: 2) : nil
    default: return nil
    }
  }

  /// Whether a node only repeats its operand along axes.
  func isStretch(_ node: Int) -> Bool {
    if case .broadcast? = nodes[node].operation as? Movement { return true }
    return false
  }

  /// The value that a repeated one repeats.
  func unstretched(_ value: Value) -> Value {
    var value = value
    while case .node(let index, _) = values[value].origin, isStretch(index) { value = nodes[index].operands[0] }
    return value
  }

  /// Whether a result combines all rows.
  func isAccumulated(_ node: Int, _ result: Int) -> Bool {
    switch nodes[node].operation {
    case let fused as Fused: fused.program.outputs[result].accumulate != nil
    case let reduction as Reduction: reduction.axes != [type(nodes[node].operands[0]).shape.rank - 1]
    default: false
    }
  }
}

extension Shape {
  /// The shape of one number per row.
  var perRow: Shape {
    var result = self
    if rank > 0 { result[rank - 1] = 1 }
    return result
  }
}

extension RowProgram {
  /// Whether each element depends on those at its own place alone, wherever that is.
  var isPerElement: Bool {
    instructions.allSatisfy {
      switch $0 {
      case .reduce, .columnIndex, .random: false
      default: true
      }
    } && inputs.allSatisfy(\.isRow) && outputs.allSatisfy { $0.accumulate == nil && isRow[$0.value] }
  }
}
