import Wengert

extension Row {
  /// A transform of complex numbers, whose parts are read and written once at least.
  private static func transform(_ name: String, _ shape: Shape, _ f: @escaping @Sendable (ComplexTensor) -> ComplexTensor) -> Row {
    memory(name, "\(shape)", elements: 4 * shape.elementCount, { [normal(shape), normal(shape, seed: 2)] }) { x in
      let y = f(ComplexTensor(real: x[0], imaginary: x[1]))
      return [y.real, y.imaginary]
    }
  }

  static let transforms = [
    transform("fft-1024", [64, 1024]) { $0.fft() },
    transform("fft-4096", [16, 4096]) { $0.fft() },
    transform("fft-1048576", [1, 1 << 20]) { $0.fft() },
    transform("fft2-256", [8, 256, 256]) { $0.fft2() },
    memory("rfft-1024", "[64, 1024]", elements: 2 * 64 * 1024, { [normal([64, 1024])] }) { x in
      let y = x[0].rfft()
      return [y.real, y.imaginary]
    },
  ]
}
