/// How large the numbers get, and how long it takes, when an expression in symbols is compared with others of its size: what bounds the expressions that code may have, so that
/// no comparison overflows, and none takes long. Doubles, which do not overflow themselves.
struct ExpressionSize {
  /// Beyond the value at the least numbers of the symbols, of every coefficient with its sign dropped.
  var weight: Double
  /// The greatest weight of a function in it, which bounds of that function multiply; one if there is none.
  var functionWeight = 1.0
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
  init(functionOf a: ExpressionSize, _ b: ExpressionSize) {
    weight = 1 + a.weight + b.weight
    functionWeight = max(weight, a.functionWeight, b.functionWeight)
    terms = a.terms + b.terms
    factors = max(a.factors, b.factors, 1)
    functions = 1 + a.functions + b.functions
  }

  /// Of a product.
  static func * (a: ExpressionSize, b: ExpressionSize) -> ExpressionSize {
    var size = a
    size.weight *= b.weight
    size.functionWeight = max(a.functionWeight, b.functionWeight)
    size.terms *= b.terms
    size.factors += b.factors
    size.functions += b.functions
    return size
  }

  /// Of a sum.
  static func + (a: ExpressionSize, b: ExpressionSize) -> ExpressionSize {
    var size = a
    size.weight += b.weight
    size.functionWeight = max(a.functionWeight, b.functionWeight)
    size.terms += b.terms
    size.factors = max(a.factors, b.factors)
    size.functions += b.functions
    return size
  }

  /// Whether comparisons stay below 2⁶², and take no longer than the search for a bound in some hundred thousand steps.
  var isBearable: Bool {
    let doublings = Double(sign: .plus, exponent: Int(min(factors, 64)), significand: 1)
    let searches = (1 + 2 * functions) * (1 + 2 * functions)
    return weight * functionWeight * functionWeight <= 0x1p57 && terms * doublings * searches <= 0x1p20
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
    case .quotient(let a, let b), .remainder(let a, let b), .minimum(let a, let b), .maximum(let a, let b):
      self.init(functionOf: ExpressionSize(a), ExpressionSize(b))
    case .share(let whole, let parts): self.init(functionOf: ExpressionSize(whole), ExpressionSize(parts))
    }
  }

  /// Of the number of elements of a shape, and so of all its extents.
  init(_ shape: Shape) { self = shape.dimensions.reduce(ExpressionSize(1)) { $0 * ExpressionSize($1) } }
}
