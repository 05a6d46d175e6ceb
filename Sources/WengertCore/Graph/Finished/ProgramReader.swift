/// Reads what `ProgramWriter` writes. Bytes may be anything: every number is checked before it is used, lists are no longer than the bytes that are left, and what is named by
/// its place stands before.
struct ProgramReader {
  private let bytes: [UInt8]
  private var at: Int
  private let end: Int
  private var words: [String] = []
  private var expressions: [Expression] = []
  private var shapes: [(value: Shape, size: ExpressionSize)] = []
  private var types: [TensorType] = []
  private var rowPrograms: [RowProgram] = []
  private var callers: [Caller] = []
  /// The symbols that extents name.
  private(set) var symbols: Set<String> = []
  /// Extents of types that may be negative for some numbers of the symbols.
  private(set) var openExtents: Set<Dimension> = []

  /// Larger numbers would overflow in comparisons with expressions.
  static let largestExtent = 1 << 36

  private enum Expression {
    case sum(Dimension, ExpressionSize)
    case factor(Factor, ExpressionSize)
  }

  /// - Parameter range: where the tables and what follows them are.
  /// - Throws: `ProgramError` if a table is broken.
  init(_ bytes: [UInt8], in range: Range<Int>) throws {
    self.bytes = bytes
    at = range.lowerBound
    end = range.upperBound
    for _ in 0..<(try count("words")) { try words.append(text()) }
    for _ in 0..<(try count("extents")) { try expressions.append(expression()) }
    for _ in 0..<(try count("shapes")) { try shapes.append(shapeParts()) }
    for _ in 0..<(try count("types")) {
      let (shape, size) = try entry(of: shapes, "shape")
      let type = try TensorType(shape: shape, dtype: read())
      guard shape.isPossible(size) else { throw ProgramError("it has a type that no tensor can have, \(type)") }
      for extent in shape.dimensions where extent.isExpression && (0 as Dimension).isAtMost(extent) != true { openExtents.insert(extent) }
      types.append(type)
    }
    for _ in 0..<(try count("row programs")) { try rowPrograms.append(RowProgram(partsFrom: &self)) }
    for _ in 0..<(try count("callers")) {
      let file = try word()
      try callers.append(Caller(read: file, UInt(unsigned())))
    }
  }

  /// - Throws: `ProgramError` if something is left.
  func finish() throws {
    if at < end { throw ProgramError("\(end - at) bytes follow its end") }
  }

  /// What is said of a name that is not known.
  func unknown(_ name: String, _ kind: String) -> ProgramError {
    ProgramError("it names the \(kind) \(name.debugDescription), which this version of the library does not have; make the program again")
  }

  private func cutOff() -> ProgramError { ProgramError("its content ends too early") }
}

// MARK: Values

extension ProgramReader {
  mutating func read<Value: CodeValue>(_ type: Value.Type = Value.self) throws -> Value { try Value(from: &self) }

  mutating func byte() throws -> UInt8 {
    guard at < end else { throw cutOff() }
    defer { at += 1 }
    return bytes[at]
  }

  private mutating func bits() throws -> UInt {
    var value: UInt = 0
    for shift in stride(from: UInt(0), to: 64, by: 7) {
      let byte = try byte()
      value |= UInt(byte & 0x7F) << shift
      if byte < 0x80 {
        if shift == 63 && byte > 1 { break }
        return value
      }
    }
    throw ProgramError("it has a number of more than 64 bits")
  }

  /// A number that is not negative.
  mutating func unsigned() throws -> Int {
    let value = try bits()
    guard let number = Int(exactly: value) else { throw ProgramError("it has a count of \(value)") }
    return number
  }

  /// The length of a list, each of whose entries takes a byte at least.
  mutating func count(_ what: String) throws -> Int {
    let count = try unsigned()
    guard count <= end - at else { throw ProgramError("it has \(count) \(what) in \(end - at) bytes") }
    return count
  }

  /// A number of axes.
  mutating func rank() throws -> Int {
    let rank = try count("axes")
    guard rank <= Shape.maximumRank else { throw ProgramError("it has a shape of \(rank) axes; there are at most \(Shape.maximumRank)") }
    return rank
  }

  mutating func number() throws -> Int {
    let bits = try bits()
    return Int(bitPattern: bits >> 1) ^ -Int(bitPattern: bits & 1)
  }

  mutating func flag() throws -> Bool {
    let byte = try byte()
    guard byte <= 1 else { throw ProgramError("it has \(byte) for a truth value") }
    return byte == 1
  }

  mutating func fixed<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
    var value: Number = 0
    for shift in stride(from: 0, to: Number.bitWidth, by: 8) { value |= Number(truncatingIfNeeded: try byte()) << Number(shift) }
    return value
  }

  mutating func real() throws -> Double {
    switch try byte() {
    case 0: return Double(try number())
    case 1: return Double(Float(bitPattern: try fixed(UInt32.self)))
    case 2: return Double(bitPattern: try fixed(UInt64.self))
    case let kind: throw ProgramError("it has a number of kind \(kind)")
    }
  }

  mutating func text() throws -> String {
    guard let text = String(validating: try raw(count("bytes of a text")), as: UTF8.self) else {
      throw ProgramError("it has a text that is not UTF-8")
    }
    return text
  }

  mutating func raw(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count <= end - at else { throw cutOff() }
    defer { at += count }
    return bytes[at..<at + count]
  }

  // MARK: Tables

  private mutating func entry<Entry>(of table: [Entry], _ kind: String) throws -> Entry {
    let place = try unsigned()
    guard place < table.count else { throw ProgramError("it names \(kind) \(place) of \(table.count)") }
    return table[place]
  }

  mutating func word() throws -> String { try entry(of: words, "word") }
  mutating func shape() throws -> Shape { try entry(of: shapes, "shape").value }
  mutating func possibleShape() throws -> Shape {
    let shape = try shape()
    guard shape.isPossible else { throw ProgramError("it has a shape that no tensor can have, \(shape)") }
    return shape
  }
  mutating func type() throws -> TensorType { try entry(of: types, "type") }
  mutating func rowProgram() throws -> RowProgram { try entry(of: rowPrograms, "row program") }
  mutating func caller() throws -> Caller { try entry(of: callers, "caller") }

  mutating func name() throws -> String {
    var parts: [String] = []
    for _ in 0..<(try count("parts of a name")) { try parts.append(word()) }
    return parts.joined(separator: ".")
  }

  mutating func dimension() throws -> Dimension { try sized().value }

  private mutating func sized() throws -> (value: Dimension, size: ExpressionSize) {
    let place = try unsigned()
    if place > 0 {
      guard place <= expressions.count, case .sum(let value, let size) = expressions[place - 1] else {
        throw ProgramError("it names extent \(place - 1) of \(expressions.count)")
      }
      return (value, size)
    }
    let number = try number()
    guard number.magnitude <= Self.largestExtent else { throw ProgramError("it has an extent of \(number)") }
    return (Dimension(number), ExpressionSize(number))
  }

  private func bearable(_ size: ExpressionSize) throws -> ExpressionSize {
    guard size.isBearable else { throw ProgramError("it has an extent that is too involved") }
    return size
  }

  private mutating func expression() throws -> Expression {
    let kind = try word()
    if kind == "sum" {
      var terms: [Polynomial.Term] = [], size: ExpressionSize?
      for _ in 0..<(try count("terms of an extent")) {
        let coefficient = try number()
        var factors: [Factor] = [], product = ExpressionSize(coefficient)
        for _ in 0..<(try count("factors of an extent")) {
          let place = try unsigned()
          guard place < expressions.count, case .factor(let factor, let size) = expressions[place] else {
            throw ProgramError("it names factor \(place) of \(expressions.count) parts of extents")
          }
          factors.append(factor)
          product = product * size
        }
        terms.append(Polynomial.Term(factors: factors.sorted(), coefficient: coefficient))
        size = size.map { $0 + product } ?? product
      }
      let whole = try bearable(size ?? ExpressionSize(0))
      return .sum(Polynomial(summing: terms).dimension, whole)
    }
    if kind == "symbol" {
      let name = try word()
      symbols.insert(name)
      return .factor(Factor(.symbol(name)), .symbol)
    }
    let (a, first) = try sized()
    if kind == "share" {
      let parts = try number()
      guard parts > 0 else { throw ProgramError("it has an extent in \(parts) parts") }
      let size = try bearable(ExpressionSize(functionOf: first, ExpressionSize(parts), divisor: parts))
      return .factor(Factor(.share(a, parts: parts)), size)
    }
    let (b, second) = try sized()
    let size = try bearable(ExpressionSize(functionOf: first, second, divisor: kind == "quotient" ? b.number ?? 1 : 1))
    // Their order is that of this process.
    let (low, high) = a.raw <= b.raw ? (a, b) : (b, a)
    switch kind {
    case "quotient": return .factor(Factor(.quotient(a, b)), size)
    case "remainder": return .factor(Factor(.remainder(a, b)), size)
    case "minimum": return .factor(Factor(.minimum(low, high)), size)
    case "maximum": return .factor(Factor(.maximum(low, high)), size)
    default: throw unknown(kind, "extent")
    }
  }

  /// Extents, or places in a tensor.
  private mutating func shapeParts() throws -> (value: Shape, size: ExpressionSize) {
    var shape = Shape(), size = ExpressionSize(1)
    for _ in 0..<(try rank()) {
      let (extent, part) = try sized()
      shape.append(extent)
      size = size * part
    }
    return (shape, size)
  }
}

extension Shape {
  /// Whether no extent that is a number is negative, and the product of those that are not zero is an Int.
  var isCountable: Bool {
    var count = 1
    for axis in indices where !self[dim: axis].isExpression {
      let (product, overflows) = count.multipliedReportingOverflow(by: Swift.max(self[dim: axis].raw, 1))
      if self[dim: axis].raw < 0 || overflows { return false }
      count = product
    }
    return true
  }

  /// Whether a tensor could have this shape, and its elements be counted and compared.
  var isPossible: Bool { isPossible(ExpressionSize(self)) }

  fileprivate func isPossible(_ size: @autoclosure () -> ExpressionSize) -> Bool { isCountable && (!isSymbolic || size().isBearable) }
}
