/// The extent of an axis: a whole number, or a polynomial in symbols with whole coefficients, such as `2·batch·tokens + 1`.
///
/// Symbols stand for numbers of at least one that are known when a compiled program is called. Arithmetic is exact; two expressions are the same dimension
/// if their normal forms (sorted sums of sorted products) are. A comparison whose answer depends on the symbols ends the program, naming both sides.
public struct Dimension: Sendable {
  /// A number that is not below zero, or the place of an expression in the table, counted from `Int.min`.
  @usableFromInline let raw: Int

  @usableFromInline init(raw: Int) { self.raw = raw }

  /// A number.
  @inlinable public init(_ value: Int) { raw = value }

  /// The symbol of this name; one name is one symbol everywhere.
  public init(symbol name: String) { self = Polynomial(symbol: name).dimension }

  /// Values below this are places in the table of expressions.
  @usableFromInline static let firstNumber = Int.min / 2

  @inlinable public var isSymbolic: Bool { raw < Self.firstNumber }

  /// Whether there is an expression of this place; a number far below zero, which no extent is, looks like one.
  var isExpression: Bool { isSymbolic && Polynomial.table.withLock { raw - Int.min < $0.list.count } }

  /// The number, nil for an expression in symbols.
  @inlinable public var number: Int? { isSymbolic ? nil : raw }

  /// Whether both are one number or one expression. Never ends the program.
  @inlinable public func isIdentical(to other: Dimension) -> Bool { raw == other.raw }

  /// Whether the two are equal for every value of the symbols (true), for none (false), or for some only (nil).
  public func equals(_ other: Dimension) -> Bool? {
    if raw == other.raw { return true }
    if !isSymbolic && !other.isSymbolic { return false }
    switch (polynomial - other.polynomial).sign {
    case .zero: return true
    case .positive, .negative: return false
    case .notNegative, .notPositive, .unknown: return nil
    }
  }

  /// This dimension divided by another that divides it for every value of the symbols; nil where there is no such polynomial.
  public func divided(exactlyBy other: Dimension) -> Dimension? {
    if let a = number, let b = other.number { return b != 0 && a % b == 0 ? Dimension(a / b) : nil }
    return polynomial.divided(exactlyBy: other.polynomial)?.dimension
  }

  /// The number for given values of the symbols; nil where one is missing.
  public func value(_ symbols: [String: Int]) -> Int? { isSymbolic ? polynomial.value(symbols) : raw }

  /// The number for given values of all its symbols.
  func bound(_ symbols: [String: Int]) -> Int {
    guard let value = value(symbols) else { fatalError("no value for the symbols of \(self)") }
    return value
  }

  /// The names of the symbols in it, sorted.
  public var symbols: [String] { isSymbolic ? polynomial.symbols : [] }

  var polynomial: Polynomial { isSymbolic ? Polynomial.table.withLock { $0.list[raw - Int.min] } : Polynomial(raw) }

  static func undecidable(_ a: Dimension, _ relation: String, _ b: Dimension) -> Never {
    fatalError("whether \(a) \(relation) \(b) depends on the symbols; give both one symbol, or compile for numbers")
  }
}

/// A dimension as part of what tells one operation from another: equal where the expressions are.
struct Extent: Hashable, Sendable {
  let dimension: Dimension

  init(_ dimension: Dimension) { self.dimension = dimension }

  func bound(_ symbols: [String: Int]) -> Extent { Extent(Dimension(dimension.bound(symbols))) }

  static func == (a: Extent, b: Extent) -> Bool { a.dimension.isIdentical(to: b.dimension) }
  func hash(into hasher: inout Hasher) { hasher.combine(dimension.raw) }
}

extension Dimension: Comparable {
  @inlinable public static func == (a: Dimension, b: Dimension) -> Bool {
    if a.raw == b.raw { return true }
    if !a.isSymbolic && !b.isSymbolic { return false }
    return symbolicallyEqual(a, b)
  }

  @usableFromInline static func symbolicallyEqual(_ a: Dimension, _ b: Dimension) -> Bool {
    guard let answer = a.equals(b) else { undecidable(a, "equals", b) }
    return answer
  }

  public static func < (a: Dimension, b: Dimension) -> Bool {
    if let x = a.number, let y = b.number { return x < y }
    switch (a.polynomial - b.polynomial).sign {
    case .negative: return true
    case .zero, .positive, .notNegative: return false
    case .notPositive, .unknown: undecidable(a, "is less than", b)
    }
  }
}

extension Dimension {
  public static func + (a: Dimension, b: Dimension) -> Dimension {
    if let x = a.number, let y = b.number { return exact(x.addingReportingOverflow(y), x, "+", y) }
    return (a.polynomial + b.polynomial).dimension
  }

  public static func - (a: Dimension, b: Dimension) -> Dimension {
    if let x = a.number, let y = b.number { return exact(x.subtractingReportingOverflow(y), x, "-", y) }
    return (a.polynomial - b.polynomial).dimension
  }

  public static func * (a: Dimension, b: Dimension) -> Dimension {
    if let x = a.number, let y = b.number { return exact(x.multipliedReportingOverflow(by: y), x, "·", y) }
    return (a.polynomial * b.polynomial).dimension
  }

  private static func exact(_ result: (partialValue: Int, overflow: Bool), _ x: Int, _ operation: String, _ y: Int) -> Dimension {
    if result.overflow { Caller(#fileID, #line).fail("shape", "\(x) \(operation) \(y) is more than an Int holds") }
    return Dimension(result.partialValue)
  }

  public static func += (a: inout Dimension, b: Dimension) { a = a + b }
  public static func *= (a: inout Dimension, b: Dimension) { a = a * b }
}

extension Dimension: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, CustomStringConvertible {
  @inlinable public init(integerLiteral value: Int) { self.init(value) }
  /// The symbol of this name.
  public init(stringLiteral name: String) { self.init(symbol: name) }
  public var description: String { isSymbolic ? polynomial.description : String(raw) }
}

/// A sum of products of symbols in normal form: terms in ascending order of their symbols, none with the coefficient zero.
struct Polynomial: Hashable, Sendable, CustomStringConvertible {
  /// A product: its symbols in ascending order, powers repeated; empty for the constant term.
  struct Term: Hashable, Sendable {
    var symbols: [String]
    var coefficient: Int
  }
  let terms: [Term]

  /// Whether a value is above or below zero when every symbol is at least one.
  enum Sign { case zero, positive, negative, notNegative, notPositive, unknown }

  init(_ number: Int) { terms = number == 0 ? [] : [Term(symbols: [], coefficient: number)] }
  init(symbol name: String) { terms = [Term(symbols: [name], coefficient: 1)] }

  /// The normal form of a sum of terms whose symbols are sorted.
  init(summing all: [Term]) {
    var sums: [[String]: Int] = [:]
    for term in all { sums[term.symbols, default: 0] += term.coefficient }
    terms =
      sums.filter { $0.value != 0 }.map { Term(symbols: $0.key, coefficient: $0.value) }.sorted { Self.precedes($0.symbols, $1.symbols) }
  }

  /// Longer products first, then by name, so that the constant is last and division can begin at the front.
  private static func precedes(_ a: [String], _ b: [String]) -> Bool {
    a.count != b.count ? a.count > b.count : a.lexicographicallyPrecedes(b)
  }

  static let table = Locked<(places: [Polynomial: Int], list: [Polynomial])>(([:], []))

  var dimension: Dimension {
    if terms.isEmpty { return 0 }
    if terms.count == 1 && terms[0].symbols.isEmpty { return Dimension(terms[0].coefficient) }
    let place = Self.table.withLock { table in
      if let place = table.places[self] { return place }
      table.list.append(self)
      table.places[self] = table.list.count - 1
      return table.list.count - 1
    }
    return Dimension(raw: Int.min + place)
  }

  static func + (a: Polynomial, b: Polynomial) -> Polynomial { Polynomial(summing: a.terms + b.terms) }

  static func - (a: Polynomial, b: Polynomial) -> Polynomial {
    Polynomial(summing: a.terms + b.terms.map { Term(symbols: $0.symbols, coefficient: -$0.coefficient) })
  }

  static func * (a: Polynomial, b: Polynomial) -> Polynomial {
    Polynomial(
      summing: a.terms.flatMap { x in
        b.terms.map { y in Term(symbols: (x.symbols + y.symbols).sorted(), coefficient: x.coefficient * y.coefficient) }
      })
  }

  /// Long division by the leading term; nil where a rest stays.
  func divided(exactlyBy divisor: Polynomial) -> Polynomial? {
    guard let lead = divisor.terms.first else { return nil }
    var rest = self
    var quotient: [Term] = []
    while let first = rest.terms.first {
      guard first.coefficient % lead.coefficient == 0, let symbols = Self.quotient(first.symbols, lead.symbols) else { return nil }
      let term = Polynomial(summing: [Term(symbols: symbols, coefficient: first.coefficient / lead.coefficient)])
      quotient += term.terms
      rest = rest - term * divisor
    }
    return Polynomial(summing: quotient)
  }

  private static func quotient(_ a: [String], _ b: [String]) -> [String]? {
    var rest = a
    for symbol in b {
      guard let place = rest.firstIndex(of: symbol) else { return nil }
      rest.remove(at: place)
    }
    return rest
  }

  /// The least value is taken where all symbols are one, if no coefficient of a product is negative; the greatest where none is positive.
  var sign: Sign {
    if terms.isEmpty { return .zero }
    let atOnes = terms.reduce(0) { $0 + $1.coefficient }
    let products = terms.filter { !$0.symbols.isEmpty }
    if products.allSatisfy({ $0.coefficient > 0 }) {
      if atOnes > 0 { return .positive }
      if atOnes == 0 { return .notNegative }
    }
    if products.allSatisfy({ $0.coefficient < 0 }) {
      if atOnes < 0 { return .negative }
      if atOnes == 0 { return .notPositive }
    }
    return .unknown
  }

  func value(_ symbols: [String: Int]) -> Int? {
    var sum = 0
    for term in terms {
      var product = term.coefficient
      for symbol in term.symbols {
        guard let value = symbols[symbol] else { return nil }
        product *= value
      }
      sum += product
    }
    return sum
  }

  var symbols: [String] { Set(terms.flatMap(\.symbols)).sorted() }

  var description: String {
    var text = ""
    for term in terms {
      let size = abs(term.coefficient)
      let factors = (size == 1 && !term.symbols.isEmpty ? [] : ["\(size)"]) + term.symbols
      text += text.isEmpty ? (term.coefficient < 0 ? "-" : "") : (term.coefficient < 0 ? " - " : " + ")
      text += factors.joined(separator: "·")
    }
    return text.isEmpty ? "0" : text
  }
}
