import Foundation

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers for a seed everywhere.
public struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number from 0 to below `count`.
  public mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

  /// Uniform in (0, 1).
  public mutating func uniform() -> Double { (Double(next() >> 12) + 0.5) * 0x1p-52 }

  /// Uniform in a closed range.
  public mutating func uniforms(_ count: Int, in range: ClosedRange<Double> = 0...1) -> [Double] {
    (0..<count).map { _ in range.lowerBound + (range.upperBound - range.lowerBound) * uniform() }
  }

  /// Standard normal (Box and Muller 1958).
  public mutating func normals(_ count: Int) -> [Double] {
    (0..<count).map { _ in (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
  }

  public mutating func integers(_ count: Int, in range: ClosedRange<Int64>) -> [Int64] {
    (0..<count).map { _ in Int64.random(in: range, using: &self) }
  }
}

extension DType {
  /// Values at which implementations go wrong: NaN, infinities, both zeros, denormals, the smallest and largest numbers, halves (for rounding).
  public var specialValues: [Double] {
    if let format = FloatFormat.of(self) {
      let positive = [
        0, format.spacing(at: 0), 3 * format.spacing(at: 0), Double(sign: .plus, exponent: format.leastExponent, significand: 1),
        format.greatest, .infinity, 0.5, 1, 1.5, 2.5, 1 + format.spacing(at: 1),
      ]
      return [.nan] + positive + positive.map { -$0 }
    }
    switch self {
    case .bool: return [0, 1]
    case .uint8: return [0, 1, 127, 128, 255]
    case .int32: return [0, 1, -1, Double(Int32.max), Double(Int32.min)]
    // The largest int64 is no double; what is above saturates to it.
    default: return [0, 1, -1, 0x1p63, -0x1p63]
    }
  }
}
