/// Functions of real numbers that are several instructions of a row program each, and so one kernel; they are cases of `Elementwise`.
///
/// The forms are chosen so that nothing cancels near zeros and nothing overflows before the result does. Partial derivatives are differentiated instruction by instruction, so
/// that operands are chosen before what would be infinite at them.
enum SpecialFunction: Hashable, Sendable {
  case log2, log10, exp2, asinh, acosh, atanh, erfinv, logit, lgamma
  /// The derivative of order `order` of digamma, which is that of order 0.
  case polygamma(order: Int)
  case logAddExp, hypot, xlogy, logBeta

  var name: String {
    switch self {
    case .polygamma(let order): order == 0 ? "digamma" : "polygamma \(order)"
    default: "\(self)"
    }
  }

  var operandCount: Int {
    switch self {
    case .logAddExp, .hypot, .xlogy, .logBeta: 2
    default: 1
    }
  }

  /// Factorials beyond leave the range of float32.
  static let orders = 0...30

  func callAsFunction(_ x: [RowValue]) -> RowValue {
    let a = x[0]
    switch self {
    case .log2: return Self.logarithm(a, base: 2, inverse: 1.442_695_040_888_963_4)
    case .log10: return Self.logarithm(a, base: 10, inverse: 0.434_294_481_903_251_8)
    case .exp2: return a.constant(2).binary(.power, a)
    case .asinh:
      // ln(m + √(m² + 1)) with the one taken out
      let size = a(.abs), m = size.binary(.minimum, a.constant(1e9)), square = m * m
      return (size.compare(.greater, 1e9).select(size(.log) + Self.ln2, (m + square / (1 + (1 + square)(.sqrt)))(.log1p))).signed(as: a)
    case .acosh:
      let t = a - 1, m = t.binary(.minimum, a.constant(1e9))
      return a.compare(.greater, 1e9).select(a(.log) + Self.ln2, (m + m(.sqrt) * (m + 2)(.sqrt))(.log1p))
    case .atanh: return Self.atanh(a)
    case .erfinv: return Self.erfinv(a)
    case .logit:
      let t = 2 * a - 1
      return t(.abs).compare(.less, 0.5).select(2 * Self.atanh(t), (a / (1 - a))(.log))
    case .lgamma: return Gamma.logarithm(a)
    case .polygamma(let order): return order == 0 ? Gamma.digamma(a) : Gamma.polygamma(order, a)
    case .logAddExp: return a.binary(.maximum, x[1]) + (-Self.difference(a, x[1])(.abs))(.exp)(.log1p)
    case .hypot:
      let (p, q) = (a(.abs), x[1](.abs))
      let large = p.binary(.maximum, q), small = p.binary(.minimum, q)
      let ratio = small / large.compare(.equal, 0).select(a.constant(1), large)
      let isInfinite = p.compare(.equal, .infinity).binary(.or, q.compare(.equal, .infinity))
      return isInfinite.select(a.constant(.infinity), large * (1 + ratio * ratio)(.sqrt))
    case .xlogy:
      let isZero = a.compare(.equal, 0).binary(.and, x[1].compare(.equal, x[1]))
      return isZero.select(a.constant(0), a * x[1](.log))
    case .logBeta: return Gamma.logBeta(a, x[1])
    }
  }

  /// ∂y/∂xᵢ
  func partials(_ x: [RowValue], _ y: RowValue) -> [RowValue?] {
    let a = x[0]
    switch self {
    case .log2: return [1.442_695_040_888_963_4 / a]
    case .log10: return [0.434_294_481_903_251_8 / a]
    case .exp2: return [y * Self.ln2]
    case .asinh:
      // 1/√(1 + a²) = r/√(r² + (ar)²) with r = 1/max(|a|, 1)
      let r = 1 / a(.abs).binary(.maximum, a.constant(1)), s = a(.abs).binary(.minimum, a.constant(1))
      return [r * (r * r + s * s)(.rsqrt)]
    case .acosh: return [(a - 1)(.rsqrt) * (a + 1)(.rsqrt)]
    case .atanh: return [1 / Elementwise.oneMinusSquare(a)]
    case .erfinv: return [(y * y)(.exp) * 0.886_226_925_452_758]
    case .logit: return [1 / (a * (1 - a))]
    case .lgamma: return [Gamma.digamma(a)]
    case .polygamma(let order): return [Gamma.polygamma(order + 1, a)]
    case .logAddExp:
      let d = Self.difference(a, x[1])
      return [d(.sigmoid), (-d)(.sigmoid)]
    case .hypot:
      let length = y.compare(.equal, 0).select(y.constant(1), y)
      return [a / length, x[1] / length]
    case .xlogy:
      let isFlat = a.compare(.equal, 0).binary(.and, x[1].compare(.lessOrEqual, 0))
      return [isFlat.select(y.constant(1), x[1])(.log), a / a.compare(.equal, 0).select(y.constant(1), x[1])]
    case .logBeta:
      let both = Gamma.digamma(a + x[1])
      return [Gamma.digamma(a) - both, Gamma.digamma(x[1]) - both]
    }
  }

  fileprivate static let ln2 = 0.693_147_180_559_945_3

  /// ln x / ln b, a whole number where x is such a power of b.
  private static func logarithm(_ x: RowValue, base: Double, inverse: Double) -> RowValue {
    let y = x(.log) * inverse, whole = y(.round)
    return x.constant(base).binary(.power, whole).compare(.equal, x).select(whole, y)
  }

  private static func atanh(_ x: RowValue) -> RowValue {
    let size = x(.abs)
    return ((2 * size / (1 - size))(.log1p) * 0.5).signed(as: x)
  }

  /// a − b, zero for two equal infinities.
  private static func difference(_ a: RowValue, _ b: RowValue) -> RowValue {
    let isSame = a.compare(.equal, b).binary(.and, a(.abs).compare(.equal, .infinity)), zero = a.constant(0)
    return isSame.select(zero, a) - isSame.select(zero, b)
  }

  /// The root of erf x = a: Winitzki's approximation (2008), which errs by 0.4 % at most, and steps of Halley's method, each of which cubes the error. For a ≥ 1/2 it is the root of
  /// erfc x = 1 − a, which is exact.
  private static func erfinv(_ a: RowValue) -> RowValue {
    let size = a(.abs), alpha = 0.147
    let logarithm = (-(size * size))(.log1p)
    let middle = logarithm * 0.5 + 2 / (.pi * alpha), product = logarithm * (-1 / alpha)
    let root = (middle * middle + product)(.sqrt)
    let isNear = middle.compare(.greaterOrEqual, 0)
    // Without cancelling on either side.
    var x = isNear.select(product / isNear.select(root + middle, a.constant(1)), root - middle)(.sqrt)
    let isOne = size.compare(.equal, 1)
    x = isOne.select(a.constant(1), x)
    for _ in 0..<(a.dtype == .float64 ? 3 : 2) {
      let error = size.compare(.less, 0.5).select(x(.erf) - size, (1 - size) - x(.erfc))
      let step = error * (x * x)(.exp) * 0.886_226_925_452_758
      x = x - step / (1 + x * step)
    }
    return isOne.select(a.constant(.infinity), x).signed(as: a)
  }
}

extension RowValue {
  /// This value, which is not negative, with the sign of another.
  fileprivate func signed(as other: RowValue) -> RowValue { other.compare(.less, 0).select(-self, self) }
}

/// The logarithm of the gamma function and its derivatives.
///
/// From 8 on by Stirling's series; in 1..<2 a polynomial, which is multiplied by what makes it zero at the roots; from there to 8 and in 0..<1 by recurrence; below zero by reflection.
private enum Gamma {
  /// x! of an argument in 0..<8: where it lies after so many steps of one into 1..<2.
  struct Reduced {
    let x: RowValue
    /// x is below 1, and a step up leads to 1..<2.
    let isBelow: RowValue
    let y: RowValue
    /// y − 1.5
    let t: RowValue
    /// Whether step k down is made.
    let isMade: [RowValue]

    /// An argument from 8 on becomes any other.
    init(_ argument: RowValue) {
      x = argument.compare(.less, 8).select(argument, argument.constant(1.25))
      let whole = x(.floor)
      isBelow = x.compare(.less, 1)
      isMade = (1...6).map { whole.compare(.greaterOrEqual, Double($0 + 1)) }
      let down = x - (whole - 1).binary(.maximum, x.constant(0))
      y = isBelow.select(x + 1, down)
      t = isBelow.select(x - 0.5, down - 1.5)
    }
  }

  private static func polynomial(_ coefficients: [Double], _ t: RowValue) -> RowValue {
    coefficients.dropLast().reversed().reduce(t.constant(coefficients.last!)) { $0 * t + $1 }
  }

  /// ln Γ(y) / ((y − 1)(y − 2)) for t = y − 1.5, interpolated at Chebyshev's points: 5·10⁻¹⁷ off.
  private static let logarithms = [
    0.4831289505409809, -0.14595989591430608, 0.06291140107458168, -0.0313084875010217, 0.01679709862898276, -0.009425622447061077,
    0.005446457956850198, -0.003212074148968353, 0.0019229132430031888, -0.0011644126224041502, 0.0007115650250304279,
    -0.0004380224528708151,
    0.0002708950296280356, -0.00016865016226225166, 0.00010771545393886628, -6.765020809380933e-05, 3.4988964640274815e-05,
    -2.2062867871136606e-05, 2.8340547351058232e-05, -1.804276273750087e-05,
  ]

  /// ψ(y) / (y − root) for t = y − 1.5: 2·10⁻¹⁷ off.
  private static let slopes = [
    0.9510558760318328, -0.4236274212814605, 0.2405424842407742, -0.14840492305390887, 0.0949887244549412, -0.061922133273064534,
    0.04076083381242074, -0.02697579675613825, 0.0179072524394512, -0.011908218001568644, 0.007926944646403797, -0.005279964873257405,
    0.003519006401502276, -0.002345267632540769, 0.0015566317474486838, -0.0010376374098418604, 0.0007233266279287554,
    -0.0004821990530566789,
    0.0002272331660987376, -0.00015148586836773365, 0.00025968482126430747, -0.00017312261802727394,
  ]

  /// B₂, B₄, …, B₁₆
  private static let bernoulli: [Double] = [1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6, -3617.0 / 510]

  /// B₂ⱼ/(2j (2j − 1))
  private static let stirling: [Double] = bernoulli.enumerated().map { (k: Int, b: Double) -> Double in
    let j2 = 2 * k + 2
    return b / Double(j2 * (j2 - 1))
  }

  /// ln Γ(s) − (s − ½) ln s + s − ½ ln 2π, from 8 on.
  private static func remainder(_ s: RowValue) -> RowValue {
    let r = 1 / s
    return r * polynomial(stirling, r * r)
  }

  private static let halfLogTwoPi = 0.918_938_533_204_672_8

  /// ln Γ(x) for x ≥ 0.
  private static func logarithmOfPositive(_ x: RowValue) -> RowValue {
    let low = Reduced(x)
    var product = x.constant(1)
    for (k, isMade) in low.isMade.enumerated() { product = product * isMade.select(low.x - Double(k + 1), x.constant(1)) }
    let steps = low.isBelow.select(low.x, product)(.log)
    let roots = low.isBelow.select(low.x * (low.x - 1), (low.y - 1) * (low.y - 2))
    let main = low.isBelow.select(-steps, steps), central = main + roots * polynomial(logarithms, low.t)
    let s = x.binary(.maximum, x.constant(8)), growth = (s - 0.5) * (s(.log) - 1)
    let large = growth + s.constant(halfLogTwoPi - 0.5) + remainder(s)
    return x.compare(.less, 8).select(central, large)
  }

  /// ln |Γ(x)|: Γ(x) Γ(1 − x) = π / sin πx.
  static func logarithm(_ x: RowValue) -> RowValue {
    let isNegative = x.compare(.less, 0)
    let positive = logarithmOfPositive(isNegative.select(1 - x, x))
    let isPole = isNegative.binary(.and, x(.floor).compare(.equal, x))
    let sine = ((x - x(.round)) * .pi)(.sin)(.abs)
    let reflected = 1.144_729_885_849_400_2 - sine(.log) - positive
    return isPole.select(x.constant(.infinity), isNegative.select(reflected, positive))
  }

  /// B₂ⱼ/2j
  private static let halves: [Double] = bernoulli.enumerated().map { (k: Int, b: Double) -> Double in b / Double(2 * k + 2) }

  static func digamma(_ x: RowValue) -> RowValue {
    let isNegative = x.compare(.less, 0), zero = x.constant(0), one = x.constant(1)
    let z = isNegative.select(1 - x, x), low = Reduced(z)
    // The root 1.46… in two parts, the first of which is subtracted exactly.
    let root: (Double, Double) =
      x.dtype == .float64 ? (1.4616321449683622, 9.5499954299656977e-17) : (1.4616321325302124, 1.2438149938918910e-8)
    let distance = low.isBelow.select(low.x - (root.0 - 1), low.y - root.0) - root.1
    var central = distance * polynomial(slopes, low.t)
    for (k, isMade) in low.isMade.enumerated() { central = central + isMade.select(1 / isMade.select(low.x - Double(k + 1), one), zero) }
    central = central - low.isBelow.select(1 / low.isBelow.select(low.x, one), zero)
    let s = z.binary(.maximum, z.constant(8)), r = 1 / s
    let square = r * r, series = square * polynomial(halves, square)
    let positive = z.compare(.less, 8).select(central, s(.log) - 0.5 * r - series)
    // ψ(x) = ψ(1 − x) − π cot πx; no number at the poles, which have two sides.
    let r0 = offset(x, isNegative)
    let turns = cotangent(r0) * (r0 / r0) * Double.pi
    return isNegative.select(positive - turns, positive)
  }

  /// The distance of a negative number to the nearest whole one; of others what has a cotangent.
  private static func offset(_ x: RowValue, _ isNegative: RowValue) -> RowValue { isNegative.select(x - x(.round), x.constant(0.25)) }

  /// cot πr for |r| ≤ ½.
  private static func cotangent(_ r: RowValue) -> RowValue {
    let size = r(.abs), isFar = size.compare(.greater, 0.25)
    let tangent = (isFar.select(0.5 - size, size) * .pi)(.tan)
    return isFar.select(tangent, 1 / isFar.select(r.constant(1), tangent)).signed(as: r)
  }

  /// For order n ≥ 1, by (−1)ⁿ⁺¹ ψ⁽ⁿ⁾(z) = n! Σ (z + k)⁻ⁿ⁻¹ up to an s, and from there by Euler and Maclaurin's formula:
  /// (n − 1)! s⁻ⁿ + n! s⁻ⁿ⁻¹/2 + Σ B₂ⱼ (2j + n − 1)!/(2j)! s⁻ⁿ⁻²ʲ. Below zero by reflection, with the derivatives of π cot πx.
  static func polygamma(_ order: Int, _ x: RowValue) -> RowValue {
    func factorial(_ n: Int) -> Double {
      (1...max(n, 1)).reduce(1.0) { (product: Double, factor: Int) -> Double in product * Double(factor) }
    }
    let isNegative = x.compare(.less, 0), z = isNegative.select(1 - x, x), count = 10 + order
    var sum = power(1 / z, order + 1)
    for k in 1..<count { sum = sum + power(1 / (z + Double(k)), order + 1) }
    let r = 1 / (z + Double(count))
    let series: [Double] = bernoulli.enumerated().map { (k: Int, b: Double) -> Double in
      (2 * k + 3..<2 * k + 2 + order).reduce(b) { (product: Double, factor: Int) -> Double in product * Double(factor) }
    }
    let halved = r * (r * polynomial(series, r * r) + factorial(order) / 2)
    let rest = power(r, order) * (halved + factorial(order - 1))
    let positive = sum * factorial(order) + rest
    let signed = order.isMultiple(of: 2) ? -positive : positive
    let c = cotangent(offset(x, isNegative)), turns = polynomial(cotangentDerivative(order), c) * pow(.pi, order + 1)
    let mirrored = order.isMultiple(of: 2) ? signed : -signed
    return isNegative.select(mirrored - turns, signed)
  }

  private static func power(_ x: RowValue, _ exponent: Int) -> RowValue {
    if exponent == 1 { return x }
    let half = power(x, exponent / 2), square = half * half
    return exponent.isMultiple(of: 2) ? square : square * x
  }

  private static func pow(_ x: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1.0) { (result: Double, _: Int) -> Double in result * x }
  }

  /// dⁿ cot u/duⁿ as a polynomial in the cotangent c, of which the derivative is −(1 + c²).
  private static func cotangentDerivative(_ order: Int) -> [Double] {
    var polynomial: [Double] = [0, 1]
    for _ in 0..<order {
      var next = [Double](repeating: 0, count: polynomial.count + 1)
      for (power, factor) in polynomial.enumerated().dropFirst() {
        let slope = Double(power) * factor
        next[power - 1] -= slope
        next[power + 1] -= slope
      }
      polynomial = next
    }
    return polynomial
  }

  /// ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b) for a, b ≥ 0. From 8 on the large parts of the logarithms are taken together (Didonato & Morris 1992).
  static func logBeta(_ a: RowValue, _ b: RowValue) -> RowValue {
    let p = a.binary(.minimum, b), q = a.binary(.maximum, b), sum = p + q
    let small = logarithmOfPositive(p) + logarithmOfPositive(q) - logarithmOfPositive(sum)
    let (s, l) = (p.binary(.maximum, p.constant(8)), q.binary(.maximum, q.constant(8)))
    let ratio = p / (p + l), rest = (-ratio)(.log1p), tail = remainder(l) - remainder(p + l)
    let growth = (l - 0.5) * rest - p * (p + l)(.log)
    let mixed = logarithmOfPositive(p) + tail + p + growth
    let logarithms = (s - 0.5) * ratio(.log) + l * rest - 0.5 * l(.log)
    let large = remainder(s) + tail + logarithms + halfLogTwoPi
    let finite = q.compare(.less, 8).select(small, p.compare(.less, 8).select(mixed, large))
    let isEnd = q.compare(.equal, .infinity).binary(.and, p.compare(.greater, 0))
    return isEnd.select(p.constant(-.infinity), finite)
  }
}

extension SpecialFunction: CodeValue {
  func write(to code: inout ProgramWriter) {
    if case .polygamma(let order) = self { code.form("polygamma", order) } else { code.form("\(self)") }
  }

  init(from code: inout ProgramReader) throws {
    let word = try code.word()
    let plain: [SpecialFunction] = [
      .log2, .log10, .exp2, .asinh, .acosh, .atanh, .erfinv, .logit, .lgamma, .logAddExp, .hypot, .xlogy, .logBeta,
    ]
    if word == "polygamma" {
      self = try .polygamma(order: code.read())
    } else if let function = plain.first(where: { "\($0)" == word }) {
      self = function
    } else {
      throw code.unknown(word, "special function")
    }
  }
}
