/// What a product of extents is made of: a symbol, or a function of extents that is not a polynomial. A place in a table.
struct Factor: Hashable, Comparable, Sendable, CustomStringConvertible {
  enum Definition: Hashable, Sendable {
    case symbol(String)
    /// Divided and rounded down.
    case quotient(Dimension, Dimension)
    case remainder(Dimension, Dimension)
    case minimum(Dimension, Dimension)
    case maximum(Dimension, Dimension)
    /// One of so many equal parts.
    case share(Dimension, parts: Int)
  }

  /// Odd for parts of a whole, which are put together again if they can be.
  private let code: Int

  private static let table = Locked<(codes: [Definition: Int], list: [(definition: Definition, least: Int?)])>(([:], []))

  init(_ definition: Definition) {
    if let known = Self.table.withLock({ $0.codes[definition] }) {
      code = known
      return
    }
    let least = definition.least
    code = Self.table.withLock { table in
      if let code = table.codes[definition] { return code }
      var code = 2 * table.list.count
      if case .share = definition { code += 1 }
      table.list.append((definition, least))
      table.codes[definition] = code
      return code
    }
  }

  var isShare: Bool { code & 1 == 1 }
  var definition: Definition { Self.table.withLock { $0.list[code / 2].definition } }
  /// A number that the value is never below; nil if none is known.
  var least: Int? { Self.table.withLock { $0.list[code / 2].least } }

  static func < (a: Factor, b: Factor) -> Bool { a.code < b.code }

  var description: String {
    func operand(_ extent: Dimension) -> String {
      let text = "\(extent)"
      return text.contains(" ") ? "(\(text))" : text
    }
    switch definition {
    case .symbol(let name): return name
    case .quotient(let a, let b): return "⌊\(operand(a))/\(operand(b))⌋"
    case .remainder(let a, let b): return "(\(operand(a)) mod \(operand(b)))"
    case .minimum(let a, let b): return "min(\(a), \(b))"
    case .maximum(let a, let b): return "max(\(a), \(b))"
    case .share(let whole, let parts): return "\(operand(whole))/\(parts)"
    }
  }

  /// The names of the symbols in it.
  var symbols: [String] {
    switch definition {
    case .symbol(let name): [name]
    case .quotient(let a, let b), .remainder(let a, let b), .minimum(let a, let b), .maximum(let a, let b):
      a.symbols + b.symbols
    case .share(let whole, _): whole.symbols
    }
  }

  func value(_ symbols: [String: Int]) -> Int? {
    func both(_ a: Dimension, _ b: Dimension, _ f: (Int, Int) -> Int) -> Int? {
      guard let x = a.value(symbols), let y = b.value(symbols) else { return nil }
      return f(x, y)
    }
    switch definition {
    case .symbol(let name): return symbols[name]
    case .quotient(let a, let b): return both(a, b, Self.quotient)
    case .remainder(let a, let b): return both(a, b, Self.remainder)
    case .minimum(let a, let b): return both(a, b, min)
    case .maximum(let a, let b): return both(a, b, max)
    case .share(let whole, let parts): return whole.value(symbols).map { Self.quotient($0, parts) }
    }
  }
}

extension Factor {
  /// Rounded down; zero for a divisor of zero.
  static func quotient(_ a: Int, _ b: Int) -> Int {
    if b == 0 { return 0 }
    let (quotient, rest) = a.quotientAndRemainder(dividingBy: b)
    return rest != 0 && (rest < 0) != (b < 0) ? quotient - 1 : quotient
  }

  static func remainder(_ a: Int, _ b: Int) -> Int {
    if b == 0 || b == -1 { return 0 }
    let rest = a % b
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
  }

  /// Whole multiples of a number that divides are taken out: ⌊(2n + 3)/2⌋ = n + 1.
  static func quotient(_ a: Dimension, _ b: Dimension) -> Dimension {
    if let exact = a.divided(exactlyBy: b) { return exact }
    guard let divisor = b.number else {
      return (0 as Dimension).isAtMost(a) == true && a.isAtMost(b - 1) == true
        ? 0 : Polynomial(factor: Factor(.quotient(a, b))).dimension
    }
    if divisor == 0 { return 0 }
    var taken: [Polynomial.Term] = [], rest: [Polynomial.Term] = []
    for term in a.polynomial.terms {
      let whole = quotient(term.coefficient, divisor)
      taken.append(Polynomial.Term(factors: term.factors, coefficient: whole))
      rest.append(Polynomial.Term(factors: term.factors, coefficient: term.coefficient - whole * divisor))
    }
    let left = Polynomial(summing: rest).dimension
    let quotient = Polynomial(summing: taken).dimension
    if let number = left.number { return quotient + Dimension(self.quotient(number, divisor)) }
    return quotient + Polynomial(factor: Factor(.quotient(left, b))).dimension
  }

  static func remainder(_ a: Dimension, _ b: Dimension) -> Dimension {
    if b.number == 0 || a.divided(exactlyBy: b) != nil { return 0 }
    if let divisor = b.number { return a - quotient(a, b) * Dimension(divisor) }
    // One more or one less of the divisor, if the symbols say which.
    for moved in [a, a + b, a - b] where (0 as Dimension).isAtMost(moved) == true && moved.isAtMost(b - 1) == true { return moved }
    return Polynomial(factor: Factor(.remainder(a, b))).dimension
  }

  /// Of two extents of which either may be the lesser.
  static func extreme(_ a: Dimension, _ b: Dimension, isMinimum: Bool) -> Dimension {
    // Expressions before numbers.
    let (first, second) = a.raw <= b.raw ? (a, b) : (b, a)
    return Polynomial(factor: Factor(isMinimum ? .minimum(first, second) : .maximum(first, second))).dimension
  }

  static func share(_ whole: Dimension, _ parts: Int) -> Dimension {
    Polynomial(factor: Factor(.share(whole, parts: parts))).dimension
  }
}

extension Factor.Definition {
  fileprivate var least: Int? {
    func least(_ extent: Dimension) -> Int? { extent.number ?? extent.polynomial.least(2) }
    switch self {
    case .symbol: return 1
    case .quotient(let a, let b):
      guard let low = least(a), (least(b) ?? -1) >= 0 else { return nil }
      return b.number.map { Factor.quotient(low, $0) } ?? (low >= 0 ? 0 : nil)
    case .remainder(_, let b): return (least(b) ?? -1) >= 0 ? 0 : nil
    case .minimum(let a, let b):
      guard let x = least(a), let y = least(b) else { return nil }
      return min(x, y)
    case .maximum(let a, let b):
      guard let x = least(a), let y = least(b) else { return least(a) ?? least(b) }
      return max(x, y)
    case .share(let whole, let parts): return least(whole).map { -Factor.quotient(-$0, parts) }
    }
  }
}

/// What bounds a factor: `times` · the factor is at most, or at least, `value`.
struct FactorBound {
  var times: Int
  var value: Polynomial
}

extension Factor {
  /// Bounds from above (or from below) each of which holds; and if there is none, values one of which the factor has.
  func bounds(above: Bool) -> (each: [FactorBound], oneOf: [Polynomial]) {
    switch definition {
    case .symbol: return ([], [])
    case .quotient(let a, let b):
      guard let divisor = b.number, divisor > 0 else {
        return (above && (least ?? -1) >= 0 ? [FactorBound(times: 1, value: a.polynomial)] : [], [])
      }
      return ([FactorBound(times: divisor, value: (above ? a : a - Dimension(divisor - 1)).polynomial)], [])
    case .remainder(_, let b):
      guard above, least != nil else { return ([], []) }
      let isPositive = (b.number ?? b.polynomial.least(1) ?? 0) > 0
      return ([FactorBound(times: 1, value: (isPositive ? b - 1 : b).polynomial)], [])
    case .minimum(let a, let b), .maximum(let a, let b):
      let both = [a.polynomial, b.polynomial]
      let isBound = if case .minimum = definition { above } else { !above }
      return isBound ? (both.map { FactorBound(times: 1, value: $0) }, []) : ([], both)
    case .share(let whole, let parts): return ([FactorBound(times: parts, value: whole.polynomial)], [])
    }
  }
}
