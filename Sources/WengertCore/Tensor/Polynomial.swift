/// A sum of products of symbols, and of functions of extents, in normal form: terms in descending order of their factors, none with the coefficient zero.
struct Polynomial: Hashable, Sendable, CustomStringConvertible {
  /// A product: its factors in ascending order, powers repeated; empty for the constant term.
  struct Term: Hashable, Sendable {
    var factors: [Factor]
    var coefficient: Int
  }
  let terms: [Term]

  /// Whether a value is above or below zero when every symbol is at least one.
  enum Sign { case zero, positive, negative, notNegative, notPositive, unknown }

  init(_ number: Int) { terms = number == 0 ? [] : [Term(factors: [], coefficient: number)] }
  init(symbol name: String) { self.init(factor: Factor(.symbol(name))) }
  init(factor: Factor) { terms = [Term(factors: [factor], coefficient: 1)] }

  /// The normal form of a sum of terms whose factors are sorted.
  init(summing all: [Term]) {
    var sums: [[Factor]: Int] = [:]
    for term in all { sums[term.factors, default: 0] += term.coefficient }
    let merged = sums.filter { $0.value != 0 }.map { Term(factors: $0.key, coefficient: $0.value) }
    if let whole = Self.undoingShares(merged) {
      terms = whole.terms
    } else {
      terms = merged.sorted { Self.precedes($0.factors, $1.factors) }
    }
  }

  /// The sum with a part times the number of equal parts written as the whole; nil if there is none.
  private static func undoingShares(_ terms: [Term]) -> Polynomial? {
    for (number, term) in terms.enumerated() {
      for (place, factor) in term.factors.enumerated() where factor.isShare {
        guard case .share(let whole, let parts) = factor.definition, term.coefficient % parts == 0 else { continue }
        var rest = term
        rest.factors.remove(at: place)
        rest.coefficient /= parts
        var others = terms
        others.remove(at: number)
        return Polynomial(summing: others + (Polynomial(summing: [rest]) * whole.polynomial).terms)
      }
    }
    return nil
  }

  /// Longer products first, so that the constant is last and division can begin at the front.
  private static func precedes(_ a: [Factor], _ b: [Factor]) -> Bool {
    a.count != b.count ? a.count > b.count : a.lexicographicallyPrecedes(b)
  }

  /// Each expression once, for as long as the process lives: shapes anywhere may name its place. It grows with the expressions that functions have, not with calls.
  static let table = Locked<(places: [Polynomial: Int], list: [Polynomial])>(([:], []))

  var dimension: Dimension {
    if terms.isEmpty { return 0 }
    if terms.count == 1 && terms[0].factors.isEmpty { return Dimension(terms[0].coefficient) }
    let place = Self.table.withLock { table in
      if let place = table.places[self] { return place }
      table.list.append(self)
      table.places[self] = table.list.count - 1
      return table.list.count - 1
    }
    return Dimension(raw: Int.min + place)
  }

  static func + (a: Polynomial, b: Polynomial) -> Polynomial { Polynomial(summing: a.terms + b.terms) }
  static func - (a: Polynomial, b: Polynomial) -> Polynomial { Polynomial(summing: a.terms + (-b).terms) }

  static prefix func - (a: Polynomial) -> Polynomial {
    Polynomial(summing: a.terms.map { Term(factors: $0.factors, coefficient: -$0.coefficient) })
  }

  static func * (a: Polynomial, b: Polynomial) -> Polynomial {
    Polynomial(
      summing: a.terms.flatMap { x in
        b.terms.map { y in Term(factors: (x.factors + y.factors).sorted(), coefficient: x.coefficient * y.coefficient) }
      })
  }

  /// Long division by the leading term; nil if a rest stays.
  func divided(exactlyBy divisor: Polynomial) -> Polynomial? {
    guard let lead = divisor.terms.first else { return nil }
    var rest = self
    var quotient: [Term] = []
    while let first = rest.terms.first {
      guard first.coefficient % lead.coefficient == 0, let factors = Self.quotient(first.factors, lead.factors) else { return nil }
      let term = Polynomial(summing: [Term(factors: factors, coefficient: first.coefficient / lead.coefficient)])
      quotient += term.terms
      let next = rest - term * divisor
      // Where parts were put together the leading term may stay, or a longer one come.
      if let lead = next.terms.first, !Self.precedes(first.factors, lead.factors) { return nil }
      rest = next
    }
    return Polynomial(summing: quotient)
  }

  private static func quotient(_ a: [Factor], _ b: [Factor]) -> [Factor]? {
    var rest = a
    for factor in b {
      guard let place = rest.firstIndex(of: factor) else { return nil }
      rest.remove(at: place)
    }
    return rest
  }

  func value(_ symbols: [String: Int]) -> Int? {
    var sum = 0
    for term in terms {
      var product = term.coefficient
      for factor in term.factors {
        guard let value = factor.value(symbols) else { return nil }
        product *= value
      }
      sum += product
    }
    return sum
  }

  var symbols: [String] { Set(terms.flatMap { $0.factors.flatMap(\.symbols) }).sorted() }

  /// Longer products first, then by name.
  var description: String {
    let named = terms.map { (names: $0.factors.map(\.description).sorted(), coefficient: $0.coefficient) }.sorted {
      $0.names.count != $1.names.count ? $0.names.count > $1.names.count : $0.names.lexicographicallyPrecedes($1.names)
    }
    var text = ""
    for (names, coefficient) in named {
      let size = coefficient.magnitude
      let factors = (size == 1 && !names.isEmpty ? [] : ["\(size)"]) + names
      text += text.isEmpty ? (coefficient < 0 ? "-" : "") : (coefficient < 0 ? " - " : " + ")
      text += factors.joined(separator: "·")
    }
    return text.isEmpty ? "0" : text
  }
}

extension Polynomial {
  var sign: Sign {
    if terms.isEmpty { return .zero }
    let least = least(2)
    if let least, least > 0 { return .positive }
    let greatest = (-self).least(2).map { -$0 }
    if let greatest, greatest < 0 { return .negative }
    if least == 0 { return greatest == 0 ? .zero : .notNegative }
    return greatest == 0 ? .notPositive : .unknown
  }

  /// A number that the value is never below, as near as is found: every factor is its least value and something more, and where nothing is subtracted
  /// then, the value is least at the factors' least values. Otherwise bounds of the factors that are functions stand for them, so many times in turn.
  func least(_ depth: Int) -> Int? {
    if let number = leastWithoutBounds { return number }
    if depth == 0 { return nil }
    var best: Int?
    for (number, term) in terms.enumerated() {
      for (place, factor) in term.factors.enumerated() {
        var others = term
        others.factors.remove(at: place)
        let bounds = factor.bounds(above: term.coefficient < 0)
        guard !bounds.each.isEmpty || !bounds.oneOf.isEmpty, others.factors.allSatisfy({ ($0.least ?? -1) >= 0 }) else { continue }
        var rest = terms
        rest.remove(at: number)
        /// So many times the sum, with a value instead of the factor so many times.
        func least(_ times: Int, _ value: Polynomial) -> Int? {
          let sum = Polynomial(times) * Polynomial(summing: rest) + Polynomial(summing: [others]) * value
          return sum.least(depth - 1).map { -Factor.quotient(-$0, times) }
        }
        var found = bounds.each.compactMap { least($0.times, $0.value) }
        let cases = bounds.oneOf.map { least(1, $0) }
        if let low = cases.compactMap({ $0 }).min(), !cases.contains(nil) { found.append(low) }
        best = (found + (best.map { [$0] } ?? [])).max()
      }
    }
    return best
  }

  private var leastWithoutBounds: Int? {
    var shifted = Polynomial(0)
    for term in terms {
      var product = Polynomial(term.coefficient)
      for factor in term.factors {
        guard let least = factor.least else { return nil }
        product = product * (Polynomial(factor: factor) + Polynomial(least))
      }
      shifted = shifted + product
    }
    guard shifted.terms.allSatisfy({ $0.factors.isEmpty || $0.coefficient > 0 }) else { return nil }
    return shifted.terms.last.flatMap { $0.factors.isEmpty ? $0.coefficient : nil } ?? 0
  }
}
