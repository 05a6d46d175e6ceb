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
    ) { x in
      let (value, pullback) = vjp(at: [x[0], x[1]]) {
        $0[0].convolution($0[1], stride: PerAxis(stride), padding: Padding(PerAxis(padding)), groups: groups)
      }
      return [value] + pullback(x[2])
    }
  }

  static let convolutions = [
    convolution("3x3", kernel: 3, padding: 1),
    convolution("1x1", kernel: 1),
    convolution("strided", outputs: 128, kernel: 3, stride: 2, padding: 1),
    convolution("depthwise", kernel: 3, padding: 1, groups: 64),
  ]
}
