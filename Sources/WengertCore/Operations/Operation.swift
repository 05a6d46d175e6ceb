/// A primitive: what results it has, how it runs on a backend, what its derivative is, and how it is written (`CodeValue`). Nothing here has a default, so that a primitive
/// without a derivative or a batching rule does not compile. `PrimitiveList` has those that are written.
protocol Operation: Hashable, Sendable, CodeValue {
  var name: String { get }

  /// What the operation takes for granted of its operands (their number, ranks, dtypes, extents) and of its own settings, where it does not hold; nil if `results` has
  /// their types. What depends on the symbols' numbers holds here.
  func fault(_ operands: [TensorType]) -> String?

  /// The shape rule: the results' types for these operands, or the end of the program with a message.
  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType]

  /// The results for operands that no tape records.
  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor]

  /// The same operation with numbers for the symbols in its shapes.
  func substituting(_ symbols: [String: Int]) -> Self

  /// The operation on all examples of `vmap` at once: results with the batch as first axis, each equal to that of one example alone.
  func batched(_ application: BatchedApplication) -> [Tensor]

  /// What a tape must keep for the derivative with respect to the wanted operands.
  func keeps(for wanted: [Bool]) -> Residuals

  var derivative: Derivative { get }
}

extension Operation {
  /// The results' types, whose elements an Int counts.
  func countableResults(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    let types = results(operands, caller)
    for type in types { caller.requireExtents(type.shape, name) }
    return types
  }
}

/// Which of its operands and results an operation's derivative looks at.
struct Residuals: Sendable {
  /// Bit i: operand i; all bits: every operand, however many there are.
  var operands: UInt
  var results: Bool

  static let nothing = Residuals(operands: 0, results: false)
  static let all = Residuals(operands: .max, results: true)
  static let allOperands = Residuals(operands: .max, results: false)
  static func operands(_ indices: Int...) -> Residuals {
    Residuals(operands: indices.reduce(0) { $0 | (1 << UInt($1)) }, results: false)
  }
  func keeps(_ operand: Int) -> Bool { operands == .max || operands >> UInt(operand) & 1 == 1 }
  static func + (a: Residuals, b: Residuals) -> Residuals { Residuals(operands: a.operands | b.operands, results: a.results || b.results) }
}

/// One application of an operation as its derivative rule sees it: all values below the level that is being differentiated.
struct Application {
  let operation: any Operation
  let operandTypes: [TensorType]
  let resultTypes: [TensorType]
  /// The operands whose cotangents are used, and that have tangents; a rule need not compute anything for the others.
  let wanted: [Bool]
  /// Nil if `keeps` does not ask for it.
  let operands: [Tensor?]
  /// None if `keeps` does not ask for them.
  let results: [Tensor]
  let caller: Caller

  /// A kept operand.
  func operand(_ i: Int) -> Tensor {
    guard let value = operands[i] else {
      unreachable("\(operation.name): the derivative needs operand \(i), which it does not keep")
    }
    return value
  }

  func result(_ i: Int = 0) -> Tensor {
    ensure(i < results.count, "\(operation.name): the derivative needs the result, which it does not keep")
    return results[i]
  }
}

/// How an operation is differentiated: exactly one of these.
enum Derivative {
  /// ∂result/∂operand i, element by element, for operands x and result y; nil for an operand without derivative (a condition).
  /// Both modes follow, each as one row program.
  case elementwise((_ x: [RowValue], _ y: RowValue) -> [RowValue?])

  /// Linear in these operands (nil: in all) together, the others held fixed. `part` is the linear map itself (the operation without constants);
  /// `transpose` takes cotangents of the results to cotangents of those operands.
  case linear(in: [Int]?, part: any Operation, transpose: (Application, [Tensor?]) -> [Tensor?])

  /// A vjp (cotangents of the results, nil for zero, to cotangents of all operands) and a jvp (tangents of operands to tangents of results).
  case rule(vjp: (Application, [Tensor?]) -> [Tensor?], jvp: (Application, [Tensor?]) -> [Tensor?])

  /// Constant almost everywhere, or not a function of real operands. A gradient by operands that reach the result through such operations alone is zero where all of
  /// these give floating numbers, and refused otherwise (`Recording`).
  case zero

  /// A traced operand ends the program with this reason: no gradient is cut silently.
  case notDifferentiable(String)
}

/// Applies `operation`: the innermost level that knows an operand processes it. Where none does, it is a graph's if symbols decide its shape, or a backend computes it.
func apply(_ operation: some Operation, _ operands: [Tensor], _ caller: Caller) -> [Tensor] {
  if operands.areMarked, let results = applyNamed(operation, operands, caller) { return results }
  let level = Level.innermost(of: operands)
  if let tracer = Tracer.takingAll(outside: level) { return tracer.process(operation, operands, caller) }
  if let level { return level.process(operation, operands, caller) }
  let types = operation.countableResults(operands.map(\.type), caller)
  if let tracer = Tracer.needed(for: types, operation.name, caller) { return tracer.process(operation, operands, caller) }
  let backend = operands.commonBackend(operation.name, caller)
  if StoppingThread.isBehindMistake {
    return StoppingThread.goingOn!.recording(false) { types }.types.map { create(.fill(0, $0.shape, $0.dtype), on: backend, caller) }
  }
  return operation.execute(operands, types, on: backend, caller)
}

func apply1(_ operation: some Operation, _ operands: [Tensor], _ caller: Caller) -> Tensor {
  apply(operation, operands, caller)[0]
}

/// A value that is made of nothing.
func create(_ creation: Creation, on backend: any Backend, _ caller: Caller) -> Tensor {
  let types = creation.countableResults([], caller)
  if types[0].shape.hasNames { return create(creation.unnamed, on: backend, caller).taking(namesOf: types[0].shape) }
  if let tracer = Tracer.needed(for: types, creation.name, caller) { return tracer.create(creation, on: backend, caller) }
  return creation.execute([], types, on: backend, caller)[0]
}

/// The same for an operation on `other`: in the graph that this is a value of, if it is.
func create(_ creation: Creation, beside other: Tensor, _ caller: Caller) -> Tensor {
  if let tracer = other.tracer {
    let type = creation.countableResults([], caller)[0]
    return tracer.create(creation.unnamed, on: other.backend, caller).taking(namesOf: type.shape)
  }
  return create(creation, on: other.backend, caller)
}

extension Tracer {
  /// Who takes down an operation of no traced operand whose results' shapes have symbols; nil if they have none.
  @inline(never) static func needed(for types: [TensorType], _ operation: @autoclosure () -> String, _ caller: Caller) -> Tracer? {
    guard let type = types.first(where: \.shape.isSymbolic) else { return nil }
    if let current { return current }
    caller.fail(
      operation(), "\(type) has symbols, which have numbers only in calls of a compiled function whose arguments' shapes name them")
  }
}
