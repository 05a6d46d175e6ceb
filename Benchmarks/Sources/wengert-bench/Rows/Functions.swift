import Wengert

// Named as PyTorch's functions, with - for _; in `peers/functions.py` under the same names.
extension Row {
  private static let numbers: Shape = [1024, 2048]
  private static let wide = -3.0...3, positive = 0.2...4, unit = -0.9...0.9

  /// Functions of numbers between bounds; `bytes` of a result's element.
  private static func table(
    of bounds: ClosedRange<Double>, bytes: Int = 4, _ functions: KeyValuePairs<String, @Sendable (Tensor) -> Tensor>
  ) -> [Row] {
    functions.map { name, f in
      memory(name, "1024x2048", elements: numbers.elementCount * (4 + bytes) / 4, { [uniform(numbers, bounds)] }) { [f($0[0])] }
    }
  }

  private static func table(
    of first: ClosedRange<Double>, _ second: ClosedRange<Double>, bytes: Int = 4,
    _ functions: KeyValuePairs<String, @Sendable (Tensor, Tensor) -> Tensor>
  ) -> [Row] {
    functions.map { name, f in
      memory(
        name, "1024x2048", elements: numbers.elementCount * (8 + bytes) / 4,
        { [uniform(numbers, first), uniform(numbers, second, seed: 2)] }
      ) { [f($0[0], $0[1])] }
    }
  }

  @Sendable private static func flags(_ seed: Int = 9) -> Tensor { normal(numbers, seed: seed) .> 0 }

  static let functions = joined(ofOne, ofTwo, ofFlags, withNumbers)

  private static let ofOne = joined(
    table(
      of: wide,
      [
        "neg": { -$0 }, "abs": { abs($0) }, "sign": { sign($0) }, "floor": { floor($0) }, "ceil": { ceil($0) },
        "round": { round($0) }, "trunc": { trunc($0) }, "frac": { frac($0) }, "square": { square($0) },
        "expm1": { expm1($0) }, "exp2": { exp2($0) }, "sin": { sin($0) }, "cos": { cos($0) },
        "tan": { tan($0) }, "atan": { atan($0) }, "sinh": { sinh($0) }, "cosh": { cosh($0) },
        "asinh": { asinh($0) }, "tanh": { tanh($0) }, "sigmoid": { sigmoid($0) }, "softplus": { softplus($0) },
        "erf": { erf($0) }, "erfc": { erfc($0) }, "ndtr": { normalCDF($0) }, "relu": { relu($0) },
        "relu6": { relu6($0) }, "silu": { silu($0) }, "gelu-tanh": { geluTanh($0) }, "nan-to-num": { nanToNum($0) },
      ]),
    table(
      of: wide, bytes: 1,
      [
        "isnan": { isNaN($0) }, "isfinite": { isFinite($0) }, "isinf": { isInfinite($0) }, "signbit": { signbit($0) },
      ]),
    table(
      of: positive,
      [
        "log": { log($0) }, "log2": { log2($0) }, "log10": { log10($0) }, "log1p": { log1p($0) },
        "sqrt": { sqrt($0) }, "rsqrt": { rsqrt($0) }, "reciprocal": { reciprocal($0) }, "lgamma": { lgamma($0) },
        "digamma": { digamma($0) }, "polygamma": { polygamma(1, $0) },
      ]),
    table(
      of: unit,
      ["asin": { asin($0) }, "acos": { acos($0) }, "atanh": { atanh($0) }, "erfinv": { erfinv($0) }]),
    table(of: 0.1...0.9, ["logit": { logit($0) }]),
    table(of: 1.2...4, ["acosh": { acosh($0) }]))

  private static let ofTwo = joined(
    table(
      of: wide, wide,
      [
        "sub": { $0 - $1 }, "mul": { $0 * $1 }, "minimum": { minimum($0, $1) },
        "maximum": { maximum($0, $1) }, "atan2": { atan2($0, $1) }, "hypot": { hypot($0, $1) },
        "copysign": { copysign($0, $1) }, "logaddexp": { logAddExp($0, $1) },
      ]),
    table(
      of: wide, positive,
      [
        "div": { $0 / $1 }, "floor-divide": { $0.floorDivided(by: $1) }, "remainder": { $0 % $1 },
        "fmod": { fmod($0, $1) }, "xlogy": { xlogy($0, $1) },
      ]),
    table(of: positive, wide, ["pow": { pow($0, $1) }]),
    table(of: positive, positive, ["beta": { beta($0, $1) }, "betaln": { logBeta($0, $1) }]),
    table(
      of: wide, wide, bytes: 1,
      [
        "eq": { $0 .== $1 }, "ne": { $0 .!= $1 }, "lt": { $0 .< $1 }, "le": { $0 .<= $1 },
        "gt": { $0 .> $1 }, "ge": { $0 .>= $1 },
      ]))

  private static let ofFlags = joined(
    memory(
      "1024x2048 flags", elements: numbers.elementCount * 3 / 4, { [flags(1), flags(2)] },
      [
        "bitwise-and": { [$0[0] .& $0[1]] }, "bitwise-or": { [$0[0] .| $0[1]] }, "bitwise-xor": { [$0[0] .^ $0[1]] },
        "bitwise-not": { [.!$0[0]] },
      ]),
    memory(
      "1024x2048", elements: numbers.elementCount * 9 / 4, { [flags(), normal(numbers), normal(numbers, seed: 2)] },
      ["where": { [select($0[0], $0[1], $0[2])] }, "masked-fill": { [$0[1].maskedFill($0[0], 2)] }]))

  private static let withNumbers = joined(
    table(
      of: positive,
      [
        "add-number": { $0 + 1.5 }, "rsub-number": { 2 - $0 }, "div-number": { 2 / $0 }, "pow-3": { pow($0, 3) },
        "pow-number": { pow($0, -1.5) }, "clip": { clip($0, 0.7, 1.2) }, "to-int32": { $0.cast(to: .int32) },
      ]),
    table(of: wide, bytes: 2, ["to-float16": { $0.cast(to: .float16) }, "to-bfloat16": { $0.cast(to: .bfloat16) }]),
    table(of: wide, bytes: 8, ["to-float64": { $0.cast(to: .float64) }]),
    memory(
      "1024x2048", elements: 2 * numbers.elementCount, { [normal(numbers), normal([2048], seed: 2), normal([1024, 1], seed: 3)] },
      ["add-row": { [$0[0] + $0[1]] }, "mul-column": { [$0[0] * $0[2]] }]))
}
