extension Tensor {
  @inline(never) private func reduce(_ op: ReduceOp, _ axes: [Int]?, _ keepDims: Bool, _ caller: Caller, as dtype: DType? = nil) -> Tensor {
    var reduction = Reduction(op: op, axes: [], dtype: dtype ?? self.dtype)
    reduction.axes = caller.normalize(axes, shape, reduction.name)
    return dropping(reduction.axes, unless: keepDims, apply1(reduction, [self], caller), caller)
  }

  private func dropping(_ axes: Shape, unless keepDims: Bool, _ result: Tensor, _ caller: Caller) -> Tensor {
    if keepDims || axes.isEmpty { return result }
    return result.move(.reshape(result.shape.selecting(result.shape.indices.filter { !axes.contains($0) })), caller)
  }

  /// The sum over `axes` (nil: all). Whole numbers and bool add up in int64.
  ///
  /// Floats are rounded to their dtype once: float32 and half types are added up in float32 in runs of at most 32 numbers, and the runs in float64, which errs by
  /// 35 · 2⁻²⁴ Σ|x| at most, however many there are. So are means, variances, norms and the sums inside softmax, log-sum-exp, normalizations and losses.
  ///
  /// ```swift
  /// let x = Tensor([[1, 2], [3, 4]])
  /// let rows = x.sum(axes: [1])  // [3, 7]
  /// let all = x.sum()  // 10
  /// ```
  ///
  /// - Precondition: The axes exist and are named once; negative ones count from the end. So for all reductions.
  public func sum(axes: [Int]? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    reduce(.sum, axes, keepDims, Caller(file, line), as: dtype.isFloating ? dtype : .int64)
  }

  /// The product over `axes` (nil: all). Whole numbers and bool multiply in int64.
  ///
  /// - Precondition: The axes exist and are named once.
  public func prod(axes: [Int]? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    reduce(.product, axes, keepDims, Caller(file, line), as: dtype.isFloating ? dtype : .int64)
  }

  /// The greatest element over `axes` (nil: all), NaN if there is one; the gradient of equals is shared evenly.
  ///
  /// - Precondition: The axes exist, are named once, and are not empty.
  public func max(axes: [Int]? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    reduce(.maximum, axes, keepDims, Caller(file, line))
  }

  /// The least element over `axes` (nil: all), NaN if there is one; the gradient of equals is shared evenly.
  ///
  /// - Precondition: The axes exist, are named once, and are not empty.
  public func min(axes: [Int]? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    reduce(.minimum, axes, keepDims, Caller(file, line))
  }

  /// Whether any element over `axes` (nil: all) is not zero; false for no elements.
  ///
  /// - Precondition: The axes exist and are named once.
  public func any(axes: [Int]? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    cast(to: .bool).truth(.maximum, axes, keepDims, Caller(file, line))
  }

  /// Whether all elements over `axes` (nil: all) are not zero; true for no elements.
  ///
  /// - Precondition: The axes exist and are named once.
  public func all(axes: [Int]? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    cast(to: .bool).truth(.minimum, axes, keepDims, Caller(file, line))
  }

  /// Any and all of nothing are false and true.
  private func truth(_ op: ReduceOp, _ axes: [Int]?, _ keepDims: Bool, _ caller: Caller) -> Tensor {
    let normal = caller.normalize(axes, shape, op == .maximum ? "any" : "all")
    guard shape.hasNoElements else { return reduce(op, axes, keepDims, caller) }
    var result = shape
    for axis in normal { result[dim: axis] = 1 }
    let value = Tensor.full(op == .minimum ? 1 : 0, result, dtype: .bool, beside: self)
    return dropping(normal, unless: keepDims, value, caller)
  }

  /// The mean over `axes` (nil: all); whole numbers are converted to float32.
  ///
  /// - Precondition: The axes exist and are named once.
  public func mean(axes: [Int]? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let x = dtype.isFloating ? self : cast(to: .float32)
    let count = shape.selecting(caller.normalize(axes, shape, "mean")).elements
    // The sum of many half-precision numbers may be outside their range, their mean cannot.
    let sum = x.reduce(.sum, axes, keepDims, caller, as: x.dtype.computeType)
    return (sum / x.number(count, sum.dtype)).cast(to: x.dtype)
  }

  /// The mean squared distance from the mean over `axes` (nil: all), divided by the count less `correction`.
  ///
  /// - Precondition: The axes exist and are named once.
  public func variance(
    axes: [Int]? = nil, correction: Int = 0, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    let result = dtype.isFloating ? dtype : .float32
    let x = cast(to: result.computeType)
    let count = shape.selecting(caller.normalize(axes, shape, "variance")).elements
    let distance = x - x.mean(axes: axes, keepDims: true, file: file, line: line)
    let sum = square(distance).sum(axes: axes, keepDims: keepDims, file: file, line: line)
    let divisor = Dimension.maximum(count - Dimension(correction), 0)
    return (sum / x.number(divisor, sum.dtype)).cast(to: result)
  }

  /// The norm over `axes` (nil: all): (Σ|x|ᵖ)^(1/p); p = ∞ the largest |x|, p = −∞ the least, p = 0 how many are not zero. The gradient at the zero vector is
  /// zero, and for p < 1 so is that of each zero element, where the slope is infinite.
  ///
  /// - Precondition: The axes exist and are named once; for p = ±∞ they are not empty.
  public func norm(
    _ p: Double = 2, axes: [Int]? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    _ = Caller(file, line).normalize(axes, shape, "norm")
    let result = dtype.isFloating ? dtype : .float32
    // Squares of half-precision numbers leave their range long before the norm does.
    return cast(to: result.computeType).norm(p, axes, keepDims, file, line).cast(to: result)
  }

  private func norm(_ p: Double, _ axes: [Int]?, _ keepDims: Bool, _ file: StaticString, _ line: UInt) -> Tensor {
    let size = abs(self)
    switch p {
    case .infinity: return size.max(axes: axes, keepDims: keepDims, file: file, line: line)
    case -.infinity: return size.min(axes: axes, keepDims: keepDims, file: file, line: line)
    case 0: return (self .!= 0).asConstantFunction().cast(to: dtype).sum(axes: axes, keepDims: keepDims, file: file, line: line)
    case 1: return size.sum(axes: axes, keepDims: keepDims, file: file, line: line)
    default:
      // The operand of what has an infinite slope at zero is chosen before: |x|ᵖ for small p, the root always.
      let powers: Tensor
      if p < 2 {
        let isZero = size .== 0
        powers = WengertCore.select(
          isZero, size.constant(p < 0 ? .infinity : 0), pow(WengertCore.select(isZero, size.constant(1), size), p))
      } else {
        powers = p == 2 ? square(self) : pow(size, p)
      }
      let sum = powers.sum(axes: axes, keepDims: keepDims, file: file, line: line)
      let isZero = sum .== 0
      let safe = WengertCore.select(isZero, sum.constant(1), sum)
      return WengertCore.select(isZero, sum.constant(0), p == 2 ? sqrt(safe) : pow(safe, 1 / p))
    }
  }
}
