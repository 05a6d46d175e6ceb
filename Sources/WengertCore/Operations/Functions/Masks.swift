extension Tensor {
  /// The elements where a mask holds, in row-major order, [count]; the mask broadcasts. How many there are depends on the mask, whose numbers must be there: in a function that is being compiled or
  /// batched use `maskedFill` or `select`.
  ///
  /// ```swift
  /// let x = Tensor([1.0, -2.0, 3.0])
  /// let y = x.maskedSelect(x .> 0)  // [1, 3]
  /// ```
  ///
  /// - Precondition: The mask is bool, broadcasts to this tensor's shape, and has numbers.
  public func maskedSelect(_ mask: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    caller.require(mask.dtype == .bool, "maskedSelect", "the mask must be bool, it is \(mask.dtype)")
    caller.require(mask.shape, broadcastsTo: shape, "maskedSelect", "a mask of shape \(mask.shape) does not broadcast to \(shape)")
    let places = mask.broadcast(to: shape, file: file, line: line).truePlaces("maskedSelect", caller)
    return flatten().gather(Tensor(places, shape: [places.count], backend: backend), file: file, line: line)
  }

  /// This tensor with one number where a mask holds; the mask broadcasts.
  ///
  /// - Precondition: The mask is bool and broadcasts to this tensor's shape, and a whole dtype holds the number.
  public func maskedFill(_ mask: Tensor, _ value: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    caller.require(mask.shape, broadcastsTo: shape, "maskedFill", "a mask of shape \(mask.shape) does not broadcast to \(shape)")
    return .select(mask, constant(dtype.element(value, "maskedFill", caller)), self, caller)
  }

  /// The places of the elements that are not zero, in row-major order, as rows of indices [count, rank] (int64).
  ///
  /// - Precondition: The elements have numbers: a function that is being compiled or batched cannot know how many there are.
  public func nonzero(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let places = cast(to: .bool).truePlaces("nonzero", caller)
    var indices: [Int] = []
    indices.reserveCapacity(places.count * rank)
    for place in places {
      var rest = place, index = [Int](repeating: 0, count: rank)
      for axis in shape.indices.reversed() {
        index[axis] = rest % shape[axis]
        rest /= shape[axis]
      }
      indices += index
    }
    return Tensor(indices, shape: [places.count, rank], backend: backend)
  }

  /// The different elements in ascending order, for each element its place among them (int64, of this tensor's shape), and how often each occurs (int64). All NaN are one, the largest.
  ///
  /// ```swift
  /// let (values, inverse, counts) = Tensor([3.0, 1.0, 3.0]).unique()  // [1, 3], [1, 0, 1] and [1, 2]
  /// ```
  ///
  /// - Precondition: The elements have numbers: a function that is being compiled or batched cannot know how many there are.
  public func unique(file: StaticString = #fileID, line: UInt = #line) -> (values: Tensor, inverse: Tensor, counts: Tensor) {
    let caller = Caller(file, line)
    requireNumbers("unique", caller)
    let sorted = flatten().sorted(file: file, line: line)
    guard sorted.count > 0 else { return (sorted, Tensor.iota(0, beside: self).reshape(shape), Tensor.iota(0, beside: self)) }
    let before = sorted.narrow(0, 0, sorted.shape[dim: 0] - 1, caller), after = sorted.narrow(0, 1, sorted.shape[dim: 0] - 1, caller)
    let isNumber = before.dtype.isFloating ? .!isNaN(before) : Tensor.full(1, before.shape, dtype: .bool, beside: self)
    let isNew = concatenate([Tensor.full(1, [1], dtype: .bool, beside: self), (before .!= after) .& isNumber])
    let values = sorted.maskedSelect(stopGradient(isNew), file: file, line: line)
    let inverse = stopGradient(values).searchSorted(stopGradient(self), file: file, line: line)
    return (values, inverse, inverse.bincount(extent: values.count, file: file, line: line))
  }

  /// The places of the elements that hold, counted in row-major order.
  func truePlaces(_ name: String, _ caller: Caller) -> [Int] {
    requireNumbers(name, caller)
    return cast(to: .uint8).array(of: UInt8.self).enumerated().compactMap { $1 != 0 ? $0 : nil }
  }

  private func requireNumbers(_ name: String, _ caller: Caller) {
    caller.require(
      isConcrete, name, "how many elements the result has depends on numbers, which are not there while a function is compiled or batched")
  }
}
