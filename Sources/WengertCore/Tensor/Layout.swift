/// The position of each element of a tensor in its storage: element (i₀, i₁, …) at `offset + Σ iₐ · strides[a]`.
@_spi(Backend) public struct Layout: Hashable, Sendable {
  /// The extents.
  public var shape: Shape
  /// The distance in elements between neighbors along each axis.
  public var strides: Strides
  /// Position of the first element, in elements from the start of the storage.
  public var offset: Int

  public init(shape: Shape, strides: Strides, offset: Int = 0) {
    self.shape = shape
    self.strides = strides
    self.offset = offset
  }

  /// The row-major layout from the start of the storage.
  public init(rowMajor shape: Shape) {
    self.init(shape: shape, strides: shape.rowMajorStrides)
  }

  /// Whether the elements are in row-major order without gaps.
  public var isContiguous: Bool {
    if shape.isSymbolic { return strides == shape.rowMajorStrides }
    var step = 1
    for axis in shape.indices.reversed() where shape[axis] != 1 {
      if shape[axis] == 0 { return true }
      if strides[axis] != step { return false }
      step *= shape[axis]
    }
    return true
  }

  /// Lowest and highest element position that is read, nil if there is no element.
  public var extent: ClosedRange<Int>? {
    var low = offset, high = offset
    for axis in shape.indices {
      if shape[axis] == 0 { return nil }
      let span = (shape[axis] - 1) * strides[axis]
      if span < 0 { low += span } else { high += span }
    }
    return low...high
  }

  /// The same elements with the axes in another order.
  public func permuted(_ axes: Shape) -> Layout {
    Layout(shape: shape.selecting(axes), strides: strides.selecting(axes), offset: offset)
  }

  /// The same elements with `axis` last.
  public func movingToEnd(_ axis: Int) -> Layout {
    Layout(shape: shape.movingToEnd(axis), strides: strides.movingToEnd(axis), offset: offset)
  }

  /// The same elements with `axis` first.
  public func movingToFront(_ axis: Int) -> Layout {
    var order = Shape(shape.indices)
    order.remove(at: axis)
    order.insert(axis, at: 0)
    return permuted(order)
  }

  /// The layout stretched to `target`, whose trailing axes match or face an extent of one: repeated elements have stride zero.
  public func broadcast(to target: Shape) -> Layout {
    var result = Strides(repeating: 0, count: target.rank)
    let lead = target.rank - shape.rank
    for axis in shape.indices where shape[axis] == target[lead + axis] && shape[axis] != 1 {
      result[lead + axis] = strides[axis]
    }
    return Layout(shape: target, strides: result, offset: offset)
  }

  /// Along each axis: the start, the step (negative walks backwards) and how many elements.
  public func sliced(starts: Shape, steps: Shape, counts: Shape) -> Layout {
    var result = self
    result.shape = counts
    for axis in shape.indices {
      if counts[axis] > 0 { result.offset += starts[axis] * strides[axis] }
      // If nothing is a step apart, its size does not matter, and may be any.
      if counts[axis] > 1 { result.strides[axis] *= steps[axis] }
    }
    return result
  }

  /// The elements whose indices along `first` and `second` are equal, as a last axis.
  public func diagonal(_ first: Int, _ second: Int, offset diagonal: Int) -> Layout {
    var result = self
    let rows = shape[first], columns = shape[second]
    let count = diagonal >= 0 ? max(0, min(rows, columns - diagonal)) : max(0, min(rows + diagonal, columns))
    if count > 0 { result.offset += diagonal >= 0 ? diagonal * strides[second] : -diagonal * strides[first] }
    let step = strides[first] + strides[second]
    for axis in [max(first, second), min(first, second)] {
      result.shape.remove(at: axis)
      result.strides.remove(at: axis)
    }
    result.shape.append(count)
    result.strides.append(step)
    return result
  }

  /// The same elements in the same row-major order under another shape, or nil if that needs a copy.
  public func reshaped(to target: Shape) -> Layout? {
    if shape.elementCount == 0 { return Layout(shape: target, strides: target.rowMajorStrides, offset: offset) }
    // Runs of axes that form one regular sequence, outermost first: (how many elements, distance between them).
    var runs: [(count: Int, stride: Int)] = []
    for axis in shape.indices where shape[axis] != 1 {
      if let last = runs.last, last.stride == strides[axis] * shape[axis] {
        runs[runs.count - 1] = (last.count * shape[axis], strides[axis])
      } else {
        runs.append((shape[axis], strides[axis]))
      }
    }
    var result = Strides(repeating: 0, count: target.rank)
    var run = runs.count - 1
    var taken = 1
    for axis in target.indices.reversed() where target[axis] != 1 {
      guard run >= 0 else { return nil }
      result[axis] = runs[run].stride * taken
      taken *= target[axis]
      if taken == runs[run].count {
        run -= 1
        taken = 1
      } else if runs[run].count % taken != 0 {
        return nil
      }
    }
    return Layout(shape: target, strides: result, offset: offset)
  }
}
