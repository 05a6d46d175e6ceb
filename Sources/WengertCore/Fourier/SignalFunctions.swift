/// Which part of a convolution of n and m elements is wanted.
public enum ConvolutionMode: Sendable, CaseIterable {
  /// All n + m − 1 elements at which the two meet.
  case full
  /// The middle n.
  case same
  /// The n − m + 1 at which the second lies inside of the first.
  case valid
}

extension Tensor {
  /// The convolution Σ x[j] y[k − j] along an axis by Fourier transforms, in O(n log n) (SciPy's fftconvolve); other axes broadcast.
  ///
  /// ```swift
  /// let y = Tensor([1.0, 2, 3]).fftConvolve(Tensor([1.0, 1]))  // [1, 3, 5, 3]
  /// ```
  ///
  /// - Precondition: The axis exists in both with an extent that is a number above zero, negative if ranks differ; neither is float16 or bfloat16; for `valid`, `other` is not longer.
  public func fftConvolve(
    _ other: Tensor, axis: Int = -1, mode: ConvolutionMode = .full, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line), name = "fftConvolve"
    caller.require(
      axis < 0 || rank == other.rank, name, "axis \(axis) of \(shape) and \(other.shape), of different ranks; count it from the end")
    func extent(_ x: Tensor) -> Int {
      let axis = caller.normalize(axis, rank: x.rank, name, x.shape)
      guard let n = x.shape[dim: axis].number, n > 0 else { caller.fail(name, "axis \(axis) of \(x.shape) must be a number above zero") }
      return n
    }
    let (n, m) = (extent(self), extent(other)), all = n + m - 1
    caller.require(mode != .valid || n >= m, name, "valid leaves nothing of \(n) elements and \(m), which are more")
    let length = FourierPlan.quickLength(all)
    func spectrum(_ x: Tensor) -> ComplexTensor { x.rfft(n: length, axis: axis, file: file, line: line) }
    let y = (spectrum(self) * spectrum(other)).irfft(n: length, axis: axis, file: file, line: line)
    let (start, count) = mode == .full ? (0, all) : mode == .same ? ((m - 1) / 2, n) : (m - 1, n - m + 1)
    return y.narrow(axis, from: start, count: count, file: file, line: line)
  }

  /// The short-time Fourier transform of signals [..., time]: [..., size/2 + 1, frames], the `rfft` of `size` elements times a window, every `hop` elements (nil: size/4). As PyTorch's `torch.stft`
  /// with return_complex.
  ///
  /// - Parameters:
  ///   - size: how many samples a frame has.
  ///   - hop: how far frames are apart; nil: size/4.
  ///   - window: [w] with w ≤ size, between zeros; nil is a window of ones.
  ///   - center: whether frame t is centered at t · hop, the signal being continued by its reflection; otherwise it begins there.
  ///   - norm: by what the transforms are divided.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  /// - Precondition: `size` and `hop` are above zero, and a frame fits into the signal.
  public func stft(
    size: Int, hop: Int? = nil, window: Tensor? = nil, center: Bool = true, norm: FourierNormalization = .backward,
    file: StaticString = #fileID, line: UInt = #line
  ) -> ComplexTensor {
    let caller = Caller(file, line), step = hop ?? Swift.max(size / 4, 1)
    let frame = FrameWindow(window, size, step, "stft", beside: self, caller)
    caller.require(rank > 0, "stft", "needs an axis of time")
    var x = complexPart("stft", caller)
    if center {
      var widths = [(before: Int, after: Int)](repeating: (0, 0), count: rank)
      widths[rank - 1] = (size / 2, size / 2)
      x = x.pad(widths, mode: .reflect, file: file, line: line)
    }
    let frames = frame.applied(to: x.unfold(-1, size: Dimension(size), step: step, file: file, line: line))
    return frames.rfft(norm: norm, file: file, line: line).transpose()
  }

  /// The type-II discrete cosine transform along an axis: y[k] = 2 Σ x[j] cos(πk(2j + 1)/2n) (Makhoul 1980, by one transform of length n). `forward` divides by 2n; `ortho` makes the transform
  /// orthogonal. As SciPy's dct.
  ///
  /// - Precondition: As for `fft`.
  public func dct(
    axis: Int = -1, norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    FourierCall("dct", .forward, norm, Caller(file, line)).cosine(self, axis)
  }

  /// The inverse of `dct`: the type-III transform, x[j] = (y[0] + 2 Σ y[k] cos(πk(2j + 1)/2n)) / 2n, over the k above 0; with `forward` not divided by 2n.
  ///
  /// - Precondition: As for `fft`.
  public func idct(
    axis: Int = -1, norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    FourierCall("idct", .inverse, norm, Caller(file, line)).cosine(self, axis)
  }
}

extension ComplexTensor {
  /// Signals [..., time] from their short-time transforms [..., size/2 + 1, frames]: the frames' `irfft` times the window, added up where they overlap, over the sum of the windows' squares
  /// (Griffin & Lim 1984). Inverse of `stft` with the same settings; samples that no window reaches are zero.
  ///
  /// - Parameters:
  ///   - size: how many samples a frame has.
  ///   - hop: how far frames are apart; nil: size/4.
  ///   - window: as for `stft`.
  ///   - center: whether frame t is centered at t · hop.
  ///   - length: how many samples; nil: as many as the frames reach, without half a frame at both ends if they are centered.
  ///   - norm: by what the transforms were divided.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  /// - Precondition: As for `stft`, there are size/2 + 1 frequencies, and the frames reach over `length` samples.
  public func istft(
    size: Int, hop: Int? = nil, window: Tensor? = nil, center: Bool = true, length: Dimension? = nil,
    norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line), step = hop ?? Swift.max(size / 4, 1)
    let frame = FrameWindow(window, size, step, "istft", beside: real, caller)
    caller.require(
      rank >= 2 && shape[dim: rank - 2].number == size / 2 + 1, "istft",
      "needs [..., \(size / 2 + 1), frames] for frames of \(size), got \(shape)")
    let count = shape[dim: rank - 1].unnamed
    caller.require(1, atMost: count, "istft", "there are no frames in \(shape)")
    let extent = (count - 1) * Dimension(step) + Dimension(size), edge = Dimension(center ? size / 2 : 0)
    let frames = frame.applied(to: transpose().irfft(n: size, norm: norm, file: file, line: line))
    let sum = frames.fold(-2, extent: extent, step: step, file: file, line: line)
    let squares = frame.applied(to: frame.applied(to: real.constant(1, Shape(dimensions: [count, Dimension(size)]))))
    let weight = squares.fold(0, extent: extent, step: step, file: file, line: line)
    let signal = select(weight .> 1e-11, sum / select(weight .> 1e-11, weight, weight.constant(1)), sum.constant(0))
    let kept = length ?? extent - 2 * edge
    return signal.narrow(-1, from: edge, count: kept, file: file, line: line)
  }
}

/// The window of the frames of a short-time transform.
private struct FrameWindow {
  private let values: Tensor?

  init(_ window: Tensor?, _ size: Int, _ hop: Int, _ name: String, beside x: Tensor, _ caller: Caller) {
    caller.require(size > 0 && hop > 0, name, "the size \(size) and the hop \(hop) must be above zero")
    guard let window else {
      values = nil
      return
    }
    guard window.rank == 1, let width = window.shape[dim: 0].number, (1...size).contains(width) else {
      caller.fail(name, "the window must be a vector of at most \(size) elements, got \(window.shape)")
    }
    let before = (size - width) / 2
    values = width == size ? window : window.pad([(before, size - width - before)])
  }

  func applied(to frames: Tensor) -> Tensor { values.map { frames * $0 } ?? frames }
}

extension FourierCall {
  /// The cosine transform, or its inverse.
  fileprivate func cosine(_ x: Tensor, _ axis: Int) -> Tensor {
    let (axis, n) = length(x.shape, axis, nil)
    let y = middle(x.complexPart(name, caller).unnamed(), axis)
    let all = Double(n), half = (n + 1) / 2
    var weights = direction == .forward ? (2.0, 2.0) : (1.0, 2.0)
    switch norm {
    case .backward: if direction == .inverse { weights = (1 / (2 * all), 1 / all) }
    case .forward: if direction == .forward { weights = (1 / all, 1 / all) }
    case .ortho: weights = ((1 / all).squareRoot(), (2 / all).squareRoot())
    }
    let table = FourierTable.halfAngles(n, first: weights.0, others: weights.1).parts(beside: y)
    let (cos, sin) = (table.re.reshape([n, 1]), table.im.reshape([n, 1]))
    let transform = FourierTransform(direction: direction, scale: 1, caller: caller)
    func part(_ x: Tensor, _ start: Int, _ count: Int) -> Tensor { x.narrow(1, Dimension(start), Dimension(count), caller) }
    let result: Tensor
    if direction == .forward {
      // The elements at even places, then those at odd ones backwards.
      let places = (0..<half).map { 2 * $0 } + (0..<n / 2).map { 2 * (n / 2 - $0) - 1 }
      let order = Tensor(places, shape: [n], backend: y.backend)
      let z = transform(y.gather(order, axis: 1, file: caller.file, line: caller.line), nil)
      result = z.re * cos + z.im * sin
    } else {
      let v = transform(y * cos, y * sin).re
      let shape = Shape(dimensions: [y.shape[dim: 0], Dimension(2 * half), y.shape[dim: 2]])
      result = part(stack([part(v, 0, half), part(v.flip(1), 0, half)], axis: 2).reshape(shape), 0, n)
    }
    return result.reshape(x.shape.unnamed).taking(namesOf: x.shape)
  }
}

/// Windows by their numbers.
package enum WindowFunction {
  package static func hann(_ n: Int, period: Int) -> [Double] { (0..<n).map { (1 - UnitCircle.point($0, of: period).cos) / 2 } }
}
