/// What is around a tensor that is padded by its own elements.
public enum PaddingMode: Sendable, CaseIterable {
  /// Mirrored at the end elements, which are not repeated: 3 2 | 1 2 3 | 2 1.
  case reflect
  /// Mirrored beside the end elements: 2 1 | 1 2 3 | 3 2 (NumPy's symmetric).
  case symmetric
  /// The end elements over and over: 1 1 | 1 2 3 | 3 3 (NumPy's edge).
  case replicate
  /// As if the ends met: 2 3 | 1 2 3 | 1 2 (PyTorch's circular).
  case wrap
}

extension Tensor {
  /// The tensor with its own elements around it: (before, after) for each axis. Any width is filled, by mirroring or wrapping as often as it takes.
  ///
  /// ```swift
  /// let x = Tensor([1.0, 2.0, 3.0]).pad([(before: 2, after: 0)], mode: .reflect)  // [3, 2, 1, 2, 3]
  /// ```
  ///
  /// - Precondition: There is one pair for each axis, no width is negative, and an axis with a width is not empty.
  public func pad(
    _ widths: [(before: Int, after: Int)], mode: PaddingMode, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    caller.require(widths.count == rank, "pad", "needs \(rank) pairs for \(shape), got \(widths.count)")
    var result = self
    for (axis, width) in widths.enumerated() where width != (0, 0) {
      caller.require(
        width.before >= 0 && width.after >= 0, "pad",
        "widths must not be negative, axis \(axis) has (before: \(width.before), after: \(width.after))")
      let extent = shape[dim: axis].unnamed
      caller.require(1, atMost: extent, "pad", "axis \(axis) of \(shape) is empty, there is nothing to pad it with")
      let place = Tensor.iota(extent + Dimension(width.before) + Dimension(width.after), beside: self) - Double(width.before)
      result = result.gather(mode.source(of: place, number(extent, .int64)), axis: axis, file: file, line: line)
    }
    return result
  }

  /// Each element along `axis` as often as its count says, [n] whole numbers.
  ///
  /// How many there are together must be known while a function is compiled: `total`, beyond which nothing may be left over. Without it the counts are read.
  ///
  /// ```swift
  /// let x = Tensor([5.0, 6.0]).repeated(Tensor([1, 3]), axis: 0)  // [5, 6, 6, 6]
  /// ```
  ///
  /// - Precondition: The axis exists, there is one count for each of its elements, none is negative, and their sum is `total`; counts that are read are not those of a function that is being
  ///   compiled, or of `vmap`.
  public func repeated(
    _ counts: Tensor, axis: Int, total: Dimension? = nil, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "repeated", shape)
    let message = "needs a whole count for each element of axis \(axis) of \(shape), got \(counts.type)"
    caller.require(counts.rank == 1 && !counts.dtype.isFloating, "repeated", message)
    caller.require(counts.shape[dim: 0].unnamed, equals: shape[dim: axis].unnamed, "repeated", message)
    caller.require(
      total != nil || counts.isConcrete, "repeated",
      "how many elements there will be depends on the counts, which have no numbers while a function is traced; name the total")
    if counts.isConcrete {
      let numbers = counts.array(of: Int.self), sum = numbers.reduce(0, +)
      caller.require(numbers.allSatisfy { $0 >= 0 }, "repeated", "a count is negative: \(numbers.min() ?? 0)")
      if let total { caller.require(Dimension(sum), equals: total, "repeated", "the counts add up to \(sum), not \(total)") }
      let indices = numbers.enumerated().flatMap { [Int](repeating: $0, count: $1) }
      return gather(Tensor(indices, shape: [sum], backend: backend), axis: axis, file: file, line: line)
    }
    let ends = maximum(counts.cast(to: .int64), counts.constant(0)).cumulativeSum()
    let places = Tensor.iota(total!.unnamed, beside: self), indices = ends.searchSorted(places, right: true, file: file, line: line)
    // Another total is found as an index that is not there.
    let isTotal = counts.cast(to: .int64).sum() .== counts.number(total!.unnamed, .int64),
      count = counts.number(shape[dim: axis].unnamed, .int64)
    return gather(Tensor.select(isTotal, indices, count, caller), axis: axis, file: file, line: line)
  }

  /// The same with counts in a list.
  ///
  /// - Precondition: The axis exists, and there is one count for each of its elements, none of them negative.
  public func repeated(_ counts: [Int], axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    repeated(Tensor(counts, shape: [counts.count], backend: backend), axis: axis, file: file, line: line)
  }
}

extension PaddingMode {
  /// The element of an axis that stands at a place, which may be outside.
  fileprivate func source(of place: Tensor, _ extent: Tensor) -> Tensor {
    func mirrored(_ period: Tensor, _ last: Tensor) -> Tensor {
      let p = place % period
      return minimum(p, last - p)
    }
    switch self {
    // At the middle of a period of 2(n − 1), p and period − p meet.
    case .reflect:
      let period = maximum(2 * extent - 2, extent.constant(1))
      return mirrored(period, period)
    case .symmetric: return mirrored(2 * extent, 2 * extent - 1)
    case .replicate: return minimum(maximum(place, extent.constant(0)), extent - 1)
    case .wrap: return place % extent
    }
  }
}
