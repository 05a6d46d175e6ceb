import Wengert

extension CaseList {
  private static func row(
    _ name: String, _ operands: [Operand], _ shapes: [Shape], accuracy: OperationCase.Accuracy = .composed(16),
    _ f: @escaping @Sendable ([Tensor]) -> [Tensor]
  ) -> OperationCase {
    OperationCase(name, operands, shapes: shapes, dtypes: [.float32, .float64], accuracy: accuracy, f)
  }

  private static func parts(_ z: ComplexTensor) -> [Tensor] { [z.real, z.imaginary] }

  // Complex arithmetic: an operand is a real part and an imaginary one.
  private static let shapes: [Shape] = [[3, 5], [1, 1], [2, 33], [0, 3]]
  private static let vector: @Sendable (Shape) -> Shape = { [$0[1]] }

  /// Of one complex tensor.
  private static func one(
    _ name: String, _ fill: Fill = .uniform(-2...2), accuracy: OperationCase.Accuracy = .composed(16),
    _ f: @escaping @Sendable (ComplexTensor) -> [Tensor]
  ) -> OperationCase {
    row(name, [Operand(fill), Operand(fill)], shapes, accuracy: accuracy) { f(ComplexTensor(real: $0[0], imaginary: $0[1])) }
  }

  /// Of two.
  private static func two(
    _ name: String, _ fill: Fill = .uniform(-2...2), second: @escaping @Sendable (Shape) -> Shape = vector,
    _ f: @escaping @Sendable (ComplexTensor, ComplexTensor) -> [Tensor]
  ) -> OperationCase {
    row(name, [Operand(fill), Operand(fill), Operand(fill, shape: second), Operand(fill, shape: second)], shapes) {
      f(ComplexTensor(real: $0[0], imaginary: $0[1]), ComplexTensor(real: $0[2], imaginary: $0[3]))
    }
  }

  public static let complex: [OperationCase] = [
    two("complex sum") { parts($0 + $1 - 2 * $0) },
    two("complex product") { parts($0 * $1) },
    two("complex quotient", .awayFromZero) { parts($0 / $1) },
    one("complex quotient with numbers", .awayFromZero) { parts(2 / $0 + $0 / 4 - 1) },
    row("complex times real", [.real(), .real(), .real(shape: vector)], shapes) {
      parts(ComplexTensor(real: $0[0], imaginary: $0[1]) * $0[2] / ($0[2] * $0[2] + 1) - $0[2])
    },
    one("complex conjugate", accuracy: .exact) { parts((-$0).conjugate) },
    one("complex abs", .awayFromZero) { [abs($0)] },
    one("complex squaredMagnitude") { [$0.squaredMagnitude] },
    one("complex angle", .awayFromZero) { [$0.angle] },
    one("complex exp") { parts(exp($0)) },
    one("complex log", .awayFromZero) { parts(log($0)) },
    one("complex sqrt", .awayFromZero) { parts(sqrt($0)) },
    one("complex pow 3") { parts(pow($0, 3)) },
    one("complex pow -2", .awayFromZero) { parts(pow($0, -2)) },
    row("complex polar", [.real(), .real()], shapes) { parts(ComplexTensor(magnitude: $0[0], angle: $0[1])) },
    two("complex matmul", second: { [$0[1], 4] }) { parts($0.matmul($1)) },
    one("complex adjoint", accuracy: .exact) { z in parts(z.adjoint()[1...]) },
    one("complex mean") { parts($0.mean(axis: 0, keepDims: true)) + parts($0.sum()) },
    two("complex concatenate", second: { $0 }) { a, b in
      let stacked = stack([a, b], axis: 1).reshape(Shape(dimensions: [2 * a.shape[dim: 0], a.shape[dim: 1]]))
      return parts(concatenate([concatenate([a, b], axis: 1), concatenate([stacked, stacked], axis: 1)]))
    },
  ]

  // Transforms: the base shape has the rows, whose lengths are numbers.
  private static let rows: [Shape] = [[2], [1], [17], [0]]

  private static func pairs(
    _ name: String, _ lengths: @escaping @Sendable (Shape) -> Shape, rows: [Shape] = rows,
    _ f: @escaping @Sendable (ComplexTensor) -> [Tensor]
  ) -> OperationCase {
    row(name, [.real(shape: lengths), .real(shape: lengths)], rows) { f(ComplexTensor(real: $0[0], imaginary: $0[1])) }
  }

  private static func reals(
    _ name: String, _ lengths: @escaping @Sendable (Shape) -> Shape, _ f: @escaping @Sendable (Tensor) -> [Tensor]
  ) -> OperationCase {
    row(name, [.real(shape: lengths)], rows) { f($0[0]) }
  }

  private static func convolution(_ mode: ConvolutionMode) -> OperationCase {
    row("fftConvolve \(mode)", [.real(shape: { [$0[0], 9] }), .real(shape: { _ in [4] })], rows) { [$0[0].fftConvolve($0[1], mode: mode)] }
  }

  private static func window(_ x: Tensor) -> Tensor { .hannWindow(8, dtype: x.dtype, device: x.device) }

  public static let fourier: [OperationCase] = [
    pairs("fft", { [$0[0], 12] }) { parts($0.fft()) },
    pairs("fft 0", { [7, $0[0]] }) { parts($0.fft(axis: 0)) },
    pairs("fft 1 cropped, ortho", { [$0[0], 8, 3] }) { parts($0.fft(n: 5, axis: 1, norm: .ortho)) },
    pairs("fft padded, forward", { [$0[0], 6] }) { parts($0.fft(n: 9, norm: .forward)) },
    reals("fft of real numbers", { [$0[0], 10] }) { parts($0.fft()) },
    pairs("fft in two steps", { [$0[0], 130] }, rows: [[1]]) { parts($0.fft()) },
    pairs("fft 0 in two steps", { [130, $0[0], 2] }, rows: [[1]]) { parts($0.fft(axis: 0)) },
    pairs("fft by convolution", { [$0[0], 131] }, rows: [[1]]) { parts($0.fft()) },
    pairs("ifft", { [$0[0], 12] }) { parts($0.ifft()) },
    pairs("ifft 0 ortho", { [5, $0[0]] }) { parts($0.ifft(axis: 0, norm: .ortho)) },
    reals("ifft of real numbers", { [$0[0], 6] }) { parts($0.ifft()) },
    reals("rfft", { [$0[0], 12] }) { parts($0.rfft()) },
    reals("rfft 1", { [$0[0], 6, 2] }) { parts($0.rfft(axis: 1, norm: .ortho)) },
    reals("rfft odd", { [$0[0], 9] }) { parts($0.rfft()) },
    pairs("irfft", { [$0[0], 7] }) { [$0.irfft()] },
    pairs("irfft 0 odd", { [5, $0[0]] }) { [$0.irfft(n: 9, axis: 0, norm: .forward)] },
    pairs("irfft cropped", { [$0[0], 7] }) { [$0.irfft(n: 6)] },
    pairs("fftn", { [$0[0], 2, 3, 4] }) { parts($0.fftn(axes: [1, 2, 3])) },
    pairs("ifft2", { [$0[0], 3, 4] }) { parts($0.ifft2(lengths: [3, 5], norm: .ortho)) },
    reals("rfft2", { [$0[0], 3, 4] }) { parts($0.rfft2()) },
    pairs("irfft2", { [$0[0], 3, 3] }) { [$0.irfft2(lengths: [3, 5])] },
    pairs("fftShift", { _ in [4, 5] }, rows: [[1]]) { parts($0.fftShift()) },
    pairs("ifftShift 1", { [$0[0], 5] }) { parts($0.ifftShift(axes: [1])) },
    convolution(.full), convolution(.same), convolution(.valid),
    reals("stft", { [$0[0], 16] }) { parts($0.stft(size: 8, hop: 3, window: window($0))) },
    reals("stft at the start", { [$0[0], 16] }) { parts($0.stft(size: 8, window: window($0).narrow(0, from: 0, count: 6), center: false)) },
    pairs("istft", { [$0[0], 5, 6] }) { [$0.istft(size: 8, hop: 3, window: window($0.real))] },
    reals("dct", { [$0[0], 8] }) { [$0.dct()] },
    reals("dct ortho", { [$0[0], 7] }) { [$0.dct(norm: .ortho)] },
    reals("dct forward", { [$0[0], 6] }) { [$0.dct(norm: .forward)] },
    reals("idct", { [$0[0], 8] }) { [$0.idct()] },
    reals("idct ortho", { [$0[0], 7] }) { [$0.idct(norm: .ortho)] },
    reals("idct forward", { [$0[0], 6] }) { [$0.idct(norm: .forward)] },
  ]
}
