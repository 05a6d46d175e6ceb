import Wengert

extension CaseList {
  private static func row(
    _ name: String, _ fills: Fill..., dtypes: [DType] = DType.floats, accuracy: OperationCase.Accuracy = .composed(16),
    slope: OperationCase.Slope = .smooth, _ f: @escaping @Sendable ([Tensor]) -> Tensor
  ) -> OperationCase {
    OperationCase(
      name, fills.map { Operand($0) }, shapes: [[], [0], [3, 5], [17], [2, 1100]], dtypes: dtypes, accuracy: accuracy, slope: slope
    ) { [f($0)] }
  }

  public static let special: [OperationCase] = [
    row("log2", .uniform(0.2...4), dtypes: DType.numbers) { log2($0[0]) },
    row("log10", .uniform(0.2...4)) { log10($0[0]) },
    row("exp2", .uniform(-3...3)) { exp2($0[0]) },
    row("asinh", .uniform(-3...3)) { asinh($0[0]) },
    row("acosh", .uniform(1.2...4)) { acosh($0[0]) },
    row("atanh", .uniform(-0.9...0.9)) { atanh($0[0]) },
    row("erfinv", .uniform(-0.9...0.9)) { erfinv($0[0]) },
    row("logit", .uniform(0.1...0.9)) { logit($0[0]) },
    row("lgamma", .uniform(0.1...11)) { lgamma($0[0]) },
    row("lgamma below zero", .fractions) { lgamma($0[0] - 2) },
    row("digamma", .uniform(0.2...11)) { digamma($0[0]) },
    row("digamma below zero", .fractions) { digamma($0[0] - 2) },
    row("polygamma 1", .uniform(0.5...11)) { polygamma(1, $0[0]) },
    row("polygamma 2 below zero", .fractions, accuracy: .composed(64)) { polygamma(2, $0[0] - 2) },
    row("beta", .uniform(0.5...3), .uniform(0.5...3)) { beta($0[0], $0[1]) },
    row("logBeta", .uniform(0.5...30), .uniform(0.5...30)) { logBeta($0[0], $0[1]) },
    row("logAddExp", .uniform(-3...3), .uniform(-3...3)) { logAddExp($0[0], $0[1]) },
    row("hypot", .awayFromZero, .awayFromZero) { hypot($0[0], $0[1]) },
    row("xlogy", .uniform(-2...2), .uniform(0.2...4)) { xlogy($0[0], $0[1]) },
    row("trunc", .fractions, dtypes: DType.numbers, accuracy: .exact, slope: .zero) { trunc($0[0]) },
    row("frac", .fractions, dtypes: DType.floats, accuracy: .composed(4)) { frac($0[0]) },
    row("remainder by name", .fractions, .fixed([1, -1, 0.5, -2]), dtypes: DType.floats, accuracy: .composed(4)) {
      remainder($0[0], $0[1])
    },
    row("fmod", .fractions, .fixed([1, -1, 0.5, -2]), dtypes: DType.floats, accuracy: .composed(4)) { fmod($0[0], $0[1]) },
    row("isInfinite", .fixed([1, .infinity, -.infinity, .nan]), accuracy: .exact, slope: .none) { isInfinite($0[0]) },
    row("signbit", .fixed([1, -0.0, 0, -2, -.infinity]), dtypes: DType.numbers, accuracy: .exact, slope: .none) { signbit($0[0]) },
    row("copysign", .awayFromZero, .awayFromZero, accuracy: .exact) { copysign($0[0], $0[1]) },
    row("nanToNum", .awayFromZero, accuracy: .exact) { nanToNum($0[0]) },
    row("nanToNum of holes", .fixed([.nan, .infinity, 1, -.infinity]), accuracy: .exact, slope: .none) {
      stopGradient(nanToNum($0[0], nan: 0.5, positiveInfinity: 2, negativeInfinity: -2))
    },
  ]
}
