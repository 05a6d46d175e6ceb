extension Passes {
  /// Makes one row program of each group of operations that walk the same rows, so that what they pass on stays in the cache.
  static func fusion(_ graph: Graph) -> Graph {
    let groups = FusionGroups(graph)
    var rewriter = GraphRewriter(graph)
    for unit in units(groups) {
      if groups.isWrittenAsRows(unit[0]) {
        var writer = GroupWriter(groups, unit)
        writer.write(&rewriter)
      } else if !groups.isStretch[unit[0]] || groups.isNeeded(stretch: unit[0]) {
        rewriter.keep(graph.nodes[unit[0]])
      }
    }
    return deadCode(rewriter.finish())
  }

  /// Groups and single nodes in an order in which each comes after what it needs, otherwise by their last node.
  private static func units(_ groups: FusionGroups) -> [[Int]] {
    let graph = groups.graph
    var unitOf = [Int](repeating: -1, count: graph.nodes.count)
    var units: [[Int]] = []
    for index in graph.nodes.indices where unitOf[index] < 0 {
      let members = groups.groupOf[index].map { groups.groups[$0].members } ?? [index]
      for member in members { unitOf[member] = units.count }
      units.append(members)
    }
    // Stretches are read through: a group waits for what they stretch.
    var waitsFor = [Int](repeating: 0, count: units.count)
    var followers = [[Int]](repeating: [], count: units.count)
    for (unit, members) in units.enumerated() {
      var needed = Set<Int>()
      for member in members {
        for operand in graph.nodes[member].operands {
          let value = groups.isWrittenAsRows(member) ? groups.unstretched(operand) : operand
          if let producer = groups.index(ofProducer: value), unitOf[producer] != unit { needed.insert(unitOf[producer]) }
        }
      }
      waitsFor[unit] = needed.count
      for other in needed { followers[other].append(unit) }
    }
    var ready = units.indices.filter { waitsFor[$0] == 0 }.sorted { units[$0].last! > units[$1].last! }
    var order: [[Int]] = []
    while let unit = ready.popLast() {
      order.append(units[unit])
      for follower in followers[unit] {
        waitsFor[follower] -= 1
        guard waitsFor[follower] == 0 else { continue }
        // Sorted by the last node, the first of them at the end.
        var low = 0, high = ready.count
        while low < high {
          let middle = (low + high) / 2
          if units[ready[middle]].last! < units[follower].last! { high = middle } else { low = middle + 1 }
        }
        ready.insert(follower, at: low)
      }
    }
    ensure(order.count == units.count, "groups that wait for each other")
    return order
  }
}

/// Writes the row program of one group.
private struct GroupWriter {
  private let graph: Graph
  private let groups: FusionGroups
  private let members: [Int]
  private let inside: Set<Int>
  private let space: Shape
  private let builder: RowBuilder
  /// The group's own values.
  private var values: [Graph.Value: RowValue] = [:]
  /// The operands from outside, in order.
  private var operands: [Graph.Value] = []
  private var loaded: [Graph.Value: RowValue] = [:]
  private var stores: [(value: Graph.Value, row: RowValue, dtype: DType, accumulates: Bool)] = []

  init(_ groups: FusionGroups, _ members: [Int]) {
    self.groups = groups
    self.members = members
    graph = groups.graph
    inside = Set(members)
    space = groups.groups[groups.groupOf[members[0]]!].space
    var names: [String] = []
    for member in members {
      let name = graph.nodes[member].operation.name
      if !names.contains(name) { names.append(name) }
    }
    builder = RowBuilder(names.prefix(4).joined(separator: "+") + (names.count > 4 ? "+…" : ""))
  }

  mutating func write(_ rewriter: inout GraphRewriter) {
    for member in members { compute(member) }
    for store in stores { builder.store(store.row, as: store.dtype, accumulate: store.accumulates ? .sum : nil) }
    let caller = graph.nodes[members.last!].caller
    let fused = RowOperation(program: builder.finish(), rule: .constant, shape: space)
    let results = rewriter.add(fused, rewriter.values(operands), caller)
    for (store, result) in zip(stores, results) {
      let shape = graph.type(store.value).shape
      var value = result
      if rewriter.result.type(value).shape != shape {
        // Sums over rows come as one row; numbers per row may stand for whole rows.
        let movement = store.accumulates ? Movement.reshape(shape) : Movement.broadcast(shape)
        value = rewriter.add(movement, [value], caller)[0]
      }
      rewriter.replace(store.value, by: value)
    }
  }

  private mutating func compute(_ member: Int) {
    let node = graph.nodes[member]
    switch node.operation {
    case let elementwise as Elementwise:
      finish(node.results[0], elementwise(node.operands.map { operand($0) }))
    case let reduction as Reduction:
      // Half precision adds up in float32, and what comes in float32 is not rounded before.
      let row = operand(node.operands[0]).cast(reduction.dtype.computeType)
      if graph.isAccumulated(member, 0) {
        accumulate(node.results[0], row)
      } else {
        finish(node.results[0], row.reduce(reduction.op).cast(reduction.dtype))
      }
    case let fused as RowOperation:
      let rows = inlined(fused.program, node.operands.enumerated().map { fused.program.loads($0) ? operand($1) : nil })
      for (output, value) in zip(fused.program.outputs, node.results) {
        if output.accumulate != nil {
          accumulate(value, rows[output.value])
        } else {
          finish(value, rows[output.value].cast(output.dtype))
        }
      }
    default: unreachable("\(node.operation.name) in a row program")
    }
  }

  /// `operands`: nil if the program loads none.
  private func inlined(_ program: RowProgram, _ operands: [RowValue?]) -> [RowValue] {
    var rows: [RowValue] = []
    for (id, instruction) in program.instructions.enumerated() {
      if case .load(let input) = instruction {
        rows.append(operands[input]!)
        continue
      }
      let isRow =
        switch instruction {
        case .columnIndex, .random: true
        case .reduce: false
        default: instruction.operands.contains { rows[$0].isRow }
        }
      rows.append(builder.emit(instruction.mappingOperands { rows[$0].id }, program.dtypes[id], isRow: isRow))
    }
    return rows
  }

  private mutating func finish(_ value: Graph.Value, _ row: RowValue) {
    values[value] = row
    if isReadOutside(value) { stores.append((value, row, graph.type(value).dtype, false)) }
  }

  private mutating func accumulate(_ value: Graph.Value, _ row: RowValue) {
    // What is one number per row counts once per column.
    let whole = row.isRow ? row : builder.columnIndex().compare(.less, builder.constant(0, .int64)).select(row, row)
    stores.append((value, whole, graph.type(value).dtype, true))
  }

  private mutating func operand(_ value: Graph.Value) -> RowValue {
    if let known = values[value] { return known }
    let source = groups.unstretched(value)
    if let known = values[source] { return known }
    if case .fill(let number, _, let dtype)? = graph.producer(source)?.operation as? Creation { return builder.constant(number, dtype) }
    if let known = loaded[source] { return known }
    let type = graph.type(source)
    let isRow = space.isOne(space.rank - 1) || (type.shape.rank > 0 && !type.shape.isOne(type.shape.rank - 1))
    let row = isRow ? builder.row(type.dtype) : builder.scalar(type.dtype)
    operands.append(source)
    loaded[source] = row
    return row
  }

  /// Whether anything but this group reads the value, be it through a stretch.
  private func isReadOutside(_ value: Graph.Value) -> Bool {
    graph.outputs.contains(value)
      || groups.readers[value].contains { reader in
        groups.isStretch[reader] ? isReadOutside(graph.nodes[reader].results[0]) : !inside.contains(reader)
      }
  }
}
