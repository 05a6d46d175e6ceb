extension CaseList {
  private static let sources: [Shape] = [[5, 4], [3, 33], [7, 1], [1, 5]]

  public static let indexing: [OperationCase] = [
    OperationCase(
      "gather", [.real(), .indices(0, shape: { _ in [7] })], shapes: sources, dtypes: DType.all, accuracy: .exact
    ) { [$0[0].gather($0[1])] },
    OperationCase(
      "gather 1 by a matrix", [.real(), .indices(1, .int32, shape: { _ in [2, 3] })], shapes: sources, dtypes: DType.all, accuracy: .exact
    ) { [$0[0].gather($0[1], axis: 1)] },
    OperationCase("gather a scalar", [.real(), .indices(0, shape: { _ in [] })], shapes: sources, accuracy: .exact) {
      [$0[0].gather($0[1])]
    },
    OperationCase("gather nothing", [.real(), .indices(0, shape: { _ in [0] })], shapes: sources, accuracy: .exact) {
      [$0[0].gather($0[1])]
    },
    OperationCase(
      "scatterAdd", [.real(), .indices(0, shape: { [$0[0]] })], shapes: sources, dtypes: DType.numbers, accuracy: .composed(4)
    ) { [$0[0].scatterAdd($0[1], extent: $0[0].shape[dim: 0] + 1)] },
    OperationCase(
      "scatterAdd 1 by a matrix", [.real(shape: { [3, 2, 2, $0[1]] }), .indices(0, .int32, shape: { _ in [2, 2] })], shapes: sources,
      accuracy: .composed(4)
    ) { [$0[0].scatterAdd($0[1], axis: 1, extent: 7)] },
    OperationCase(
      "takeAlong", [.real(), .indices(1, shape: { [$0[0], 3] })], shapes: sources, dtypes: DType.all, accuracy: .exact
    ) { [$0[0].takeAlong($0[1])] },
    OperationCase(
      "takeAlong 0 broadcast", [.real(), .indices(0, .int32, shape: { _ in [2, 1] })], shapes: sources, accuracy: .exact
    ) { [$0[0].takeAlong($0[1], axis: 0)] },
    OperationCase(
      "scatterAddAlong", [.real(), .indices(1, shape: { $0 })], shapes: sources, dtypes: DType.numbers, accuracy: .composed(4)
    ) { [$0[0].scatterAddAlong($0[1], extent: $0[0].shape[dim: 1])] },
    OperationCase(
      "scatterAddAlong 0", [.real(), .indices(0, .int32, shape: { $0 })], shapes: sources, accuracy: .composed(4)
    ) { [$0[0].scatterAddAlong($0[1], axis: 0, extent: $0[0].shape[dim: 0])] },
    OperationCase(
      "scatterAdd where many meet", [.real(0.1...2, shape: { [200, $0[1]] }), .indices(0, shape: { _ in [200] })], shapes: sources,
      accuracy: .elementwise(1)
    ) { [$0[0].scatterAdd($0[1], extent: 8)] },
    OperationCase(
      "scatterAddAlong where many meet",
      [.real(0.1...2, shape: { [$0[0], 300] }), .indices(1, negative: false, .int32, shape: { [$0[0], 300] })],
      shapes: sources, accuracy: .elementwise(1)
    ) { [$0[0].scatterAddAlong($0[1], extent: 40)] },
    OperationCase(
      "oneHot", [.indices(0, negative: false, shape: { _ in [2, 3] })], shapes: [[5], [1]], accuracy: .exact, slope: .none
    ) { [$0[0].oneHot(4)] },
  ]

  private static let ties = Fill.fixed([1, 0, 2, 1, -1, 2, 0])

  private static func sort(
    _ name: String, _ fill: Fill = .distinct, shapes: [Shape] = Shapes.fullCubes, slope: OperationCase.Slope = .smooth,
    _ f: @escaping @Sendable (Tensor) -> [Tensor]
  ) -> OperationCase {
    OperationCase(name, [Operand(fill)], shapes: shapes, dtypes: DType.all, accuracy: .exact, slope: slope) { f($0[0]) }
  }

  public static let sorting: [OperationCase] = [
    sort("argSort", ties, shapes: Shapes.cubes, slope: .none) { [$0.argSort()] },
    sort("argSort 1 descending", ties, shapes: Shapes.cubes, slope: .none) { [$0.argSort(axis: 1, descending: true)] },
    sort("sorted") { [$0.sorted()] },
    sort("sorted 0 descending") { [$0.sorted(axis: 0, descending: true)] },
    sort("topK 2", shapes: Shapes.fullCubes.filter { $0[2] > 1 }) {
      let (values, indices) = $0.topK(2)
      return [values, indices]
    },
    sort("topK 1 of axis 1, smallest") {
      let (values, indices) = $0.topK(1, axis: 1, largest: false)
      return [values, indices]
    },
    sort("argMax", ties, slope: .none) { [$0.argMax()] },
    sort("argMax -1", ties, slope: .none) { [$0.argMax(axis: -1)] },
    sort("argMin 0 kept", ties, slope: .none) { [$0.argMin(axis: 0, keepDims: true)] },
    sort("argMin", ties, slope: .none) { [$0.argMin()] },
  ]
}
