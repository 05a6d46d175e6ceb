/// How large the numbers get, and how long it takes, when an expression in symbols is compared with others of its size: what bounds the expressions that code may have, so that
/// no comparison overflows, and none takes long. Doubles, which do not overflow themselves.
struct ExpressionSize {
  /// The value where every symbol is 2 and nothing is subtracted: what coefficients come to when products are written out at the least numbers of the symbols.
  var weight: Double
  /// The greatest divisor of a function in it, by which everything is multiplied when the function is bounded; one if there is none.
  var divisor = 1.0
  /// Terms, when functions are replaced by what they are of.
  var terms = 1.0
  /// The longest product of factors.
  var factors = 0.0
  /// Functions, those inside of others counted too.
  var functions = 0.0

  init(_ number: Int) { weight = max(Double(number.magnitude), 1) }

  /// Of a symbol.
  static let symbol: ExpressionSize = {
    var size = ExpressionSize(2)
    size.factors = 1
    return size
  }()

  /// Of a function of two extents.
  init(functionOf a: ExpressionSize, _ b: ExpressionSize, divisor: Int = 1) {
    weight = 1 + a.weight + b.weight
    self.divisor = max(Double(divisor.magnitude), a.divisor, b.divisor)
    terms = a.terms + b.terms
    factors = max(a.factors, b.factors, 1)
    functions = 1 + a.functions + b.functions
  }

  /// Of a product.
  static func * (a: ExpressionSize, b: ExpressionSize) -> ExpressionSize {
    var size = a
    size.weight *= b.weight
    size.divisor = max(a.divisor, b.divisor)
    size.terms *= b.terms
    size.factors += b.factors
    size.functions += b.functions
    return size
  }

  /// Of a sum.
  static func + (a: ExpressionSize, b: ExpressionSize) -> ExpressionSize {
    var size = a
    size.weight += b.weight
    size.divisor = max(a.divisor, b.divisor)
    size.terms += b.terms
    size.factors = max(a.factors, b.factors)
    size.functions += b.functions
    return size
  }

  /// Whether comparisons of two such stay below 2⁶², with the divisors of two functions that are bounded in turn, and take no more than some hundred thousand steps.
  var isBearable: Bool {
    let doublings = Double(sign: .plus, exponent: Int(min(factors, 64)), significand: 1)
    let searches = (1 + 2 * functions) * (1 + 2 * functions)
    return weight <= 0x1p36 && divisor <= 0x1p12 && terms * doublings * searches <= 0x1p20
  }
}

extension ExpressionSize {
  init(_ dimension: Dimension) {
    guard dimension.isExpression else {
      self.init(dimension.raw)
      return
    }
    self = dimension.polynomial.terms.reduce(into: nil as ExpressionSize?) { sum, term in
      let product = term.factors.reduce(ExpressionSize(term.coefficient)) { $0 * ExpressionSize($1) }
      sum = sum.map { $0 + product } ?? product
    }!
  }

  init(_ factor: Factor) {
    switch factor.definition {
    case .symbol: self = .symbol
    case .quotient(let a, let b): self.init(functionOf: ExpressionSize(a), ExpressionSize(b), divisor: b.number ?? 1)
    case .remainder(let a, let b), .minimum(let a, let b), .maximum(let a, let b):
      self.init(functionOf: ExpressionSize(a), ExpressionSize(b))
    case .share(let whole, let parts): self.init(functionOf: ExpressionSize(whole), ExpressionSize(parts), divisor: parts)
    }
  }

  /// Of the number of elements of a shape, and so of all its extents.
  init(_ shape: Shape) { self = shape.dimensions.reduce(ExpressionSize(1)) { $0 * ExpressionSize($1) } }
}
