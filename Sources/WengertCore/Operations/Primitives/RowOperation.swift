/// A whole row program as one primitive. Operands broadcast against `shape`; results are row-major: of that shape for rows, with a last extent
/// of one for scalars, and of the last extent alone for values accumulated over all rows.
struct RowOperation: Operation {
  var program: RowProgram
  var rule: Rule
  /// The iteration shape; nil takes the first operand's.
  var shape: Shape? = nil

  /// Where the derivative comes from.
  enum Rule: Hashable, Sendable {
    /// The program's own instructions, one tensor operation each, differentiated one by one.
    case replay
    case softmax, logSoftmax, logSumExp
    case layerNorm(epsilon: Double)
    case l2Normalize(epsilon: Double)
    /// Linear in operand 0: the same program carries cotangents and tangents.
    case selfAdjoint
    /// Random numbers.
    case constant
  }

  var name: String { program.name }

  func iteration(_ operands: [TensorType]) -> Shape { shape ?? operands[0].shape }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    let full = iteration(operands)
    caller.require(full.rank > 0, name, "needs at least one axis")
    for operand in operands {
      caller.require(operand.shape, broadcastsTo: full, name, "an operand of shape \(operand.shape) does not broadcast to \(full)")
    }
    return program.outputs.map { output in
      var shape = full
      if output.accumulate != nil {
        shape = full.selecting([full.rank - 1])
      } else if !program.isRow[output.value] {
        shape[full.rank - 1] = 1
      }
      return TensorType(shape: shape, dtype: output.dtype)
    }
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let outs = results.map { $0.allocate(on: backend) }
    for (out, output) in zip(outs, program.outputs) where output.accumulate != nil { ViewKernels.fill(out, with: 0) }
    let full = iteration(operands.map(\.type))
    ViewKernels.run(program, operands.map(\.view), into: outs, over: full)
    if full.elementCount == 0 { runWithoutColumns(operands, outs, full) }
    return outs.map { Tensor($0, node: nil) }
  }

  /// Rows without elements have their numbers still: sums of nothing, and what follows from them.
  private func runWithoutColumns(_ operands: [Tensor], _ outs: [View], _ full: Shape) {
    let numbers = outs.indices.filter {
      program.outputs[$0].accumulate == nil && !program.isRow[program.outputs[$0].value] && outs[$0].shape.elementCount > 0
    }
    if numbers.isEmpty { return }
    var space = full
    space[full.rank - 1] = 1
    var rest = program
    rest.outputs = numbers.map { program.outputs[$0] }
    for (id, instruction) in program.instructions.enumerated() {
      guard case .reduce(let op, _) = instruction else { continue }
      let isFloating = program.dtypes[id].isFloating
      switch op {
      case .sum: rest.instructions[id] = .constant(0)
      case .product: rest.instructions[id] = .constant(1)
      case .minimum: rest.instructions[id] = .constant(isFloating ? .infinity : 1)
      case .maximum: rest.instructions[id] = .constant(isFloating ? -.infinity : 0)
      }
    }
    // What is in rows is read by nothing that is left, and may have no element at all.
    rest = RowBuilder(program.name).finish(rest)
    let views = operands.enumerated().map { i, operand in
      rest.loads(i) ? operand.view : ViewKernels.scalar(0, operand.dtype, on: outs[0].storage.backend)
    }
    ViewKernels.run(rest, views, into: numbers.map { outs[$0] }, over: space)
  }

  func substituting(_ symbols: [String: Int]) -> RowOperation {
    RowOperation(program: program.substituting(symbols), rule: rule, shape: shape?.substituting(symbols))
  }

  func batched(_ application: BatchedApplication) -> [Tensor] {
    let a = application, full = iteration(a.operandTypes)
    if program.numbersElements { return rowPerExample(a, full) ?? a.each(self) }
    var all = self
    all.shape = a.batch(full)
    var operands = a.operands.indices.map { a.isBatched[$0] ? a.padded($0, rank: full.rank) : a.operands[$0] }
    all.takeFirstWhole(&operands, a)
    // Sums over all rows are sums over those of an example.
    var sums: [(result: Int, op: ReduceOp)] = []
    for (i, output) in program.outputs.enumerated() {
      guard let op = output.accumulate else { continue }
      sums.append((i, op))
      all.program.outputs[i].accumulate = nil
      all.program.outputs[i].dtype = output.dtype.computeType
    }
    var results = apply(all, operands, a.caller)
    for (i, op) in sums {
      let rows = Reduction(op: op, axes: Shape(1..<full.rank), dtype: results[i].dtype)
      let sum = full.rank > 1 ? apply1(rows, [results[i]], a.caller) : results[i]
      results[i] = sum.move(.reshape(a.batch(a.resultTypes[i].shape)), a.caller).cast(to: a.resultTypes[i].dtype)
    }
    return results
  }

  /// Rules that look at the first operand alone get it with the batch; layer norm's, which takes one gain and bias for all rows, is no rule for several.
  private mutating func takeFirstWhole(_ operands: inout [Tensor], _ a: BatchedApplication) {
    switch rule {
    case .replay, .constant: return
    case .layerNorm: if a.isBatched.dropFirst().contains(true) { rule = .replay }
    case .softmax, .logSoftmax, .logSumExp, .l2Normalize, .selfAdjoint: break
    }
    operands[0] = a.whole(0)
  }

  /// A program that draws random numbers by the element's place: with each example as one row they are those of the place in the example. Nil if rows matter otherwise.
  private func rowPerExample(_ a: BatchedApplication, _ full: Shape) -> [Tensor]? {
    let readsRows = program.instructions.contains {
      switch $0 {
      case .reduce, .columnIndex, .random(_, _, _, .byColumn): true
      default: false
      }
    }
    let writesRows = program.outputs.allSatisfy { $0.accumulate == nil && program.isRow[$0.value] }
    let hasNumbersAlone = a.operandTypes.indices.allSatisfy { program.inputs[$0].isRow || a.operandTypes[$0].shape.elements.number == 1 }
    guard !readsRows, writesRows, hasNumbersAlone else { return nil }
    let count = full.elements
    var all = self
    all.shape = Shape(dimensions: [a.size, count])
    for (id, instruction) in program.instructions.enumerated() {
      guard case .random(let key, let stream, let lane, .byElement) = instruction else { continue }
      all.program.instructions[id] = .random(key: key, stream: stream, lane: lane, numbering: .byColumn)
    }
    var operands = a.operands.indices.map { i -> Tensor in
      if !program.inputs[i].isRow { return a.operands[i].move(.reshape(a.isBatched[i] ? Shape(dimensions: [a.size, 1]) : [1]), a.caller) }
      if !a.isBatched[i] { return a.operands[i].move(.broadcast(full), a.caller).move(.reshape(Shape(dimensions: [count])), a.caller) }
      return a.padded(i, rank: full.rank).move(.broadcast(a.batch(full)), a.caller).move(.reshape(all.shape!), a.caller)
    }
    if rule == .selfAdjoint { operands[0] = operands[0].move(.broadcast(all.shape!), a.caller) }
    return a.split(apply(all, operands, a.caller))
  }

  func keeps(for wanted: [Bool]) -> Residuals {
    switch rule {
    case .replay, .layerNorm, .l2Normalize: .allOperands
    case .softmax, .logSoftmax: Residuals(operands: 1, results: true)
    case .logSumExp: .all
    case .selfAdjoint: Residuals(operands: ~1, results: false)
    case .constant: .nothing
    }
  }

  var derivative: Derivative {
    switch rule {
    case .replay: .rule(vjp: replayVJP, jvp: replayJVP)
    case .softmax:
      .rule(vjp: { a, ct in [RowFunctions.softmaxPullback(a.result(), ct[0]!, a.caller)] }, jvp: replayJVP)
    case .logSoftmax:
      .rule(vjp: { a, ct in [RowFunctions.logSoftmaxPullback(a.result(), ct[0]!, a.caller)] }, jvp: replayJVP)
    case .logSumExp:
      .rule(
        vjp: { a, ct in [RowFunctions.logSumExpPullback(a.operand(0), a.result(), ct[0]!, a.caller)] },
        jvp: { a, t in [RowFunctions.logSumExpPushforward(a.operand(0), a.result(), t[0]!, a.caller)] })
    case .layerNorm(let epsilon):
      .rule(
        vjp: { a, ct in RowFunctions.layerNormPullback(a.operand(0), a.operand(1), ct[0]!, epsilon, a.caller) }, jvp: replayJVP)
    case .l2Normalize(let epsilon):
      .rule(vjp: { a, ct in [RowFunctions.l2NormalizePullback(a.operand(0), ct[0]!, epsilon, a.caller)] }, jvp: replayJVP)
    case .selfAdjoint:
      .linear(in: [0], part: self) { a, ct in
        let fixed = (1..<a.operandTypes.count).map { a.operand($0) }
        return apply(self, [ct[0]!] + fixed, a.caller)
      }
    case .constant: .zero
    }
  }

  private func replayVJP(_ a: Application, _ cotangents: [Tensor?]) -> [Tensor?] {
    let inputs = a.operandTypes.indices.map { a.operand($0) }
    let differentiable = inputs.indices.filter { a.wanted[$0] && inputs[$0].dtype.isFloating && program.loads($0) }
    // Reductions of no rows have no greatest element, and no gradient.
    if iteration(a.operandTypes).hasNoElements { return inputs.map { $0.constant(0, $0.shape) } }
    let tape = Tape()
    defer { tape.close() }
    var watched = inputs
    for i in differentiable { watched[i] = tape.watch(inputs[i]) }
    let results = replay(watched, a.caller)
    let seeds = zip(results, cotangents).compactMap { result, ct in ct.map { (result.index(on: tape), $0) } }
    let gradients = tape.reverse(seeds, inputCount: differentiable.count, consuming: true)
    var all = [Tensor?](repeating: nil, count: inputs.count)
    for (i, gradient) in zip(differentiable, gradients) { all[i] = gradient }
    return all
  }

  private func replayJVP(_ a: Application, _ tangents: [Tensor?]) -> [Tensor?] {
    if iteration(a.operandTypes).hasNoElements { return a.resultTypes.map { _ in nil } }
    let tape = Tape()
    defer { tape.close() }
    var watched = a.operandTypes.indices.map { a.operands[$0] }
    var seeds: [Tensor?] = []
    for i in watched.indices where tangents[i] != nil && program.loads(i) {
      watched[i] = tape.watch(a.operand(i))
      seeds.append(tangents[i])
    }
    return tape.forward(seeds, to: replay(watched.indices.map { watched[$0] ?? a.operand($0) }, a.caller))
  }

  /// The program by tensor operations, one per instruction; scalars are tensors with a last extent of one. As in the kernel, half-precision numbers
  /// become float32 when they are loaded and are rounded when they are stored.
  func replay(_ operands: [Tensor], _ caller: Caller) -> [Tensor] {
    let full = iteration(operands.map(\.type))
    var values: [Tensor] = []
    func stretch(_ ids: [Int]) -> [Tensor] {
      let anyRow = ids.contains { program.isRow[$0] }
      return ids.map { id in anyRow && !program.isRow[id] ? values[id].broadcast(to: full) : values[id] }
    }
    var scalarShape = full
    scalarShape[full.rank - 1] = 1
    for (id, instruction) in program.instructions.enumerated() {
      let stored = program.dtypes[id]
      let dtype = stored.isFloating ? stored.computeType : stored
      switch instruction {
      case .load(let i):
        values.append(operands[i].cast(to: dtype).broadcast(to: program.inputs[i].isRow ? full : scalarShape))
      case .constant(let value):
        values.append(.full(value, scalarShape, dtype: dtype, beside: operands[0]))
      case .inverse(let extent):
        let number = operands[0].number(extent, dtype)
        values.append(reciprocal(number).broadcast(to: scalarShape))
      case .columnIndex:
        let iota = Tensor.iota(full[dim: full.rank - 1], beside: operands[0])
        values.append(iota.broadcast(to: full))
      case .unary(.unitInterval, let a):
        values.append(apply1(RowOperation.unitInterval(dtype), [values[a]], caller))
      case .unary(let op, let a): values.append(apply1(Elementwise.unary(op), [values[a]], caller))
      case .binary(let op, let a, let b): values.append(apply1(Elementwise.binary(op), stretch([a, b]), caller))
      case .compare(let op, let a, let b): values.append(apply1(Elementwise.compare(op), stretch([a, b]), caller))
      case .select(let c, let a, let b): values.append(apply1(Elementwise.select, stretch([c, a, b]), caller))
      case .cast(let a): values.append(values[a].cast(to: dtype))
      case .random(let key, let stream, let lane, let numbering):
        values.append(RandomKey(values[key]).bits(full, stream: stream, lane: lane, numbering: numbering))
      case .reduce(let op, let a):
        values.append(apply1(Reduction(op: op, axes: [full.rank - 1], dtype: dtype), [withSomething(values[a], op, caller)], caller))
      }
    }
    return program.outputs.map { output in
      var value = values[output.value]
      if let op = output.accumulate {
        value = apply1(Reduction(op: op, axes: Shape(0..<full.rank - 1), dtype: value.dtype), [value], caller)
          .reshape(full.selecting([full.rank - 1]))
      }
      return value.cast(to: output.dtype)
    }
  }

  /// What an extreme is taken of: where the symbols may leave a row without elements, with one that changes no other row.
  private func withSomething(_ x: Tensor, _ op: ReduceOp, _ caller: Caller) -> Tensor {
    let last = x.rank - 1
    guard op == .minimum || op == .maximum, x.dtype.isFloating, (1 as Dimension).isAtMost(x.shape[dim: last]) == nil else { return x }
    var one = x.shape
    one[dim: last] = 1
    return apply1(Movement.concatenate(axis: last), [x, x.constant(op == .minimum ? .infinity : -.infinity, one)], caller)
  }

  /// Random bits to a float in [0, 1).
  static func unitInterval(_ dtype: DType) -> RowOperation {
    let b = RowBuilder("unitInterval")
    b.store(b.row(.int64).unary(.unitInterval, as: dtype), as: dtype)
    return RowOperation(program: b.finish(), rule: .constant)
  }
}

extension RowOperation {
  func write(to code: inout ProgramWriter) {
    code.values(program, rule, shape != nil)
    shape?.write(to: &code)
  }

  init(from code: inout ProgramReader) throws {
    try self.init(program: code.read(), rule: code.read())
    if try code.flag() { shape = try code.read() }
  }
}

extension RowOperation.Rule: CodeValue {
  func write(to code: inout ProgramWriter) {
    switch self {
    case .replay: code.form("replay")
    case .softmax: code.form("softmax")
    case .logSoftmax: code.form("logSoftmax")
    case .logSumExp: code.form("logSumExp")
    case .layerNorm(let epsilon): code.form("layerNorm", epsilon)
    case .l2Normalize(let epsilon): code.form("l2Normalize", epsilon)
    case .selfAdjoint: code.form("selfAdjoint")
    case .constant: code.form("constant")
    }
  }

  init(from code: inout ProgramReader) throws {
    let word = try code.word()
    switch word {
    case "replay": self = .replay
    case "softmax": self = .softmax
    case "logSoftmax": self = .logSoftmax
    case "logSumExp": self = .logSumExp
    case "layerNorm": self = try .layerNorm(epsilon: code.read())
    case "l2Normalize": self = try .l2Normalize(epsilon: code.read())
    case "selfAdjoint": self = .selfAdjoint
    case "constant": self = .constant
    default: throw code.unknown(word, "rule")
    }
  }
}

/// The outputs of a row program over the shape of its first operand, against which the others broadcast; differentiated instruction by instruction.
package func rowFunction(_ program: RowProgram, _ operands: [Tensor], file: StaticString = #fileID, line: UInt = #line) -> [Tensor] {
  apply(RowOperation(program: program, rule: .replay), operands, Caller(file, line))
}

extension RowProgram {
  /// Whether it draws random numbers that differ by the element's place among all.
  var numbersElements: Bool { instructions.contains { if case .random(_, _, _, .byElement) = $0 { true } else { false } } }

  /// Whether anything reads input i.
  func loads(_ i: Int) -> Bool { instructions.contains(.load(i)) }
}

extension Tensor {
  /// Stands in for an operand that a program does not load, where `other` is one.
  static func unread(_ dtype: DType, beside other: Tensor) -> Tensor {
    if !other.hasNumbers { return .full(0, [], dtype: dtype, beside: other) }
    return Tensor(TensorType(shape: [], dtype: dtype).allocate(on: other.backend), node: nil)
  }
}
