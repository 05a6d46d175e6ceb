extension CaseList {
  private static func row(
    _ name: String, shapes: [Shape] = Shapes.rows, dtypes: [DType] = DType.floats, units: Double = 16,
    _ f: @escaping @Sendable (Tensor) -> Tensor
  ) -> OperationCase {
    OperationCase(name, [.real(-3...3)], shapes: shapes, dtypes: dtypes, accuracy: .composed(units), one(f))
  }
  private static let parameters = Operand.real(0.5...1.5, shape: { [$0[$0.rank - 1]] })

  public static let rowwise: [OperationCase] = [
    row("softmax", dtypes: DType.floats + [.int32]) { $0.softmax() },
    row("softmax 1", shapes: Shapes.cubes) { $0.softmax(axis: 1) },
    row("logSoftmax") { $0.logSoftmax() },
    row("logSoftmax 0", shapes: Shapes.cubes) { $0.logSoftmax(axis: 0) },
    row("l2Normalize") { $0.l2Normalize() },
    row("l2Normalize 1", shapes: Shapes.cubes) { $0.l2Normalize(axis: 1) },
    OperationCase(
      // A row of two normalizes to ±1 whatever it holds, and a row of one to nothing but rounding.
      "layerNorm", [.real(-3...3), parameters, parameters], shapes: Shapes.rows.filter { $0[$0.rank - 1] > 2 }, accuracy: .composed(32)
    ) { [$0[0].layerNorm(gain: $0[1], bias: $0[2])] },
    OperationCase(
      "layerNorm epsilon", [.real(-3...3), parameters, parameters], shapes: Shapes.rows, accuracy: .composed(32)
    ) { [$0[0].layerNorm(gain: $0[1], bias: $0[2], epsilon: 0.1)] },
  ]
}
