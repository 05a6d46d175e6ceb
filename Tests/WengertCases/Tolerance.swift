import Foundation
@_spi(Backend) import Wengert

/// How far a result may lie from the oracle's: so many units in the last place of the expected value, plus an absolute part.
public struct Tolerance: Sendable {
  public var unitsInLastPlace: Double
  public var absolute: Double
  public var dtype: DType

  public init(_ dtype: DType, unitsInLastPlace: Double, absolute: Double = 0) {
    self.dtype = dtype
    self.unitsInLastPlace = unitsInLastPlace
    self.absolute = absolute
  }

  /// For one elementwise operation: the table's row for the dtype. Integers must be equal.
  public static func elementwise(_ dtype: DType) -> Tolerance {
    Tolerance(dtype, unitsInLastPlace: FloatFormat.of(dtype)?.elementwiseUnits ?? 0)
  }

  /// For Σ xᵢ of `terms` terms in any order, `magnitude` = Σ |xᵢ|: rounding errors of the compute type that add up as a random walk, with a margin of four.
  public static func sum(_ dtype: DType, terms: Int, magnitude: Double) -> Tolerance {
    var tolerance = elementwise(dtype)
    if let format = FloatFormat.of(dtype.computeType) {
      tolerance.absolute = 4 * Double(terms).squareRoot() * format.spacing(at: 1) * magnitude
    }
    return tolerance
  }

  /// Whether `actual` is as good as `expected`. NaN is met by NaN only, an infinity by itself only, −0 by ±0.
  public func accepts(_ actual: Double, _ expected: Double) -> Bool {
    if actual == expected || (actual.isNaN && expected.isNaN) { return true }
    if !actual.isFinite || !expected.isFinite { return false }
    let unit = FloatFormat.of(dtype)?.spacing(at: expected) ?? 0
    return (actual - expected).magnitude <= unitsInLastPlace * unit + absolute
  }
}

/// What a float type can tell apart.
public struct FloatFormat: Sendable {
  public var dtype: DType
  /// Bits after the leading one.
  public var fractionBits: Int
  /// The exponent of the smallest normal number.
  public var leastExponent: Int
  /// The largest finite number.
  public var greatest: Double
  /// Error that an elementwise operation may have.
  public var elementwiseUnits: Double

  // Half types calculate in float32 and round once; float64 is compared with an oracle that is float64 itself.
  static let table = [
    FloatFormat(dtype: .float16, fractionBits: 10, leastExponent: -14, greatest: 65504, elementwiseUnits: 1),
    FloatFormat(dtype: .bfloat16, fractionBits: 7, leastExponent: -126, greatest: 0x1.FEp127, elementwiseUnits: 1),
    FloatFormat(dtype: .float32, fractionBits: 23, leastExponent: -126, greatest: 0x1.FFFFFEp127, elementwiseUnits: 4),
    FloatFormat(dtype: .float64, fractionBits: 52, leastExponent: -1022, greatest: 0x1.FFFFFFFFFFFFFp1023, elementwiseUnits: 8),
  ]

  /// The row of a float dtype, nil for integers.
  public static func of(_ dtype: DType) -> FloatFormat? { table.first { $0.dtype == dtype } }

  /// The unit in the last place of `x`: the distance between neighbors of its magnitude.
  public func spacing(at x: Double) -> Double {
    let exponent = x == 0 ? leastExponent : max(x.exponent, leastExponent)
    return Double(sign: .plus, exponent: exponent - fractionBits, significand: 1)
  }
}

/// |actual − expected| in units in the last place that `dtype` has at `expected`; 0 for equals and for two NaN, infinite where only one is finite.
public func unitsInLastPlace(_ actual: Double, _ expected: Double, _ dtype: DType) -> Double {
  if actual == expected || (actual.isNaN && expected.isNaN) { return 0 }
  guard actual.isFinite, expected.isFinite, let format = FloatFormat.of(dtype) else { return .infinity }
  return (actual - expected).magnitude / format.spacing(at: expected)
}
