extension Graph: CustomStringConvertible {
  /// One line per node: `%5 = add %2, %4 : float32[batch, 8]`.
  public var description: String {
    var lines = [
      "graph(" + zip(inputs, inputNames).map { "%\($0) \"\($1)\": \(type($0))" }.joined(separator: ", ") + ") {"
    ]
    for (value, info) in values.enumerated() {
      if case .constant = info.origin { lines.append("  %\(value) = constant : \(info.type)") }
    }
    for node in nodes {
      let results = node.results.map { "%\($0)" }.joined(separator: ", ")
      let operands = node.operands.map { " %\($0)" }.joined(separator: ",")
      lines.append(
        "  \(results) = \(node.operation.text)\(operands) : \(node.results.map { type($0).description }.joined(separator: ", "))")
    }
    let kept = outputs.indices.filter { number in !updates.contains { $0.output == number } }
    lines.append("  return" + (kept.isEmpty ? "" : " ") + kept.map { "%\(outputs[$0])" }.joined(separator: ", "))
    for update in updates { lines.append("  update %\(inputs[update.input]) = %\(outputs[update.output])") }
    return lines.joined(separator: "\n") + "\n}"
  }

  /// The graph in Graphviz's language, for `dot -Tsvg`.
  public var graphviz: String {
    var lines = ["digraph program {", "  node [shape=box, fontname=\"monospace\"];"]
    func escaped(_ text: String) -> String { text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") }
    func name(_ value: Value) -> String {
      switch values[value].origin {
      case .input(let number): "input\(number)"
      case .constant: "constant\(value)"
      case .node(let index, _): "node\(index)"
      }
    }
    for (number, input) in inputs.enumerated() {
      lines.append("  input\(number) [label=\"\(escaped(inputNames[number]))\\n\(type(input))\", shape=ellipse];")
    }
    for (value, info) in values.enumerated() {
      if case .constant = info.origin {
        lines.append("  constant\(value) [label=\"constant\\n\(info.type)\", shape=ellipse, style=dashed];")
      }
    }
    for (index, node) in nodes.enumerated() {
      lines.append("  node\(index) [label=\"\(escaped(node.operation.text))\"];")
      for operand in node.operands { lines.append("  \(name(operand)) -> node\(index) [label=\"\(type(operand))\"];") }
    }
    for (number, output) in outputs.enumerated() {
      let update = updates.first { $0.output == number }.map { "new " + inputNames[$0.input] } ?? "result \(number)"
      lines.append("  output\(number) [label=\"\(escaped(update))\", shape=ellipse];")
      lines.append("  \(name(output)) -> output\(number) [label=\"\(type(output))\"];")
    }
    return lines.joined(separator: "\n") + "\n}"
  }
}

extension Operation {
  /// The operation with its settings, as graphs print it.
  var text: String {
    switch self {
    case let movement as Movement: movement.settings
    case let reduction as Reduction: "\(name)(axes: \(reduction.axes))"
    case let fused as RowOperation: "rows \(fused.shape.map(\.description) ?? "") {\(fused.program)}"
    case let product as MatMulEpilogue: "matmul then \(product.rows.text)"
    default: name
    }
  }
}

extension Movement {
  fileprivate var settings: String {
    switch self {
    case .permute(let axes): "permute(\(axes))"
    case .pick(.slice(let starts, let steps, _)): "slice(from: \(starts), by: \(steps))"
    case .concatenate(let axis): "concatenate(axis: \(axis))"
    default: name
    }
  }
}

extension RowProgram: CustomStringConvertible {
  /// The instructions, one after another: inputs are x0, x1 …, values v0, v1 …; what is used once is written at its use.
  public var description: String {
    var uses = [Int](repeating: 0, count: instructions.count)
    for instruction in instructions {
      for operand in instruction.operands { uses[operand] += 1 }
    }
    for output in outputs { uses[output.value] += 1 }
    var texts: [String] = []
    var parts: [String] = []
    for (id, instruction) in instructions.enumerated() {
      let text = expression(instruction, dtypes[id], texts)
      let isPlain = instruction.operands.isEmpty
      if isPlain || uses[id] <= 1 && text.count < 60 {
        texts.append(text)
      } else {
        parts.append("v\(id) = \(text)")
        texts.append("v\(id)")
      }
    }
    parts += outputs.map { output in
      "\(output.accumulate.map { "columns \($0) " } ?? "")\(texts[output.value])"
    }
    return parts.joined(separator: "; ")
  }

  private func expression(_ instruction: Instruction, _ dtype: DType, _ texts: [String]) -> String {
    switch instruction {
    case .load(let input): return "x\(input)"
    case .constant(let value): return value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : dtype.text(value)
    case .inverse(let extent): return "1/(\(extent))"
    case .columnIndex: return "column"
    case .unary(let op, let a): return "\(op)(\(texts[a]))"
    case .binary(let op, let a, let b): return Self.infix[op].map { "(\(texts[a]) \($0) \(texts[b]))" } ?? "\(op)(\(texts[a]), \(texts[b]))"
    case .compare(let op, let a, let b): return "\(op)(\(texts[a]), \(texts[b]))"
    case .select(let c, let a, let b): return "select(\(texts[c]), \(texts[a]), \(texts[b]))"
    case .cast(let a): return "cast(\(texts[a]))"
    case .random(let key, _, let lane, .byElement): return "random(\(texts[key]), \(lane))"
    case .random(let key, _, let lane, .byColumn): return "random(\(texts[key]), \(lane), by column)"
    case .reduce(let op, let a): return "\(op)(\(texts[a]))"
    }
  }

  private static let infix: [BinaryOp: String] = [.add: "+", .subtract: "-", .multiply: "*", .divide: "/"]
}

extension DType {
  /// The shortest decimal number that rounds to a number of this dtype, as far as Swift has a type that knows it.
  func text(_ value: Double) -> String { computeType == .float32 ? "\(Float(value))" : "\(value)" }
}
