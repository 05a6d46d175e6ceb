@_spi(Backend) import Wengert

extension CaseList {
  private static func row(
    _ name: String, _ shapes: [Shape], _ fill: Fill = .distinct, dtypes: [DType] = DType.floats,
    accuracy: OperationCase.Accuracy = .composed(8), slope: OperationCase.Slope = .smooth, _ f: @escaping @Sendable (Tensor) -> Tensor
  ) -> OperationCase {
    OperationCase(name, [Operand(fill)], shapes: shapes, dtypes: dtypes, accuracy: accuracy, slope: slope, one(f))
  }
  private static let images: [Shape] = [[2, 3, 5, 6], [1, 2, 4, 17]]

  public static let pooling: [OperationCase] = [
    row("maxPool 1d", [[2, 3, 7], [1, 1, 2], [0, 2, 4]], dtypes: DType.numbers, accuracy: .exact) { $0.maxPool(2) },
    row("maxPool 2d", images, accuracy: .exact) { $0.maxPool(3, stride: 2, padding: 1) },
    row("maxPool 2d of equals", [[2, 2, 5, 6]], .fixed([1, 0.5, 1, 1]), accuracy: .exact, slope: .none) { $0.maxPool([2, 3], stride: 1) },
    row("maxPool 2d dilated", images, accuracy: .exact) { $0.maxPool([2, 3], stride: [1, 2], padding: [0, 1], dilation: [3, 1]) },
    row("maxPool 3d", [[1, 2, 4, 3, 5]], accuracy: .exact) { $0.maxPool(2, stride: 1) },
    row("averagePool 1d", [[2, 3, 7], [1, 1, 2], [0, 2, 4]]) { $0.averagePool(2) },
    row("averagePool 2d", images) { $0.averagePool(3, stride: 2, padding: 1) },
    row("averagePool 2d of what is inside", images) { $0.averagePool([3, 2], stride: 1, padding: [1, 1], countsPadding: false) },
    row("averagePool 3d", [[1, 2, 4, 3, 5]]) { $0.averagePool([2, 1, 3], stride: [1, 2, 2]) },
    row("adaptiveAveragePool", images) { $0.adaptiveAveragePool([3, 4]) },
    row("adaptiveAveragePool to one", images) { $0.adaptiveAveragePool(1) },
    row("adaptiveMaxPool", images, accuracy: .exact) { $0.adaptiveMaxPool([3, 4]) },
    row("maxPool of long windows", [[1, 2, 70], [2, 1, 33]], accuracy: .exact) { $0.maxPool(33, stride: 3) },
    row("adaptiveMaxPool to one", images, accuracy: .exact) { $0.adaptiveMaxPool(1) },
    row("interpolate", images, dtypes: DType.numbers, accuracy: .exact) { $0.interpolate([7, 4]) },
    row("interpolate linear 1d", [[2, 3, 5], [1, 2, 1]]) { $0.interpolate([8], .linear()) },
    row("interpolate bilinear", images) { $0.interpolate([7, 4], .linear()) },
    row("interpolate bilinear by corners", images) { $0.interpolate([7, 4], .linear(alignCorners: true)) },
    row("interpolate bicubic", images) { $0.interpolate([7, 4], .cubic()) },
    row("interpolate bicubic by corners", images) { $0.interpolate([7, 4], .cubic(alignCorners: true)) },
  ]
}
