/// Writes the code of a finished program: values one after another, of which words, extents, types, row programs and callers stand in tables in front, each once, and
/// are named by their places there. See `FinishedProgram` for the form.
struct ProgramWriter {
  private(set) var bytes: [UInt8] = []
  private var words = Table<String>()
  private var expressions = Table<Expression>()
  private var shapes = Table<Shape>()
  private var types = Table<TensorType>()
  private var rowPrograms = Table<RowProgram>()
  private var callers = Table<Place>()

  /// The first thing that no code can hold, and why.
  private(set) var refusal: ProgramError?

  private struct Table<Key: Hashable> {
    var places: [Key: Int] = [:]
    var bytes: [UInt8] = []
  }

  /// A part of an extent that is no number.
  private enum Expression: Hashable {
    case sum(Polynomial)
    case factor(Factor)
  }

  private struct Place: Hashable {
    var file: String
    var line: UInt
  }

  /// Notes that there is something that no code can hold; the first such reason counts.
  mutating func refuse(_ reason: String) { refusal = refusal ?? ProgramError(reason) }

  /// The tables, and then what was written.
  mutating func finish() -> [UInt8] {
    let body = bytes
    bytes = []
    func add<Key>(_ table: Table<Key>) {
      count(table.places.count)
      bytes += table.bytes
    }
    add(words)
    add(expressions)
    add(shapes)
    add(types)
    add(rowPrograms)
    add(callers)
    return bytes + body
  }

  /// The place of an entry in a table, to which it is added by `write` if it is new. Entries that it names are added before it.
  private mutating func place<Key>(_ key: Key, in table: WritableKeyPath<ProgramWriter, Table<Key>>, _ write: (inout ProgramWriter) -> Void)
    -> Int
  {
    if let known = self[keyPath: table].places[key] { return known }
    let outer = bytes
    bytes = []
    write(&self)
    let entry = bytes
    bytes = outer
    let place = self[keyPath: table].places.count
    self[keyPath: table].bytes += entry
    self[keyPath: table].places[key] = place
    return place
  }
}

// MARK: Values

extension ProgramWriter {
  /// A case of an enumeration by its name, and what it is made of.
  mutating func form(_ name: String, _ values: any CodeValue...) {
    word(name)
    for value in values { value.write(to: &self) }
  }

  /// The properties of a struct.
  mutating func values(_ values: any CodeValue...) {
    for value in values { value.write(to: &self) }
  }

  mutating func byte(_ value: UInt8) { bytes.append(value) }

  /// Seven bits to a byte, the lowest first; all bytes but the last have the upper bit.
  private mutating func bits(_ value: UInt) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// A number that is not negative.
  mutating func count(_ value: Int) { bits(UInt(value)) }

  /// A number whose lowest bit is its sign, so that small ones of either are short.
  mutating func number(_ value: Int) { bits(UInt(bitPattern: (value << 1) ^ (value >> (Int.bitWidth - 1)))) }

  mutating func fixed<Number: FixedWidthInteger>(_ value: Number) {
    for shift in stride(from: 0, to: Number.bitWidth, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> Number(shift))) }
  }

  /// A number in 8 bytes, in 4 if they hold it, and a small whole one in one or more.
  mutating func real(_ value: Double) {
    if let whole = Int(exactly: value), whole.magnitude < 1 << 20, whole != 0 || value.sign == .plus {
      byte(0)
      number(whole)
    } else if Double(Float(value)).bitPattern == value.bitPattern {
      byte(1)
      fixed(Float(value).bitPattern)
    } else {
      byte(2)
      fixed(value.bitPattern)
    }
  }

  mutating func text(_ value: String) {
    count(value.utf8.count)
    bytes += Array(value.utf8)
  }

  mutating func raw(_ span: RawSpan) { span.withUnsafeBytes { bytes += Array($0) } }

  // MARK: Tables

  mutating func word(_ value: String) { count(place(value, in: \.words) { $0.text(value) }) }

  /// A dotted name, part by part: the parts of a model's names are few.
  mutating func name(_ value: String) {
    let parts = value.split(separator: ".", omittingEmptySubsequences: false)
    count(parts.count)
    for part in parts { word(String(part)) }
  }

  mutating func dimension(_ value: Dimension) {
    if !value.isExpression {
      if value.raw.magnitude > ProgramReader.largestExtent { refuse("the extent \(value) is too large") }
      count(0)
      return number(value.raw)
    }
    if !ExpressionSize(value).isBearable {
      return refuse("the extent \(value) is too involved; give a part of it a symbol of its own")
    }
    count(sum(value.polynomial) + 1)
  }

  private mutating func sum(_ polynomial: Polynomial) -> Int {
    place(.sum(polynomial), in: \.expressions) { code in
      code.word("sum")
      code.count(polynomial.terms.count)
      for term in polynomial.terms {
        code.number(term.coefficient)
        code.count(term.factors.count)
        for factor in term.factors { code.count(code.factor(factor)) }
      }
    }
  }

  private mutating func factor(_ factor: Factor) -> Int {
    place(.factor(factor), in: \.expressions) { code in
      switch factor.definition {
      case .symbol(let name):
        code.word("symbol")
        code.word(name)
      case .quotient(let a, let b): code.form("quotient", a, b)
      case .remainder(let a, let b): code.form("remainder", a, b)
      case .minimum(let a, let b): code.form("minimum", a, b)
      case .maximum(let a, let b): code.form("maximum", a, b)
      case .share(let whole, let parts): code.form("share", whole, parts)
      }
    }
  }

  mutating func shape(_ value: Shape) {
    count(
      place(value, in: \.shapes) { code in
        code.count(value.rank)
        for dimension in value.dimensions { code.dimension(dimension) }
      })
  }

  mutating func type(_ value: TensorType) {
    if !value.shape.isPossible { refuse("the type \(value) is too involved; give a part of an extent a symbol of its own") }
    count(place(value, in: \.types) { $0.values(value.shape, value.dtype) })
  }

  mutating func rowProgram(_ value: RowProgram) { count(place(value, in: \.rowPrograms) { value.writeParts(to: &$0) }) }

  mutating func caller(_ value: Caller) {
    let place = Place(file: value.fileName, line: value.line)
    count(
      self.place(place, in: \.callers) { code in
        code.word(place.file)
        code.count(Int(place.line))
      })
  }
}
