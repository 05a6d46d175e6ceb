import Wengert

extension Row {
  /// A transform of complex numbers, whose parts are read and written once at least.
  private static func transform(_ name: String, _ shape: Shape, _ f: @escaping @Sendable (ComplexTensor) -> ComplexTensor) -> Row {
    memory(name, "\(shape)", elements: 4 * shape.elementCount, { [normal(shape), normal(shape, seed: 2)] }) { x in
      let y = f(ComplexTensor(real: x[0], imaginary: x[1]))
      return [y.real, y.imaginary]
    }
  }

  private static func parts(_ z: ComplexTensor) -> [Tensor] { [z.real, z.imaginary] }

  static let transforms: [Row] = joined(
    [
      transform("fft-1024", [64, 1024]) { $0.fft() },
      transform("fft-4096", [16, 4096]) { $0.fft() },
      transform("fft-1048576", [1, 1 << 20]) { $0.fft() },
      transform("fft2-256", [8, 256, 256]) { $0.fft2() },
      transform("fft-1000", [256, 1000]) { $0.fft() },
      transform("fft-1009", [256, 1009]) { $0.fft() },
      transform("fft-first", [1024, 256]) { $0.fft(axis: 0) },
      transform("ifft-1024", [512, 1024]) { $0.ifft() },
      transform("ifft2-256", [8, 256, 256]) { $0.ifft2() },
      transform("fftn-64", [2, 64, 64, 64]) { $0.fftn(axes: [1, 2, 3]) },
      transform("fftshift", [1024, 1024]) { $0.fftShift() },
      transform("ifftshift", [1024, 1024]) { $0.ifftShift(axes: [1]) },
      memory("rfft-1024", "[64, 1024]", elements: 2 * 64 * 1024, { [normal([64, 1024])] }) { parts($0[0].rfft()) },
      memory("rfft2-256", "[16, 256, 256]", elements: 2 << 20, { [normal([16, 256, 256])] }) { parts($0[0].rfft2()) },
      memory("stft-400", "[8, 65536], every 160", elements: 8 << 16, { [normal([8, 65536]), Tensor.hannWindow(400)] }) {
        parts($0[0].stft(size: 400, hop: 160, window: $0[1]))
      },
    ],
    memory(
      "[512, 513], complex", elements: 3 * 512 * 513, { [normal([512, 513]), normal([512, 513], seed: 2)] },
      [
        "irfft-1024": { [ComplexTensor(real: $0[0], imaginary: $0[1]).irfft()] },
        "istft-1024": {
          [
            ComplexTensor(real: $0[0].transpose(), imaginary: $0[1].transpose()).istft(
              size: 1024, hop: 256, window: Tensor.hannWindow(1024))
          ]
        },
        "irfft2-512": { [ComplexTensor(real: $0[0], imaginary: $0[1]).irfft2(lengths: [512, 1024])] },
      ]),
    memory(
      "[512, 1024]", elements: 1 << 20, { [normal([512, 1024]), normal([512, 129], seed: 2)] },
      [
        "dct-1024": { [$0[0].dct()] }, "idct-1024": { [$0[0].idct(norm: .ortho)] },
        "fft-convolve": { [$0[0].fftConvolve($0[1], mode: .full)] },
      ]))
}

// Arithmetic with complex numbers.
extension Row {
  private static func rows(
    _ shape: Shape, of count: Int, parts: Int, _ functions: KeyValuePairs<String, @Sendable ([ComplexTensor]) -> [Tensor]>
  ) -> [Row] {
    functions.map { name, f in
      memory(
        "complex-\(name)", "\(shape)", elements: (2 * count + parts) * shape.elementCount,
        { (1...2 * count).map { normal(shape, seed: $0) } }
      ) { x in f((0..<count).map { ComplexTensor(real: x[2 * $0], imaginary: x[2 * $0 + 1]) }) }
    }
  }

  static let complex: [Row] = joined(
    rows(
      [1024, 1024], of: 2, parts: 2,
      [
        "add": { parts($0[0] + $0[1]) }, "mul": { parts($0[0] * $0[1]) }, "div": { parts($0[0] / $0[1]) },
        "concatenate": { parts(concatenate([$0[0], $0[1]])) },
      ]),
    rows(
      [1024, 1024], of: 1, parts: 2,
      [
        "conj": { parts($0[0].conjugate * 2) }, "adjoint": { parts($0[0].adjoint() + 1) }, "exp": { parts(exp($0[0])) },
        "log": { parts(log($0[0])) }, "sqrt": { parts(sqrt($0[0])) }, "pow-3": { parts(pow($0[0], 3)) },
        "polar": { parts(ComplexTensor(magnitude: $0[0].real, angle: $0[0].imaginary)) },
      ]),
    rows(
      [1024, 1024], of: 1, parts: 1,
      ["abs": { [abs($0[0])] }, "angle": { [$0[0].angle] }, "squared-magnitude": { [$0[0].squaredMagnitude] }]),
    rows([1024, 1024], of: 1, parts: 0, ["mean": { parts($0[0].mean(axis: 0)) }]),
    rows([512, 512], of: 2, parts: 2, ["matmul": { parts($0[0].matmul($0[1])) }]))
}
