@_spi(Backend) import Wengert

extension CaseList {
  private static func row(
    _ name: String, _ op: ReduceOp? = nil, _ fill: Fill = .uniform(-2...2), shapes: [Shape] = Shapes.cubes, dtypes: [DType] = DType.floats,
    accuracy: OperationCase.Accuracy = .composed(4), slope: OperationCase.Slope = .smooth, _ f: @escaping @Sendable (Tensor) -> Tensor
  ) -> OperationCase {
    OperationCase(
      name, [Operand(fill)], shapes: shapes, dtypes: dtypes, accuracy: accuracy, slope: slope, covers: op.map { [.reduce($0)] } ?? [],
      one(f))
  }
  private static let full = Shapes.fullCubes
  private static let near1 = Fill.uniform(0.9...1.1)

  public static let reduction: [OperationCase] = [
    row("sum", .sum, dtypes: DType.all) { $0.sum() },
    row("sum 0", .sum, dtypes: DType.all) { $0.sum(axes: [0]) },
    row("sum -1 kept", .sum, dtypes: DType.all) { $0.sum(axes: [-1], keepDims: true) },
    row("sum 1", .sum) { $0.sum(axes: [1]) },
    row("sum 0 2", .sum) { $0.sum(axes: [0, 2]) },
    row("sum 0 1", .sum) { $0.sum(axes: [0, 1]) },
    row("prod", .product, near1, shapes: full.filter { $0.elementCount < 200 }, dtypes: DType.floats, accuracy: .composed(40)) {
      $0.prod()
    },
    row("prod of whole numbers", .product, .uniform(0.25...0.75), dtypes: DType.integers, accuracy: .exact, slope: .none) { $0.prod() },
    row("prod 1", .product, near1) { $0.prod(axes: [1]) },
    row("prod -1", .product, near1, shapes: full.filter { $0[2] < 100 }, accuracy: .composed(40)) { $0.prod(axes: [-1]) },
    row("prod 0 2 kept", .product, near1, shapes: full.filter { $0[2] * $0[0] < 200 }, accuracy: .composed(40)) {
      $0.prod(axes: [0, 2], keepDims: true)
    },
    row("max", .maximum, .distinct, shapes: full, dtypes: DType.all, accuracy: .exact) { $0.max() },
    row("max -1", .maximum, .distinct, shapes: full, dtypes: DType.all, accuracy: .exact) { $0.max(axes: [-1]) },
    row("max 0", .maximum, .distinct, shapes: full, dtypes: DType.all, accuracy: .exact) { $0.max(axes: [0]) },
    row("min", .minimum, .distinct, shapes: full, dtypes: DType.all, accuracy: .exact) { $0.min() },
    row("min 1 kept", .minimum, .distinct, shapes: full, dtypes: DType.all, accuracy: .exact) { $0.min(axes: [1], keepDims: true) },
    row("min 0 2", .minimum, .distinct, shapes: full, accuracy: .exact) { $0.min(axes: [0, 2]) },
    row("mean", dtypes: DType.numbers) { $0.shape.elements.number == 0 ? $0.sum() : $0.mean() },
    row("mean 1", shapes: full) { $0.mean(axes: [1]) },
    row("mean 0 -1 kept", shapes: full) { $0.mean(axes: [0, -1], keepDims: true) },
    row("variance", shapes: full, accuracy: .composed(16)) { $0.variance() },
    row("variance -1", shapes: full, accuracy: .composed(16)) { $0.variance(axes: [-1]) },
    row("variance 0 corrected", shapes: full.filter { $0[0] > 1 }, accuracy: .composed(16)) { $0.variance(axes: [0], correction: 1) },
    row("norm", shapes: full, dtypes: DType.floats + [.int32], accuracy: .composed(8)) { $0.norm() },
    row("norm -1", .none, .awayFromZero, shapes: full, accuracy: .composed(8)) { $0.norm(axes: [-1]) },
    row("norm 1", .none, .awayFromZero) { $0.norm(1, axes: [0]) },
    row("norm 3", .none, .awayFromZero, shapes: full, accuracy: .composed(16)) { $0.norm(3, axes: [1], keepDims: true) },
    row("norm inf", .none, .uniform(0.1...2), shapes: full, accuracy: .exact) { $0.norm(.infinity, axes: [-1]) },
    row("norm -inf", .none, .uniform(0.1...2), shapes: full, accuracy: .exact) { $0.norm(-.infinity, axes: [-1]) },
    row("norm 0", .none, .fixed([0, 1.5, -2]), accuracy: .exact, slope: .none) { $0.norm(0, axes: [-1]) },
    row("logSumExp", shapes: full, accuracy: .composed(16)) { $0.logSumExp() },
    row("logSumExp -1 kept", shapes: full, dtypes: DType.floats + [.int32], accuracy: .composed(16)) {
      $0.logSumExp(axes: [-1], keepDims: true)
    },
    row("logSumExp 0 1", shapes: Shapes.cubes, accuracy: .composed(16)) { $0.logSumExp(axes: [0, 1]) },
    row("any", .none, .fixed([0, 0, 0, 1, 0]), dtypes: DType.all, accuracy: .exact, slope: .none) { $0.any() },
    row("any -1", .none, .fixed([0, 0, 0, 0, 0, 0, 1]), dtypes: DType.all, accuracy: .exact, slope: .none) { $0.any(axes: [-1]) },
    row("all 0", .none, .fixed([1, 1, 1, 1, 1, 0]), dtypes: DType.all, accuracy: .exact, slope: .none) { $0.all(axes: [0]) },
    row("all 1 2 kept", .none, .fixed([1]), dtypes: DType.all, accuracy: .exact, slope: .none) { $0.all(axes: [1, 2], keepDims: true) },
  ]

  public static let running: [OperationCase] = [
    row("cumulativeSum -1", dtypes: DType.all) { $0.cumulativeSum() },
    row("cumulativeSum 0 reverse", dtypes: DType.numbers) { $0.cumulativeSum(axis: 0, reverse: true) },
    row("cumulativeSum 1", shapes: Shapes.cubes) { $0.cumulativeSum(axis: 1) },
    row("cumulativeProduct -1", .none, near1, shapes: Shapes.cubes.filter { $0[2] < 100 }, accuracy: .composed(40)) {
      $0.cumulativeProduct()
    },
    row("cumulativeProduct 0", .none, near1, shapes: Shapes.cubes.filter { $0[0] < 100 }, accuracy: .composed(40)) {
      $0.cumulativeProduct(axis: 0)
    },
    row("cumulativeProduct 1 reverse", .none, near1, accuracy: .composed(16)) { $0.cumulativeProduct(axis: 1, reverse: true) },
    row(
      "cumulativeProduct of whole numbers", .none, .fixed([0.25, 0.5, -0.25, 0]), dtypes: [.int32, .int64], accuracy: .exact, slope: .none
    ) {
      $0.cumulativeProduct(axis: 1)
    },
  ]
}
