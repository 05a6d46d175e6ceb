@_spi(Backend) import Wengert

extension CaseList {
  private static func draw(
    _ name: String, accuracy: OperationCase.Accuracy = .exact, dtypes: [DType] = [.float32], covers: [OperationCase.Instruction] = [],
    _ f: @escaping @Sendable (RandomKey, Tensor) -> Tensor
  ) -> OperationCase {
    OperationCase(
      name, [Operand(.fixed([1_234_567]), dtype: .int64, keepsLayout: true, shape: { _ in [] }), .real()], shapes: Shapes.few,
      dtypes: dtypes,
      accuracy: accuracy, slope: .none, covers: covers
    ) { [f(RandomKey($0[0]), $0[1])] }
  }

  public static let random: [OperationCase] = [
    draw("uniform", dtypes: DType.floats, covers: [.unary(.unitInterval)]) { $0.uniform($1.shape, dtype: $1.dtype) },
    draw("uniform in a range", dtypes: DType.floats) { $0.uniform($1.shape, low: -3, high: 5, dtype: $1.dtype) },
    draw("uniform in a narrow range", dtypes: DType.floats) { $0.uniform($1.shape, low: 5.1, high: 6, dtype: $1.dtype) },
    draw("normal", accuracy: .composed(16), dtypes: DType.floats) { $0.normal($1.shape, mean: 1, standardDeviation: 2, dtype: $1.dtype) },
    draw("bernoulli") { $0.bernoulli(0.3, $1.shape) },
    draw("integers") { $0.integers(-5..<100, $1.shape) },
    draw("integers of a long range") { $0.integers(-5..<1 << 53, $1.shape) },
    draw("integers of every length") { $0.integers(Int.min..<Int.max, $1.shape) },
    draw("permutation") { $0.permutation($1.shape.elements) },
    draw("split keys") { key, _ in stack(key.split(3).map(\.data)) },
    draw("fold keys") { key, _ in key.fold(7).data },
    OperationCase(
      "categorical", [Operand(.fixed([99]), dtype: .int64, keepsLayout: true, shape: { _ in [] }), .real()],
      shapes: [[3, 5], [2, 33], [1, 1]],
      dtypes: [.float64], accuracy: .exact, slope: .none
    ) { [RandomKey($0[0]).categorical($0[1], count: 4)] },
    OperationCase(
      "categorical without replacement", [Operand(.fixed([99]), dtype: .int64, keepsLayout: true, shape: { _ in [] }), .real()],
      shapes: [[3, 5], [2, 33]], dtypes: [.float64], accuracy: .exact, slope: .none
    ) { [RandomKey($0[0]).categorical($0[1], count: 4, replacement: false)] },
    OperationCase(
      "dropout", [Operand(.fixed([5]), dtype: .int64, keepsLayout: true, shape: { _ in [] }), .real()], shapes: Shapes.few,
      accuracy: .elementwise(1)
    ) { [$0[1].dropout(0.4, key: RandomKey($0[0]))] },
    OperationCase(
      "dropout by row", [Operand(.fixed([3, 4, 9]), dtype: .int64, keepsLayout: true, shape: { [$0[0], 1] }), .real()],
      shapes: [[3, 5], [3, 2100]], accuracy: .elementwise(1)
    ) { [$0[1].dropout(0.4, key: RandomKey($0[0]))] },
  ]

  /// Sequences of 3, 0 and 5 tokens; base shape [8, width].
  private static let rows = Operand(.fixed([0, 3, 3, 8]), dtype: .int64, keepsLayout: true, shape: { _ in [4] })

  public static let packed: [OperationCase] = [
    OperationCase(
      "attention", [.real(), .real(), .real(), rows], shapes: [[8, 6], [8, 34], [8, 2]], accuracy: .composed(16)
    ) { [attention(query: $0[0], key: $0[1], value: $0[2], offsets: $0[3], heads: 2)] },
    OperationCase(
      "attention scaled", [.real(), .real(), .real(), rows], shapes: [[8, 6]], accuracy: .composed(16)
    ) { [attention(query: $0[0], key: $0[1], value: $0[2], offsets: $0[3], heads: 3, scale: 0.7)] },
    OperationCase(
      "attention of a joint projection", [.real(shape: { [8, 3 * $0[1]] }), rows], shapes: [[8, 6]], accuracy: .composed(16)
    ) { x in
      let parts = x[0].split(into: 3, axis: 1)
      return [attention(query: parts[0], key: parts[1], value: parts[2], offsets: x[1], heads: 2)]
    },
    OperationCase(
      "attention with dropout", [.real(), .real(), .real(), rows], shapes: [[8, 6]], accuracy: .composed(16)
    ) {
      let key = RandomKey(11, backend: $0[0].backend)
      return [attention(query: $0[0], key: $0[1], value: $0[2], offsets: $0[3], heads: 2, dropout: 0.3, randomKey: key)]
    },
    OperationCase(
      "attention with dropout by token", [.real(), .real(), .real(), rows], shapes: [[8, 6]], accuracy: .composed(16)
    ) {
      let keys = RandomKey(11, backend: $0[0].backend).keys(for: Tensor([4, 5, 6, 0, 1, 2, 3, 9], shape: [8, 1], backend: $0[0].backend))
      return [attention(query: $0[0], key: $0[1], value: $0[2], offsets: $0[3], heads: 2, dropout: 0.3, randomKey: keys)]
    },
  ]
}
