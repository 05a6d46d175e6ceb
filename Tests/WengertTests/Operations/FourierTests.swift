import Testing
@_spi(Backend) import Wengert
import WengertTestSupport

@testable import WengertCore

@Suite("Complex numbers and Fourier transforms")
struct FourierTests {
  /// Σ v[j] e^(−2πi jk/n) in double precision.
  private static func transform(_ values: [(Double, Double)], _ k: Int, _ circle: [(cos: Double, sin: Double)]) -> (Double, Double) {
    var (re, im) = (0.0, 0.0), place = 0
    for (x, y) in values {
      re += x * circle[place].cos + y * circle[place].sin
      im += y * circle[place].cos - x * circle[place].sin
      place += k
      if place >= values.count { place -= values.count }
    }
    return (re, im)
  }

  private func values(_ z: ComplexTensor) -> [(Double, Double)] {
    Array(zip(z.real.array(of: Double.self), z.imaginary.array(of: Double.self)))
  }

  /// √(Σ |a − b|² / Σ |b|²)
  private func error(_ a: [(Double, Double)], _ b: [(Double, Double)]) -> Double {
    func squares(_ values: [(Double, Double)]) -> Double { values.reduce(0) { $0 + $1.0 * $1.0 + $1.1 * $1.1 } }
    return (squares(zip(a, b).map { ($0.0 - $1.0, $0.1 - $1.1) }) / squares(b)).squareRoot()
  }

  @Test(
    "transforms of every kind of length err by 10⁻⁶ in float32 and by 10⁻¹⁴ log n in float64, beside the definition",
    arguments: Array(1...24) + [31, 64, 97, 100, 127, 128, 131, 169, 193, 200, 997, 1000, 1024, 1994, 12_288, 65_536])
  func accuracy(_ n: Int) {
    var generator = SplitMix64(seed: UInt64(n))
    let x = generator.uniforms(n, in: -1...1).map { Double(Float($0)) }, y = generator.uniforms(n, in: -1...1).map { Double(Float($0)) }
    let circle = UnitCircle.points(n), places = Array(Swift.stride(from: 0, to: n, by: Swift.max(1, n / 100)))
    let whole = places.map { Self.transform(Array(zip(x, y)), $0, circle) }
    let low = places.filter { $0 <= n / 2 }, real = low.map { Self.transform(x.map { ($0, 0) }, $0, circle) }
    for (dtype, bound) in [(DType.float32, 1e-6), (.float64, 1e-14 * Swift.max(1, log2(Double(n))))] {
      let z = ComplexTensor(real: Tensor(x, shape: [n]).cast(to: dtype), imaginary: Tensor(y, shape: [n]).cast(to: dtype))
      let spectrum = z.fft(), all = values(spectrum)
      #expect(error(places.map { all[$0] }, whole) < bound, "fft of \(n), \(dtype)")
      #expect(error(values(spectrum.ifft()), Array(zip(x, y))) < bound, "ifft of \(n), \(dtype)")
      let half = z.real.rfft(), frequencies = values(half)
      #expect(error(low.map { frequencies[$0] }, real) < bound, "rfft of \(n), \(dtype)")
      #expect(error(half.irfft(n: n).array(of: Double.self).map { ($0, 0) }, x.map { ($0, 0) }) < bound, "irfft of \(n), \(dtype)")
    }
  }

  private func log2(_ x: Double) -> Double { Double(x.exponent) + 1 }

  @Test("points of the circle are exact at the axes and symmetric beside them", arguments: [1, 3, 8, 12, 1000, 1 << 20])
  func circle(_ n: Int) {
    #expect(UnitCircle.point(0, of: n) == (1, 0))
    if n % 4 == 0 { #expect(UnitCircle.point(n / 4, of: n) == (0, 1)) }
    if n % 2 == 0 { #expect(UnitCircle.point(n / 2, of: n) == (-1, 0)) }
    for k in 1..<Swift.min(n, 100) {
      let (a, b) = (UnitCircle.point(k, of: n), UnitCircle.point(n - k, of: n))
      #expect(a.cos == b.cos && a.sin == -b.sin)
    }
  }

  @Test("many rows, transformed along columns, are each row's transform")
  func rows() {
    var generator = SplitMix64(seed: 5)
    let z = ComplexTensor(
      real: Tensor(generator.uniforms(300 * 144, in: -1...1), shape: [300, 144]),
      imaginary: Tensor(generator.uniforms(300 * 144, in: -1...1), shape: [300, 144]))
    let all = z.fft()
    for row in [0, 17, 299] { #expect(error(values(all[row]), values(z[row].fft())) < 1e-14) }
  }

  @Test("one compiled program serves every number of rows")
  func symbols() {
    let shape: [Dimension] = ["rows", 130]
    let transform = compile({ (z: ComplexTensor) in z.fft() }, CompileOptions(shapes: ["0.real": shape, "0.imaginary": shape]))
    var generator = SplitMix64(seed: 6)
    for rows in [1, 3, 200] {
      let z = ComplexTensor(
        real: Tensor(generator.uniforms(rows * 130, in: -1...1), shape: [rows, 130]),
        imaginary: Tensor(generator.uniforms(rows * 130, in: -1...1), shape: [rows, 130]))
      #expect(error(values(transform(z)), values(z.fft())) < 1e-14)
    }
    #expect(transform.statistics.compilations == 1)
  }

  @Test("a gradient is the pair of derivatives, so that a step against it lessens the loss; second derivatives are those of the parts")
  func gradients() {
    let z = ComplexTensor(real: Tensor([3.0, 0], dtype: .float64), imaginary: Tensor([4.0, 0], dtype: .float64))
    let slope = gradient(at: z) { abs($0).sum() }
    #expect(slope.real.array() == [0.6, 0.0] && slope.imaginary.array() == [0.8, 0.0])
    // |z⁴| = r⁴, of which the second derivative along z is 12 r⁴.
    let along = hessianVectorProduct(at: z, along: z) { pow($0, 2).squaredMagnitude.sum() }
    #expect((along.real * z.real + along.imaginary * z.imaginary).sum().item() == 12 * 625)
    let factor = ComplexTensor(real: Tensor(2, dtype: .float64), imaginary: Tensor(1, dtype: .float64))
    let linear = gradient(at: z) { ($0 * factor).real.sum() }
    #expect(linear.real.array() == [2.0, 2] && linear.imaginary.array() == [-1.0, -1])
  }

  @Test("neither a magnitude nor a quotient overflows or vanishes on the way")
  func extremes() {
    let large = ComplexTensor(real: Tensor([3e38, -2e-38]), imaginary: Tensor([1e38, 1e-38]))
    #expect(abs(large).array(of: Double.self)[0] < 3.2e38)
    let one = large / large
    #expect(error(values(one), [(1, 0), (1, 0)]) < 1e-6)
    let root = sqrt(large)
    #expect(error(values(root * root / large), [(1, 0), (1, 0)]) < 1e-6)
    let zero = ComplexTensor(Tensor([0.0]))
    #expect(values(sqrt(zero))[0] == (0, 0))
    let slope = gradient(at: zero) { abs($0).sum() + $0.angle.sum() + sqrt($0).real.sum() }
    #expect(values(slope)[0] == (0, 0))
  }

  @Test("complex numbers print with both parts")
  func printing() {
    let z = ComplexTensor(real: Tensor([[1.0, -22], [3, 4.25]]), imaginary: Tensor([[0.5, -1], [0, -10]]))
    #expect(z.description == "[[  1.00 +  0.5i, -22.00 -  1.0i],\n [  3.00 +  0.0i,   4.25 - 10.0i]]  complex64[2, 2]")
  }

  @Test("what cannot be transformed is refused by name")
  func refusals() {
    let x = Tensor.ones([2, 6])
    let found = collectingMistakes([
      { _ = x.cast(to: .bfloat16).fft() },
      { _ = x.fft(axis: 2) },
      { _ = x.rfft(n: 0) },
      { _ = Tensor.ones([2, 0]).fft() },
      { _ = ComplexTensor(Tensor.ones([2, 1])).irfft() },
      { _ = x.fftn(lengths: [2], axes: [0, 1]) },
      { _ = compile({ (x: Tensor) in x.rfft().real }, CompileOptions(shapes: ["0": ["rows", "n"]]))(x) },
      { _ = ComplexTensor(real: x.cast(to: .float16), imaginary: x) },
      { _ = ComplexTensor(x).cast(to: .float16) },
      { _ = x.stft(size: 4, window: Tensor.ones([5])) },
      { _ = x.fftConvolve(Tensor.ones([7]), mode: .valid) },
    ])
    #expect(
      found.map(\.operation) == [
        "fft", "fft", "rfft", "fft", "irfft", "fftn", "rfft", "ComplexTensor", "cast", "stft", "fftConvolve",
      ])
    #expect(found.first?.message == "complex numbers have parts of float32 or float64, not bfloat16; convert with cast(to:)")
  }

  @Test("frequencies are NumPy's")
  func frequencies() {
    #expect(Tensor.fftFrequencies(5, spacing: 0.1, dtype: .float64).array() == [0, 2, 4, -4, -2.0])
    #expect(Tensor.fftFrequencies(4, dtype: .float64).array() == [0, 0.25, -0.5, -0.25])
    #expect(Tensor.rfftFrequencies(5, dtype: .float64).array() == [0, 0.2, 0.4])
    let window = Tensor.hannWindow(4, dtype: .float64)
    #expect(window.array() == [0, 0.5, 1, 0.5])
  }
}
