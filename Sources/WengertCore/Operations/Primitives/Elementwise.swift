/// Primitives that treat each element on its own. Operands have one shape and, apart from select's condition, one dtype.
enum Elementwise: Operation, Hashable {
  case unary(UnaryOp)
  case binary(BinaryOp)
  case compare(CompareOp)
  /// Operand 0 is the bool condition.
  case select
  case cast(DType)
  case special(SpecialFunction)

  var name: String {
    switch self {
    case .unary(let op): "\(op)"
    case .binary(let op): "\(op)"
    case .compare(let op): "\(op)"
    case .select: "select"
    case .cast(let dtype): "cast(to: \(dtype))"
    case .special(let function): function.name
    }
  }

  var operandCount: Int {
    switch self {
    case .unary, .cast: 1
    case .binary, .compare: 2
    case .select: 3
    case .special(let function): function.operandCount
    }
  }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    let last = operands[operands.count - 1]
    if last.dtype == .bool {
      caller.require(self != .binary(.subtract), name, "truth values have no difference; cast them to whole numbers, or use .^")
      caller.require(self != .unary(.negate), name, "truth values have no negative; cast them to whole numbers, or use .!")
    }
    switch self {
    case .unary(.not), .unary(.isNaN), .unary(.isFinite), .compare: return [TensorType(shape: last.shape, dtype: .bool)]
    case .unary, .binary, .select, .special: return [last]
    case .cast(let dtype): return [TensorType(shape: last.shape, dtype: dtype)]
    }
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let out = results[0].allocate(on: backend)
    ViewKernels.run(ElementwisePrograms.program(self, operands), operands.map(\.view), into: [out], over: out.shape)
    return [Tensor(out, node: nil)]
  }

  /// The result as a value of a row program.
  func callAsFunction(_ x: [RowValue]) -> RowValue {
    switch self {
    case .unary(let op): x[0].unary(op)
    case .binary(let op): x[0].binary(op, x[1])
    case .compare(let op): x[0].compare(op, x[1])
    case .select: x[0].select(x[1], x[2])
    case .cast(let dtype): x[0].cast(dtype)
    case .special(let function): function(x)
    }
  }

  func substituting(_ symbols: [String: Int]) -> Elementwise { self }

  func batched(_ application: BatchedApplication) -> [Tensor] { apply(self, application.wholes, application.caller) }

  // What the partial derivatives name is what is kept; see `ElementwisePrograms`.
  func keeps(for wanted: [Bool]) -> Residuals { ElementwisePrograms.keeps(self, for: wanted) }

  var derivative: Derivative {
    switch self {
    case .unary(let op): Self.derivative(of: op)
    case .binary(let op): Self.derivative(of: op)
    case .compare: .zero
    case .select: .elementwise { x, y in [nil, x[0].select(y.constant(1), y.constant(0)), x[0].select(y.constant(0), y.constant(1))] }
    case .cast(let dtype):
      dtype.isFloating
        ? .linear(in: [0], part: self) { a, ct in
          [a.operandTypes[0].dtype.isFloating ? ct[0]!.cast(to: a.operandTypes[0].dtype) : nil]
        } : .zero
    case .special(let function): .elementwise(function.partials)
    }
  }

  private static func derivative(of op: UnaryOp) -> Derivative {
    switch op {
    case .negate: one { _, y in y.constant(-1) }
    case .abs: one { x, _ in x(.sign) }
    case .sign, .floor, .ceil, .round: .zero
    case .reciprocal: one { _, y in -(y * y) }
    case .square: one { x, _ in 2 * x }
    case .exp: one { _, y in y }
    case .expm1: one { x, _ in x(.exp) }
    case .log: one { x, _ in 1 / x }
    case .log1p: one { x, _ in 1 / (1 + x) }
    case .sqrt: one { _, y in 0.5 / y }
    case .rsqrt: one { x, y in -0.5 * y / x }
    case .sin: one { x, _ in x(.cos) }
    case .cos: one { x, _ in -x(.sin) }
    case .tan: one { _, y in 1 + y * y }
    case .asin: one { x, _ in oneMinusSquare(x)(.rsqrt) }
    case .acos: one { x, _ in -oneMinusSquare(x)(.rsqrt) }
    case .atan: one { x, _ in 1 / (1 + x * x) }
    case .sinh: one { x, _ in x(.cosh) }
    case .cosh: one { x, _ in x(.sinh) }
    case .tanh: one { _, y in oneMinusSquare(y) }
    case .sigmoid: one { x, y in y * (-x)(.sigmoid) }
    case .softplus: one { x, _ in x(.sigmoid) }
    // Beyond the bounds of these nothing is left of the bell e^(−x²); at infinity it would meet it as ∞ · 0.
    case .erf: one { x, _ in bell(x) * twoOverRootPi }
    case .erfc: one { x, _ in bell(x) * -twoOverRootPi }
    case .normalCDF: one { x, _ in normalDensity(within(x, 40)) }
    // NaN passes on what it gets, as its value does.
    case .relu: one { x, y in x.compare(.lessOrEqual, 0).select(y.constant(0), y.constant(1)) }
    case .gelu:
      one { x, _ in
        let x = within(x, 40)
        return x(.normalCDF) + x * normalDensity(x)
      }
    case .geluTanh:
      // y = x · σ(2u), u = √(2/π)(x + 0.044715x³)
      one { x, _ in
        let x = within(x, 32)
        let square = x * x
        let u2 = x * (1 + 0.044715 * square) * (2 * rootTwoOverPi)
        let s = u2(.sigmoid)
        return s + x * s * (-u2)(.sigmoid) * ((1 + 0.134145 * square) * (2 * rootTwoOverPi))
      }
    case .silu:
      one { x, _ in
        let x = within(x, 800)
        let s = x(.sigmoid)
        return s + x * s * (-x)(.sigmoid)
      }
    case .not, .isNaN, .isFinite, .unitInterval: .zero
    }
  }

  private static func derivative(of op: BinaryOp) -> Derivative {
    switch op {
    case .add: .elementwise { _, y in [y.constant(1), y.constant(1)] }
    case .subtract: .elementwise { _, y in [y.constant(1), y.constant(-1)] }
    case .multiply: .elementwise { x, _ in [x[1], x[0]] }
    case .divide: .elementwise { x, y in [1 / x[1], -(y / x[1])] }
    case .power:
      .elementwise { x, y in
        // b·aᵇ⁻¹, zero where b = 0; aᵇ·ln a, zero where a = 0 ≤ b. The operands are chosen first, so that no infinite slope meets a zero.
        let isFlat = x[1].compare(.equal, 0)
        let b = isFlat.select(y.constant(1), x[1])
        let base = isFlat.select(y.constant(0), b * x[0].binary(.power, b - 1))
        let isZero = x[0].compare(.equal, 0).binary(.and, x[1].compare(.greaterOrEqual, 0))
        let a = isZero.select(y.constant(1), x[0])
        return [base, isZero.select(y.constant(0), y * a(.log))]
      }
    case .minimum: .elementwise { x, y in chosen(x, .greater, y) }
    case .maximum: .elementwise { x, y in chosen(x, .less, y) }
    case .atan2:
      .elementwise { x, y in
        // x/(x² + y²) and −y/(x² + y²) without the squares' overflow; zero at the origin and at infinity, which have no direction.
        let size = x[0](.abs).binary(.maximum, x[1](.abs))
        let isEdge = size.compare(.equal, 0).binary(.or, size.compare(.equal, .infinity))
        let scale = isEdge.select(y.constant(1), size)
        let a = isEdge.select(y.constant(0), x[0]) / scale, b = isEdge.select(y.constant(0), x[1]) / scale
        let square = isEdge.select(y.constant(1), a * a + b * b)
        return [b / square / scale, -(a / square / scale)]
      }
    case .floorDivide: .zero
    case .remainder: .elementwise { x, y in [y.constant(1), -x[0].binary(.floorDivide, x[1])] }
    case .and, .or, .xor: .zero
    }
  }

  private static func one(_ partial: @escaping (_ x: RowValue, _ y: RowValue) -> RowValue) -> Derivative {
    .elementwise { x, y in [partial(x[0], y)] }
  }

  /// One for the operand that won, a half for each of equals, one for both where one is NaN: whoever made it hears of it.
  private static func chosen(_ x: [RowValue], _ loses: CompareOp, _ y: RowValue) -> [RowValue] {
    let won = x[0].compare(.equal, x[1]).select(y.constant(0.5), y.constant(1))
    return [x[0].compare(loses, x[1]).select(y.constant(0), won), x[1].compare(loses, x[0]).select(y.constant(0), won)]
  }

  /// (1 − x)(1 + x), accurate near ±1; there, and near zero, 1 − x², whose slope −2x does not meet a zero and loses no digit.
  static func oneMinusSquare(_ x: RowValue) -> RowValue {
    let size = x(.abs)
    return size.compare(.equal, 1).binary(.or, size.compare(.less, 0.5)).select(1 - x * x, (1 - x) * (1 + x))
  }

  /// x brought into −bound…bound; NaN stays.
  private static func within(_ x: RowValue, _ bound: Double) -> RowValue {
    x.binary(.maximum, x.constant(-bound)).binary(.minimum, x.constant(bound))
  }

  /// exp(−x²)
  private static func bell(_ x: RowValue) -> RowValue {
    let x = within(x, 40)
    return (-(x * x))(.exp)
  }

  /// φ(x) = exp(−x²/2)/√(2π)
  private static func normalDensity(_ x: RowValue) -> RowValue { (x * x * -0.5)(.exp) * 0.398_942_280_401_432_7 }
  private static let twoOverRootPi = 1.128_379_167_095_512_6
  private static let rootTwoOverPi = 0.797_884_560_802_865_4
}

extension Elementwise {
  func write(to code: inout ProgramWriter) {
    switch self {
    case .unary(let op): code.form("unary", op)
    case .binary(let op): code.form("binary", op)
    case .compare(let op): code.form("compare", op)
    case .select: code.form("select")
    case .cast(let dtype): code.form("cast", dtype)
    case .special(let function): code.form("special", function)
    }
  }

  init(from code: inout ProgramReader) throws {
    let word = try code.word()
    switch word {
    case "unary": self = try .unary(code.read())
    case "binary": self = try .binary(code.read())
    case "compare": self = try .compare(code.read())
    case "select": self = .select
    case "cast": self = try .cast(code.read())
    case "special": self = try .special(code.read())
    default: throw code.unknown(word, "element-wise operation")
    }
  }
}

/// The row programs that follow from partial derivatives: the result itself, its pullback, its pushforward. Built once per operation and dtypes.
enum ElementwisePrograms {
  /// What a program is of. Lists are packed: most eager calls look one up.
  struct Key: Hashable {
    let operation: Elementwise
    let mode: Mode
    private let dtypes: UInt32
    private let chosen: UInt8

    /// - Parameter chosen: the operands whose cotangents are wanted, or whose tangents are given.
    init(_ operation: Elementwise, _ mode: Mode, _ dtypes: some Sequence<DType>, _ chosen: some Sequence<Bool> = EmptyCollection()) {
      self.operation = operation
      self.mode = mode
      self.dtypes = dtypes.reduce(0) { $0 << 8 | UInt32($1.rawValue) }
      self.chosen = chosen.reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
    }
  }
  enum Mode: Hashable { case value, pullback, pushforward }

  static let programs = Cache<Key, RowProgram>(capacity: 1024)
  static let residuals = Cache<Elementwise, [Residuals]>(capacity: 1024)

  static func program(_ operation: Elementwise, _ operands: [Tensor]) -> RowProgram { program(operation, operands.lazy.map(\.dtype)) }

  private static func program(_ operation: Elementwise, _ types: some Sequence<DType>) -> RowProgram {
    programs.value(for: Key(operation, .value, types)) {
      let b = RowBuilder(operation.name)
      let result = operation(types.map { b.row($0) })
      b.store(result, as: result.dtype)
      return b.finish()
    }
  }

  /// How many instructions an operation is on operands of a dtype.
  static func instructionCount(_ operation: Elementwise, _ dtype: DType) -> Int {
    guard case .special = operation else { return 1 }
    let types = [DType](repeating: dtype, count: operation.operandCount)
    return program(operation, types).instructions.count - operation.operandCount
  }

  /// Which operands and whether the result the partial derivatives name, found by looking at what a pullback loads.
  static func keeps(_ operation: Elementwise, for wanted: [Bool]) -> Residuals {
    let all = residuals.value(for: operation) { residuals(of: operation) }
    return zip(wanted, all).reduce(.nothing) { $1.0 ? $0 + $1.1 : $0 }
  }

  /// What each operand's partial derivative names.
  private static func residuals(of operation: Elementwise) -> [Residuals] {
    guard case .elementwise(let partials) = operation.derivative else { return [] }
    let count = operation.operandCount
    let b = RowBuilder("keeps")
    let x = (0..<count).map { b.row(operation == .select && $0 == 0 ? .bool : .float32) }
    let y = b.row(.float32)
    return partials(x, y).map { $0.map { loaded(by: $0, operands: count) } ?? .nothing }
  }

  /// The operands, and the result after them, that a value is computed from.
  private static func loaded(by value: RowValue, operands count: Int) -> Residuals {
    var all = Residuals.nothing, next = [value.id], seen = Set(next)
    while let id = next.popLast() {
      if case .load(let input) = value.builder.instruction(id) {
        all = all + (input < count ? .operands(input) : Residuals(operands: 0, results: true))
      }
      next += value.builder.instruction(id).operands.filter { seen.insert($0).inserted }
    }
    return all
  }

  /// Σ over results: cotangent · ∂y/∂xᵢ for the wanted i, all in one program with the inputs (x…, y, cotangent).
  static func pullback(_ application: Application, _ cotangent: Tensor) -> [Tensor?] {
    let wanted = application.wanted
    let operation = application.operation as! Elementwise
    guard case .elementwise(let partials) = operation.derivative else { return [] }
    let types = application.operandTypes
    let program = programs.value(for: Key(operation, .pullback, types.lazy.map(\.dtype), wanted)) {
      let b = RowBuilder("\(operation.name) pullback")
      let x = types.map { b.row($0.dtype) }
      let y = b.row(application.resultTypes[0].dtype)
      let ct = b.row(cotangent.dtype)
      for (i, partial) in partials(x, y).enumerated() where wanted[i] {
        b.store(partial.map { times($0, ct) } ?? ct.constant(0), as: types[i].dtype)
      }
      return b.finish()
    }
    // A cotangent that passes unchanged, as through a sum, is not copied.
    let passes = program.outputs.allSatisfy {
      program.instructions[$0.value] == .load(types.count + 1) && $0.dtype == cotangent.dtype
    }
    if passes { return wanted.map { $0 ? cotangent : nil } }
    var next = run(program, application, [cotangent]).makeIterator()
    return wanted.map { $0 ? next.next() : nil }
  }

  /// Σᵢ ∂y/∂xᵢ · tangent i.
  static func pushforward(_ application: Application, _ tangents: [Tensor?]) -> Tensor? {
    let operation = application.operation as! Elementwise
    guard case .elementwise(let partials) = operation.derivative else { return nil }
    let types = application.operandTypes
    let program = programs.value(for: Key(operation, .pushforward, types.lazy.map(\.dtype), tangents.lazy.map { $0 != nil })) {
      let b = RowBuilder("\(operation.name) pushforward")
      let x = types.map { b.row($0.dtype) }
      let y = b.row(application.resultTypes[0].dtype)
      var sum: RowValue?
      for (i, partial) in partials(x, y).enumerated() where tangents[i] != nil {
        let tangent = b.row(types[i].dtype)
        guard let partial else { continue }
        let term = times(partial, tangent)
        sum = sum.map { $0 + term } ?? term
      }
      b.store(sum ?? y.constant(0), as: y.dtype)
      return b.finish()
    }
    return run(program, application, tangents.compactMap { $0 })[0]
  }

  /// A product with a cotangent or tangent: a derivative of one costs nothing, a derivative of zero lets no NaN through, a choice stays a choice.
  private static func times(_ partial: RowValue, _ flow: RowValue) -> RowValue {
    switch partial.builder.instruction(partial.id) {
    case .constant(1): flow
    case .constant(-1): -flow
    case .constant(0): partial
    case .select(let condition, let a, let b):
      partial.value(condition).select(times(partial.value(a), flow), times(partial.value(b), flow))
    default: partial * flow
    }
  }

  private static func run(_ program: RowProgram, _ application: Application, _ flow: [Tensor]) -> [Tensor] {
    // What the program does not load needs no value.
    let shape = application.resultTypes[0].shape
    // A row program needs a row: a scalar is one of extent one.
    let space = shape.rank == 0 ? [1] : shape
    var values: [Tensor] = []
    values.reserveCapacity(program.inputs.count)
    for (value, type) in zip(application.operands, application.operandTypes) {
      values.append(value ?? .unread(type.dtype, beside: flow[0]))
    }
    values.append(application.results.first ?? .unread(application.resultTypes[0].dtype, beside: flow[0]))
    values += flow
    let results = apply(RowOperation(program: program, rule: .replay, shape: space), values, application.caller)
    return shape.rank == 0 ? results.map { $0.move(.reshape(shape), application.caller) } : results
  }
}
