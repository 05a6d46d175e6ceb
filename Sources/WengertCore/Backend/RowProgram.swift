/// A function of one element, applied to each on its own.
@_spi(Backend) public enum UnaryOp: UInt8, CaseIterable, Hashable, Sendable {
  case negate, abs, sign, floor, ceil, round, reciprocal, square
  case exp, expm1, log, log1p, sqrt, rsqrt
  case sin, cos, tan, asin, acos, atan, sinh, cosh, tanh
  /// normalCDF is Φ(x) = erfc(−x/√2)/2; gelu is x·Φ(x); geluTanh its approximation by tanh (Hendrycks & Gimpel 2016).
  case sigmoid, softplus, erf, erfc, normalCDF, relu, gelu, geluTanh, silu
  case not, isNaN, isFinite
  /// 32 random bits (an int64 in 0..<2³²) to a float in [0, 1): the top 24 bits in float32, all 32 (plus a half) in float64.
  case unitInterval
}

/// A function of two elements of one type.
@_spi(Backend) public enum BinaryOp: UInt8, CaseIterable, Hashable, Sendable {
  case add, subtract, multiply, divide, power, minimum, maximum, atan2
  /// floorDivide rounds the quotient down; remainder has the divisor's sign (as in Python).
  case floorDivide, remainder
  case and, or, xor
}

/// A comparison of two elements of one type; with NaN only `notEqual` holds.
@_spi(Backend) public enum CompareOp: UInt8, CaseIterable, Hashable, Sendable {
  case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
}

/// An associative combination with its neutral element. On bool, maximum is "any" and minimum is "all".
@_spi(Backend) public enum ReduceOp: UInt8, CaseIterable, Hashable, Sendable {
  case sum, product, minimum, maximum
}

/// The kernel language that every backend runs: straight-line code over values that hold one row (the innermost axis) or one
/// number per row.
///
/// Instruction i defines value i. A value is a *row* if it comes from a row input, from `columnIndex` or `random`, or from an instruction with a row among
/// its operands; `reduce` turns a row into a *scalar*, which combines with rows as if repeated. Values compute in the `computeType` of their dtype: float16 and
/// bfloat16 in float32 (rounded when stored, and where a value of another dtype is cast to them), uint8 in int32 (wrapped when stored), bool as 0 and 1.
@_spi(Backend) public struct RowProgram: Hashable, Sendable {
  /// The number of an instruction, which is that of its value.
  public typealias Value = Int

  /// One instruction, on values of those before it.
  public enum Instruction: Hashable, Sendable {
    /// Element of input n. Row inputs cover the whole iteration shape; scalar inputs have an innermost extent of one.
    case load(Int)
    case constant(Double)
    /// One divided by an extent, which is a number once the program is bound: no backend meets it.
    case inverse(Dimension)
    /// The element's position in its row, int64.
    case columnIndex
    case unary(UnaryOp, Value)
    case binary(BinaryOp, Value, Value)
    case compare(CompareOp, Value, Value)
    case select(Value, Value, Value)
    case cast(Value)
    /// 32 random bits as an int64 in 0..<2³²: word `lane` (0…3) of Philox-4×32-10 for the int64 `key` (a scalar: low word first) and counter
    /// (e low, e high, stream, 0), where e is the element's number in `numbering`.
    case random(key: Value, stream: UInt32, lane: Int, numbering: Numbering)
    /// All elements of a row combined.
    case reduce(ReduceOp, Value)
  }

  /// What distinguishes the random numbers of one key.
  public enum Numbering: Hashable, Sendable {
    /// The element's row-major index in the iteration shape.
    case byElement
    /// The element's position in its row: rows of one key have the same numbers.
    case byColumn
  }

  /// An operand of the program: its dtype, and whether it has one element per column (otherwise one per row).
  public struct Input: Hashable, Sendable {
    public var dtype: DType
    public var isRow: Bool
    public init(dtype: DType, isRow: Bool) {
      self.dtype = dtype
      self.isRow = isRow
    }
  }

  /// A result of the program.
  public struct Output: Hashable, Sendable {
    /// What to write: a row value fills the iteration shape, a scalar value a shape with an innermost extent of one.
    public var value: Value
    public var dtype: DType
    /// Nil stores. Otherwise (rows only) the output's view has stride zero along some outer axes, and the rows that meet there are combined:
    /// column sums and the like. The backend initializes the output.
    public var accumulate: ReduceOp?
    public init(value: Value, dtype: DType, accumulate: ReduceOp? = nil) {
      self.value = value
      self.dtype = dtype
      self.accumulate = accumulate
    }
  }

  public var name: String {
    get { parts.name }
    _modify { yield &own.name }
  }
  public var inputs: [Input] {
    get { parts.inputs }
    _modify { yield &own.inputs }
  }
  public var instructions: [Instruction] {
    get { parts.instructions }
    _modify { yield &own.instructions }
  }
  /// The dtype of each value (`bool` for comparisons).
  public var dtypes: [DType] {
    get { parts.dtypes }
    _modify { yield &own.dtypes }
  }
  /// Whether each value is a row (otherwise a scalar).
  public var isRow: [Bool] {
    get { parts.isRow }
    _modify { yield &own.isRow }
  }
  public var outputs: [Output] {
    get { parts.outputs }
    _modify { yield &own.outputs }
  }

  public init(name: String, inputs: [Input], instructions: [Instruction], dtypes: [DType], isRow: [Bool], outputs: [Output]) {
    parts = Parts(name: name, inputs: inputs, instructions: instructions, dtypes: dtypes, isRow: isRow, outputs: outputs)
  }

  /// Programs are handed on at every call: they are copied as one reference, and their parts only when a copy is changed.
  private final class Parts: @unchecked Sendable {
    var name: String
    var inputs: [Input]
    var instructions: [Instruction]
    var dtypes: [DType]
    var isRow: [Bool]
    var outputs: [Output]

    init(name: String, inputs: [Input], instructions: [Instruction], dtypes: [DType], isRow: [Bool], outputs: [Output]) {
      self.name = name
      self.inputs = inputs
      self.instructions = instructions
      self.dtypes = dtypes
      self.isRow = isRow
      self.outputs = outputs
    }
  }

  private var parts: Parts

  private var own: Parts {
    mutating get {
      if !isKnownUniquelyReferenced(&parts) {
        parts = Parts(name: name, inputs: inputs, instructions: instructions, dtypes: dtypes, isRow: isRow, outputs: outputs)
      }
      return parts
    }
  }

  public static func == (a: RowProgram, b: RowProgram) -> Bool {
    a.parts === b.parts
      || a.name == b.name && a.instructions == b.instructions && a.inputs == b.inputs && a.outputs == b.outputs && a.dtypes == b.dtypes
        && a.isRow == b.isRow
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(inputs)
    hasher.combine(instructions)
    hasher.combine(dtypes)
    hasher.combine(isRow)
    hasher.combine(outputs)
  }
}

extension RowProgram {
  /// A program without the numbers in it: a kernel made of it is given these when it runs. Programs that differ in no more than constants other than 0, ±1 and
  /// ±∞ have one form.
  public struct Form: Hashable, Sendable {
    public let program: RowProgram

    public init(_ program: RowProgram) { self.program = program }

    public static func == (a: Form, b: Form) -> Bool {
      let (a, b) = (a.program, b.program)
      if a.parts === b.parts { return true }
      guard
        a.name == b.name && a.instructions.count == b.instructions.count && a.inputs == b.inputs && a.outputs == b.outputs
          && a.dtypes == b.dtypes && a.isRow == b.isRow
      else { return false }
      return a.instructions == b.instructions
        || zip(a.instructions, b.instructions).allSatisfy { $0 == $1 || ($0.isOpen && $1.isOpen) }
    }

    /// Names and lengths distinguish nearly all programs.
    public func hash(into hasher: inout Hasher) {
      hasher.combine(program.name)
      hasher.combine(program.instructions.count)
      hasher.combine(program.dtypes.last)
      if let last = program.instructions.last, !last.isOpen { hasher.combine(last) }
    }
  }

  /// The values whose numbers the form leaves open.
  public var openValues: [Value] { instructions.indices.filter { instructions[$0].isOpen } }

  /// The number of a value that is a constant, as an element of its dtype is made of it.
  ///
  /// - Precondition: The value is a constant of the program.
  public func number(_ value: Value) -> Double {
    guard case .constant(let number) = instructions[value] else { unreachable("\(name): value \(value) is not a constant") }
    return dtypes[value] == .bool ? (number != 0 ? 1 : 0) : number
  }

  /// The same program with numbers for the symbols in it.
  func substituting(_ symbols: [String: Int]) -> RowProgram {
    var result = self
    for (id, instruction) in instructions.enumerated() {
      if case .inverse(let extent) = instruction { result.instructions[id] = .constant(1 / Double(extent.substituting(symbols))) }
    }
    return result
  }
}

extension RowProgram.Instruction {
  /// Whether this is a number that a program's form leaves open.
  fileprivate var isOpen: Bool {
    if case .constant(let number) = self { number != 0 && number.magnitude != 1 && !number.isInfinite } else { false }
  }

  /// The values that this instruction reads.
  public var operands: [RowProgram.Value] {
    switch self {
    case .load, .constant, .inverse, .columnIndex: []
    case .unary(_, let a), .cast(let a), .reduce(_, let a), .random(let a, _, _, _): [a]
    case .binary(_, let a, let b), .compare(_, let a, let b): [a, b]
    case .select(let a, let b, let c): [a, b, c]
    }
  }

  /// The same instruction on other values.
  public func mappingOperands(_ map: (RowProgram.Value) -> RowProgram.Value) -> Self {
    switch self {
    case .load, .constant, .inverse, .columnIndex: self
    case .unary(let op, let a): .unary(op, map(a))
    case .binary(let op, let a, let b): .binary(op, map(a), map(b))
    case .compare(let op, let a, let b): .compare(op, map(a), map(b))
    case .select(let a, let b, let c): .select(map(a), map(b), map(c))
    case .cast(let a): .cast(map(a))
    case .random(let key, let stream, let lane, let numbering): .random(key: map(key), stream: stream, lane: lane, numbering: numbering)
    case .reduce(let op, let a): .reduce(op, map(a))
    }
  }
}

extension DType {
  /// The type in which kernels calculate with elements of this type.
  @_spi(Backend) public var computeType: DType {
    switch self {
    case .uint8: .int32
    case .float16, .bfloat16: .float32
    default: self
    }
  }
}
