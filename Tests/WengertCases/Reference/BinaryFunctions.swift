import Foundation
@_spi(Backend) import Wengert

extension BinaryOp {
  /// The function of two numbers of one kind, for a result of `dtype`.
  func callAsFunction(_ a: Number, _ b: Number, _ dtype: DType) -> Number {
    switch (a, b) {
    case (.real(let a), .real(let b)): .real(ofReals(a, b))
    case (.whole(let a), .whole(let b)): .whole(ofWholes(a, b).wrapped(to: dtype))
    default: preconditionFailure("\(self) needs operands of one type, got \(a) and \(b)")
    }
  }

  private func ofReals(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .power: pow(a, b)
    case .minimum: a.isNaN || b.isNaN ? .nan : Swift.min(a, b)
    case .maximum: a.isNaN || b.isNaN ? .nan : Swift.max(a, b)
    case .atan2: Foundation.atan2(a, b)
    case .floorDivide: divideDown(a, b).quotient
    case .remainder: divideDown(a, b).remainder
    case .and, .or, .xor: preconditionFailure("\(self) is not defined on floats")
    }
  }

  private func ofWholes(_ a: Int64, _ b: Int64) -> Int64 {
    switch self {
    case .add: a &+ b
    case .subtract: a &- b
    case .multiply: a &* b
    case .divide: b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
    case .power: wholePower(a, b)
    case .minimum: Swift.min(a, b)
    case .maximum: Swift.max(a, b)
    case .floorDivide: divideDown(a, b).quotient
    case .remainder: divideDown(a, b).remainder
    case .and: a & b
    case .or: a | b
    case .xor: a ^ b
    case .atan2: preconditionFailure("\(self) is not defined on integers")
    }
  }
}

/// q = ⌊a/b⌋ and r = a − q·b with the sign of b, each rounded once, as Python's divmod where that is exact. By zero: a/b and NaN.
private func divideDown(_ a: Double, _ b: Double) -> (quotient: Double, remainder: Double) {
  if b == 0 { return (a / b, .nan) }
  // fmod is exact; the ratio is not: where it came out whole, the remainder tells whether it was rounded up to that.
  var remainder = fmod(a, b)
  if remainder.isNaN { return (.nan, .nan) }
  let ratio = a / b
  var quotient = ratio.rounded(.towardZero)
  if quotient == ratio, remainder.magnitude > b.magnitude / 2 { quotient -= ratio < 0 ? -1 : 1 }
  if remainder != 0, (remainder < 0) != (b < 0) {
    remainder += b
    quotient -= 1
  }
  return (quotient, remainder == 0 ? Double(signOf: b, magnitudeOf: 0) : remainder)
}

/// The same on integers; by zero both are 0.
private func divideDown(_ a: Int64, _ b: Int64) -> (quotient: Int64, remainder: Int64) {
  if b == 0 { return (0, 0) }
  let quotient = a.dividedReportingOverflow(by: b).partialValue
  let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
  return remainder != 0 && (remainder < 0) != (b < 0) ? (quotient - 1, remainder + b) : (quotient, remainder)
}

/// aᵇ, wrapping; for b < 0 the quotient 1/a⁻ᵇ cut off, which is 0 unless a is ±1.
private func wholePower(_ a: Int64, _ b: Int64) -> Int64 {
  if b < 0 { return a == 1 ? 1 : a == -1 ? (b % 2 == 0 ? 1 : -1) : 0 }
  var result: Int64 = 1
  var square = a
  var rest = b
  while rest > 0 {
    if rest % 2 == 1 { result &*= square }
    square &*= square
    rest /= 2
  }
  return result
}

extension CompareOp {
  func callAsFunction(_ a: Number, _ b: Number) -> Number {
    switch (a, b) {
    case (.real(let a), .real(let b)): .whole(holds(a, b) ? 1 : 0)
    case (.whole(let a), .whole(let b)): .whole(holds(a, b) ? 1 : 0)
    default: preconditionFailure("\(self) needs operands of one type, got \(a) and \(b)")
    }
  }

  private func holds<T: Comparable>(_ a: T, _ b: T) -> Bool {
    switch self {
    case .equal: a == b
    case .notEqual: a != b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    }
  }
}

extension ReduceOp {
  /// Two numbers of `dtype` combined.
  func callAsFunction(_ a: Number, _ b: Number, _ dtype: DType) -> Number {
    switch self {
    case .sum: BinaryOp.add(a, b, dtype)
    case .product: BinaryOp.multiply(a, b, dtype)
    case .minimum: BinaryOp.minimum(a, b, dtype)
    case .maximum: BinaryOp.maximum(a, b, dtype)
    }
  }

  /// What changes nothing when combined: 0, 1, +∞, −∞ or the compute type's bounds.
  func neutral(_ dtype: DType) -> Number {
    let value: Double =
      switch self {
      case .sum: 0
      case .product: 1
      case .minimum: .infinity
      case .maximum: dtype == .bool ? 0 : -.infinity
      }
    return Number.real(value).cast(to: dtype)
  }
}
