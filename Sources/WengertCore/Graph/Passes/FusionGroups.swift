/// Which nodes of a graph become one row program.
///
/// A node belongs to a group if it can be said in the kernel language: element-wise operations, row programs, reductions of the last axis, and sums of all others (column sums).
/// Groups grow from each node to the producers of its operands, and to near readers of the same operand, where both walk one space, rows that are reduced meeting
/// the space of what is repeated along them, and if nothing outside is between them.
struct FusionGroups {
  /// Instructions and operands beyond which a program would no longer fit in the cache.
  static let largest = 96, mostOperands = 24

  let graph: Graph
  /// The group of each node, by number of the node; nil for those that no row program can hold.
  private(set) var groupOf: [Int?]
  private(set) var groups: [Group] = []
  /// The nodes that read each value.
  let readers: [[Int]]
  /// The nodes that read a result of each node.
  private let followers: [[Int]]
  /// Whether each node only repeats its operand along axes.
  let isStretch: [Bool]
  /// What each value repeats; itself if it repeats nothing.
  private let source: [Graph.Value]
  /// The node that makes each value, and as which of its results; nil for arguments and constants.
  private let producers: [(node: Int, result: Int)?]
  /// The search that last came to each node, and its number.
  private var visited: [Int]
  private var visit = 0
  /// How many nodes all searches looked at.
  private(set) var searched = 0
  /// The count that last met each value, and its number.
  private var counted: [Int]
  private var count = 0

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
    let readers = FusionGroups.readers(graph)
    self.readers = readers
    followers = graph.nodes.map { node in
      node.results.count == 1 ? readers[node.results[0]] : Array(Set(node.results.flatMap { readers[$0] }))
    }
    let isStretch = graph.nodes.indices.map { graph.isStretch($0) }
    self.isStretch = isStretch
    var source = Array(graph.values.indices)
    var producers = [(node: Int, result: Int)?](repeating: nil, count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      if isStretch[index] { source[node.results[0]] = source[node.operands[0]] }
      for (number, result) in node.results.enumerated() { producers[result] = (index, number) }
    }
    self.source = source
    self.producers = producers
    groupOf = Array(repeating: nil, count: graph.nodes.count)
    visited = Array(repeating: 0, count: graph.nodes.count)
    counted = Array(repeating: 0, count: graph.values.count)
    var late = Set(graph.inputs.suffix(graph.lateInputCount))
    for (index, node) in graph.nodes.enumerated() {
      let isLate = node.operands.contains(where: late.contains)
      if isLate { late.formUnion(node.results) }
      guard var group = graph.rowGroup(of: node, index) else { continue }
      group.isLate = isLate
      groups.append(group)
      groupOf[index] = groups.count - 1
      for operand in node.operands {
        guard let producer = self.index(ofProducer: source[operand]), let other = groupOf[producer], let own = groupOf[index], other != own
        else { continue }
        // No later node belongs to a group yet, so that no way leads back from there.
        merge(other, own, last: index)
      }
    }
    mergeReadersOfOneValue()
  }

  /// How many nodes may be between two readers of a value that are joined.
  private static var siblingDistance: Int { 32 }

  /// Joins groups that read one value in full, near each other, so that it is read once.
  private mutating func mergeReadersOfOneValue() {
    for value in graph.values.indices where readers[value].count > 1 {
      var previous: (node: Int, group: Int)?
      for reader in readers[value] {
        guard let group = groupOf[reader], groups[group].space == graph.type(value).shape else { continue }
        if let (node, first) = previous, first != group, reader - node <= Self.siblingDistance {
          merge(first, group, last: graph.nodes.count)
        }
        previous = (reader, groupOf[reader]!)
      }
    }
  }

  func index(ofProducer value: Graph.Value) -> Int? { producers[value]?.node }

  /// What a value repeats along axes.
  func unstretched(_ value: Graph.Value) -> Graph.Value { source[value] }

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
        isStretch[reader] ? isNeeded(stretch: reader) : !isWrittenAsRows(reader)
      }
  }

  /// Makes one group of two if that is allowed.
  ///
  /// - Parameter last: nodes behind this one lie on no way between the two.
  private mutating func merge(_ a: Int, _ b: Int, last: Int) {
    let (first, second) = (groups[a], groups[b])
    guard first.isLate == second.isLate, first.size + second.size <= Self.largest, let space = commonSpace(first, second),
      linksAreRows(a, b), linksAreRows(b, a), !hasDetour(from: a, to: b, last: last),
      !hasDetour(from: b, to: a, last: last)
    else { return }
    guard operandCount(a, b) <= Self.mostOperands else { return }
    let members = (first.members + second.members).sorted()
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
  private func linksAreRows(_ first: Int, _ second: Int) -> Bool {
    groups[second].members.allSatisfy { member in
      graph.nodes[member].operands.allSatisfy { operand in
        guard let (index, result) = producers[source[operand]], groupOf[index] == first else { return true }
        return !graph.isAccumulated(index, result)
      }
    }
  }

  /// How many nodes are looked at for a way from one group to another: two groups that have more between them are taken as unfit, so that the search takes a
  /// bounded time however long the graph is.
  private static var longestSearch: Int { 1024 }

  /// Whether something outside both reads the first and is read by the second, so that one program cannot hold both.
  private mutating func hasDetour(from a: Int, to b: Int, last: Int) -> Bool {
    visit += 1
    var stack: [Int] = []
    var steps = 0
    defer { searched += steps }
    /// Notes what reads the node's results; true if that is the second group and the path has led outside.
    func follow(_ node: Int, outside: Bool) -> Bool {
      for reader in followers[node] where reader <= last && visited[reader] != visit {
        let group = groupOf[reader]
        if group == a || (group == b && !outside) { continue }
        if group == b { return true }
        if isStretch[reader] && !outside {
          // Stretching is part of the reader; what else reads it is outside.
          if follow(reader, outside: false) { return true }
        } else {
          visited[reader] = visit
          stack.append(reader)
        }
      }
      return false
    }
    for member in groups[a].members where follow(member, outside: false) { return true }
    while let node = stack.popLast() {
      steps += 1
      if steps > Self.longestSearch || follow(node, outside: true) { return true }
      // A group runs as a whole: what reads any of it waits for all of it.
      guard let group = groupOf[node] else { continue }
      for member in groups[group].members where visited[member] != visit {
        visited[member] = visit
        steps += 1
        if follow(member, outside: true) { return true }
      }
    }
    return false
  }

  /// How many values two groups read together that neither makes.
  private mutating func operandCount(_ a: Int, _ b: Int) -> Int {
    count += 1
    var operands = 0
    for group in [a, b] {
      for member in groups[group].members {
        for operand in graph.nodes[member].operands {
          let value = source[operand]
          if counted[value] == count { continue }
          counted[value] = count
          if let producer = producers[value], groupOf[producer.node] == a || groupOf[producer.node] == b { continue }
          operands += 1
        }
      }
    }
    return operands
  }
}

extension Graph {
  /// A group of the node alone; nil if no row program can hold it.
  fileprivate func rowGroup(of node: Node, _ index: Int) -> FusionGroups.Group? {
    // Whole numbers of eight bits wrap when they are stored, and so must be.
    guard node.results.allSatisfy({ type($0).dtype != .uint8 }) else { return nil }
    func group(_ space: Shape, perElement: Bool, size: Int) -> FusionGroups.Group? {
      space.rank == 0 ? nil : FusionGroups.Group(members: [index], space: space, isPerElement: perElement, size: size)
    }
    switch node.operation {
    case let elementwise as Elementwise:
      return group(
        type(node.results[0]).shape, perElement: true, size: ElementwisePrograms.instructionCount(elementwise, type(node.results[0]).dtype))
    case let fused as RowOperation:
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
    case let fused as RowOperation: fused.program.outputs[result].accumulate != nil
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
