@_spi(Backend) import Wengert

extension CaseList {
  private static func row(
    _ name: String, _ op: UnaryOp, _ fill: Fill = .uniform(-3...3), dtypes: [DType] = DType.floats, units: Double = 1,
    slope: OperationCase.Slope = .smooth, _ f: @escaping @Sendable (Tensor) -> Tensor
  ) -> OperationCase {
    OperationCase(
      name, [Operand(fill)], shapes: Shapes.elementwise, dtypes: dtypes, accuracy: units == 0 ? .exact : .elementwise(units), slope: slope,
      covers: [.unary(op)], one(f))
  }

  public static let unary: [OperationCase] =
    [
      row("negate", .negate, dtypes: DType.numbers, units: 0) { -$0 },
      row("abs", .abs, .awayFromZero, dtypes: DType.numbers, units: 0) { abs($0) },
      row("sign", .sign, .awayFromZero, dtypes: DType.numbers, units: 0, slope: .zero) { sign($0) },
      row("floor", .floor, .fractions, dtypes: DType.numbers, units: 0, slope: .zero) { floor($0) },
      row("ceil", .ceil, .fractions, dtypes: DType.numbers, units: 0, slope: .zero) { ceil($0) },
      row("round", .round, .fractions, dtypes: DType.numbers, units: 0, slope: .zero) { round($0) },
      row("reciprocal", .reciprocal, .awayFromZero) { reciprocal($0) },
      row("square", .square, dtypes: DType.numbers) { square($0) },
      row("exp", .exp, dtypes: DType.numbers) { exp($0) },
      row("expm1", .expm1) { expm1($0) },
      row("log", .log, .uniform(0.2...4)) { log($0) },
      row("log1p", .log1p, .uniform(-0.7...3)) { log1p($0) },
      row("sqrt", .sqrt, .uniform(0.2...4), dtypes: DType.floats + [.int32]) { sqrt($0) },
      row("rsqrt", .rsqrt, .uniform(0.2...4)) { rsqrt($0) },
      row("sin", .sin, .uniform(-6...6)) { sin($0) },
      row("cos", .cos, .uniform(-6...6)) { cos($0) },
      row("tan", .tan, .uniform(-1.2...1.2)) { tan($0) },
      row("asin", .asin, .uniform(-0.9...0.9)) { asin($0) },
      row("acos", .acos, .uniform(-0.9...0.9)) { acos($0) },
      row("atan", .atan) { atan($0) },
      row("sinh", .sinh) { sinh($0) },
      row("cosh", .cosh) { cosh($0) },
      row("tanh", .tanh) { tanh($0) },
      row("sigmoid", .sigmoid, .uniform(-6...6)) { sigmoid($0) },
      row("softplus", .softplus, .uniform(-6...6)) { softplus($0) },
      row("erf", .erf) { erf($0) },
      row("erfc", .erfc) { erfc($0) },
      row("normalCDF", .normalCDF, units: 2) { normalCDF($0) },
      row("relu", .relu, .awayFromZero, dtypes: DType.numbers, units: 0) { relu($0) },
      row("gelu", .gelu, units: 2) { gelu($0) },
      row("geluTanh", .geluTanh, units: 2) { geluTanh($0) },
      row("silu", .silu) { silu($0) },
      row("not", .not, .flags, dtypes: [.bool, .int32], units: 0, slope: .none) { .!$0 },
      row("isNaN", .isNaN, dtypes: DType.floats, units: 0, slope: .none) { isNaN($0) },
      row("isFinite", .isFinite, dtypes: DType.floats, units: 0, slope: .none) { isFinite($0) },
    ]
    + DType.allCases.map { target in
      OperationCase(
        "cast to \(target)", [Operand(.fractions)], shapes: Shapes.few, dtypes: DType.all,
        accuracy: .exact, slope: target == .float64 ? .smooth : .none, one { $0.cast(to: target) })
    }
}
