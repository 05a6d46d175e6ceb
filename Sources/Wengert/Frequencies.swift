@_spi(Backend) import WengertCore

extension Tensor {
  /// The frequencies of the elements of `fft` of n numbers that are `spacing` apart, in cycles per unit of it: 0, 1, …, ⌈n/2⌉ − 1, −⌊n/2⌋, …, −1, over n · spacing (NumPy's fftfreq).
  ///
  /// ```swift
  /// let f = Tensor.fftFrequencies(4, spacing: 0.5)  // [0, 0.5, -1, -0.5]
  /// ```
  ///
  /// - Precondition: n is above zero, and the spacing is not zero.
  public static func fftFrequencies(
    _ n: Int, spacing: Double = 1, dtype: DType = .float32, device: Device = .current, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let numbers = (0..<Swift.max(n, 0)).map { $0 < (n + 1) / 2 ? $0 : $0 - n }
    return frequencies("fftFrequencies", numbers, n, spacing, dtype, device, Caller(file, line))
  }

  /// The frequencies of the elements of `rfft`: 0, 1, …, ⌊n/2⌋ over n · spacing (NumPy's rfftfreq).
  ///
  /// - Precondition: n is above zero, and the spacing is not zero.
  public static func rfftFrequencies(
    _ n: Int, spacing: Double = 1, dtype: DType = .float32, device: Device = .current, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    frequencies("rfftFrequencies", Array(0..<Swift.max(n / 2 + 1, 0)), n, spacing, dtype, device, Caller(file, line))
  }

  private static func frequencies(
    _ name: String, _ numbers: [Int], _ n: Int, _ spacing: Double, _ dtype: DType, _ device: Device, _ caller: Caller
  ) -> Tensor {
    caller.require(n > 0, name, "the length \(n) is not above zero")
    caller.require(spacing != 0, name, "the spacing is zero")
    caller.require(dtype.isFloating, name, "frequencies are fractions, which \(dtype) does not hold")
    return Tensor(numbers.map { Double($0) / (Double(n) * spacing) }, dtype: dtype, device: device)
  }

  /// Hann's window, ½ − ½ cos 2πj/n for j < n, as a period of a longer signal (PyTorch's hann_window); or over n − 1, symmetric.
  ///
  /// - Precondition: n is above zero.
  public static func hannWindow(
    _ n: Int, isPeriodic: Bool = true, dtype: DType = .float32, device: Device = .current, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    caller.require(n > 0, "hannWindow", "the length \(n) is not above zero")
    if n == 1 { return .ones([1], dtype: dtype, device: device) }
    return Tensor(WindowFunction.hann(n, period: isPeriodic ? n : n - 1), dtype: dtype, device: device)
  }
}
