/// What becomes of an element where values are written.
public enum ScatterMode: Sendable, CaseIterable {
  /// The value written last takes its place.
  case set
  /// The values are added to it, multiply it, or are compared with it.
  case add, multiply, minimum, maximum
  /// The mean of it and of all values written there.
  case mean
}

extension Tensor {
  /// This tensor with slices of `values` written along `axis` at `indices` (whole numbers of any shape, negative ones from the end): the axis is replaced by the indices' axes in the shape
  /// of `values`, as in the result of `gather`, or it broadcasts to that.
  ///
  /// Where several are written to one place, `set` keeps the last of them in row-major order of the indices. What an element becomes in other modes is that of `ScatterMode`, the element included.
  /// The gradient of a replaced element is zero; of equal extremes the last written value counts, and shares evenly with the element if that is equal too. An index that is out of range is a
  /// `DataFault`.
  ///
  /// ```swift
  /// let x = Tensor.zeros([3]).scatter(Tensor([1.0, 2.0, 4.0]), at: Tensor([0, 2, 0]))  // [4, 0, 2]
  /// let y = Tensor.ones([3]).scatter(Tensor([1.0, 2.0, 4.0]), at: Tensor([0, 2, 0]), mode: .add)  // [6, 1, 3]
  /// ```
  ///
  /// - Precondition: The axis exists, the indices are int32 or int64, and `values` broadcasts; means are those of real numbers, and products too.
  public func scatter(
    _ values: Tensor, at indices: Tensor, axis: Int = 0, mode: ScatterMode = .set, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "scatter", shape)
    let before = shape.selecting(0..<axis), after = shape.selecting(axis + 1..<rank)
    let full = before.appending(indices.shape).appending(after)
    caller.require(values.shape, broadcastsTo: full, "scatter", "values of shape \(values.shape) are written to a place of shape \(full)")
    var rows = before
    rows.append(indices.shape.elements)
    rows = rows.appending(after)
    let flat = values.broadcast(to: full, file: file, line: line).reshape(rows), places = indices.flatten()
    switch mode {
    case .multiply, .minimum, .maximum:
      var column = Shape(repeating: 1, count: rank)
      column[dim: axis] = places.shape[dim: 0]
      return scatterAlong(flat, at: places.reshape(column).broadcast(to: rows), axis: axis, mode: mode, file: file, line: line)
    case .set, .add, .mean:
      let write = Writing(
        target: self, extent: shape[dim: axis].unnamed, axis: axis, indexAxis: 0, mode: mode, name: "scatter", caller: caller,
        take: { $0.gather($1, axis: axis, file: file, line: line) },
        add: { $0.scatterAdd($1, axis: axis, extent: $2, file: file, line: line) },
        spread: {
          var column = Shape(repeating: 1, count: rows.rank)
          column[dim: axis] = $0.shape[dim: 0]
          return $0.reshape(column)
        })
      return write(flat, places)
    }
  }

  /// This tensor with each element of `values` written along `axis` at its index; `values` broadcasts to the shape of `indices`, whose other axes are those of this tensor. See `scatter`.
  ///
  /// - Precondition: The axis exists, the indices are int32 or int64 and have this tensor's extents along other axes, and `values` broadcasts; means and products are those of real numbers.
  public func scatterAlong(
    _ values: Tensor, at indices: Tensor, axis: Int = -1, mode: ScatterMode = .set, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "scatterAlong", shape)
    var expected = shape
    if indices.rank == rank { expected[dim: axis] = indices.shape[dim: axis] }
    caller.require(
      indices.shape.agrees(with: expected), "scatterAlong",
      "indices of shape \(indices.shape) do not fit \(shape): only axis \(axis) may differ")
    let write = Writing(
      target: self, extent: shape[dim: axis].unnamed, axis: axis, indexAxis: axis, mode: mode, name: "scatterAlong", caller: caller,
      take: { $0.takeAlong($1, axis: axis, file: file, line: line) },
      add: { $0.scatterAddAlong($1, axis: axis, extent: $2, file: file, line: line) }, spread: { $0 })
    return write(values.broadcast(to: indices.shape, file: file, line: line), indices)
  }

  /// `count` elements of `axis` from a place that is a value itself, one whole number: a slice that moves with the data. A part that is not inside the axis is a `DataFault`.
  ///
  /// - Precondition: The axis exists, `start` has one element, and `count` is not negative.
  public func narrow(_ axis: Int, from start: Tensor, count: Dimension, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    gather(places("narrow", from: start, count: count, Caller(file, line)), axis: axis, file: file, line: line)
  }

  /// This tensor with the elements of `axis` from a place that is a value itself replaced by `values`, of which there are as many as that tensor has along the axis.
  ///
  /// - Precondition: The axis exists in both, other extents are equal, and `start` has one element. A part that is not inside the axis is a `DataFault`.
  public func replacing(_ axis: Int, from start: Tensor, with values: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "replacing", shape)
    caller.require(values.rank == rank, "replacing", "values of shape \(values.shape) for a part of \(shape)")
    let indices = places("replacing", from: start, count: values.shape[dim: axis].unnamed, caller)
    return scatter(values, at: indices, axis: axis, file: file, line: line)
  }

  private func places(_ name: String, from start: Tensor, count: Dimension, _ caller: Caller) -> Tensor {
    caller.require(
      start.shape.elements.number == 1 && !start.dtype.isFloating, name, "the start is one whole number, it is \(start.type)")
    caller.require(0, atMost: count, name, "the number of elements is \(count)")
    let first = start.reshape([1]).cast(to: .int64)
    // A negative start does not count from the end: the part would be in two pieces.
    return Tensor.select(first .< 0, first.constant(Double(ClassLoss.beyond)), first, caller) + Tensor.iota(count, beside: self)
  }
}

/// One call of `scatter`, on slices or on single elements.
private struct Writing {
  let target: Tensor
  let extent: Dimension
  /// Of the target and the values, and of the indices.
  let axis: Int, indexAxis: Int
  let mode: ScatterMode
  let name: String
  let caller: Caller
  let take: (_ x: Tensor, _ indices: Tensor) -> Tensor
  let add: (_ x: Tensor, _ indices: Tensor, _ extent: Dimension) -> Tensor
  /// What belongs to the indices as it belongs to the values.
  let spread: (Tensor) -> Tensor

  func callAsFunction(_ values: Tensor, _ indices: Tensor) -> Tensor {
    caller.expect(
      indices.dtype == .int32 || indices.dtype == .int64, name, "indices must be int32 or int64, they are \(indices.dtype)", of: [indices])
    // Truth values are added as numbers.
    let dtype: DType = target.dtype == .bool ? .int32 : target.dtype
    let x = target.cast(to: dtype), v = values.cast(to: dtype)
    if mode == .mean || mode == .multiply {
      caller.require(dtype.isFloating, name, "means and products are those of real numbers, the tensor is \(target.dtype)")
    }
    let result: Tensor
    switch mode {
    case .add: result = x + add(v, indices, extent)
    case .mean:
      let wide = dtype.computeType, ones = v.constant(1, v.shape.unnamed).cast(to: wide)
      let sums = x.cast(to: wide) + add(v.cast(to: wide), indices, extent)
      result = (sums / (1 + add(ones, indices, extent))).cast(to: dtype)
    case .set, .multiply, .minimum, .maximum: result = replaced(x, v, indices)
    }
    return result.cast(to: target.dtype)
  }

  /// The writes are sorted by their places, for extremes by their values before; of each place the last one counts, which for products has taken up the others.
  private func replaced(_ x: Tensor, _ v: Tensor, _ indices: Tensor) -> Tensor {
    let places = Tensor.select(indices .< 0, indices + indices.number(extent, indices.dtype), indices, caller)
    var order: Tensor
    if mode == .minimum || mode == .maximum {
      let isFalling = mode == .minimum
      let keys = isFalling && v.dtype.isFloating ? -v : v
      let byValue = keys.argSort(axis: axis, descending: isFalling && !v.dtype.isFloating, file: caller.file, line: caller.line)
      order = take(byValue, sorted(take(places, byValue)))
    } else {
      order = sorted(places)
    }
    let along = { (x: Tensor) in x.takeAlong(order, axis: indexAxis, file: caller.file, line: caller.line) }
    let place = along(places)
    let isLast = place .!= place.shifted(-1, axis: indexAxis, fill: -1, caller)
    var written = take(v, order)
    if mode == .multiply {
      let isFirst = spread(place .!= place.shifted(1, axis: indexAxis, fill: -1, caller)), wide = written.dtype.computeType
      let (factors, zero) = (written.cast(to: wide), written.cast(to: wide).constant(0))
      let operands = [Tensor.select(isFirst, zero, factors, caller), Tensor.select(isFirst, factors, zero, caller)]
      written = apply1(Recurrence(axis: axis, reverse: false), operands, caller).cast(to: v.dtype)
    }
    let counts = spread(isLast).broadcast(to: v.shape)
    let sums = add(Tensor.select(counts, written, written.constant(0), caller), along(indices), extent)
    let isWritten = add(counts.cast(to: .int32), along(indices), extent) .!= 0
    switch mode {
    case .multiply: return x * Tensor.select(isWritten, sums, sums.constant(1), caller)
    case .minimum: return Tensor.select(isWritten, WengertCore.minimum(x, sums), x, caller)
    case .maximum: return Tensor.select(isWritten, WengertCore.maximum(x, sums), x, caller)
    case .set, .add, .mean: return Tensor.select(isWritten, sums, x, caller)
    }
  }

  private func sorted(_ places: Tensor) -> Tensor { places.argSort(axis: indexAxis, file: caller.file, line: caller.line) }
}
