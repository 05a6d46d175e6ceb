/// What a quantile is between two neighbors in sorted order.
public enum QuantileInterpolation: Sendable, CaseIterable {
  /// By the distance to both, the lesser, the greater, halfway, or the nearer (the one at an even place where both are as near).
  case linear, lower, higher, midpoint, nearest
}

extension Tensor {
  /// The standard deviation over `axes` (nil: all), √`variance`. Its gradient is zero where all elements are equal.
  ///
  /// ```swift
  /// let s = Tensor([1.0, 3.0]).std()  // 1
  /// ```
  ///
  /// - Precondition: The axes exist and are named once.
  public func std(axes: [Int]? = nil, correction: Int = 0, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line)
    -> Tensor
  {
    let result = dtype.isFloating ? dtype : .float32
    let square = cast(to: result.computeType).variance(axes: axes, correction: correction, keepDims: keepDims, file: file, line: line)
    let isZero = square .== 0
    let root = sqrt(WengertCore.select(isZero, square.constant(1), square))
    return WengertCore.select(isZero, square.constant(0), root).cast(to: result)
  }

  /// The standard deviation along one axis: `std(axes: [axis])`.
  public func std(axis: Int, correction: Int = 0, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    std(axes: [axis], correction: correction, keepDims: keepDims, file: file, line: line)
  }

  /// The number that a part `q` of the elements of `axis` (nil: of all) does not exceed: at place q·(n − 1) of the sorted elements, counted from 0. NaN if an element is; whole numbers are
  /// converted to float32. The gradient goes to the elements between which the place is.
  ///
  /// ```swift
  /// let y = Tensor([4.0, 1.0, 2.0, 3.0]).quantile(0.5)  // 2.5
  /// ```
  ///
  /// - Precondition: q is in 0...1, and the axis exists and is not empty.
  public func quantile(
    _ q: Double, axis: Int? = nil, keepDims: Bool = false, interpolation: QuantileInterpolation = .linear, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    let all = quantiles("quantile", [q], axis, interpolation, Caller(file, line))
    guard let axis else { return all.reshape(keepDims ? Shape(repeating: 1, count: rank) : []) }
    return keepDims ? all : all.squeeze([axis], file: file, line: line)
  }

  /// Several quantiles at once, along a new first axis of the result.
  ///
  /// - Precondition: Each q is in 0...1, and the axis exists and is not empty.
  public func quantile(
    _ q: [Double], axis: Int? = nil, keepDims: Bool = false, interpolation: QuantileInterpolation = .linear, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    let all = quantiles("quantile", q, axis, interpolation, caller)
    guard let axis else {
      return keepDims ? all.reshape(Shape([q.count] + [Int](repeating: 1, count: rank))) : all
    }
    let place = caller.normalize(axis, rank: rank, "quantile", shape), first = all.moveAxis(place, to: 0)
    return keepDims ? first.expandDims(place + 1) : first
  }

  /// The middle of the sorted elements of `axis` (nil: of all), the mean of the two in the middle if their number is even; NaN if an element is. It is `quantile(0.5)`.
  ///
  /// - Precondition: The axis exists and is not empty.
  public func median(axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    quantile(0.5, axis: axis, keepDims: keepDims, file: file, line: line)
  }

  /// The quantiles in place of the axis.
  private func quantiles(
    _ name: String, _ q: [Double], _ axis: Int?, _ interpolation: QuantileInterpolation, _ caller: Caller
  ) -> Tensor {
    guard let named = axis else { return flatten().quantiles(name, q, 0, interpolation, caller) }
    let axis = caller.normalize(named, rank: rank, name, shape)
    for q in q { caller.require(q >= 0 && q <= 1, name, "\(q) is not in 0...1") }
    caller.require(1, atMost: shape[dim: axis], name, "axis \(axis) of \(shape) is empty")
    let result = dtype.isFloating ? dtype : .float32
    let x = cast(to: result.computeType).sorted(axis: axis, file: caller.file, line: caller.line)
    var row = Shape(repeating: 1, count: rank)
    row[axis] = q.count
    let last = x.number(shape[dim: axis] - 1, .float64)
    let places = stack(q.map { last.constant($0) }).reshape(row) * last
    func element(_ place: Tensor) -> Tensor { x.takeAlong(place.cast(to: .int64), axis: axis, file: caller.file, line: caller.line) }
    let low = floor(places), value: Tensor
    switch interpolation {
    case .lower: value = element(low)
    case .higher: value = element(ceil(places))
    case .nearest: value = element(round(places))
    case .linear, .midpoint:
      let isWhole = places .== low
      let part = interpolation == .linear ? (places - low).cast(to: x.dtype) : x.constant(0.5)
      let first = element(low), second = element(ceil(places))
      value = Tensor.select(isWhole, first, first * (1 - part) + second * part, caller)
    }
    // NaN is the largest.
    let largest = element(last.reshape(Shape(repeating: 1, count: rank)))
    return Tensor.select(isNaN(largest), largest, value, caller).cast(to: result)
  }

  /// Where each of `values` would be inserted into this tensor, whose last axis is sorted in ascending order, so that it stays sorted (int64): before equal elements, or after them
  /// (`right`). NaN counts as the largest. This tensor is one row [n] for values of any shape, or has a row for each row of values, [..., n] and [..., m].
  ///
  /// ```swift
  /// let places = Tensor([1.0, 2.0, 3.0]).searchSorted(Tensor([2.0, 9.0]))  // [1, 3]
  /// ```
  ///
  /// - Precondition: There is one row, or the axes but the last are equal.
  public func searchSorted(_ values: Tensor, right: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    caller.require(rank > 0, "searchSorted", "needs a sorted axis to search")
    if rank == 1 && values.rank != 1 {
      return searchSorted(values.flatten(), right: right, file: file, line: line).reshape(values.shape)
    }
    let dtype = DType.promote(self.dtype, values.dtype)
    let rows = [cast(to: dtype), values.cast(to: dtype)]
    // Sorted together, equals in the order of the operands; of the elements before a value, those are others that are not values before it.
    let merged = concatenate(right ? rows : rows.reversed(), axis: -1, file: file, line: line)
    let axis = rank - 1, count = values.shape[dim: axis].unnamed
    let places = merged.argSort(file: file, line: line).inverseOrder(axis)
    let own = places.narrow(axis, right ? shape[dim: axis].unnamed : 0, count, caller)
    return own - values.argSort(file: file, line: line).inverseOrder(axis)
  }

  /// How often each of 0, 1, …, `extent` − 1 occurs among the elements, or with weights of this tensor's shape the sum of those at it. Counts are int64.
  ///
  /// ```swift
  /// let counts = Tensor([0, 2, 2]).bincount(extent: 4)  // [1, 0, 2, 0]
  /// ```
  ///
  /// - Precondition: The tensor is of whole numbers, and `weights` of its shape. A number that is not in 0..<extent is a `DataFault`.
  public func bincount(extent: Dimension, weights: Tensor? = nil, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    caller.require(!dtype.isFloating && dtype != .bool, "bincount", "needs whole numbers, got \(dtype)")
    let numbers = flatten().cast(to: .int64)
    if let weights {
      caller.require(
        weights.shape.agrees(with: shape), "bincount", "weights of shape \(weights.shape) for numbers of shape \(shape)")
    }
    // Negative numbers do not count from the end.
    let indices = Tensor.select(numbers .< 0, numbers + Double(ClassLoss.beyond), numbers, caller)
    let each = weights?.flatten() ?? Tensor.full(1, numbers.shape.unnamed, dtype: .int64, beside: self)
    return each.scatterAdd(indices, extent: extent, file: file, line: line)
  }

  /// The same with a number as extent.
  public func bincount(extent: Int, weights: Tensor? = nil, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    bincount(extent: Dimension(extent), weights: weights, file: file, line: line)
  }

  /// How many elements are between neighbors of `edges` [n + 1], which ascend: in the half-open intervals edges[i] ≤ x < edges[i + 1], the last of which is closed; or the sums of weights there.
  /// Elements outside and NaN count nowhere. Counts are int64.
  ///
  /// - Precondition: There are two edges at least, and `weights` has this tensor's shape.
  public func histogram(edges: Tensor, weights: Tensor? = nil, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    caller.require(edges.rank == 1, "histogram", "edges are a vector, they are of shape \(edges.shape)")
    caller.require(2, atMost: edges.shape[dim: 0], "histogram", "needs two edges at least, got \(edges.shape)")
    if let weights {
      caller.require(weights.shape.agrees(with: shape), "histogram", "weights of shape \(weights.shape) for elements of shape \(shape)")
    }
    let x = stopGradient(flatten()), limits = stopGradient(edges), bins = edges.shape[dim: 0].unnamed - 1
    let place = limits.searchSorted(x, right: true, file: file, line: line) - 1
    let end = limits.narrow(0, bins, 1, caller)
    let isInside = (x .>= limits.narrow(0, 0, 1, caller)) .& (x .<= end)
    let bin = Tensor.select(x .== end, place.number(bins - 1, .int64), place, caller)
    let each = weights?.flatten() ?? Tensor.full(1, x.shape.unnamed, dtype: .int64, beside: self)
    let kept = Tensor.select(isInside, each, each.constant(0), caller)
    return kept.scatterAdd(Tensor.select(isInside, bin, bin.constant(0), caller), extent: bins, file: file, line: line)
  }

  /// How many elements are in each of `bins` equal intervals of a range (nil: from the least to the greatest element, or half of one to both sides where these are equal), and the intervals'
  /// edges [bins + 1]; see `histogram(edges:)`.
  ///
  /// ```swift
  /// let (counts, edges) = Tensor([0.0, 1.0, 1.0, 4.0]).histogram(bins: 2)  // [3, 1], and [0, 2, 4]
  /// ```
  ///
  /// - Precondition: `bins` is above zero; without a range the tensor is not empty.
  public func histogram(
    bins: Int, range: ClosedRange<Double>? = nil, weights: Tensor? = nil, file: StaticString = #fileID, line: UInt = #line
  ) -> (counts: Tensor, edges: Tensor) {
    let caller = Caller(file, line)
    caller.require(bins > 0, "histogram", "the number of bins is \(bins)")
    let x = stopGradient(dtype.isFloating ? cast(to: dtype.computeType) : cast(to: .float32))
    var low: Tensor, high: Tensor
    if let range {
      (low, high) = (x.constant(range.lowerBound), x.constant(range.upperBound))
    } else {
      (low, high) = (x.min(file: file, line: line), x.max(file: file, line: line))
    }
    let isPoint = low .== high
    (low, high) = (Tensor.select(isPoint, low - 0.5, low, caller), Tensor.select(isPoint, high + 0.5, high, caller))
    let steps = Tensor.iota(Dimension(bins + 1), beside: self).cast(to: x.dtype)
    let inner = low + steps * ((high - low) / Double(bins))
    let edges = Tensor.select(steps .== Double(bins), high, inner, caller)
    return (x.histogram(edges: edges, weights: weights, file: file, line: line), edges)
  }
}
