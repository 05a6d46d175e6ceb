// Reductions over one axis, by the same label as in `argMax(axis:)` and `softmax(axis:)`; a list of axes has the label `axes`.
extension Tensor {
  /// The sum along one axis: `sum(axes: [axis])`.
  public func sum(axis: Int, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    sum(axes: [axis], keepDims: keepDims, file: file, line: line)
  }

  /// The product along one axis: `prod(axes: [axis])`.
  public func prod(axis: Int, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    prod(axes: [axis], keepDims: keepDims, file: file, line: line)
  }

  /// The greatest element along one axis: `max(axes: [axis])`.
  public func max(axis: Int, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    max(axes: [axis], keepDims: keepDims, file: file, line: line)
  }

  /// The least element along one axis: `min(axes: [axis])`.
  public func min(axis: Int, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    min(axes: [axis], keepDims: keepDims, file: file, line: line)
  }

  /// Whether any element is not zero along one axis: `any(axes: [axis])`.
  public func any(axis: Int, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    any(axes: [axis], keepDims: keepDims, file: file, line: line)
  }

  /// Whether all elements are not zero along one axis: `all(axes: [axis])`.
  public func all(axis: Int, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    all(axes: [axis], keepDims: keepDims, file: file, line: line)
  }

  /// The mean along one axis: `mean(axes: [axis])`.
  ///
  /// ```swift
  /// let means = Tensor([[1, 2], [3, 4]]).mean(axis: 0)  // [2, 3]
  /// ```
  public func mean(axis: Int, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    mean(axes: [axis], keepDims: keepDims, file: file, line: line)
  }

  /// ln Σ eˣ along one axis: `logSumExp(axes: [axis])`.
  public func logSumExp(axis: Int, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    logSumExp(axes: [axis], keepDims: keepDims, file: file, line: line)
  }

  /// The variance along one axis: `variance(axes: [axis])`.
  public func variance(
    axis: Int, correction: Int = 0, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    variance(axes: [axis], correction: correction, keepDims: keepDims, file: file, line: line)
  }

  /// The norm along one axis: `norm(p, axes: [axis])`.
  public func norm(
    _ p: Double = 2, axis: Int, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    norm(p, axes: [axis], keepDims: keepDims, file: file, line: line)
  }
}
