extension Program: CustomStringConvertible {
  /// The program as it was last bound: a line per kernel with its extents, arithmetic, bytes and buffers, and where the memory goes. Before the first call, the
  /// graph.
  public var description: String {
    guard let program = last else { return graph.description }
    return program.description
  }

  /// Bytes of the buffers between kernels, as last planned; arguments and results come on top.
  public var arenaByteCount: Int { last?.plan.arenaByteCount ?? 0 }

  /// The number of kernels that a call runs.
  public var kernelCount: Int { last?.steps.count ?? 0 }

  /// Where the memory goes: the arena, constants, results, and the largest buffers of the arena with the kernels between which they live.
  public var memoryDescription: String { last?.memoryDescription ?? "not bound yet" }
}

extension BoundProgram: CustomStringConvertible {
  var description: String {
    var rows = [["kernel", "", "extents", "MFLOP", "MB", "reads", "writes"]]
    for (number, step) in steps.enumerated() {
      let call = step.call.call
      let cost = call.cost
      rows.append([
        "\(number)", step.call.operation, call.summary, cost.flops.map { decimal($0 / 1e6) } ?? "by data",
        decimal(Double(cost.bytes) / 1e6),
        call.reads.map(place).joined(separator: " "), call.writes.map(place).joined(separator: " "),
      ])
    }
    return table(rows, rightAligned: [3, 4]) + "\n" + memoryDescription
  }

  var memoryDescription: String {
    let constants = lowering.buffers.reduce(0) { sum, buffer in
      if case .temporary = buffer.kind, plan.place(buffer.number) == .constant { return sum + buffer.byteCount }
      return sum
    }
    let results = lowering.buffers.reduce(0) { sum, buffer in
      if case .output = plan.place(buffer.number), plan.representative[buffer.number] == buffer.number { return sum + buffer.byteCount }
      return sum
    }
    let arguments = lowering.buffers.reduce(0) { sum, buffer in
      if case .input = buffer.kind { return sum + buffer.byteCount }
      return sum
    }
    var text =
      "\(steps.count) kernels; arena \(decimal(Double(plan.arenaByteCount) / 1e6)) MB, arguments \(decimal(Double(arguments) / 1e6)) MB, "
      + "results \(decimal(Double(results) / 1e6)) MB, constants \(decimal(Double(constants) / 1e6)) MB"
    let sizes = plan.lifetimes.keys.map { (bytes: lowering.buffers[$0].byteCount, number: $0) }
    let largest = sizes.sorted { $0.bytes != $1.bytes ? $0.bytes > $1.bytes : $0.number < $1.number }.prefix(8).map(\.number)
    for number in largest {
      guard case .arena(let offset) = plan.places[number], let life = plan.lifetimes[number] else { continue }
      text +=
        "\n  \(decimal(Double(lowering.buffers[number].byteCount) / 1e6)) MB at \(offset), kernels \(life.lowerBound)–\(life.upperBound)"
    }
    return text
  }

  /// The place of a kernel's operand: `@128` in the arena, `in3` an argument, `out0` a result, `const`.
  private func place(_ view: View) -> String {
    switch plan.place(lowering.buffer(view).number) {
    case .arena(let offset): "@\(offset)"
    case .input(let number): "in\(number)"
    case .output(let number): "out\(number)"
    case .constant: "const"
    case .unused: "-"
    }
  }
}

/// A number with three significant digits, or so.
func decimal(_ value: Double) -> String {
  let size = abs(value)
  if size >= 100 || value == 0 { return "\(Int(value.rounded()))" }
  let places = size >= 10 ? 10.0 : size >= 1 ? 100.0 : 1000.0
  return "\((value * places).rounded() / places)"
}

/// Rows in columns as wide as their widest cell.
func table(_ rows: [[String]], rightAligned: Set<Int>) -> String {
  let columns = rows.map(\.count).max() ?? 0
  var widths = [Int](repeating: 0, count: columns)
  for row in rows {
    for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
  }
  return rows.map { row in
    var line = ""
    for (column, cell) in row.enumerated() {
      let space = String(repeating: " ", count: widths[column] - cell.count)
      line += (column == 0 ? "" : "  ") + (rightAligned.contains(column) ? space + cell : cell + space)
    }
    while line.hasSuffix(" ") { line.removeLast() }
    return line
  }.joined(separator: "\n")
}
