// Functions of real numbers, element by element; whole numbers are converted to float32 first. They have no hidden parameters, so that they are values of
// the type (Tensor) -> Tensor: `xs.map(exp)`, `compile(gelu)`. Their messages find the caller's line as those of operators do.

/// eˣ, element by element.
public func exp(_ x: Tensor) -> Tensor { .real(.exp, x, Caller(#fileID, #line)) }

/// eˣ − 1, accurate near 0, element by element.
public func expm1(_ x: Tensor) -> Tensor { .real(.expm1, x, Caller(#fileID, #line)) }

/// ln x, element by element: −∞ at 0, NaN below.
public func log(_ x: Tensor) -> Tensor { .real(.log, x, Caller(#fileID, #line)) }

/// ln(1 + x), accurate near 0, element by element: −∞ at −1, NaN below.
public func log1p(_ x: Tensor) -> Tensor { .real(.log1p, x, Caller(#fileID, #line)) }

/// √x, element by element; NaN below 0.
public func sqrt(_ x: Tensor) -> Tensor { .real(.sqrt, x, Caller(#fileID, #line)) }

/// 1/√x, element by element; NaN below 0.
public func rsqrt(_ x: Tensor) -> Tensor { .real(.rsqrt, x, Caller(#fileID, #line)) }

/// sin x, element by element.
public func sin(_ x: Tensor) -> Tensor { .real(.sin, x, Caller(#fileID, #line)) }

/// cos x, element by element.
public func cos(_ x: Tensor) -> Tensor { .real(.cos, x, Caller(#fileID, #line)) }

/// tan x, element by element.
public func tan(_ x: Tensor) -> Tensor { .real(.tan, x, Caller(#fileID, #line)) }

/// arcsin x, element by element; NaN outside −1…1.
public func asin(_ x: Tensor) -> Tensor { .real(.asin, x, Caller(#fileID, #line)) }

/// arccos x, element by element; NaN outside −1…1.
public func acos(_ x: Tensor) -> Tensor { .real(.acos, x, Caller(#fileID, #line)) }

/// arctan x, element by element.
public func atan(_ x: Tensor) -> Tensor { .real(.atan, x, Caller(#fileID, #line)) }

/// sinh x, element by element.
public func sinh(_ x: Tensor) -> Tensor { .real(.sinh, x, Caller(#fileID, #line)) }

/// cosh x, element by element.
public func cosh(_ x: Tensor) -> Tensor { .real(.cosh, x, Caller(#fileID, #line)) }

/// tanh x, element by element.
public func tanh(_ x: Tensor) -> Tensor { .real(.tanh, x, Caller(#fileID, #line)) }

/// 1/(1 + e⁻ˣ), element by element.
public func sigmoid(_ x: Tensor) -> Tensor { .real(.sigmoid, x, Caller(#fileID, #line)) }

/// ln(1 + eˣ), without overflow, element by element.
public func softplus(_ x: Tensor) -> Tensor { .real(.softplus, x, Caller(#fileID, #line)) }

/// (2/√π)∫₀ˣ e^(−t²) dt, element by element.
public func erf(_ x: Tensor) -> Tensor { .real(.erf, x, Caller(#fileID, #line)) }

/// 1 − erf x, accurate for large x, element by element.
public func erfc(_ x: Tensor) -> Tensor { .real(.erfc, x, Caller(#fileID, #line)) }

/// Φ(x), the distribution function of the standard normal, element by element.
public func normalCDF(_ x: Tensor) -> Tensor { .real(.normalCDF, x, Caller(#fileID, #line)) }

/// x·Φ(x) (Hendrycks & Gimpel 2016, exact form), element by element.
public func gelu(_ x: Tensor) -> Tensor { .real(.gelu, x, Caller(#fileID, #line)) }

/// x·σ(2√(2/π)(x + 0.044715x³)), the approximation of `gelu` by tanh, element by element.
public func geluTanh(_ x: Tensor) -> Tensor { .real(.geluTanh, x, Caller(#fileID, #line)) }

/// x·σ(x), element by element.
public func silu(_ x: Tensor) -> Tensor { .real(.silu, x, Caller(#fileID, #line)) }

/// |x|, element by element.
public func abs(_ x: Tensor) -> Tensor {
  apply1(Elementwise.unary(.abs), [x], Caller(#fileID, #line))
}

/// The sign of each element: −1, 0 or 1, and NaN for NaN.
public func sign(_ x: Tensor) -> Tensor {
  apply1(Elementwise.unary(.sign), [x], Caller(#fileID, #line))
}

/// The greatest whole number that is at most x, element by element.
public func floor(_ x: Tensor) -> Tensor {
  apply1(Elementwise.unary(.floor), [x], Caller(#fileID, #line))
}

/// The least whole number that is at least x, element by element.
public func ceil(_ x: Tensor) -> Tensor {
  apply1(Elementwise.unary(.ceil), [x], Caller(#fileID, #line))
}

/// The nearest whole number, halves to even, element by element.
public func round(_ x: Tensor) -> Tensor {
  apply1(Elementwise.unary(.round), [x], Caller(#fileID, #line))
}

/// max(x, 0), element by element; NaN stays. The gradient at 0 is 0.
public func relu(_ x: Tensor) -> Tensor {
  apply1(Elementwise.unary(.relu), [x], Caller(#fileID, #line))
}

/// min(max(x, 0), 6), element by element; NaN stays. The gradient at 0 and at 6 is 0, unlike that of `clip`.
public func relu6(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let caller = Caller(file, line)
  let low = Tensor.select(x.compare(.lessOrEqual, 0), x.constant(0), x, caller)
  return .select(x.compare(.greaterOrEqual, 6), x.constant(6), low, caller)
}

/// x², element by element.
///
/// ```swift
/// let y = square(Tensor([1.0, -2.0]))  // [1, 4]
/// ```
public func square(_ x: Tensor) -> Tensor {
  apply1(Elementwise.unary(.square), [x], Caller(#fileID, #line))
}

/// 1/x, element by element.
public func reciprocal(_ x: Tensor) -> Tensor {
  .real(.reciprocal, x, Caller(#fileID, #line))
}

/// Whether each element is not a number.
public func isNaN(_ x: Tensor) -> Tensor { .real(.isNaN, x, Caller(#fileID, #line)) }

/// Whether each element is neither infinite nor NaN.
public func isFinite(_ x: Tensor) -> Tensor { .real(.isFinite, x, Caller(#fileID, #line)) }

/// The angle of the point (x, y) in −π…π. Its gradient is zero at the origin, which has no angle.
///
/// - Precondition: The shapes broadcast.
public func atan2(_ y: Tensor, _ x: Tensor) -> Tensor {
  .broadcasting(.binary(.atan2), y.dtype.isFloating || x.dtype.isFloating ? y : y.cast(to: .float32), x, Caller(#fileID, #line))
}

/// aᵇ, element by element. Whole numbers with a negative exponent give 1/a⁻ᵇ cut off at the point: zero, except for a = ±1.
///
/// - Precondition: The shapes broadcast.
public func pow(_ a: Tensor, _ b: Tensor) -> Tensor {
  .broadcasting(.binary(.power), a, b, Caller(#fileID, #line))
}

/// aᵇ, element by element; whole numbers with a negative exponent are converted to float32. The gradient is zero for b = 0, also at a = 0.
public func pow(_ a: Tensor, _ b: Double) -> Tensor {
  let base = a.dtype.isFloating || b >= 0 ? a : a.cast(to: .float32)
  return .broadcasting(.binary(.power), base, base.scalar(b), Caller(#fileID, #line))
}

/// The lesser of two elements, NaN if either is. The gradient of equals is shared evenly; if one is NaN, both get all of it.
///
/// - Precondition: The shapes broadcast.
public func minimum(_ a: Tensor, _ b: Tensor) -> Tensor {
  .broadcasting(.binary(.minimum), a, b, Caller(#fileID, #line))
}

/// The greater of two elements, NaN if either is. The gradient of equals is shared evenly; if one is NaN, both get all of it.
///
/// - Precondition: The shapes broadcast.
public func maximum(_ a: Tensor, _ b: Tensor) -> Tensor {
  .broadcasting(.binary(.maximum), a, b, Caller(#fileID, #line))
}

/// Each element limited to `low`…`high`; NaN stays. The gradient is one inside and at the bounds, zero beyond. Bounds may be infinite; whole numbers keep
/// their dtype if it holds the bounds that matter.
///
/// ```swift
/// let y = clip(Tensor([-2.0, 0.5, 3.0]), -1, 1)  // [-1, 0.5, 1]
/// ```
///
/// - Precondition: `low` is not above `high`, and neither is NaN.
public func clip(_ x: Tensor, _ low: Double, _ high: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let caller = Caller(file, line)
  caller.require(low <= high, "clip", low.isNaN || high.isNaN ? "a bound is NaN" : "low \(low) is above high \(high)")
  var result = x
  // A bound beyond all that the dtype holds bounds nothing.
  if low > x.dtype.range.lowerBound {
    result = .select(x.compare(.less, low), x.scalar(low), result, caller)
  }
  if high < x.dtype.range.upperBound {
    result = .select(x.compare(.greater, high), x.scalar(high), result, caller)
  }
  return result
}
