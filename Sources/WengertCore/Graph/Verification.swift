/// Whether row programs are verified when they are built, and graphs after each pass: in debug builds, and in tests, by their executable's name.
package enum Verification {
  package static let isOn: Bool = {
    #if DEBUG
      return true
    #else
      return CommandLine.arguments.first?.hasSuffix(".xctest") ?? false
    #endif
  }()
}

extension Graph {
  /// The graph itself; a fault in it ends the program, in debug builds and in tests, with the pass and the node.
  func verified(after pass: String) -> Graph {
    if Verification.isOn { verify(after: pass) }
    return self
  }

  /// Ends the program unless the graph is well formed.
  func verify(after pass: String) {
    if let fault { unreachable("the graph after the pass \(pass) is broken: \(fault)") }
  }

  /// What is wrong with the graph, and with which node; nil if nothing is.
  var fault: String? {
    if inputNames.count != inputs.count || !(0...inputs.count).contains(lateInputCount) {
      return "\(inputs.count) arguments with \(inputNames.count) names, of which \(lateInputCount) come late"
    }
    var isMade = [Bool](repeating: false, count: values.count)
    for (number, value) in inputs.enumerated() {
      guard values.indices.contains(value), case .input(number) = values[value].origin else {
        return "argument \(number) is %\(value), which is not that argument"
      }
      isMade[value] = true
    }
    for (value, info) in values.enumerated() {
      guard case .constant(let tensor) = info.origin else { continue }
      if tensor.node != nil { return "the constant %\(value) is traced itself" }
      if tensor.type != info.type { return "the constant %\(value) : \(info.type) is a tensor \(tensor.type)" }
      isMade[value] = true
    }
    let questions = OpenQuestions.current
    // What the rules ask of symbols was asked when the operations were traced.
    let broken = Tracer.$current.withValue(nil) { () -> String? in
      for (index, node) in nodes.enumerated() {
        if let fault = fault(of: node, index, &isMade) { return "\(text(of: node)): \(fault)" }
        questions?.belongs(to: index)
      }
      return nil
    }
    if let broken { return broken }
    if let value = isMade.firstIndex(of: false) { return "%\(value) is made by nothing" }
    for output in outputs where !values.indices.contains(output) { return "an output is %\(output) of \(values.count) values" }
    for update in updates {
      guard inputs.indices.contains(update.input), outputs.indices.contains(update.output) else {
        return "output \(update.output) of \(outputs.count) is written over argument \(update.input) of \(inputs.count)"
      }
      let (old, new) = (type(inputs[update.input]), type(outputs[update.output]))
      if !old.agrees(with: new) { return "argument \(update.input) : \(old) is written over with \(new)" }
    }
    return Set(updates.map(\.input)).count < updates.count ? "an argument is written over twice" : nil
  }

  /// As graphs print it, without what may be broken itself: types and row programs.
  private func text(of node: Node) -> String {
    let results = node.results.map { "%\($0)" }.joined(separator: ", ")
    return "\(results) = \(node.operation.name)" + node.operands.map { " %\($0)" }.joined(separator: ",")
  }

  private func fault(of node: Node, _ index: Int, _ isMade: inout [Bool]) -> String? {
    for operand in node.operands where !values.indices.contains(operand) || !isMade[operand] { return "%\(operand) is not made before" }
    for (number, result) in node.results.enumerated() {
      guard values.indices.contains(result), case .node(index, number) = values[result].origin, !isMade[result] else {
        return "%\(result) is not a value of this node alone"
      }
      isMade[result] = true
    }
    return fault(of: node.operation, node) { type($0) }
  }

  private func fault(of operation: some Operation, _ node: Node, type: (Value) -> TensorType) -> String? {
    let operands = node.operands.map { type($0) }
    if let fault = operation.fault(operands) { return "\(fault); they are \(operands)" }
    let expected = operation.results(operands, node.caller)
    let recorded = node.results.map { type($0) }
    let agree = expected.count == recorded.count && zip(expected, recorded).allSatisfy { $0.agrees(with: $1) }
    return agree ? nil : "recorded with results \(recorded), its rule gives \(expected)"
  }

  /// What is wrong with a node's operands when the symbols have these numbers.
  func fault(of node: Node, _ symbols: [String: Int]) -> String? {
    fault(of: node.operation.substituting(symbols), node) { type($0).substituting(symbols) }
  }
}

extension TensorType {
  /// Whether both are one type for all values of the symbols.
  func agrees(with other: TensorType) -> Bool {
    dtype == other.dtype && shape.agrees(with: other.shape)
  }
}

extension RowProgram {
  /// Ends the program unless the row program is well formed.
  package func verify() {
    if let fault { unreachable("the row program \(name) is broken: \(fault)") }
  }

  /// What is wrong with the program, and with which instruction; nil if nothing is.
  var fault: String? {
    if dtypes.count != instructions.count || isRow.count != instructions.count {
      return "\(instructions.count) instructions, \(dtypes.count) dtypes, \(isRow.count) marks of rows"
    }
    for id in instructions.indices {
      if let fault = fault(of: id) { return "v\(id) = \(instructions[id]) : \(dtypes[id]): \(fault)" }
    }
    for (number, output) in outputs.enumerated() {
      guard instructions.indices.contains(output.value) else {
        return "output \(number) is v\(output.value) of \(instructions.count) values"
      }
      let dtype = dtypes[output.value]
      if output.dtype.computeType != dtype.computeType { return "output \(number) stores \(dtype) as \(output.dtype); cast" }
      if output.accumulate != nil && !isRow[output.value] { return "output \(number) combines rows, and v\(output.value) is not one" }
    }
    return nil
  }

  private func fault(of id: Int) -> String? {
    let instruction = instructions[id], dtype = dtypes[id]
    for operand in instruction.operands where !(0..<id).contains(operand) { return "v\(operand) is not made before" }
    let types = instruction.operands.map { dtypes[$0].computeType }
    var makesRow = instruction.operands.contains { isRow[$0] }
    var isTyped = true
    switch instruction {
    case .load(let input):
      guard inputs.indices.contains(input) else { return "there are \(inputs.count) inputs" }
      isTyped = inputs[input].dtype.computeType == dtype.computeType
      makesRow = inputs[input].isRow
    case .constant, .inverse, .cast: break
    case .columnIndex:
      isTyped = dtype == .int64
      makesRow = true
    case .unary(.not, _), .unary(.isNaN, _), .unary(.isFinite, _): isTyped = dtype == .bool
    case .unary(.unitInterval, _): isTyped = types[0] == .int64 && dtype.isFloating
    case .unary, .binary: isTyped = types.allSatisfy { $0 == dtype.computeType }
    case .compare: isTyped = types[0] == types[1] && dtype == .bool
    case .select: isTyped = types[0] == .bool && types[1] == dtype.computeType && types[2] == dtype.computeType
    case .random(_, _, let lane, _):
      if !(0..<4).contains(lane) { return "words are numbered from 0 to 3" }
      isTyped = types[0] == .int64 && dtype == .int64
      makesRow = true
    case .reduce:
      isTyped = types[0] == dtype.computeType
      makesRow = false
    }
    if !isTyped { return "of operands [\(instruction.operands.map { "\(dtypes[$0])" }.joined(separator: ", "))]" }
    return isRow[id] == makesRow ? nil : "marked as \(isRow[id] ? "a row" : "one number per row")"
  }
}
