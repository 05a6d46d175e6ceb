import Wengert

extension CaseList {
  private static let sources: [Shape] = [[5, 4], [3, 33], [7, 1], [1, 5]]
  private static let column: @Sendable (Shape) -> Shape = { [6, $0[1]] }
  private static let row: @Sendable (Shape) -> Shape = { [$0[0], 6] }

  private static func writing(
    _ name: String, _ operands: [Operand], shapes: [Shape] = sources, dtypes: [DType] = DType.floats,
    accuracy: OperationCase.Accuracy = .composed(8), slope: OperationCase.Slope = .smooth, _ f: @escaping @Sendable ([Tensor]) -> Tensor
  ) -> OperationCase {
    OperationCase(name, operands, shapes: shapes, dtypes: dtypes, accuracy: accuracy, slope: slope) { [f($0)] }
  }

  private static func modes(_ mode: ScatterMode, dtypes: [DType], accuracy: OperationCase.Accuracy) -> [OperationCase] {
    [
      writing(
        "scatter \(mode)", [.real(), Operand(.distinct, keepsLayout: true, shape: column), .indices(0, shape: { _ in [6] })],
        dtypes: dtypes,
        accuracy: accuracy
      ) { $0[0].scatter($0[1], at: $0[2], mode: mode) },
      writing(
        "scatterAlong \(mode)", [.real(), Operand(.distinct, shape: row), .indices(1, .int32, shape: row)], dtypes: dtypes,
        accuracy: accuracy
      ) { $0[0].scatterAlong($0[1], at: $0[2], mode: mode) },
    ]
  }

  public static let scatter: [OperationCase] =
    modes(.set, dtypes: DType.all, accuracy: .exact) + modes(.add, dtypes: DType.numbers, accuracy: .composed(8))
    + modes(.multiply, dtypes: DType.floats, accuracy: .composed(64)) + modes(.minimum, dtypes: DType.numbers, accuracy: .exact)
    + modes(.maximum, dtypes: DType.all, accuracy: .exact) + modes(.mean, dtypes: DType.floats, accuracy: .composed(8)) + [
      writing(
        "scatter 1 by a matrix", [.real(), .real(shape: { [$0[0], 2, 3] }), .indices(1, .int32, shape: { _ in [2, 3] })], accuracy: .exact
      ) { $0[0].scatter($0[1], at: $0[2], axis: 1) },
      writing(
        "narrow from a value", [.real(shape: column), Operand(.fixed([2]), dtype: .int32, keepsLayout: true, shape: { _ in [] })],
        dtypes: DType.all, accuracy: .exact
      ) { $0[0].narrow(0, from: stopGradient($0[1]), count: 3) },
      writing(
        "replacing from a value",
        [.real(shape: column), .real(shape: { [3, $0[1]] }), Operand(.fixed([2]), dtype: .int64, keepsLayout: true, shape: { _ in [1] })],
        accuracy: .exact
      ) { $0[0].replacing(0, from: stopGradient($0[2]), with: $0[1]) },
      writing("maskedFill", [.real(), Operand(.flags, dtype: .bool)], dtypes: DType.numbers, accuracy: .exact) {
        $0[0].maskedFill($0[1], 2)
      },
      writing(
        "x[i, j]", [.real(), .indices(0, shape: { _ in [4, 1] }), .indices(1, .int32, shape: { _ in [3] })], dtypes: DType.all,
        accuracy: .exact
      ) { $0[0][$0[1], $0[2]] },
      writing(
        "x[i, :, j]", [.real(shape: { [$0[0], 2, $0[1]] }), .indices(0, shape: { _ in [3] }), .indices(1, shape: { _ in [3] })],
        accuracy: .exact
      ) { $0[0][$0[1], Axis.all, $0[2]] },
      writing(
        "x[i] = y", [.real(), .real(shape: column), .indices(0, shape: { _ in [6] })], dtypes: DType.all, accuracy: .exact
      ) { x in
        var y = x[0]
        y[x[2]] = x[1]
        return y
      },
      writing(
        "x[1:, i, j] = y",
        [
          .real(shape: { [3, $0[0], $0[1]] }), .real(shape: { _ in [4] }), .indices(0, shape: { _ in [4] }),
          .indices(1, shape: { _ in [4] }),
        ],
        accuracy: .exact
      ) { x in
        var y = x[0]
        y[1..., x[2], x[3]] = x[1]
        return y
      },
      writing("x[i] += y", [.real(), .real(shape: { [2, $0[1]] }), .indices(0, shape: { _ in [2] })], accuracy: .composed(4)) { x in
        var y = x[0]
        y[x[2]] += x[1]
        return y
      },
      writing("x[mask] = y", [.real(), .real(shape: { [$0[1]] }), Operand(.flags, dtype: .bool)], dtypes: DType.all, accuracy: .exact) {
        x in
        var y = x[0]
        y[x[2]] = x[1]
        return y
      },
    ]
}
