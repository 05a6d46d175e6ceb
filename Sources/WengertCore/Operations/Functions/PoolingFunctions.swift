extension Tensor {
  /// The greatest element of each window of images [N, C, …], which have any number of spatial axes, as PyTorch's `max_pool1d` to `3d`; where there is padding it counts as −∞. Windows
  /// are `stride` apart, by default as far as they are long.
  ///
  /// The gradient goes to the greatest element, and to the first of equals in row-major order.
  ///
  /// ```swift
  /// let y = Tensor([1, 3, 2, 5]).reshape([1, 1, 4]).maxPool(2)  // [[[3, 5]]]
  /// ```
  ///
  /// - Precondition: There are three axes or more; the windows fit the padded images, and the padding is at most half of a window.
  public func maxPool(
    _ size: PerAxis, stride: PerAxis? = nil, padding: Padding = .valid, dilation: PerAxis = 1, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line), name = "maxPool"
    let windows = pooled(size, stride, padding, dilation, name, caller)
    // The last axis first: the first of equals in each row, then the first row.
    return (2..<rank).reversed().reduce(self) { x, axis in
      x.continued(axis, windows, fill: dtype.least, name, caller)
        .greatest(axis, size: windows.size[dim: axis - 2], step: windows.strides[axis - 2], dilation: windows.dilation[axis - 2], caller)
    }
  }

  /// The mean of each window of images [N, C, …], which have any number of spatial axes, as PyTorch's `avg_pool1d` to `3d`; where there is padding it counts as zero, or not at all.
  /// Windows are `stride` apart, by default as far as they are long. Half types are added up in float32.
  ///
  /// - Parameter countsPadding: whether a window's sum is divided by its size, and not by its elements inside of the image.
  /// - Precondition: There are three axes or more and the dtype is floating; the windows fit the padded images, and the padding is at most half of a window.
  public func averagePool(
    _ size: PerAxis, stride: PerAxis? = nil, padding: Padding = .valid, countsPadding: Bool = true, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line), name = "averagePool"
    caller.require(dtype.isFloating, name, "needs a floating tensor, got \(dtype); convert it with cast(to:)")
    let windows = pooled(size, stride, padding, 1, name, caller)
    func sums(_ x: Tensor, _ axis: Int, spatial: Int) -> Tensor {
      let unfolded = x.continued(axis, windows, spatial: spatial, fill: 0, name, caller).unfolded(axis, windows, spatial: spatial, caller)
      return unfolded.sum(axes: [-1])
    }
    let wide = (2..<rank).reversed().reduce(cast(to: dtype.computeType)) { x, axis in
      let sum = sums(x, axis, spatial: axis - 2)
      if countsPadding { return sum / sum.number(windows.size[dim: axis - 2], sum.dtype) }
      let counts = sums(x.constant(1, Shape(dimensions: [shape[dim: axis].unnamed])), 0, spatial: axis - 2)
      return sum / counts.reshape(Shape(dimensions: [counts.shape[dim: 0]]) + Shape(repeating: 1, count: rank - 1 - axis))
    }
    return wide.cast(to: dtype)
  }

  /// The mean of each of `size` parts along each spatial axis of images [N, C, …], as PyTorch's `adaptive_avg_pool1d` to `3d`: part i of an extent e goes from ⌊i · e/size⌋ to
  /// ⌈(i + 1) · e/size⌉. A size of 1 is the mean of the whole image.
  ///
  /// - Precondition: There are three axes or more and the dtype is floating; sizes and extents are at least one.
  public func adaptiveAveragePool(_ size: PerAxis, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line), name = "adaptiveAveragePool"
    caller.require(dtype.isFloating, name, "needs a floating tensor, got \(dtype); convert it with cast(to:)")
    let sizes = adaptive(size, name, caller)
    let wide = (2..<rank).reversed().reduce(cast(to: dtype.computeType)) { x, axis in
      let parts = x.parts(axis, sizes[axis - 2], caller)
      guard let (_, isInside, count) = parts.mask else { return parts.elements.mean(axes: [-1]) }
      let some = Tensor.select(isInside.reshaped(along: axis, of: parts.elements), parts.elements, x.constant(0), caller)
      return some.sum(axes: [-1]) / count.cast(to: x.dtype).reshape([sizes[axis - 2]] + Shape(repeating: 1, count: x.rank - 1 - axis))
    }
    return wide.cast(to: dtype)
  }

  /// The greatest element of each of `size` parts along each spatial axis of images [N, C, …], as PyTorch's `adaptive_max_pool1d` to `3d`; the parts are those of `adaptiveAveragePool`,
  /// and the gradient is that of `maxPool`.
  ///
  /// - Precondition: There are three axes or more; sizes and extents are at least one.
  public func adaptiveMaxPool(_ size: PerAxis, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line), sizes = adaptive(size, "adaptiveMaxPool", caller)
    return (2..<rank).reversed().reduce(self) { x, axis in
      if let (size, step) = x.equalParts(axis, sizes[axis - 2]) { return x.greatest(axis, size: size, step: step, dilation: 1, caller) }
      return x.parts(axis, sizes[axis - 2], caller).elements.takingGreatest(caller)
    }
  }
}

extension Tensor {
  private func pooled(
    _ size: PerAxis, _ stride: PerAxis?, _ padding: Padding, _ dilation: PerAxis, _ name: String, _ caller: Caller
  ) -> SpatialWindows {
    caller.require(rank >= 3, name, "needs images [N, C, …] with spatial axes, got \(shape)")
    let sizes = size.values(rank - 2, in: 1...Convolution.largestStep, "window", name, caller)
    let windows = SpatialWindows(
      shape.dropFirst(2), size: sizes, stride: stride ?? size, padding: padding, dilation: dilation, name, caller)
    for axis in sizes.indices {
      let reach = (sizes[axis] - 1) * windows.dilation[axis] + 1
      for side in [windows.before[dim: axis], windows.behind[dim: axis]] {
        caller.require(
          side * 2, atMost: Dimension(reach), name,
          "the padding \(side) is more than half of a window, which reaches over \(reach) elements")
      }
    }
    return windows
  }

  /// An axis with its padding.
  private func continued(
    _ axis: Int, _ windows: SpatialWindows, spatial: Int? = nil, fill: Double, _ name: String, _ caller: Caller
  ) -> Tensor {
    let spatial = spatial ?? axis - 2, before = windows.before[dim: spatial], behind = windows.behind[dim: spatial]
    if before.number == 0 && behind.number == 0 { return self }
    func cut(_ side: Dimension) -> Dimension { side.number.map { Dimension(Swift.max(0, -$0)) } ?? 0 }
    func added(_ side: Dimension) -> Dimension { side.number.map { Dimension(Swift.max(0, $0)) } ?? side }
    let kept = narrow(axis, cut(before), shape[dim: axis] - cut(before) - cut(behind), caller)
    var target = kept.shape.unnamed, starts = Shape(repeating: 0, count: rank)
    target[dim: axis] = target[dim: axis] + added(before) + added(behind)
    starts[dim: axis] = added(before)
    let hole = Movement.Pick.slice(starts: starts, steps: Shape(repeating: 1, count: rank), counts: kept.shape)
    return kept.move(.place(hole, shape: target, fill: fill), caller)
  }

  private func unfolded(_ axis: Int, _ windows: SpatialWindows, spatial: Int? = nil, _ caller: Caller) -> Tensor {
    let spatial = spatial ?? axis - 2
    let operation = Windows.unfold(
      axis: axis, size: windows.size[dim: spatial], step: windows.strides[spatial], dilation: windows.dilation[spatial])
    return apply1(operation, [self], caller)
  }

  /// The greatest of each window along an axis; the first of equals. Of short windows the first elements of all are compared with all second ones, and so on, which is many times
  /// as fast as to look for the greatest in short rows.
  private func greatest(_ axis: Int, size: Dimension, step: Int, dilation: Int, _ caller: Caller) -> Tensor {
    guard let length = size.number, length <= 32 else {
      return apply1(Windows.unfold(axis: axis, size: size, step: step, dilation: dilation), [self], caller).takingGreatest(caller)
    }
    var starts = Shape(repeating: 0, count: rank), steps = Shape(repeating: 1, count: rank), counts = shape
    steps[dim: axis] = Dimension(step)
    counts[dim: axis] = Windows.count(shape[dim: axis].unnamed, size: size, step: step, dilation: dilation)
    let elements = (0..<length).map { place in
      starts[dim: axis] = Dimension(place * dilation)
      return move(.pick(.slice(starts: starts, steps: steps, counts: counts)), caller)
    }
    return elements.dropFirst().reduce(elements[0]) { best, other in
      // A number that is none counts as the greatest.
      let isGreater = best.compare(.equal, best) .& .!other.compare(.lessOrEqual, best)
      return .select(isGreater, other, best, caller)
    }
  }

  /// The greatest along the last axis, which is gone; the first of equals.
  private func takingGreatest(_ caller: Caller) -> Tensor {
    takeAlong(argMax(axis: -1, keepDims: true), axis: -1).squeeze(-1)
  }

  private func adaptive(_ size: PerAxis, _ name: String, _ caller: Caller) -> Shape {
    caller.require(rank >= 3, name, "needs images [N, C, …] with spatial axes, got \(shape)")
    for axis in 2..<rank { caller.require(1, atMost: shape[dim: axis], name, "spatial axis \(axis - 2) of \(shape) is empty") }
    return size.values(rank - 2, in: 1...Convolution.largestStep, "size", name, caller)
  }

  /// The length of each of `count` parts of an axis and how far they are apart, if all are equally long.
  private func equalParts(_ axis: Int, _ count: Int) -> (size: Dimension, step: Int)? {
    guard let size = shape[dim: axis].unnamed.divided(exactlyBy: Dimension(count)), let step = count == 1 ? 1 : size.number else { return nil }
    return (size, step)
  }

  /// The elements of `count` parts of an axis, on a last axis. Where parts differ in length, the last element of each is there several times, and `mask` says which are new.
  private func parts(
    _ axis: Int, _ count: Int, _ caller: Caller
  ) -> (elements: Tensor, mask: (indices: Tensor, isInside: Tensor, count: Tensor)?) {
    let extent = shape[dim: axis].unnamed, parts = Dimension(count)
    if let (size, step) = equalParts(axis, count) {
      return (apply1(Windows.unfold(axis: axis, size: size, step: step, dilation: 1), [self], caller), nil)
    }
    let number = Tensor.iota(parts, beside: self), whole = number.number(extent, .int64)
    let start = (number * whole).floorDivided(by: number.number(parts, .int64))
    let end = ((number + 1) * whole + number.number(parts - 1, .int64)).floorDivided(by: number.number(parts, .int64))
    let longest = Dimension.minimum((extent + parts - 1).divided(by: parts) + 1, extent)
    let place = start.expandDims(1) + Tensor.iota(longest, beside: self), last = end.expandDims(1) - 1
    let indices = minimum(place, last)
    let elements = gather(indices, axis: axis).moveAxis(axis + 1, to: -1)
    return (elements, (indices, place .<= last, end - start))
  }

  /// [parts, elements] with axes of extent one between, so that the parts are along `axis` of `other`, whose last axis has the elements.
  private func reshaped(along axis: Int, of other: Tensor) -> Tensor {
    reshape(Shape(dimensions: [shape[dim: 0]]) + Shape(repeating: 1, count: other.rank - 2 - axis) + Shape(dimensions: [shape[dim: 1]]))
  }
}

extension DType {
  /// What no number is below.
  fileprivate var least: Double {
    switch self {
    case .int32: Double(Int32.min)
    case .int64: Double(Int64.min)
    case .uint8, .bool: 0
    case .float16, .bfloat16, .float32, .float64: -.infinity
    }
  }
}
