/// Where the factor 1/n of a transform and its inverse stands, n the number of elements that are transformed together.
public enum FourierNormalization: Sendable, CaseIterable {
  /// In the inverse.
  case backward
  /// 1/√n in both, which then keep sums of squares.
  case ortho
  /// In the forward transform.
  case forward

  func scale(_ n: Int, _ direction: FourierTable.Direction) -> Double {
    switch self {
    case .ortho: 1 / Double(n).squareRoot()
    case .backward: direction == .forward ? 1 : 1 / Double(n)
    case .forward: direction == .forward ? 1 / Double(n) : 1
    }
  }
}

extension ComplexTensor {
  /// The discrete Fourier transform along an axis: X[k] = Σ x[j] e^(−2πi jk/n), times the factor of `norm`. Cut off or filled with zeros to `n` elements first, if n is given.
  ///
  /// ```swift
  /// let spectrum = ComplexTensor(Tensor([1.0, 0, 0, 0])).fft()  // [1, 1, 1, 1]
  /// ```
  ///
  /// - Precondition: The axis exists, and its extent, a number and not a symbol, and n are above zero.
  public func fft(
    n: Int? = nil, axis: Int = -1, norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> ComplexTensor {
    FourierCall("fft", .forward, norm, Caller(file, line)).complex(self, n, axis)
  }

  /// The inverse of `fft`: x[j] = Σ X[k] e^(2πi jk/n), times the factor of `norm`, by default 1/n.
  ///
  /// - Precondition: As for `fft`.
  public func ifft(
    n: Int? = nil, axis: Int = -1, norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> ComplexTensor {
    FourierCall("ifft", .inverse, norm, Caller(file, line)).complex(self, n, axis)
  }

  /// The real numbers whose first ⌊n/2⌋ + 1 frequencies these are, the inverse of `rfft`; n is by default 2(m − 1) for m frequencies, and must be named if it is odd. Imaginary parts that
  /// the transform of real numbers does not have, at 0 and n/2, are not looked at.
  ///
  /// ```swift
  /// let x = Tensor([1.0, 2, 3]).rfft().irfft(n: 3)  // [1, 2, 3]
  /// ```
  ///
  /// - Precondition: As for `fft`; there are two frequencies at least, or n is named.
  public func irfft(
    n: Int? = nil, axis: Int = -1, norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    FourierCall("irfft", .inverse, norm, Caller(file, line)).toReal(self, n, axis)
  }

  /// `fft` along several axes, one after the other (nil: all, or as many of the last as there are `lengths`), each cut off or filled to its length.
  ///
  /// - Precondition: As for `fft`, and each axis is named once and has a length if there are any.
  public func fftn(
    lengths: [Int]? = nil, axes: [Int]? = nil, norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> ComplexTensor {
    FourierCall("fftn", .forward, norm, Caller(file, line)).complex(self, lengths, axes)
  }

  /// The inverse of `fftn`.
  ///
  /// - Precondition: As for `fftn`.
  public func ifftn(
    lengths: [Int]? = nil, axes: [Int]? = nil, norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> ComplexTensor {
    FourierCall("ifftn", .inverse, norm, Caller(file, line)).complex(self, lengths, axes)
  }

  /// The inverse of `rfftn`: `ifft` along all axes but the last of them, and `irfft` along that.
  ///
  /// - Precondition: As for `fftn`; the last axis has two frequencies at least, or a length.
  public func irfftn(
    lengths: [Int]? = nil, axes: [Int]? = nil, norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let call = FourierCall("irfftn", .inverse, norm, Caller(file, line))
    let all = call.axes(shape, lengths, axes)
    guard let last = all.last else { return real }
    return call.toReal(all.dropLast().reduce(self) { call.complex($0, $1.length, $1.axis) }, last.length, last.axis)
  }

  /// `fftn` along the last two axes, or along those named.
  ///
  /// - Precondition: As for `fftn`.
  public func fft2(
    lengths: [Int]? = nil, axes: [Int] = [-2, -1], norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> ComplexTensor {
    fftn(lengths: lengths, axes: axes, norm: norm, file: file, line: line)
  }

  /// The inverse of `fft2`.
  ///
  /// - Precondition: As for `fftn`.
  public func ifft2(
    lengths: [Int]? = nil, axes: [Int] = [-2, -1], norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> ComplexTensor {
    ifftn(lengths: lengths, axes: axes, norm: norm, file: file, line: line)
  }

  /// The inverse of `rfft2`.
  ///
  /// - Precondition: As for `irfftn`.
  public func irfft2(
    lengths: [Int]? = nil, axes: [Int] = [-2, -1], norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    irfftn(lengths: lengths, axes: axes, norm: norm, file: file, line: line)
  }

  /// The frequency zero moved to the middle of each axis (nil: of all), at ⌊n/2⌋.
  ///
  /// - Precondition: The axes exist, with extents that are numbers.
  public func fftShift(axes: [Int]? = nil, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
    mapParts { $0.fftShift(axes: axes, file: file, line: line) }
  }

  /// The inverse of `fftShift`.
  ///
  /// - Precondition: As for `fftShift`.
  public func ifftShift(axes: [Int]? = nil, file: StaticString = #fileID, line: UInt = #line) -> ComplexTensor {
    mapParts { $0.ifftShift(axes: axes, file: file, line: line) }
  }
}

extension Tensor {
  /// The discrete Fourier transform of real numbers, with all n frequencies; see `ComplexTensor.fft`. Whole numbers become float32.
  ///
  /// - Precondition: As for complex numbers, and the dtype is not float16 or bfloat16.
  public func fft(
    n: Int? = nil, axis: Int = -1, norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> ComplexTensor {
    FourierCall("fft", .forward, norm, Caller(file, line)).complex(self, nil, n, axis)
  }

  /// The inverse transform of real numbers; see `ComplexTensor.ifft`.
  ///
  /// - Precondition: As for `fft`.
  public func ifft(
    n: Int? = nil, axis: Int = -1, norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> ComplexTensor {
    FourierCall("ifft", .inverse, norm, Caller(file, line)).complex(self, nil, n, axis)
  }

  /// The first ⌊n/2⌋ + 1 frequencies of real numbers, X[k] = Σ x[j] e^(−2πi jk/n) times the factor of `norm`; the others are their conjugates. Of an even n, a transform of half the length and
  /// a pass over its results.
  ///
  /// ```swift
  /// let spectrum = Tensor([1.0, 2, 3, 4]).rfft()  // [10, -2 + 2i, -2]
  /// ```
  ///
  /// - Precondition: As for `fft`.
  public func rfft(
    n: Int? = nil, axis: Int = -1, norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> ComplexTensor {
    FourierCall("rfft", .forward, norm, Caller(file, line)).ofReal(self, n, axis)
  }

  /// `fft` along several axes; see `ComplexTensor.fftn`.
  ///
  /// - Precondition: As for complex numbers.
  public func fftn(
    lengths: [Int]? = nil, axes: [Int]? = nil, norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> ComplexTensor {
    ComplexTensor(self, file: file, line: line).fftn(lengths: lengths, axes: axes, norm: norm, file: file, line: line)
  }

  /// `rfft` along the last of several axes (nil: of all, or of as many of the last as there are `lengths`), and `fft` along the others.
  ///
  /// - Precondition: As for `ComplexTensor.fftn`.
  public func rfftn(
    lengths: [Int]? = nil, axes: [Int]? = nil, norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> ComplexTensor {
    let call = FourierCall("rfftn", .forward, norm, Caller(file, line))
    let all = call.axes(shape, lengths, axes)
    guard let last = all.last else { return ComplexTensor(self, file: file, line: line) }
    return all.dropLast().reversed().reduce(call.ofReal(self, last.length, last.axis)) { call.complex($0, $1.length, $1.axis) }
  }

  /// `fftn` along the last two axes, or along those named.
  ///
  /// - Precondition: As for `ComplexTensor.fftn`.
  public func fft2(
    lengths: [Int]? = nil, axes: [Int] = [-2, -1], norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> ComplexTensor {
    fftn(lengths: lengths, axes: axes, norm: norm, file: file, line: line)
  }

  /// `rfftn` along the last two axes, or along those named.
  ///
  /// - Precondition: As for `ComplexTensor.fftn`.
  public func rfft2(
    lengths: [Int]? = nil, axes: [Int] = [-2, -1], norm: FourierNormalization = .backward, file: StaticString = #fileID, line: UInt = #line
  ) -> ComplexTensor {
    rfftn(lengths: lengths, axes: axes, norm: norm, file: file, line: line)
  }

  /// The frequency zero moved to the middle of each axis (nil: of all), at ⌊n/2⌋: each axis rolled by ⌊n/2⌋.
  ///
  /// - Precondition: The axes exist, with extents that are numbers.
  public func fftShift(axes: [Int]? = nil, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    shifted("fftShift", axes, Caller(file, line)) { $0 / 2 }
  }

  /// The inverse of `fftShift`.
  ///
  /// - Precondition: As for `fftShift`.
  public func ifftShift(axes: [Int]? = nil, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    shifted("ifftShift", axes, Caller(file, line)) { -($0 / 2) }
  }

  private func shifted(_ name: String, _ axes: [Int]?, _ caller: Caller, _ places: (Int) -> Int) -> Tensor {
    caller.normalize(axes, shape, name).reduce(self) { x, axis in
      guard let n = shape[dim: axis].number else { caller.fail(name, "axis \(axis) of \(shape) is a symbol; it must be a number") }
      return x.roll(places(n), axis: axis, file: caller.file, line: caller.line)
    }
  }
}
