@_spi(Backend) import Wengert

/// Philox-4×32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
public enum Philox {
  /// The four random words of a counter under a key.
  public static func words(counter: [UInt32], key: [UInt32]) -> [UInt32] {
    var x = counter
    var k = key
    for _ in 0..<10 {
      let left = UInt64(0xD251_1F53) * UInt64(x[0])
      let right = UInt64(0xCD9E_8D57) * UInt64(x[2])
      x = [high(right) ^ x[1] ^ k[0], low(right), high(left) ^ x[3] ^ k[1], low(left)]
      k[0] &+= 0x9E37_79B9
      k[1] &+= 0xBB67_AE85
    }
    return x
  }

  /// The word that a row program's `random` gives for element `element` of the iteration shape.
  public static func word(key: Int64, stream: UInt32, lane: Int, element: Int) -> UInt32 {
    let k = UInt64(bitPattern: key)
    let e = UInt64(element)
    return words(counter: [low(e), high(e), stream, 0], key: [low(k), high(k)])[lane]
  }

  /// A word as a float in [0, 1): the top 24 bits where the compute type is float32, all 32 and a half in float64.
  public static func unitInterval(_ word: Int64, _ dtype: DType) -> Double {
    switch dtype.computeType {
    case .float32: Double(word >> 8) * 0x1p-24
    case .float64: (Double(word) + 0.5) * 0x1p-32
    default: preconditionFailure("\(dtype) has no unit interval")
    }
  }

  private static func low(_ x: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: x) }
  private static func high(_ x: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: x >> 32) }
}
