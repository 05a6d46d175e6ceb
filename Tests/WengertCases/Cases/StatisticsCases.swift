import Wengert

extension CaseList {
  private static let rows: [Shape] = [[3, 5], [2, 33], [1, 1], [7, 2]]

  private static func row(
    _ name: String, _ operands: [Operand], shapes: [Shape] = rows, dtypes: [DType] = DType.floats,
    accuracy: OperationCase.Accuracy = .composed(16),
    slope: OperationCase.Slope = .smooth, _ f: @escaping @Sendable ([Tensor]) -> [Tensor]
  ) -> OperationCase {
    OperationCase(name, operands, shapes: shapes, dtypes: dtypes, accuracy: accuracy, slope: slope, f)
  }
  private static let distinct = Operand(.distinct)
  private static let steps = Fill.fixed([1, 3, 2, 3, -1, 0, 4, 2])
  private static let matrix: @Sendable (Shape) -> Shape = { [$0[0], 3] }
  private static let vector: @Sendable (Shape) -> Shape = { [$0[1]] }

  public static let statistics: [OperationCase] = [
    row("std -1", [.real()], shapes: [[3, 5], [2, 33], [7, 2]]) { [$0[0].std(axis: -1)] },
    row("std corrected", [.real()], shapes: [[3, 5], [2, 33], [7, 2]]) { [$0[0].std(correction: 1)] },
    row("median", [distinct], dtypes: DType.floats + [.int32]) { [$0[0].median()] },
    row("median 0 kept", [distinct]) { [$0[0].median(axis: 0, keepDims: true)] },
    row("quantile 0.3", [distinct]) { [$0[0].quantile(0.3, axis: -1)] },
    row("quantiles", [distinct]) { [$0[0].quantile([0, 0.15, 0.6, 1], axis: 0, keepDims: true)] },
    row("quantiles lower higher midpoint nearest", [distinct]) { x in
      [QuantileInterpolation.lower, .higher, .midpoint, .nearest].map { x[0].quantile([0.1, 0.47], axis: -1, interpolation: $0) }
    },
    row(
      "searchSorted", [Operand(steps, shape: vector), Operand(steps)], dtypes: DType.numbers, accuracy: .exact, slope: .none
    ) { [$0[0].sorted().searchSorted($0[1]), $0[0].sorted().searchSorted($0[1], right: true)] },
    row("searchSorted by rows", [distinct, Operand(.distinct, shape: matrix)], accuracy: .exact, slope: .none) {
      [$0[0].sorted().searchSorted($0[1])]
    },
    row("bincount", [.indices(1, negative: false, shape: { $0 })], dtypes: [.float32], accuracy: .exact, slope: .none) {
      [$0[0].bincount(extent: 40)]
    },
    row("bincount weighted", [.real(), .indices(1, negative: false, shape: { $0 })]) { [$0[1].bincount(extent: 40, weights: $0[0])] },
    row("histogram", [Operand(steps)], dtypes: DType.numbers, accuracy: .exact, slope: .none) {
      [$0[0].histogram(bins: 4, range: 0...3).counts]
    },
    row("histogram by edges, weighted", [.real(), Operand(.fractions)]) {
      [$0[1].histogram(edges: Tensor.iota(4, device: $0[1].device).cast(to: $0[1].dtype), weights: $0[0])]
    },
    row("cumulativeMax", [Operand(steps)], dtypes: DType.all, accuracy: .exact, slope: .none) {
      let (values, indices) = stopGradient($0[0]).cumulativeMax()
      return [values, indices]
    },
    row("cumulativeMin 0", [Operand(steps)], dtypes: DType.all, accuracy: .exact, slope: .none) {
      let (values, indices) = stopGradient($0[0]).cumulativeMin(axis: 0)
      return [values, indices]
    },
    row("cumulativeMax of distinct numbers", [distinct], accuracy: .exact) { [$0[0].cumulativeMax(axis: 0).values] },
    row("logCumulativeSumExp", [.real()], dtypes: DType.floats) { [$0[0].logCumulativeSumExp()] },
    row("logCumulativeSumExp 0", [.real(-30...30)]) { [$0[0].logCumulativeSumExp(axis: 0)] },
    row("tensordot", [.real(shape: { [2, $0[0], $0[1]] }), .real(shape: { [$0[0], $0[1], 3] })]) { [$0[0].tensordot($0[1])] },
    row("tensordot by axes", [.real(shape: { [$0[1], 2, $0[0]] }), .real(shape: { [$0[0], 3, $0[1]] })]) {
      [$0[0].tensordot($0[1], axes: ([0, -1], [2, 0]))]
    },
    row("outer", [.real(), .real(shape: { _ in [3] })], dtypes: DType.numbers, accuracy: .composed(4)) { [$0[0].outer($0[1])] },
    row("kron", [.real(), .real(shape: { _ in [2, 3] })], dtypes: DType.numbers, accuracy: .composed(4)) { [$0[0].kron($0[1])] },
    row("kron of a vector", [.real(), .real(shape: { _ in [3] })], accuracy: .composed(4)) { [$0[0].kron($0[1])] },
    row("cross", [.real(shape: matrix), .real(shape: { _ in [3] })], accuracy: .composed(8)) { [$0[0].cross($0[1])] },
    row("cross 0", [.real(shape: { [3, $0[1]] }), .real(shape: { [3, $0[1]] })], accuracy: .composed(8)) { [$0[0].cross($0[1], axis: 0)] },
    row("trace", [.real()], dtypes: DType.numbers) { [$0[0].trace(), $0[0].trace(offset: 1)] },
    row("cdist", [.real(), .real(shape: { [2, $0[1]] })]) { [$0[0].cdist($0[1])] },
    row("cdist 1", [.real(), .real(shape: { [2, $0[1]] })]) { [$0[0].cdist($0[1], p: 1)] },
    row("cdist inf", [.real(), .real(shape: { [2, $0[1]] })], accuracy: .composed(4)) { [$0[0].cdist($0[1], p: .infinity)] },
    row("pad reflect", [.real()], dtypes: DType.all, accuracy: .exact) { [$0[0].pad([(2, 3), (0, 4)], mode: .reflect)] },
    row("pad symmetric", [.real()], accuracy: .exact) { [$0[0].pad([(2, 3), (0, 4)], mode: .symmetric)] },
    row("pad replicate", [.real()], accuracy: .exact) { [$0[0].pad([(2, 3), (0, 4)], mode: .replicate)] },
    row("pad wrap", [.real()], accuracy: .exact) { [$0[0].pad([(2, 3), (0, 4)], mode: .wrap)] },
    row("repeated by counts", [.real(shape: { [4, $0[1]] })], dtypes: DType.all, accuracy: .exact) {
      [$0[0].repeated([1, 0, 3, 2], axis: 0)]
    },
    row(
      "repeated by a tensor",
      [.real(shape: { [4, $0[1]] }), Operand(.fixed([1, 0, 3, 2]), dtype: .int32, keepsLayout: true, shape: { _ in [4] })], accuracy: .exact
    ) { [$0[0].repeated(stopGradient($0[1]), axis: 0, total: 6)] },
  ]
}
