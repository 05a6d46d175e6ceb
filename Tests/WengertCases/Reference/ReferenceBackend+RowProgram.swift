@_spi(Backend) import Wengert

extension ReferenceBackend {
  /// Interprets the program one row at a time, instruction by instruction.
  func run(_ program: RowProgram, inputs: [View], outputs: [View], over shape: Shape) {
    check(program, inputs, outputs, shape)
    let operands = inputs.map(read)
    var results = program.outputs.map { _ in [Number]() }
    for row in 0..<shape.rows {
      let values = evaluate(program, operands, row: row, columns: shape.columns)
      for (n, output) in program.outputs.enumerated() { results[n] += values[output.value] }
    }
    for (n, output) in program.outputs.enumerated() {
      let numbers = results[n].map { program.dtypes[output.value] == output.dtype ? $0 : $0.cast(to: output.dtype) }
      if let op = output.accumulate {
        store(combined(numbers, at: outputs[n].layout.positions, op, output.dtype), into: outputs[n])
      } else {
        store(numbers, into: outputs[n])
      }
    }
  }

  /// All values of a program for one row: a number per column, or a single one for scalars.
  private func evaluate(_ program: RowProgram, _ operands: [[Number]], row: Int, columns: Int) -> [[Number]] {
    var values: [[Number]] = []
    for (i, instruction) in program.instructions.enumerated() {
      let dtype = program.dtypes[i]
      let width = program.isRow[i] ? columns : 1
      let value: [Number] = (0..<width).map { column in
        func operand(_ a: RowProgram.Value) -> Number { values[a][program.isRow[a] ? column : 0] }
        switch instruction {
        case .load(let n): return operands[n][row * width + column]
        case .constant(let constant): return Number.real(constant).cast(to: dtype)
        case .inverse(let extent): preconditionFailure("1/(\(extent)) has symbols, which have numbers where a program is planned")
        case .columnIndex: return .whole(Int64(column))
        case .unary(let op, let a): return op(operand(a), dtype)
        case .binary(let op, let a, let b): return op(operand(a), operand(b), dtype)
        case .compare(let op, let a, let b): return op(operand(a), operand(b))
        case .select(let condition, let a, let b): return operand(condition).isZero ? operand(b) : operand(a)
        case .cast(let a):
          let number = operand(a).cast(to: dtype)
          // A conversion that was asked for rounds, also where nothing is stored.
          return program.dtypes[a] != dtype && dtype.computeType != dtype ? dtype.number(bits: dtype.bits(of: number)) : number
        case .random(let key, let stream, let lane, let numbering):
          let element = numbering == .byColumn ? column : row * columns + column
          let word = Philox.word(key: operand(key).integer, stream: stream, lane: lane, element: element)
          return .whole(Int64(word))
        case .reduce(let op, let a): return values[a].reduce(op.neutral(dtype)) { op($0, $1, dtype) }
        }
      }
      values.append(value)
    }
    return values
  }

  /// Each number replaced by the combination of all that share its position.
  private func combined(_ numbers: [Number], at positions: [Int], _ op: ReduceOp, _ dtype: DType) -> [Number] {
    var totals: [Int: Number] = [:]
    for (number, position) in zip(numbers, positions) {
      totals[position] = op(totals[position] ?? op.neutral(dtype), number, dtype)
    }
    return positions.map { totals[$0]! }
  }

  private func check(_ program: RowProgram, _ inputs: [View], _ outputs: [View], _ shape: Shape) {
    let name = program.name
    precondition(shape.rank >= 1, "\(name): a row program needs a row axis")
    precondition(inputs.count == program.inputs.count, "\(name): \(inputs.count) inputs for \(program.inputs.count)")
    precondition(outputs.count == program.outputs.count, "\(name): \(outputs.count) outputs for \(program.outputs.count)")
    let scalarShape = Shape(shape.outer + [1])
    for (view, input) in zip(inputs, program.inputs) {
      precondition(view.dtype == input.dtype, "\(name): input of \(view.dtype), not \(input.dtype)")
      precondition(view.shape == (input.isRow ? shape : scalarShape), "\(name): input of shape \(view.shape) over \(shape)")
    }
    for (view, output) in zip(outputs, program.outputs) {
      let isRow = program.isRow[output.value]
      precondition(view.dtype == output.dtype, "\(name): output of \(view.dtype), not \(output.dtype)")
      precondition(view.shape == (isRow ? shape : scalarShape), "\(name): output of shape \(view.shape) over \(shape)")
      precondition(isRow || output.accumulate == nil, "\(name): only rows are accumulated")
    }
    for (i, instruction) in program.instructions.enumerated() {
      if case .reduce(_, let a) = instruction { precondition(program.isRow[a] && !program.isRow[i], "\(name): value \(i) reduces no row") }
      if case .random(let key, _, _, _) = instruction { precondition(!program.isRow[key], "\(name): the key of value \(i) is a row") }
    }
  }
}
