import Foundation
@_spi(Backend) import Wengert

extension UnaryOp {
  /// The function of one number, for a result of `dtype`.
  func callAsFunction(_ x: Number, _ dtype: DType) -> Number {
    switch (self, x) {
    case (.not, _): .whole(x.isZero ? 1 : 0)
    case (.isNaN, _): .whole(x.double.isNaN ? 1 : 0)
    case (.isFinite, _): .whole(x.double.isFinite ? 1 : 0)
    case (.unitInterval, .whole(let word)): .real(Philox.unitInterval(word, dtype))
    case (_, .real(let x)): .real(ofReal(x))
    case (_, .whole(let n)): .whole(ofWhole(n).wrapped(to: dtype))
    }
  }

  private func ofReal(_ x: Double) -> Double {
    switch self {
    case .negate: -x
    case .abs: x.magnitude
    case .sign: x > 0 ? 1 : x < 0 ? -1 : x
    case .floor: x.rounded(.down)
    case .ceil: x.rounded(.up)
    case .round: x.rounded(.toNearestOrEven)
    case .reciprocal: 1 / x
    case .square: x * x
    case .exp: Foundation.exp(x)
    case .expm1: Foundation.expm1(x)
    case .log: Foundation.log(x)
    case .log1p: Foundation.log1p(x)
    case .sqrt: x.squareRoot()
    case .rsqrt: 1 / x.squareRoot()
    case .sin: Foundation.sin(x)
    case .cos: Foundation.cos(x)
    case .tan: Foundation.tan(x)
    case .asin: Foundation.asin(x)
    case .acos: Foundation.acos(x)
    case .atan: Foundation.atan(x)
    case .sinh: Foundation.sinh(x)
    case .cosh: Foundation.cosh(x)
    case .tanh: Foundation.tanh(x)
    case .sigmoid: logistic(x)
    case .softplus: (x > 0 ? x : 0) + Foundation.log1p(Foundation.exp(-x.magnitude))
    case .erf: Foundation.erf(x)
    case .erfc: Foundation.erfc(x)
    case .normalCDF: gaussianCDF(x)
    case .relu: x < 0 ? 0 : x
    // At −∞ the limit, 0, rather than −∞ · 0.
    case .gelu where x == -.infinity, .geluTanh where x == -.infinity, .silu where x == -.infinity: 0
    case .gelu: x * gaussianCDF(x)
    // ½(1 + tanh u) = σ(2u), which does not cancel where u is far below zero.
    case .geluTanh: x * logistic(2 * (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))
    case .silu: x * logistic(x)
    case .not, .isNaN, .isFinite, .unitInterval: preconditionFailure("\(self) has no real result")
    }
  }

  private func ofWhole(_ n: Int64) -> Int64 {
    switch self {
    case .negate: 0 &- n
    case .abs: n < 0 ? 0 &- n : n
    case .sign: n.signum()
    case .floor, .ceil, .round: n
    case .square: n &* n
    case .relu: n < 0 ? 0 : n
    default: preconditionFailure("\(self) is not defined on integers")
    }
  }
}

private func logistic(_ x: Double) -> Double {
  // The exponential of the negative magnitude cannot overflow.
  x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
}

private func gaussianCDF(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
