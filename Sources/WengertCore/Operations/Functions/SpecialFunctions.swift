// More functions of real numbers, element by element: those that are one instruction of the kernel language are in Functions.swift. Each is one kernel, with errors of a few units in the
// last place where nothing else is said, and values at poles and infinities as in SciPy.

extension Tensor {
  /// A special function of real numbers: whole numbers are converted to float32 first, shapes broadcast and dtypes are promoted.
  @inline(never) fileprivate static func special(_ function: SpecialFunction, _ x: [Tensor], _ caller: Caller) -> Tensor {
    let real = x.contains(where: \.dtype.isFloating) ? x : [x[0].cast(to: .float32)] + x.dropFirst()
    if real.count == 2 { return .broadcasting(.special(function), real[0], real[1], caller) }
    return apply1(Elementwise.special(function), real, caller)
  }
}

/// log₂ x, element by element, whole where x is a power of two: −∞ at 0, NaN below.
public func log2(_ x: Tensor) -> Tensor { .special(.log2, [x], Caller(#fileID, #line)) }

/// log₁₀ x, element by element, whole where x is a power of ten that the dtype holds: −∞ at 0, NaN below.
public func log10(_ x: Tensor) -> Tensor { .special(.log10, [x], Caller(#fileID, #line)) }

/// 2ˣ, element by element.
public func exp2(_ x: Tensor) -> Tensor { .special(.exp2, [x], Caller(#fileID, #line)) }

/// arsinh x, element by element, accurate near 0 and without overflow.
public func asinh(_ x: Tensor) -> Tensor { .special(.asinh, [x], Caller(#fileID, #line)) }

/// arcosh x, element by element; NaN below 1.
public func acosh(_ x: Tensor) -> Tensor { .special(.acosh, [x], Caller(#fileID, #line)) }

/// artanh x, element by element, accurate near 0; ±∞ at ±1, NaN beyond.
public func atanh(_ x: Tensor) -> Tensor { .special(.atanh, [x], Caller(#fileID, #line)) }

/// The inverse of `erf`, element by element; ±∞ at ±1, NaN beyond.
public func erfinv(_ x: Tensor) -> Tensor { .special(.erfinv, [x], Caller(#fileID, #line)) }

/// ln(x / (1 − x)), the inverse of `sigmoid`, element by element and accurate near ½; −∞ at 0, ∞ at 1, NaN outside.
public func logit(_ x: Tensor) -> Tensor { .special(.logit, [x], Caller(#fileID, #line)) }

/// ln |Γ(x)|, element by element; ∞ at ±∞, 0 and the negative whole numbers. Near its roots at 1 and 2 its digits are right; near those of negative arguments only its distance from zero is.
///
/// ```swift
/// let y = lgamma(Tensor([1.0, 5.0]))  // [0, ln 24]
/// ```
public func lgamma(_ x: Tensor) -> Tensor { .special(.lgamma, [x], Caller(#fileID, #line)) }

/// ψ(x), the derivative of `lgamma`, element by element; ∓∞ at ±0, NaN at the negative whole numbers.
public func digamma(_ x: Tensor) -> Tensor { .special(.polygamma(order: 0), [x], Caller(#fileID, #line)) }

/// The derivative of order n of `digamma`, element by element; at 0 and the negative whole numbers ∞ for odd n, −∞ for even n > 0.
///
/// - Precondition: n is in 0...30.
public func polygamma(_ n: Int, _ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let caller = Caller(file, line)
  caller.require(SpecialFunction.orders.contains(n), "polygamma", "the order \(n) is not in \(SpecialFunction.orders)")
  return .special(.polygamma(order: n), [x], caller)
}

/// ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b) of positive numbers, element by element, also where the three logarithms are large and nearly cancel; NaN below 0.
///
/// - Precondition: The shapes broadcast.
public func logBeta(_ a: Tensor, _ b: Tensor) -> Tensor { .special(.logBeta, [a, b], Caller(#fileID, #line)) }

/// B(a, b) = Γ(a) Γ(b) / Γ(a + b) of positive numbers, element by element: e to the power of `logBeta`, with that one's absolute error as its relative one.
///
/// - Precondition: The shapes broadcast.
public func beta(_ a: Tensor, _ b: Tensor) -> Tensor { exp(logBeta(a, b)) }

/// ln(eᵃ + eᵇ), element by element, without overflow.
///
/// - Precondition: The shapes broadcast.
public func logAddExp(_ a: Tensor, _ b: Tensor) -> Tensor { .special(.logAddExp, [a, b], Caller(#fileID, #line)) }

/// √(a² + b²), element by element, without overflow of the squares; ∞ if either is, even beside NaN. The gradient at the origin is zero.
///
/// - Precondition: The shapes broadcast.
public func hypot(_ a: Tensor, _ b: Tensor) -> Tensor { .special(.hypot, [a, b], Caller(#fileID, #line)) }

/// x ln y, element by element, and 0 for x = 0 whatever y is but NaN. The gradient by x is ln y, and zero for x = 0 ≥ y.
///
/// - Precondition: The shapes broadcast.
public func xlogy(_ x: Tensor, _ y: Tensor) -> Tensor { .special(.xlogy, [x, y], Caller(#fileID, #line)) }

/// x cut off at the point: the nearest whole number that is not farther from zero, element by element.
///
/// ```swift
/// let y = trunc(Tensor([2.7, -2.7]))  // [2, -2]
/// ```
public func trunc(_ x: Tensor) -> Tensor {
  .select(stopGradient(x).compare(.less, 0), ceil(x), floor(x), Caller(#fileID, #line))
}

/// What `trunc` cuts off, with the sign of x, element by element; its gradient is one.
public func frac(_ x: Tensor) -> Tensor { x - trunc(x) }

/// a − b⌊a/b⌋, element by element: the remainder with the divisor's sign, as `%` gives it.
///
/// - Precondition: The shapes broadcast.
public func remainder(_ a: Tensor, _ b: Tensor) -> Tensor { a % b }

/// The remainder with the dividend's sign, element by element: a − b·trunc(a/b), exact.
///
/// - Precondition: The shapes broadcast.
public func fmod(_ a: Tensor, _ b: Tensor) -> Tensor {
  let rest = abs(a) % abs(b)
  return .select(a.compare(.less, 0), 0 - rest, rest, Caller(#fileID, #line))
}

/// Whether each element is infinite.
public func isInfinite(_ x: Tensor) -> Tensor { abs(x.dtype.isFloating ? x : x.cast(to: .float32)).compare(.equal, .infinity) }

/// Whether each element has a minus sign, −0 included; false for NaN.
public func signbit(_ x: Tensor) -> Tensor {
  let isNegative = x.compare(.less, 0)
  return x.dtype.isFloating ? isNegative .| reciprocal(stopGradient(x)).compare(.less, 0) : isNegative
}

/// |a| with the sign of b, element by element; real numbers. The gradient by a is zero at 0.
///
/// - Precondition: The shapes broadcast.
public func copysign(_ a: Tensor, _ b: Tensor) -> Tensor {
  let dtype = DType.promote(a.dtype, b.dtype)
  let size = abs(a.cast(to: dtype.isFloating ? dtype : .float32))
  return .select(signbit(stopGradient(b)), -size, size, Caller(#fileID, #line))
}

/// Each element with NaN replaced by a number and infinities by others: without them by the greatest and the least finite number of the dtype, as in NumPy. What is replaced has a gradient
/// of zero.
///
/// ```swift
/// let y = nanToNum(Tensor([.nan, 1.0, -.infinity]), negativeInfinity: -9)  // [0, 1, -9]
/// ```
public func nanToNum(_ x: Tensor, nan: Double = 0, positiveInfinity: Double? = nil, negativeInfinity: Double? = nil) -> Tensor {
  if !x.dtype.isFloating { return x }
  let caller = Caller(#fileID, #line), greatest = x.dtype.greatestFinite
  let numbers = Tensor.select(isNaN(x), x.constant(nan), x, caller)
  let below = Tensor.select(x.compare(.equal, .infinity), x.constant(positiveInfinity ?? greatest), numbers, caller)
  // A number in place of NaN or +∞ stays, though it be −∞.
  return .select(x.compare(.equal, -.infinity), x.constant(negativeInfinity ?? -greatest), below, caller)
}

extension DType {
  /// The greatest finite number of a floating dtype.
  fileprivate var greatestFinite: Double {
    switch self {
    case .float16: 65504
    case .bfloat16: 0x1.FEp127
    case .float32: Double(Float.greatestFiniteMagnitude)
    default: .greatestFiniteMagnitude
    }
  }
}
