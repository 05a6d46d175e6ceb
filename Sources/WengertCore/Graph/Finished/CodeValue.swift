/// What has a form in the code of a finished program: a primitive, and whatever a primitive's settings are made of.
protocol CodeValue {
  /// Writes the value, so that `init(from:)` makes it again; what no code can hold is refused (`ProgramWriter.refuse`).
  func write(to code: inout ProgramWriter)

  /// - Throws: `ProgramError` if what is there is no value of this type. Whether it makes sense is not asked: see `Operation.fault`.
  init(from code: inout ProgramReader) throws
}

/// An enumeration that is written by the names of its cases, so that code outlives another order of them.
protocol CodeWord: CodeValue, CaseIterable, Hashable, Sendable {
  /// The cases by name.
  static var words: [String: Self] { get }
}

extension CodeWord {
  fileprivate static var byName: [String: Self] { Dictionary(uniqueKeysWithValues: allCases.map { ("\($0)", $0) }) }

  func write(to code: inout ProgramWriter) { code.word("\(self)") }

  init(from code: inout ProgramReader) throws {
    let word = try code.word()
    guard let value = Self.words[word] else { throw code.unknown(word, "\(Self.self)") }
    self = value
  }
}

extension DType: CodeWord { static let words = byName }
extension UnaryOp: CodeWord { static let words = byName }
extension BinaryOp: CodeWord { static let words = byName }
extension CompareOp: CodeWord { static let words = byName }
extension ReduceOp: CodeWord { static let words = byName }

extension Int: CodeValue {
  func write(to code: inout ProgramWriter) { code.number(self) }
  init(from code: inout ProgramReader) throws { self = try code.number() }
}

extension Bool: CodeValue {
  func write(to code: inout ProgramWriter) { code.byte(self ? 1 : 0) }
  init(from code: inout ProgramReader) throws { self = try code.flag() }
}

extension Double: CodeValue {
  func write(to code: inout ProgramWriter) { code.real(self) }
  init(from code: inout ProgramReader) throws { self = try code.real() }
}

extension Dimension: CodeValue {
  func write(to code: inout ProgramWriter) { code.dimension(self) }
  init(from code: inout ProgramReader) throws { self = try code.dimension() }
}

extension Shape: CodeValue {
  func write(to code: inout ProgramWriter) { code.shape(self) }
  init(from code: inout ProgramReader) throws { self = try code.shape() }
}

extension TensorType: CodeValue {
  func write(to code: inout ProgramWriter) { code.type(self) }
  init(from code: inout ProgramReader) throws { self = try code.type() }
}

extension RowProgram: CodeValue {
  func write(to code: inout ProgramWriter) { code.rowProgram(self) }
  init(from code: inout ProgramReader) throws { self = try code.rowProgram() }
}

/// A list of whole numbers in a `Shape`: axes, steps.
struct CodeList: CodeValue {
  let numbers: Shape

  init(_ numbers: Shape) { self.numbers = numbers }

  func write(to code: inout ProgramWriter) {
    code.count(numbers.rank)
    for number in numbers.dimensions { code.number(number.raw) }
  }

  init(from code: inout ProgramReader) throws {
    var numbers = Shape()
    for _ in 0..<(try code.rank()) { numbers.append(try code.number()) }
    self.numbers = numbers
  }
}
