import Wengert

extension Row {
  /// A convolution of 16 images of 56 × 56 pixels with 64 channels, and its gradients by images and weight.
  private static func convolution(
    _ name: String, outputs: Int = 64, kernel: Int, stride: Int = 1, padding: Int = 0, groups: Int = 1
  ) -> Row {
    let images: Shape = [16, 64, 56, 56], weight: Shape = [outputs, 64 / groups, kernel, kernel], side = 56 / stride
    let result: Shape = [16, outputs, side, side]
    return arithmetic(
      "convolution-\(name)-gradient", "\(images) \(weight)",
      flops: 6 * Double(result.elementCount) * Double(weight.dropFirst().elementCount),
      { [normal(images), normal(weight, seed: 2), normal(result, seed: 3)] }
    ) {
      withPullbacks($0, of: 2) { $0[0].convolution($0[1], stride: PerAxis(stride), padding: Padding(PerAxis(padding)), groups: groups) }
    }
  }

  static let convolutions = [
    convolution("3x3", kernel: 3, padding: 1),
    convolution("1x1", kernel: 1),
    convolution("strided", outputs: 128, kernel: 3, stride: 2, padding: 1),
    convolution("depthwise", kernel: 3, padding: 1, groups: 64),
    other("1d", [8, 64, 2048], [64, 64, 3], [8, 64, 2048]) { $0.convolution($1, padding: 1) },
    other("3d", [2, 16, 16, 32, 32], [32, 16, 3, 3, 3], [2, 32, 16, 32, 32]) { $0.convolution($1, padding: 1) },
    other("transposed", [8, 64, 28, 28], [64, 64, 4, 4], [8, 64, 56, 56]) { $0.transposedConvolution($1, stride: 2, padding: 1) },
  ]

  private static func other(
    _ name: String, _ images: Shape, _ weight: Shape, _ result: Shape, _ f: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) -> Row {
    // As many as each element of the larger of images and result has with a window.
    let flops =
      6 * Double(result.elementCount) * Double(weight.dropFirst().elementCount)
      / (images.elementCount < result.elementCount && name == "transposed" ? 4 : 1)
    return arithmetic(
      "convolution-\(name)-gradient", "\(images) \(weight)", flops: flops,
      { [normal(images), normal(weight, seed: 2), normal(result, seed: 3)] }
    ) { withPullbacks($0, of: 2) { f($0[0], $0[1]) } }
  }
}
