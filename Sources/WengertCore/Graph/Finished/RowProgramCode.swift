extension RowProgram {
  /// Its name, inputs, instructions and outputs. Operands are named by how far back they are; whether a value is a row follows from them.
  func writeParts(to code: inout ProgramWriter) {
    code.text(name)
    code.count(inputs.count)
    for input in inputs { code.values(input.dtype, input.isRow) }
    code.count(instructions.count)
    for (id, instruction) in instructions.enumerated() {
      dtypes[id].write(to: &code)
      switch instruction {
      case .load(let input): code.form("load", input)
      case .constant(let value): code.form("constant", value)
      case .inverse(let extent): code.form("inverse", extent)
      case .columnIndex: code.form("columnIndex")
      case .unary(let op, let a): code.form("unary", op, id - a)
      case .binary(let op, let a, let b): code.form("binary", op, id - a, id - b)
      case .compare(let op, let a, let b): code.form("compare", op, id - a, id - b)
      case .select(let condition, let a, let b): code.form("select", id - condition, id - a, id - b)
      case .cast(let a): code.form("cast", id - a)
      case .random(let key, let stream, let lane, let numbering):
        code.form("random", id - key, Int(stream), lane, numbering == .byColumn)
      case .reduce(let op, let a): code.form("reduce", op, id - a)
      }
    }
    code.count(outputs.count)
    for output in outputs {
      code.values(output.value, output.dtype, output.accumulate != nil)
      output.accumulate?.write(to: &code)
    }
  }

  /// - Throws: `ProgramError` if it is not well formed.
  init(partsFrom code: inout ProgramReader) throws {
    let name = try code.text()
    var inputs: [Input] = [], instructions: [Instruction] = [], dtypes: [DType] = [], outputs: [Output] = []
    for _ in 0..<(try code.count("inputs of a row program")) { try inputs.append(Input(dtype: code.read(), isRow: code.read())) }
    for id in 0..<(try code.count("instructions of a row program")) {
      try dtypes.append(code.read())
      try instructions.append(Instruction(number: id, from: &code))
    }
    for _ in 0..<(try code.count("outputs of a row program")) {
      var output = try Output(value: code.read(), dtype: code.read())
      if try code.flag() { output.accumulate = try code.read() }
      outputs.append(output)
    }
    var isRow: [Bool] = []
    isRow.reserveCapacity(instructions.count)
    for instruction in instructions {
      switch instruction {
      case .load(let input): isRow.append(inputs.indices.contains(input) && inputs[input].isRow)
      case .columnIndex, .random: isRow.append(true)
      case .reduce: isRow.append(false)
      default: isRow.append(instruction.operands.contains { isRow[$0] })
      }
    }
    self.init(name: name, inputs: inputs, instructions: instructions, dtypes: dtypes, isRow: isRow, outputs: outputs)
    if let fault { throw ProgramError("its row program \(name.debugDescription) is broken: \(fault)") }
  }
}

extension RowProgram.Instruction {
  /// An instruction whose operands are all before it.
  fileprivate init(number id: Int, from code: inout ProgramReader) throws {
    func operand() throws -> RowProgram.Value {
      let back = try code.number()
      guard (1...max(id, 1)).contains(back), id > 0 else {
        throw ProgramError("instruction \(id) of a row program reads what is not made before")
      }
      return id - back
    }
    let word = try code.word()
    switch word {
    case "load": self = try .load(code.read())
    case "constant": self = try .constant(code.read())
    case "inverse": self = try .inverse(code.read())
    case "columnIndex": self = .columnIndex
    case "unary": self = try .unary(code.read(), operand())
    case "binary": self = try .binary(code.read(), operand(), operand())
    case "compare": self = try .compare(code.read(), operand(), operand())
    case "select": self = try .select(operand(), operand(), operand())
    case "cast": self = try .cast(operand())
    case "random":
      let key = try operand(), stream = try code.number(), lane = try code.number()
      guard let stream = UInt32(exactly: stream) else { throw ProgramError("there is no stream \(stream) of random numbers") }
      self = .random(key: key, stream: stream, lane: lane, numbering: try code.flag() ? .byColumn : .byElement)
    case "reduce": self = try .reduce(code.read(), operand())
    default: throw code.unknown(word, "instruction")
    }
  }
}
