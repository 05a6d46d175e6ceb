/// How a number stands in memory: the bits of one element, in the low bytes of a word.
extension DType {
  public func number(bits: UInt64) -> Number {
    switch self {
    case .bool: .whole(bits == 0 ? 0 : 1)
    case .uint8: .whole(Int64(bits))
    case .int32: .whole(Int64(Int32(truncatingIfNeeded: bits)))
    case .int64: .whole(Int64(bitPattern: bits))
    case .float16: .real(Double(Float16(bitPattern: UInt16(bits))))
    case .bfloat16: .real(Double(Float(bitPattern: UInt32(bits) << 16)))
    case .float32: .real(Double(Float(bitPattern: UInt32(bits))))
    case .float64: .real(Double(bitPattern: bits))
    }
  }

  /// Floats are rounded to the nearest value of the dtype (ties to even), integers wrap, bool is "not zero". A number of the wrong kind is cast first.
  public func bits(of number: Number) -> UInt64 {
    switch self {
    case .bool: return number.isZero ? 0 : 1
    case .uint8: return UInt64(UInt8(truncatingIfNeeded: number.cast(to: self).integer))
    case .int32: return UInt64(UInt32(truncatingIfNeeded: number.cast(to: self).integer))
    case .int64: return UInt64(bitPattern: number.cast(to: self).integer)
    case .float16: return UInt64(Float16(number.real(as: self)).bitPattern)
    case .bfloat16: return UInt64(roundedToBFloat16(number.real(as: self)).bitPattern >> 16)
    case .float32: return UInt64(Float(number.real(as: self)).bitPattern)
    case .float64: return number.real(as: self).bitPattern
    }
  }
}

extension Number {
  /// A float as it is, an integer after the cast to `dtype`.
  fileprivate func real(as dtype: DType) -> Double {
    if case .real(let x) = self { x } else { cast(to: dtype).double }
  }
}

/// The nearest number with eight significant bits and float32's exponents, ties to even.
private func roundedToBFloat16(_ x: Double) -> Float {
  guard x.isFinite, x != 0 else { return x.isNaN ? .nan : Float(x) }
  let exponent = max(x.exponent, -126)
  let unit = Double(sign: .plus, exponent: exponent - 7, significand: 1)
  return Float((x / unit).rounded(.toNearestOrEven) * unit)
}
