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
      x.continued(axis, windows, fill: dtype.least, name, caller).greatest(windows.along(axis), caller)
    }
  }

  /// The mean of each window of images [N, C, …], which have any number of spatial axes, as PyTorch's `avg_pool1d` to `3d`; where there is padding it counts as zero, or not at all.
  /// Windows are `stride` apart, by default as far as they are long. Half types are added up in float32.
  ///
  /// - Parameters:
  ///   - size: how long a window is along each spatial axis.
  ///   - stride: how far windows are apart; nil: as `size`.
  ///   - padding: how many pixels are put around the image.
  ///   - countsPadding: whether a window's sum is divided by its size, and not by its elements inside of the image.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  /// - Precondition: There are three axes or more and the dtype is floating; the windows fit the padded images, and the padding is at most half of a window.
  public func averagePool(
    _ size: PerAxis, stride: PerAxis? = nil, padding: Padding = .valid, countsPadding: Bool = true, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line), name = "averagePool"
    caller.require(dtype.isFloating, name, "needs a floating tensor, got \(dtype); convert it with cast(to:)")
    let windows = pooled(size, stride, padding, 1, name, caller)
    func sums(_ x: Tensor, _ axis: Int, at place: Int) -> Tensor {
      x.continued(place, windows, spatial: axis - 2, fill: 0, name, caller).sums(windows.along(axis, at: place), caller)
    }
    // The first axis first: the others are whole rows then.
    let wide = (2..<rank).reduce(cast(to: dtype.computeType)) { x, axis in
      let sum = sums(x, axis, at: axis)
      if countsPadding { return sum / sum.number(windows.size[dim: axis - 2], sum.dtype) }
      let counts = sums(x.constant(1, Shape(dimensions: [shape[dim: axis].unnamed])), axis, at: 0)
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
    // What is all one part is one sum.
    let whole = (2..<rank).filter { sizes[$0 - 2] == 1 }
    let start = whole.isEmpty ? cast(to: dtype.computeType) : cast(to: dtype.computeType).mean(axes: whole, keepDims: true)
    let wide = (2..<rank).reduce(start) { x, axis in
      if whole.contains(axis) { return x }
      if let windows = x.equalParts(axis, sizes[axis - 2]) { return x.sums(windows, caller) / x.number(windows.size, x.dtype) }
      let parts = x.parts(axis, sizes[axis - 2])
      let sums = x.combined(parts, caller, fill: 0, by: +) { $0.sum(axes: [-1]) }
      return sums / parts.counts.cast(to: x.dtype).reshape([sizes[axis - 2]] + Shape(repeating: 1, count: x.rank - 1 - axis))
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
      if let windows = x.equalParts(axis, sizes[axis - 2]) { return x.greatest(windows, caller) }
      return x.combined(x.parts(axis, sizes[axis - 2]), caller, by: { $0.greater($1, caller) }) { $0.takingGreatest(caller) }
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

  /// The greatest of each window; the first of equals.
  private func greatest(_ windows: AxisWindows, _ caller: Caller) -> Tensor {
    combined(windows, caller, by: { $0.greater($1, caller) }) { $0.takingGreatest(caller) }
  }

  private func sums(_ windows: AxisWindows, _ caller: Caller) -> Tensor {
    let sums = { (x: Tensor) in x.combined(windows, caller, by: +) { $0.sum(axes: [-1]) } }
    guard windows.areSideBySide(in: shape) else { return sums(self) }
    // Each window's cotangent is that of all its elements, which is less than to place it at one after another.
    let operation = Custom(
      "sums of windows", forward: { [sums($0[0])] }, vjp: { _, _, ct in [ct[0].repeated(windows.step, axis: windows.axis)] },
      jvp: { _, t in [sums(t[0])] }, keepsResults: false)
    return apply1(operation, [self], caller)
  }

  /// Windows along an axis as one element each, by what makes one of two, or of a row.
  private func combined(
    _ windows: AxisWindows, _ caller: Caller, by combine: (Tensor, Tensor) -> Tensor, rows: (Tensor) -> Tensor
  ) -> Tensor {
    let axis = windows.axis
    var starts = Shape(repeating: 0, count: rank), steps = Shape(repeating: 1, count: rank), counts = shape
    steps[dim: axis] = Dimension(windows.step)
    counts[dim: axis] = Windows.count(shape[dim: axis].unnamed, size: windows.size, step: windows.step, dilation: windows.dilation)
    let short = Tensor.combined(windows.size, by: combine) { place in
      starts[dim: axis] = Dimension(place * windows.dilation)
      return move(.pick(.slice(starts: starts, steps: steps, counts: counts)), caller)
    }
    return short ?? rows(apply1(windows.unfold, [self], caller))
  }

  /// The same for parts of an axis, with `fill` for what is beyond the end of a part; nil: its last element once more.
  private func combined(
    _ parts: AxisParts, _ caller: Caller, fill: Double? = nil, by combine: (Tensor, Tensor) -> Tensor, rows: (Tensor) -> Tensor
  ) -> Tensor {
    let axis = parts.axis, indices = minimum(parts.places, parts.last), isInside = parts.places .<= parts.last
    let column = Shape(dimensions: [indices.shape[dim: 0]]) + Shape(repeating: 1, count: rank - 1 - axis)
    func filled(_ taken: Tensor, beyond isInside: Tensor) -> Tensor { fill.map { .select(isInside, taken, constant($0), caller) } ?? taken }
    let short = Tensor.combined(indices.shape[dim: 1], by: combine) { place in
      let taken = gather(indices.narrow(1, place, 1, caller).flatten(), axis: axis)
      return filled(taken, beyond: isInside.narrow(1, place, 1, caller).reshape(column))
    }
    if let short { return short }
    let elements = gather(indices, axis: axis).moveAxis(axis + 1, to: -1)
    return rows(filled(elements, beyond: isInside.reshape(column + Shape(dimensions: [indices.shape[dim: 1]]))))
  }

  /// Short rows as one element each: all first elements are combined with all second ones, and so on, which is many times as fast as to walk one row after
  /// another. Nil if the rows are long, or how long they are is not known.
  private static func combined(_ length: Dimension, by combine: (Tensor, Tensor) -> Tensor, _ element: (Int) -> Tensor) -> Tensor? {
    guard let length = length.number, length <= 32 else { return nil }
    return (1..<length).reduce(element(0)) { combine($0, element($1)) }
  }

  /// This or the other, by element; this if they are equal. A number that is none counts as the greatest.
  private func greater(_ other: Tensor, _ caller: Caller) -> Tensor {
    .select(compare(.equal, self) .& .!other.compare(.lessOrEqual, self), other, self, caller)
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

  /// The windows that are `count` parts of an axis, if all are equally long.
  private func equalParts(_ axis: Int, _ count: Int) -> AxisWindows? {
    guard let size = shape[dim: axis].unnamed.divided(exactlyBy: Dimension(count)), let step = count == 1 ? 1 : size.number else {
      return nil
    }
    return AxisWindows(axis: axis, size: size, step: step, dilation: 1)
  }

  private func parts(_ axis: Int, _ count: Int) -> AxisParts {
    let extent = shape[dim: axis].unnamed, parts = Dimension(count)
    let number = Tensor.iota(parts, beside: self), whole = number.number(extent, .int64)
    let start = (number * whole).floorDivided(by: number.number(parts, .int64))
    let end = ((number + 1) * whole + number.number(parts - 1, .int64)).floorDivided(by: number.number(parts, .int64))
    let longest = Dimension.minimum((extent + parts - 1).divided(by: parts) + 1, extent)
    return AxisParts(
      axis: axis, places: start.expandDims(1) + Tensor.iota(longest, beside: self), last: end.expandDims(1) - 1, counts: end - start)
  }
}

/// Windows along one axis.
private struct AxisWindows {
  let axis: Int, size: Dimension, step: Int, dilation: Int

  var unfold: Windows { .unfold(axis: axis, size: size, step: step, dilation: dilation) }
  /// Whether each element belongs to one window.
  func areSideBySide(in shape: Shape) -> Bool {
    size.number == step && dilation == 1 && shape[dim: axis].unnamed.divided(exactlyBy: size) != nil
  }
}

/// Parts of one axis that may differ in length.
private struct AxisParts {
  let axis: Int
  /// Where the elements of each part are, [parts, elements]: as many for each as the longest has.
  let places: Tensor
  /// The last place of each part, [parts, 1], and how many elements it has, [parts].
  let last: Tensor, counts: Tensor
}

extension SpatialWindows {
  /// Those along one axis of images, or, as long, along another.
  fileprivate func along(_ axis: Int, at place: Int? = nil) -> AxisWindows {
    AxisWindows(axis: place ?? axis, size: size[dim: axis - 2], step: strides[axis - 2], dilation: dilation[axis - 2])
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
