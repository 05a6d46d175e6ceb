@_spi(Backend) import Wengert

extension CaseList {
  /// The base shape is the images', or has the channels of one group.
  private static func row(
    _ name: String, _ shapes: [Shape], images: @escaping @Sendable (Shape) -> Shape = { $0 },
    weight: @escaping @Sendable (Shape) -> Shape, bias: Int? = nil,
    _ f: @escaping @Sendable (_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor
  ) -> OperationCase {
    OperationCase(
      name, [.real(shape: images), .real(shape: weight)] + (bias.map { count in [.real(shape: { _ in [count] })] } ?? []), shapes: shapes,
      accuracy: .composed(8)
    ) { [f($0[0], $0[1], $0.count > 2 ? $0[2] : nil)] }
  }

  private static let inTwo: @Sendable (Shape) -> Shape = { [$0[0], 2 * $0[1], $0[2], $0[3]] }

  public static let convolution: [OperationCase] = [
    row("convolution 1d", [[2, 3, 7], [1, 1, 3], [2, 17, 33], [0, 2, 5]], weight: { [4, $0[1], 3] }) { x, w, _ in x.convolution(w) },
    row("convolution 1d padded, strided, dilated", [[2, 3, 8], [1, 2, 40]], weight: { [2, $0[1], 3] }) { x, w, _ in
      x.convolution(w, stride: 2, padding: 3, dilation: 2)
    },
    row("convolution 2d with bias", [[2, 3, 5, 6], [1, 2, 1, 1], [2, 20, 9, 18]], weight: { [4, $0[1], 3, 3] }, bias: 4) { x, w, b in
      x.convolution(w, bias: b, padding: 1)
    },
    row("convolution 2d strided", [[2, 3, 7, 6], [1, 33, 8, 19]], weight: { [2, $0[1], 3, 2] }) { x, w, _ in
      x.convolution(w, stride: [2, 3], padding: [0, 2])
    },
    row("convolution 2d of one pixel", [[2, 3, 4, 5], [2, 16, 6, 7]], weight: { [5, $0[1], 1, 1] }) { x, w, _ in x.convolution(w) },
    row("convolution 2d in groups", [[2, 2, 5, 4], [1, 17, 6, 5]], images: inTwo, weight: { [6, $0[1], 3, 3] }) { x, w, _ in
      x.convolution(w, padding: 1, groups: 2)
    },
    row("convolution 2d depthwise", [[2, 4, 5, 6], [1, 3, 7, 20]], weight: { [2 * $0[1], 1, 3, 3] }) { x, w, _ in
      x.convolution(w, padding: [1, 1], groups: w.shape[0] / 2)
    },
    row("convolution 2d same", [[1, 2, 5, 6]], weight: { [3, $0[1], 4, 3] }) { x, w, _ in
      x.convolution(w, padding: .same, dilation: [1, 2])
    },
    row("convolution 2d cropped", [[2, 2, 5, 6]], weight: { [3, $0[1], 2, 2] }) { x, w, _ in
      x.convolution(w, stride: [1, 2], padding: .sides([(-1, 1), (2, 0)]))
    },
    row("convolution 3d", [[2, 2, 3, 4, 3], [1, 3, 4, 5, 6]], weight: { [3, $0[1], 2, 3, 2] }) { x, w, _ in
      x.convolution(w, stride: [1, 2, 1], padding: [1, 1, 0])
    },
    row("transposedConvolution 1d", [[2, 3, 5], [1, 17, 20]], weight: { [$0[1], 4, 3] }) { x, w, _ in x.transposedConvolution(w) },
    row("transposedConvolution 1d strided", [[2, 3, 5]], weight: { [$0[1], 2, 3] }) { x, w, _ in
      x.transposedConvolution(w, stride: 3, padding: 1, outputPadding: 2, dilation: 2)
    },
    row("transposedConvolution 2d in groups", [[2, 2, 3, 4]], images: inTwo, weight: { [2 * $0[1], 3, 3, 2] }) { x, w, _ in
      x.transposedConvolution(w, stride: [2, 1], padding: [1, 0], outputPadding: [1, 0], groups: 2)
    },
    row("transposedConvolution 3d", [[1, 2, 2, 3, 2]], weight: { [$0[1], 2, 2, 1, 3] }) { x, w, _ in x.transposedConvolution(w, stride: 2)
    },
  ]

  private static func row(
    _ name: String, _ shapes: [Shape], _ accuracy: OperationCase.Accuracy = .exact, dtypes: [DType] = DType.numbers,
    _ f: @escaping @Sendable (Tensor) -> Tensor
  ) -> OperationCase {
    OperationCase(name, [.real()], shapes: shapes, dtypes: dtypes, accuracy: accuracy, one(f))
  }

  public static let windows: [OperationCase] = [
    row("unfold", [[3, 5], [2, 33], [0, 2]]) { $0.unfold(1, size: 2) },
    row("unfold strided, dilated", [[8, 3], [33, 2], [5, 0]]) { $0.unfold(0, size: 2, step: 2, dilation: 2) },
    row("fold", [[5, 3, 2], [3, 2, 4], [33, 1, 3]], .composed(4)) { $0.fold(0, extent: $0.shape[dim: 0] + $0.shape[dim: 2] - 1) },
    row("fold strided", [[2, 3, 2], [1, 17, 3]], .composed(4)) {
      $0.fold(1, extent: $0.shape[dim: 1] * 2 + $0.shape[dim: 2] * 3 - 3, step: 2, dilation: 3)
    },
  ]
}
