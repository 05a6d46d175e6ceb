/// Writes a row program: values with the usual operators, equal instructions merged.
///
/// Derivative rules of element-wise primitives are written in this language, so that each runs as one program, and replays over tensors where it
/// must itself be differentiated.
@_spi(Backend) public final class RowBuilder {
  private var program: RowProgram
  private var known: [Key: Int] = [:]
  private struct Key: Hashable {
    var instruction: RowProgram.Instruction
    var dtype: DType
  }

  /// A builder of a program of this name, which messages and profiles show.
  public init(_ name: String) {
    program = RowProgram(name: name, inputs: [], instructions: [], dtypes: [], isRow: [], outputs: [])
  }

  /// The next input: one element per column.
  public func row(_ dtype: DType) -> RowValue { input(dtype, isRow: true) }

  /// The next input: one element per row.
  public func scalar(_ dtype: DType) -> RowValue { input(dtype, isRow: false) }

  private func input(_ dtype: DType, isRow: Bool) -> RowValue {
    program.inputs.append(.init(dtype: dtype, isRow: isRow))
    return emit(.load(program.inputs.count - 1), dtype, isRow: isRow)
  }

  /// A number. Instructions that are equal are one, and −0 equals 0, so that it is made of it.
  public func constant(_ value: Double, _ dtype: DType) -> RowValue {
    if value == 0 && value.sign == .minus && dtype.isFloating { return constant(0, dtype)(.negate) }
    return emit(.constant(value), dtype, isRow: false)
  }

  /// One divided by an extent.
  public func inverse(of extent: Dimension, _ dtype: DType) -> RowValue {
    extent.number.map { constant(1 / Double($0), dtype) } ?? emit(.inverse(extent.unnamed), dtype, isRow: false)
  }

  /// The number of the column, from 0, as int64.
  public func columnIndex() -> RowValue { emit(.columnIndex, .int64, isRow: true) }

  /// 32 random bits of a key for each column, in 0..<2³² as int64; see `RowProgram.Instruction`.
  public func random(key: RowValue, stream: UInt32 = 0, lane: Int, numbering: RowProgram.Numbering = .byElement) -> RowValue {
    emit(.random(key: key.id, stream: stream, lane: lane, numbering: numbering), .int64, isRow: true)
  }

  /// The next output: `value` converted to `dtype`, or combined over rows by `accumulate`; see `RowProgram.Output`.
  @inline(never) public func store(_ value: RowValue, as dtype: DType, accumulate: ReduceOp? = nil) {
    program.outputs.append(.init(value: value.id, dtype: dtype, accumulate: accumulate))
  }

  /// The finished program, without instructions that no output needs. Inputs keep their numbers, loaded or not.
  public func finish() -> RowProgram { finish(program) }

  /// Another program without instructions that no output needs.
  func finish(_ program: RowProgram) -> RowProgram {
    var live = Set(program.outputs.map(\.value))
    for id in program.instructions.indices.reversed() where live.contains(id) { live.formUnion(program.instructions[id].operands) }
    var number: [Int: Int] = [:]
    var result = RowProgram(name: program.name, inputs: program.inputs, instructions: [], dtypes: [], isRow: [], outputs: program.outputs)
    for id in program.instructions.indices where live.contains(id) {
      number[id] = result.instructions.count
      result.instructions.append(program.instructions[id].mappingOperands { number[$0]! })
      result.dtypes.append(program.dtypes[id])
      result.isRow.append(program.isRow[id])
    }
    for i in result.outputs.indices { result.outputs[i].value = number[result.outputs[i].value]! }
    if Verification.isOn { result.verify() }
    return result
  }

  func emit(_ instruction: RowProgram.Instruction, _ dtype: DType, isRow: Bool) -> RowValue {
    let key = Key(instruction: instruction, dtype: dtype)
    if let id = known[key] { return RowValue(builder: self, id: id) }
    program.instructions.append(instruction)
    program.dtypes.append(dtype)
    program.isRow.append(isRow)
    let id = program.instructions.count - 1
    known[key] = id
    return RowValue(builder: self, id: id)
  }

  func instruction(_ id: Int) -> RowProgram.Instruction { program.instructions[id] }
  func dtype(_ id: Int) -> DType { program.dtypes[id] }
  func isRow(_ id: Int) -> Bool { program.isRow[id] }
}

/// A value in a row program under construction.
@_spi(Backend) public struct RowValue {
  let builder: RowBuilder
  let id: Int

  /// The type of the value, bool for comparisons.
  public var dtype: DType { builder.dtype(id) }
  var isRow: Bool { builder.isRow(id) }

  /// Another value of the same program.
  func value(_ id: Int) -> RowValue { RowValue(builder: builder, id: id) }

  /// A function of this value: `x(.exp)`.
  public func callAsFunction(_ op: UnaryOp) -> RowValue { unary(op) }

  func unary(_ op: UnaryOp, as dtype: DType? = nil) -> RowValue {
    let result: DType =
      switch op {
      case .not, .isNaN, .isFinite: .bool
      default: dtype ?? self.dtype
      }
    return builder.emit(.unary(op, id), result, isRow: isRow)
  }

  /// A function of this value and another of the same dtype.
  public func binary(_ op: BinaryOp, _ other: RowValue) -> RowValue {
    // The bytes of truth values would add up to 2.
    let op: BinaryOp = dtype != .bool ? op : op == .add ? .or : op == .multiply ? .and : op
    return builder.emit(.binary(op, id, other.id), dtype, isRow: isRow || other.isRow)
  }

  /// Whether the comparison holds, as bool.
  public func compare(_ op: CompareOp, _ other: RowValue) -> RowValue {
    builder.emit(.compare(op, id, other.id), .bool, isRow: isRow || other.isRow)
  }

  /// Whether the comparison with a number holds, as bool.
  public func compare(_ op: CompareOp, _ other: Double) -> RowValue { compare(op, constant(other)) }

  /// A value that is `a` for each element at which this bool holds, and `b` elsewhere.
  public func select(_ a: RowValue, _ b: RowValue) -> RowValue {
    builder.emit(.select(id, a.id, b.id), a.dtype, isRow: isRow || a.isRow || b.isRow)
  }

  /// The value converted to `dtype`.
  public func cast(_ dtype: DType) -> RowValue {
    dtype == self.dtype ? self : builder.emit(.cast(id), dtype, isRow: isRow)
  }

  /// All columns of a row combined to one value.
  public func reduce(_ op: ReduceOp) -> RowValue { builder.emit(.reduce(op, id), dtype, isRow: false) }

  /// A number of this value's dtype.
  public func constant(_ value: Double) -> RowValue { builder.constant(value, dtype) }

  // Not public: each further overload of an operator multiplies what the compiler tries in its users' formulas.
  package static func + (a: RowValue, b: RowValue) -> RowValue { a.binary(.add, b) }
  package static func - (a: RowValue, b: RowValue) -> RowValue { a.binary(.subtract, b) }
  package static func * (a: RowValue, b: RowValue) -> RowValue { a.binary(.multiply, b) }
  package static func / (a: RowValue, b: RowValue) -> RowValue { a.binary(.divide, b) }
  package static func + (a: RowValue, b: Double) -> RowValue { a + a.constant(b) }
  package static func - (a: RowValue, b: Double) -> RowValue { a - a.constant(b) }
  package static func * (a: RowValue, b: Double) -> RowValue { a * a.constant(b) }
  package static func / (a: RowValue, b: Double) -> RowValue { a / a.constant(b) }
  package static func + (a: Double, b: RowValue) -> RowValue { b.constant(a) + b }
  package static func - (a: Double, b: RowValue) -> RowValue { b.constant(a) - b }
  package static func * (a: Double, b: RowValue) -> RowValue { b.constant(a) * b }
  package static func / (a: Double, b: RowValue) -> RowValue { b.constant(a) / b }
  package static prefix func - (a: RowValue) -> RowValue { a(.negate) }
}
