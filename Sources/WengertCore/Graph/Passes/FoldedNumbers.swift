extension Elementwise {
  /// The result for these numbers, elements of these dtypes, as every backend has it to the last bit: of functions that are rounded correctly, and of whole numbers.
  ///
  /// Products, quotients, sums and roots of two float32 are made in float64 and rounded: the bits are those of one rounding, since float64 has more than twice the digits.
  /// A whole zero has no sign.
  /// - Returns: nil if a kernel must be asked: of other functions, where whole numbers overflow, and beyond 2⁵³.
  func folded(_ numbers: [Double], _ dtypes: [DType]) -> Double? {
    let x = zip(numbers, dtypes).map { $1.isFloating ? $1.rounded($0) : $0 + 0 }
    guard zip(x, dtypes).allSatisfy({ $1.isFloating || $1.holdsExactly($0) }) else { return nil }
    let dtype = dtypes[dtypes.count - 1]
    switch self {
    case .select: return x[0] != 0 ? x[1] : x[2]
    case .compare(let op): return op(x[0], x[1]) ? 1 : 0
    case .cast(let target):
      if target == .bool { return x[0] != 0 ? 1 : 0 }
      let result = target.rounded(x[0])
      return target.isFloating ? result : target.holdsExactly(result) ? result + 0 : nil
    case .special: return nil
    case .unary(.isNaN): return dtype.isFloating ? (x[0].isNaN ? 1 : 0) : nil
    case .unary(.isFinite): return dtype.isFloating ? (x[0].isFinite ? 1 : 0) : nil
    case .unary(.not): return dtype == .bool ? 1 - x[0] : nil
    case .unary(let op): return dtype.kept(op.exact(x[0], isReal: dtype.isFloating))
    case .binary(let op) where dtype == .bool: return op.exact(x[0] != 0, x[1] != 0).map { $0 ? 1 : 0 }
    case .binary(let op): return dtype.kept(op.exact(x[0], x[1], isReal: dtype.isFloating))
    }
  }
}

extension DType {
  /// Whether a number is an element of this whole dtype, and one of those that a double tells apart.
  fileprivate func holdsExactly(_ value: Double) -> Bool { holds(value) && value.magnitude < 0x1p53 }

  /// A result as an element of this dtype; nil if a whole one does not hold it.
  fileprivate func kept(_ result: Double?) -> Double? {
    guard let result else { return nil }
    if isFloating { return rounded(result) }
    return self != .bool && holdsExactly(result) ? result + 0 : nil
  }
}

extension UnaryOp {
  fileprivate func exact(_ x: Double, isReal: Bool) -> Double? {
    switch self {
    case .negate: -x
    case .abs: x.magnitude
    case .sign: x > 0 ? 1 : x < 0 ? -1 : x
    case .square: x * x
    case .relu: x > 0 ? x : x.isNaN ? x : 0
    case .floor: x.rounded(.down)
    case .ceil: x.rounded(.up)
    case .round: x.rounded(.toNearestOrEven)
    case .reciprocal: isReal ? 1 / x : nil
    case .sqrt: isReal ? x.squareRoot() : nil
    default: nil
    }
  }
}

extension BinaryOp {
  fileprivate func exact(_ a: Double, _ b: Double, isReal: Bool) -> Double? {
    switch self {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: isReal ? a / b : nil
    // Which of two zeros, or of two NaNs, is the kernel's choice.
    case .minimum: a == b || a.isNaN || b.isNaN ? nil : min(a, b)
    case .maximum: a == b || a.isNaN || b.isNaN ? nil : max(a, b)
    default: nil
    }
  }

  fileprivate func exact(_ a: Bool, _ b: Bool) -> Bool? {
    switch self {
    case .and, .multiply, .minimum: a && b
    case .or, .add, .maximum: a || b
    case .xor: a != b
    default: nil
    }
  }
}

extension CompareOp {
  fileprivate func callAsFunction(_ a: Double, _ b: Double) -> Bool {
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
