extension Tensor {
  /// Running maxima along `axis` and their positions (int64), the last of equals as in PyTorch; from the first NaN on, NaN. The gradient goes to the element at the position.
  ///
  /// ```swift
  /// let (values, indices) = Tensor([1.0, 3.0, 2.0, 3.0]).cumulativeMax()  // [1, 3, 3, 3], and [0, 1, 1, 3]
  /// ```
  ///
  /// - Precondition: The axis exists.
  public func cumulativeMax(axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> (values: Tensor, indices: Tensor) {
    runningExtreme("cumulativeMax", self, descending: false, axis, Caller(file, line))
  }

  /// Running minima along `axis` and their positions (int64), the last of equals; from the first NaN on, NaN. The gradient goes to the element at the position.
  ///
  /// - Precondition: The axis exists.
  public func cumulativeMin(axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> (values: Tensor, indices: Tensor) {
    // NaN is the largest of the negatives too.
    runningExtreme("cumulativeMin", dtype.isFloating ? -self : self, descending: !dtype.isFloating, axis, Caller(file, line))
  }

  /// Running maxima of the places in sorted order, which all differ.
  private func runningExtreme(
    _ name: String, _ keys: Tensor, descending: Bool, _ axis: Int, _ caller: Caller
  ) -> (values: Tensor, indices: Tensor) {
    let axis = caller.normalize(axis, rank: rank, name, shape)
    let order = apply1(Sorting.argSort(axis: axis, descending: descending, count: shape[dim: axis].unnamed), [keys], caller)
    let best = apply1(Scan(op: .maximum, axis: axis, reverse: false), [order.inverseOrder(axis)], caller)
    let indices = order.takeAlong(best, axis: axis, file: caller.file, line: caller.line)
    return (takeAlong(indices, axis: axis, file: caller.file, line: caller.line), indices)
  }

  /// The place of each number 0, 1, 2, … along an axis that holds them in another order.
  func inverseOrder(_ axis: Int) -> Tensor {
    var row = Shape(repeating: 1, count: rank)
    row[dim: axis] = shape[dim: axis]
    let places = Tensor.iota(shape[dim: axis], beside: self).reshape(row.unnamed).broadcast(to: shape)
    return places.scatterAddAlong(self, axis: axis, extent: shape[dim: axis])
  }

  /// Running ln Σ eˣ along `axis`, without overflow: the sums are kept relative to the running maximum, in the compute type. Whole numbers are converted to float32.
  ///
  /// - Precondition: The axis exists.
  public func logCumulativeSumExp(axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "logCumulativeSumExp", shape)
    let result = dtype.isFloating ? dtype : .float32, x = cast(to: result.computeType)
    // Nothing depends on what is subtracted; an infinite maximum is not.
    let top = stopGradient(x).cumulativeMax(axis: axis, file: file, line: line).values
    let shift = Tensor.select(isFinite(top), top, top.constant(0), caller)
    let before = top.shifted(1, axis: axis, fill: -.infinity, caller), isStart = before .== -Double.infinity
    let kept = exp(shift.shifted(1, axis: axis, fill: 0, caller) - shift)
    let factor = Tensor.select(isStart, x.constant(0), kept, caller)
    let sums = apply1(Recurrence(axis: axis, reverse: false), [factor, exp(x - shift)], caller)
    // The logarithm of nothing has no slope that could be used.
    let isNothing = sums .== 0
    let logs = log(Tensor.select(isNothing, sums.constant(1), sums, caller))
    return Tensor.select(isNothing, sums.constant(-.infinity), logs + shift, caller).cast(to: result)
  }
}
