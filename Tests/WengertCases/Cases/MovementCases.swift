extension CaseList {
  private static func row(
    _ name: String, shapes: [Shape] = [[2, 3, 4], [3, 4, 5], [1, 2, 1], [2, 3, 33], [4, 0, 2]], _ f: @escaping @Sendable (Tensor) -> Tensor
  ) -> OperationCase {
    OperationCase(name, [.real()], shapes: shapes, dtypes: DType.all, accuracy: .exact, one(f))
  }
  private static let square: [Shape] = [[3, 5], [4, 4], [1, 1], [7, 2], [2, 3, 5], [2, 33]]

  public static let movement: [OperationCase] = [
    row("reshape") { $0.reshape([$0.shape[dim: 0], $0.shape[dim: 1] * $0.shape[dim: 2]]) },
    row("reshape inferred") { $0.reshape([$0.shape[dim: 2], 1, $0.shape[dim: 0] * $0.shape[dim: 1]]) },
    row("flatten") { $0.flatten() },
    row("flatten from an axis") { $0.flatten(from: 1) },
    row("flatten to an axis") { $0.flatten(from: -3, to: 1) },
    row("permute") { $0.permute([2, 0, 1]) },
    row("transpose") { $0.transpose() },
    row("transpose 0 2") { $0.transpose(0, 2) },
    row("moveAxis") { $0.moveAxis(0, to: -1) },
    row("broadcast", shapes: [[1, 3], [1, 1], [1, 33]]) { $0.broadcast(to: Shape(dimensions: [2, 4, $0.shape[dim: 1]])) },
    row("expand", shapes: [[1, 3], [1, 1], [1, 33]]) { $0.expand([2, 5, -1]) },
    row("expandDims") { $0.expandDims(1).expandDims(-1) },
    row("squeeze", shapes: [[1, 3, 1], [1, 1, 1], [1, 33, 1]]) { $0.squeeze() },
    row("squeeze 0", shapes: [[1, 3, 1], [1, 1, 1], [1, 33, 4]]) { $0.squeeze(0) },
    row("diagonal", shapes: square) { $0.diagonal() },
    row("diagonal 1", shapes: square) { $0.diagonal(offset: 1) },
    row("diagonal -1 of swapped axes", shapes: square) { $0.diagonal(offset: -1, -1, -2) },
    row("flip") { $0.flip() },
    row("flip 1") { $0.flip(1) },
    row("roll") { $0.roll(2, axis: -1) },
    row("roll back") { $0.roll(-7, axis: 0) },
    row("pad") { $0.pad([(1, 0), (0, 2), (3, 1)]) },
    row("pad with 1.5") { $0.pad([(0, 1), (2, 0), (0, 0)], fill: 1.5) },
    row("tile") { $0.tile([2, 1, 3]) },
    row("repeated") { $0.repeated(3, axis: 1) },
    row("contiguous") { $0.transpose().contiguous() },
    OperationCase("split", [.real()], shapes: [[6, 2], [6, 33], [6, 0]], dtypes: DType.all, accuracy: .exact) {
      $0[0].split([1, 0, 3, 2])
    },
    OperationCase("split into 3", [.real()], shapes: [[2, 6], [33, 3]], dtypes: DType.all, accuracy: .exact) {
      $0[0].split(into: 3, axis: 1)
    },
    row("lowerTriangle", shapes: square) { $0.lowerTriangle() },
    row("lowerTriangle 1", shapes: square) { $0.lowerTriangle(1) },
    row("upperTriangle", shapes: square) { $0.upperTriangle() },
    row("upperTriangle -1", shapes: square) { $0.upperTriangle(-1) },
    OperationCase(
      "concatenate", [.real(), .real(), .real(shape: { [2, $0[1]] })], shapes: [[3, 5], [1, 33], [2, 3], [0, 2]], dtypes: DType.all,
      accuracy: .exact
    ) { [concatenate($0)] },
    OperationCase(
      "concatenate -1", [.real(), .real(shape: { [$0[0], 3] })], shapes: [[3, 5], [1, 33], [2, 3], [2, 0]], dtypes: DType.all,
      accuracy: .exact
    ) { [concatenate($0, axis: -1)] },
    OperationCase("stack", [.real(), .real()], shapes: [[3, 5], [2, 33], [1]], dtypes: DType.all, accuracy: .exact) { [stack($0)] },
    OperationCase("stack -1", [.real(), .real()], shapes: [[3, 5], [2, 33], [1]], dtypes: DType.all, accuracy: .exact) {
      [stack($0, axis: -1)]
    },
    OperationCase(
      "stopGradient", [.real()], shapes: [[3, 5]], accuracy: .exact, slope: .none
    ) { [stopGradient($0[0])] },
  ]

  private static func part(_ name: String, _ f: @escaping @Sendable (Tensor) -> Tensor) -> OperationCase {
    OperationCase(name, [.real()], shapes: [[5, 4, 6], [6, 3, 33]], dtypes: DType.all, accuracy: .exact, one(f))
  }

  /// NumPy's subscripts; the names are its notation.
  public static let subscripts: [OperationCase] = [
    part("x[2]") { $0[2] },
    part("x[-1]") { $0[-1] },
    part("x[1:4]") { $0[1..<4] },
    part("x[1:-1, ::2]") { $0[Axis.range(from: 1, to: -1), Axis.range(by: 2)] },
    part("x[::-1]") { $0[Axis.range(by: -1)] },
    part("x[4:0:-2, :, ::-3]") { $0[Axis.range(from: 4, to: 0, by: -2), Axis.all, Axis.range(by: -3)] },
    part("x[..., 0]") { $0[Axis.ellipsis, 0] },
    part("x[None, ..., 1:3, None]") { $0[Axis.new, Axis.ellipsis, 1..<3, Axis.new] },
    part("x[:, 1, -3:]") { $0[Axis.all, 1, (-3)...] },
    part("x[:2, 3:3]") { $0[..<2, 3..<3] },
    part("x[-100:100]") { $0[-100..<100] },
    part("x[1, 2, 3]") { $0[1, 2, 3] },
    part("x[-3:] closed") { $0[(-3)...(-1)] },
    part("x[:-1] through") { $0[...(-2)] },
    OperationCase(
      "x[:, i]", [.real(), .indices(1, shape: { _ in [2, 3] })], shapes: [[5, 4, 6], [6, 3, 33]], dtypes: DType.all, accuracy: .exact
    ) { [$0[0][Axis.all, $0[1]]] },
    OperationCase(
      "x[1:3] = y", [.real(), .real(shape: { [2, $0[1]] })], shapes: [[5, 4], [4, 33]], dtypes: DType.all, accuracy: .exact
    ) { x in
      var y = x[0]
      y[1..<3] = x[1]
      return [y]
    },
    OperationCase(
      "x[::-2, 1] = y", [.real(), .real(shape: { _ in [] })], shapes: [[5, 4], [4, 33]], dtypes: DType.all, accuracy: .exact
    ) { x in
      var y = x[0]
      y[Axis.range(by: -2), 1] = x[1]
      return [y]
    },
  ]
}
