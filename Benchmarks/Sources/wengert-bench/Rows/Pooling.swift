import Wengert

extension Row {
  private static let images: Shape = [16, 64, 56, 56]
  private typealias Layers = KeyValuePairs<String, @Sendable (Tensor) -> Tensor>

  /// Functions of images, and the same with their gradients, whose cotangents have `result`'s shape.
  private static func rows(_ images: Shape, to result: Shape, _ layers: Layers) -> [Row] {
    let count = images.elementCount + result.elementCount
    return layers.flatMap { name, f in
      [
        memory(name, "\(images)", elements: count, { [normal(images)] }) { [f($0[0])] },
        memory("\(name)-gradient", "\(images)", elements: 2 * count, { [normal(images), normal(result, seed: 2)] }) { withPullback($0, f) },
      ]
    }
  }

  static let pooling: [Row] = joined(
    rows(
      images, to: [16, 64, 28, 28],
      [
        "max-pool-2": { $0.maxPool(2) }, "max-pool-3": { $0.maxPool(3, stride: 2, padding: 1) }, "average-pool-2": { $0.averagePool(2) },
        "average-pool-3": { $0.averagePool(3, stride: 2, padding: 1) },
      ]),
    rows(
      images, to: [16, 64, 7, 7],
      ["adaptive-average-pool": { $0.adaptiveAveragePool(7) }, "adaptive-max-pool": { $0.adaptiveMaxPool(7) }]),
    rows(images, to: [16, 64, 1, 1], ["global-average-pool": { $0.adaptiveAveragePool(1) }]),
    rows(
      [4, 64, 56, 56], to: [4, 64, 112, 112],
      [
        "interpolate-nearest": { $0.interpolate([112, 112]) }, "interpolate-linear": { $0.interpolate([112, 112], .linear()) },
        "interpolate-cubic": { $0.interpolate([112, 112], .cubic()) },
      ]),
    rows([256, 4096], to: [256, 511, 16], ["unfold": { $0.unfold(1, size: 16, step: 8) + 1 }]),
    rows([256, 511, 16], to: [256, 4096], ["fold": { $0.fold(1, extent: 4096, step: 8) }]))
}
