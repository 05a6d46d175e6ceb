/// The extent of an axis: a whole number, or a polynomial in symbols with whole coefficients, such as `2·batch·tokens + 1`.
///
/// Symbols stand for numbers of at least one that are known when a compiled program is called. Arithmetic is exact. Quotients, remainders, least and greatest of
/// extents that no polynomial gives are factors like symbols, `min(batch, 8)`.
///
/// Equal means equal for every value of the symbols: `batch + 1 == 1 + batch`. `==`, `!=` and `<` answer if they hold for every value or for none; if that depends on
/// the symbols they end the program, naming both sides, since a branch that is taken while a graph is traced would be taken for all of its calls. `equals(_:)` gives
/// nil then. Only as an element of a collection, an optional or a key is a dimension compared as it is written, in one normal form: `batch` is in no set that holds 3.
///
/// An extent may have the name of its axis (`Tensor.named`), and prints as `B: 32` then. It equals no extent of another name; with one that has none it is compared as if it
/// had none either, and what is computed from it has none.
public struct Dimension: Hashable, Sendable {
  /// A number that is not below zero, or the place of an expression in the table, counted from `Int.min`; of an extent with a name see `AxisNames`.
  @usableFromInline let raw: Int

  @usableFromInline init(raw: Int) { self.raw = raw }

  /// A number, which no extent comes near if it is below −2⁶².
  ///
  /// - Precondition: `value` is not below −2⁶².
  @inlinable public init(_ value: Int) {
    if value < Self.firstNumber { Self.failForNumber(value) }
    raw = value
  }

  @inline(never) @usableFromInline static func failForNumber(_ value: Int) -> Never {
    Caller(#fileID, #line).fail("extent", "\(value) is far from any extent")
  }

  /// The symbol of this name; one name is one symbol everywhere.
  public init(symbol name: String) { self = Polynomial(symbol: name).dimension }

  /// Values below this are places in the table of expressions.
  @usableFromInline static let firstNumber = Int.min / 2

  /// Equality as a key: of one number, or one expression in its normal form. Modules that use the library get `==` of extents, which asks for all values of the symbols.
  @_implements(Equatable,==(_:_:)) @inlinable public static func isSameKey(_ a: Dimension, _ b: Dimension) -> Bool { a.raw == b.raw }

  /// Whether this is an expression in symbols, and not a number.
  @inlinable public var isSymbolic: Bool { raw < Self.firstNumber && namedNumber == nil }

  /// Whether there is an expression of this place; a number far below zero, which no extent is, looks like one.
  var isExpression: Bool { isSymbolic && Polynomial.table.withLock { unnamed.raw - Int.min < $0.list.count } }

  /// The number, nil for an expression in symbols.
  @inlinable public var number: Int? { raw < Self.firstNumber ? namedNumber : raw }

  /// Whether the two are equal for every value of the symbols (true), for none (false), or whether that depends on the symbols (nil).
  public func equals(_ other: Dimension) -> Bool? {
    if raw == other.raw { return true }
    if raw >= Self.firstNumber && other.raw >= Self.firstNumber { return false }
    if hasOtherName(than: other) { return false }
    if let a = number, let b = other.number { return a == b }
    switch (polynomial - other.polynomial).sign {
    case .zero: return true
    case .positive, .negative: return false
    case .notNegative, .notPositive, .unknown: return nil
    }
  }

  /// Whether this is at most `other` for every value of the symbols (true), for none (false), or for some only (nil).
  func isAtMost(_ other: Dimension) -> Bool? {
    if let a = number, let b = other.number { return a <= b }
    switch (polynomial - other.polynomial).sign {
    case .zero, .negative, .notPositive: return true
    case .positive: return false
    case .notNegative, .unknown: return nil
    }
  }

  /// This dimension divided by another that divides it for every value of the symbols; nil if there is no such polynomial.
  public func divided(exactlyBy other: Dimension) -> Dimension? {
    if let a = number, let b = other.number { return b != 0 && a % b == 0 ? Dimension(a / b) : nil }
    return polynomial.divided(exactlyBy: other.polynomial)?.dimension
  }

  /// The number for given values of the symbols; nil if one is missing.
  public func value(_ symbols: [String: Int]) -> Int? { number ?? polynomial.value(symbols) }

  /// The number for given values of all its symbols.
  func substituting(_ symbols: [String: Int]) -> Int {
    guard let value = value(symbols) else {
      Caller(#fileID, #line).fail(
        "extent",
        "\(self) is not a number here: symbols have their values only in calls of a compiled function whose arguments' shapes name them")
    }
    return value
  }

  /// The names of the symbols in it, sorted.
  public var symbols: [String] { isSymbolic ? polynomial.symbols : [] }

  /// A number far below zero that looks like an expression is one without symbols.
  var polynomial: Polynomial {
    if let number { return Polynomial(number) }
    let place = unnamed.raw - Int.min
    return Polynomial.table.withLock { place < $0.list.count ? $0.list[place] : nil } ?? Polynomial(raw)
  }

  /// What to say of a comparison that the symbols leave open.
  package static func openQuestion(_ a: Dimension, _ relation: String, _ b: Dimension) -> String {
    "whether \(a) \(relation) \(b) depends on the symbols; give both one symbol, or compile for numbers"
  }
}

extension Dimension: Comparable {
  /// Whether this is less for every value of the symbols.
  ///
  /// - Precondition: The order does not depend on the symbols.
  public static func < (a: Dimension, b: Dimension) -> Bool {
    if let x = a.number, let y = b.number { return x < y }
    switch (a.polynomial - b.polynomial).sign {
    case .negative: return true
    case .zero, .positive, .notNegative: return false
    case .notPositive, .unknown:
      Caller(#fileID, #line).fail(
        "comparison of extents",
        openQuestion(a, "is less than", b) + ". Axis.range(from:to:) takes bounds that only the symbols' numbers put in order")
    }
  }
}

extension Dimension {
  /// The sum; of symbols, a polynomial.
  ///
  /// - Precondition: An `Int` holds it, here and for all operators.
  public static func + (a: Dimension, b: Dimension) -> Dimension {
    if let x = a.number, let y = b.number { return exact(x.addingReportingOverflow(y), x, "+", y) }
    return combined(a, +, b)
  }

  /// The difference; of symbols, a polynomial.
  public static func - (a: Dimension, b: Dimension) -> Dimension {
    if let x = a.number, let y = b.number { return exact(x.subtractingReportingOverflow(y), x, "-", y) }
    return combined(a, -, b)
  }

  /// The product; of symbols, a polynomial.
  public static func * (a: Dimension, b: Dimension) -> Dimension {
    if let x = a.number, let y = b.number { return exact(x.multipliedReportingOverflow(by: y), x, "·", y) }
    return combined(a, *, b)
  }

  /// The slow way, out of line.
  @inline(never) private static func combined(_ a: Dimension, _ operation: (Polynomial, Polynomial) -> Polynomial, _ b: Dimension)
    -> Dimension
  {
    operation(a.polynomial, b.polynomial).dimension
  }

  private static func exact(_ result: (partialValue: Int, overflow: Bool), _ x: Int, _ operation: String, _ y: Int) -> Dimension {
    if result.overflow { failForOverflow(x, operation, y) }
    return Dimension(result.partialValue)
  }

  @inline(never) private static func failForOverflow(_ x: Int, _ operation: String, _ y: Int) -> Never {
    Caller(#fileID, #line).fail("shape", "\(x) \(operation) \(y) is more than an Int holds")
  }

  /// The quotient rounded down; 0 for a divisor of zero.
  public func divided(by divisor: Dimension) -> Dimension {
    if let a = number, let b = divisor.number { return Dimension(Factor.quotient(a, b)) }
    return Factor.quotient(unnamed, divisor.unnamed)
  }

  /// The remainder of `divided(by:)`, with the divisor's sign; zero for a divisor of zero.
  public func remainder(dividingBy divisor: Dimension) -> Dimension {
    if let a = number, let b = divisor.number { return Dimension(Factor.remainder(a, b)) }
    return Factor.remainder(unnamed, divisor.unnamed)
  }

  /// The lesser of two extents.
  public static func minimum(_ a: Dimension, _ b: Dimension) -> Dimension {
    if let answer = a.isAtMost(b) { return answer ? a : b }
    return b.isAtMost(a) == true ? b : Factor.extreme(a.unnamed, b.unnamed, isMinimum: true)
  }

  /// The greater of two extents.
  public static func maximum(_ a: Dimension, _ b: Dimension) -> Dimension {
    if let answer = a.isAtMost(b) { return answer ? b : a }
    return b.isAtMost(a) == true ? a : Factor.extreme(a.unnamed, b.unnamed, isMinimum: false)
  }

  /// One of `parts` equal parts, where whether they are equal is asked elsewhere: `parts` times the result is this dimension.
  func share(of parts: Int) -> Dimension { divided(exactlyBy: Dimension(parts)) ?? Factor.share(unnamed, parts) }

  /// Adds a dimension.
  public static func += (a: inout Dimension, b: Dimension) { a = a + b }
  /// Multiplies by a dimension.
  public static func *= (a: inout Dimension, b: Dimension) { a = a * b }
}

extension Dimension: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, CustomStringConvertible {
  @inlinable public init(integerLiteral value: Int) { self.init(value) }
  /// The symbol of this name.
  public init(stringLiteral name: String) { self.init(symbol: name) }
  public var description: String {
    let text = number.map(String.init) ?? polynomial.description
    return name.map { "\($0): \(text)" } ?? text
  }
}
