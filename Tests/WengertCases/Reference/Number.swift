import Foundation
@_spi(Backend) import Wengert

/// One element while the reference calculates with it: every float as a double, every integer as an int64, exact for keys and positions.
public enum Number: Hashable, Sendable {
  case real(Double)
  /// Integers; bool is 0 or 1.
  case whole(Int64)

  public var double: Double {
    switch self {
    case .real(let x): x
    case .whole(let n): Double(n)
    }
  }

  /// The integer; floats must be cast first.
  public var integer: Int64 {
    guard case .whole(let n) = self else { preconditionFailure("an integer is needed, the value is \(self)") }
    return n
  }

  public var isZero: Bool {
    switch self {
    case .real(let x): x == 0
    case .whole(let n): n == 0
    }
  }

  /// The value cast to the compute type of `dtype`: to an integer it is cut off, saturates, and NaN gives 0; to bool it is "not zero".
  public func cast(to dtype: DType) -> Number {
    switch (dtype.computeType, self) {
    case (.float64, _): .real(double)
    case (.float32, .real(let x)): .real(Double(Float(x)))
    // In one step: by way of a double an int64 would be rounded twice.
    case (.float32, .whole(let n)): .real(Double(Float(n)))
    case (.bool, _): .whole(isZero ? 0 : 1)
    case (.int32, .real(let x)): .whole(Int64(Int32(saturating: x)))
    case (.int64, .real(let x)): .whole(Int64(saturating: x))
    case (_, .whole(let n)): .whole(n.wrapped(to: dtype))
    default: preconditionFailure("\(dtype) has no cast")
    }
  }
}

extension Int64 {
  /// What the compute type of an integer dtype keeps of a result.
  func wrapped(to dtype: DType) -> Int64 {
    switch dtype.computeType {
    case .bool: self == 0 ? 0 : 1
    case .int32: Int64(Int32(truncatingIfNeeded: self))
    case .int64: self
    default: preconditionFailure("\(dtype) is no integer type")
    }
  }
}

extension FixedWidthInteger {
  init(saturating x: Double) {
    if x.isNaN {
      self = 0
    } else if x <= Double(Self.min) {
      self = .min
    } else if x >= Double(Self.max) {
      self = .max
    } else {
      self = Self(x)
    }
  }
}
