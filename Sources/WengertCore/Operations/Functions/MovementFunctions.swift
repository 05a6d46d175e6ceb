extension Tensor {
  /// The same elements in row-major order under another shape; one extent may be −1 and follows from the others. A view if the strides allow it.
  ///
  /// ```swift
  /// let x = Tensor.iota(6).reshape([2, -1])  // [[0, 1, 2], [3, 4, 5]]
  /// ```
  ///
  /// - Precondition: The numbers of elements are equal, or the extents other than −1 divide the number of elements.
  public func reshape(_ shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    var target = shape, known = shape
    if let open = shape.openAxis { known[open] = 1 }
    caller.requireExtents(known, "reshape")
    if let open = shape.openAxis {
      let (total, part) = (self.shape.elements, known.elements)
      guard !known.hasNoElements, let rest = total.divided(exactlyBy: part) ?? caller.share(of: total, part, self.shape, shape) else {
        caller.fail("reshape", "\(self.shape) has \(total) elements, which \(shape) cannot divide")
      }
      target[dim: open] = rest
    }
    return target == self.shape ? self : moveOrRename(.reshape(target), target, caller)
  }

  /// The same under a shape of numbers and symbols: `x.reshape([x.shape[dim: 0], 4])`.
  @_disfavoredOverload
  public func reshape(_ dimensions: [Dimension], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    reshape(Shape(dimensions: dimensions), file: file, line: line)
  }

  /// All elements, in row-major order, along one axis.
  public func flatten(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    reshape(Shape(dimensions: [shape.elements]), file: file, line: line)
  }

  /// The axes from one to another as one axis, in row-major order: `images.flatten(from: 1)` has a row for each image.
  ///
  /// - Precondition: Both are axes of the tensor, negative ones from its end, and `last` is not before `first`.
  public func flatten(from first: Int, to last: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line), start = caller.normalize(first, rank: rank, "flatten", shape)
    let end = caller.normalize(last, rank: rank, "flatten", shape)
    caller.require(start <= end, "flatten", "axis \(last) is before axis \(first) in \(shape)")
    let joined = shape.dropFirst(start).prefix(end + 1 - start).elements
    return reshape(shape.prefix(start) + Shape(dimensions: [joined]) + shape.dropFirst(end + 1), file: file, line: line)
  }

  /// The axes in another order; a view.
  ///
  /// - Precondition: `axes` names each axis once; negative ones count from the end.
  public func permute(_ axes: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    return move(.permute(Shape(axes.map { caller.normalize($0, rank: rank, "permute", shape) })), caller)
  }

  /// The axes in another order, written without brackets: `x.permute(2, 0, 1)`; a view.
  ///
  /// ```swift
  /// let x = Tensor([[1, 2], [3, 4]]).permute(1, 0)  // [[1, 3], [2, 4]]
  /// ```
  ///
  /// - Precondition: Each axis is named once.
  public func permute(_ axes: Int..., file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    permute(axes, file: file, line: line)
  }

  /// The tensor with two axes exchanged, by default the last two; a view.
  ///
  /// - Precondition: The axes exist.
  public func transpose(_ a: Int = -2, _ b: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let first = caller.normalize(a, rank: rank, "transpose", shape)
    let second = caller.normalize(b, rank: rank, "transpose", shape)
    var axes = Shape(shape.indices)
    axes[first] = second
    axes[second] = first
    return move(.permute(axes), caller)
  }

  /// The tensor with one axis moved to another place; a view.
  ///
  /// - Precondition: The axes exist.
  public func moveAxis(_ source: Int, to target: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let from = caller.normalize(source, rank: rank, "moveAxis", shape)
    let to = caller.normalize(target, rank: rank, "moveAxis", shape)
    if from == to { return self }
    var axes = Shape(shape.indices)
    axes.remove(at: from)
    axes.insert(from, at: to)
    return move(.permute(axes), caller)
  }

  /// The tensor stretched to `shape` by NumPy's rule: trailing axes match or have an extent of one; a view.
  ///
  /// ```swift
  /// let x = Tensor([1.0, 2.0]).broadcast(to: [2, 2])  // [[1, 2], [1, 2]]
  /// ```
  ///
  /// - Precondition: The shape broadcasts to `shape`.
  public func broadcast(to shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    shape == self.shape ? self : moveOrRename(.broadcast(shape), shape, Caller(file, line))
  }

  /// The tensor stretched as by `broadcast(to:)`, where −1 keeps an extent.
  ///
  /// - Precondition: The shape broadcasts to the one named; −1 is not at a new axis.
  public func expand(_ shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    var target = shape
    let lead = shape.rank - rank
    for axis in shape.indices where shape.isOpen(axis) && axis >= lead { target[dim: axis] = self.shape[dim: axis - lead] }
    Caller(file, line).require(self.shape, broadcastsTo: target, "expand", "\(self.shape) does not broadcast to \(target)")
    return broadcast(to: target, file: file, line: line)
  }

  /// The tensor with a new axis of extent one before `axis` (−1: after the last); a view.
  ///
  /// - Precondition: `axis` is an axis of the result.
  public func expandDims(_ axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    var target = shape
    target.insert(1, at: caller.normalize(axis, rank: rank + 1, "expandDims", shape))
    return move(.reshape(target), caller)
  }

  /// The tensor with new axes of extent one at these places of the result: `x.expandDims([0, -1])`.
  ///
  /// - Precondition: They are axes of the result, and named once.
  public func expandDims(_ axes: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let places = axes.map { caller.normalize($0, rank: rank + axes.count, "expandDims", shape) }.sorted()
    var target = shape
    for (place, next) in zip(places, places.dropFirst()) where place == next {
      caller.fail("expandDims", "axis \(place) is named twice in \(axes)")
    }
    for place in places { target.insert(1, at: place) }
    return move(.reshape(target), caller)
  }

  /// The tensor without the axes of extent one, or without the named ones: `x.squeeze()`, `x.squeeze(0, -1)`.
  ///
  /// - Precondition: The named axes are of extent one.
  public func squeeze(_ axes: Int..., file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    squeeze(axes.isEmpty ? nil : axes, file: file, line: line)
  }

  /// The tensor without the named axes of extent one (nil: without all such axes).
  ///
  /// - Precondition: The named axes exist, once each, and are of extent one.
  public func squeeze(_ axes: [Int]?, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let named = axes.map { caller.normalize($0, shape, "squeeze") }
    for axis in named ?? [] where shape[dim: axis].number != 1 { caller.fail("squeeze", "axis \(axis) of \(shape) is not of extent one") }
    // An axis whose extent is a symbol stays, which is right if the symbol is not one.
    for axis in shape.indices where named == nil && shape[dim: axis].isSymbolic {
      caller.require(
        2, atMost: shape[dim: axis], "squeeze", "axis \(axis) of \(shape) was kept, as its extent is a symbol; name the axes to drop")
    }
    let kept = shape.indices.filter { !(named?.contains($0) ?? (shape[dim: $0].number == 1)) }
    return move(.reshape(shape.selecting(kept)), caller)
  }

  /// The elements whose indices along two axes differ by `offset`, as a last axis; a view.
  ///
  /// - Precondition: The two axes exist and differ.
  public func diagonal(
    offset: Int = 0, _ first: Int = -2, _ second: Int = -1, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    let a = caller.normalize(first, rank: rank, "diagonal", shape)
    let b = caller.normalize(second, rank: rank, "diagonal", shape)
    caller.require(a != b, "diagonal", "needs two different axes, got \(a) twice")
    // No extent comes near these numbers, and sums with them stay in range.
    let near = Swift.min(Swift.max(offset, -1 << 60), 1 << 60)
    return move(.pick(.diagonal(first: a, second: b, offset: near)), caller)
  }

  /// The elements in reverse order along the named axes (all by default): `x.flip()`, `x.flip(0, 1)`; a view.
  ///
  /// - Precondition: The axes exist and are named once.
  public func flip(_ axes: Int..., file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    flip(axes.isEmpty ? nil : axes, file: file, line: line)
  }

  /// The elements in reverse order along the axes of a list (nil: all); a view.
  ///
  /// - Precondition: The axes exist and are named once.
  public func flip(_ axes: [Int]?, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let named = caller.normalize(axes, shape, "flip")
    var starts = Shape(repeating: 0, count: rank), steps = Shape(repeating: 1, count: rank)
    for axis in named {
      starts[dim: axis] = shape[dim: axis] - 1
      steps[axis] = -1
    }
    return move(.pick(.slice(starts: starts, steps: steps, counts: shape)), caller)
  }

  /// The elements moved `shift` places along `axis`, those that leave at one end entering at the other.
  ///
  /// - Precondition: The axis exists.
  public func roll(_ shift: Int, axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "roll", shape)
    let extent = shape[dim: axis]
    // A shift by the extent's multiples changes nothing, and any number has a negative then.
    let places = extent.number.map { Factor.remainder(shift, $0) } ?? shift
    let cut = (0 - Dimension(places)).remainder(dividingBy: extent)
    if cut.number == 0 { return self }
    return apply1(
      Movement.concatenate(axis: axis), [narrow(axis, cut, extent - cut, caller), narrow(axis, 0, cut, caller)], caller)
  }

  /// The tensor with `fill` added around its elements: (before, after) for each axis.
  ///
  /// ```swift
  /// let x = Tensor([1.0, 2.0]).pad([(before: 1, after: 0)], fill: 9)  // [9, 1, 2]
  /// ```
  ///
  /// - Precondition: There is one pair for each axis, no width is negative, and a whole dtype holds `fill`.
  public func pad(
    _ widths: [(before: Int, after: Int)], fill: Double = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    pad(widths.map { (before: Dimension($0.before), after: Dimension($0.after)) }, fill: fill, file: file, line: line)
  }

  /// The same with extents as widths.
  ///
  /// - Precondition: There is one pair for each axis, no width is negative, and a whole dtype holds `fill`.
  public func pad(
    _ widths: [(before: Dimension, after: Dimension)], fill: Double = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    caller.require(widths.count == rank, "pad", "needs \(rank) pairs for \(shape), got \(widths.count)")
    var target = shape
    for (axis, width) in widths.enumerated() {
      for side in [width.before, width.after] {
        caller.require(
          0, atMost: side, "pad", "widths must not be negative, axis \(axis) has (before: \(width.before), after: \(width.after))")
      }
      let added = width.before + width.after
      if added.number != 0 { target[dim: axis] += added }
    }
    let fill = dtype.element(fill, "pad", caller)
    let hole = Movement.Pick.slice(
      starts: Shape(dimensions: widths.map(\.before)), steps: Shape(repeating: 1, count: rank), counts: shape)
    return move(.place(hole, shape: target, fill: fill), caller)
  }

  /// The whole tensor `counts[a]` times along each axis a (NumPy's tile).
  ///
  /// - Precondition: There is one count for each axis, none of them negative.
  public func tile(_ counts: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    caller.require(counts.count == rank, "tile", "needs \(rank) counts for \(shape), got \(counts.count)")
    var result = self
    for (axis, count) in counts.enumerated() where count != 1 {
      caller.require(count >= 0, "tile", "count \(count) of axis \(axis) is negative")
      _ = shape[dim: axis] * Dimension(count)
      result = apply1(
        Movement.concatenate(axis: axis),
        count == 0 ? [result.narrow(axis, 0, 0, caller)] : [Tensor](repeating: result, count: count), caller)
    }
    return result
  }

  /// The same with extents as counts.
  ///
  /// - Precondition: There is one count for each axis, none of them negative.
  public func tile(_ counts: [Dimension], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    caller.require(counts.count == rank, "tile", "needs \(rank) counts for \(shape), got \(counts.count)")
    return counts.enumerated().reduce(self) { result, next in
      caller.require(0, atMost: next.element, "tile", "count \(next.element) of axis \(next.offset) is negative")
      return result.copies(next.element, at: next.offset, along: next.offset, caller)
    }
  }

  /// Each element `count` times in a row along `axis` (NumPy's repeat).
  ///
  /// - Precondition: The axis exists, and `count` is not negative.
  public func repeated(_ count: Int, axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    repeated(Dimension(count), axis: axis, file: file, line: line)
  }

  /// The same with an extent as count.
  ///
  /// - Precondition: The axis exists, and `count` is not negative.
  public func repeated(_ count: Dimension, axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "repeated", shape)
    caller.require(0, atMost: count, "repeated", "count \(count) is negative")
    return copies(count, at: axis + 1, along: axis, caller)
  }

  /// Repeated along a new axis, which then becomes part of another.
  private func copies(_ count: Dimension, at place: Int, along axis: Int, _ caller: Caller) -> Tensor {
    if count.number == 1 { return self }
    var spread = shape, stretched = shape, target = shape
    spread.insert(1, at: place)
    stretched.insert(1, at: place)
    stretched[dim: place] = count
    target[dim: axis] *= count
    return move(.reshape(spread), caller).move(.broadcast(stretched), caller).move(.reshape(target), caller)
  }

  /// A row-major copy, or the tensor itself if it is row-major.
  public func contiguous() -> Tensor { isContiguous ? self : move(.copy, Caller(#fileID, #line)) }

  /// `count` elements of `axis` from `start`; a view. If the axis is a symbol, whether they exist is checked when it gets its number.
  ///
  /// - Precondition: The axis exists, and `start` and `start + count` are in 0...extent.
  public func narrow(_ axis: Int, from start: Dimension, count: Dimension, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "narrow", shape)
    for (low, high) in [(0, start), (0, count), (start + count, shape[dim: axis])] {
      caller.require(
        low, atMost: high, "narrow", "\(count) elements from \(start) are not inside axis \(axis) of \(shape)")
    }
    return narrow(axis, start, count, caller)
  }

  /// The same with numbers.
  ///
  /// - Precondition: As with extents.
  public func narrow(_ axis: Int, from start: Int, count: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    narrow(axis, from: Dimension(start), count: Dimension(count), file: file, line: line)
  }

  /// Parts of the given extents along `axis`; views.
  ///
  /// - Precondition: The axis exists, and the extents are not negative and add up to its extent.
  public func split(_ extents: [Int], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> [Tensor] {
    split(extents.map { Dimension($0) }, axis: axis, file: file, line: line)
  }

  /// The same with extents that may be symbols.
  ///
  /// - Precondition: The axis exists, and the extents are not negative and add up to its extent.
  public func split(_ extents: [Dimension], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> [Tensor] {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "split", shape)
    let message = "extents \(extents) do not add up to \(shape[dim: axis]), axis \(axis) of \(shape)"
    for extent in extents {
      caller.require(0, atMost: extent, "split", message)
      // What exceeds the axis at once cannot overflow the sum.
      caller.require(extent, atMost: shape[dim: axis], "split", message)
    }
    caller.require(extents.reduce(0, +), equals: shape[dim: axis], "split", message)
    var start: Dimension = 0
    return extents.map { extent in
      defer { start += extent }
      return narrow(axis, start, extent, caller)
    }
  }

  /// `parts` equal parts along `axis`; views.
  ///
  /// - Precondition: The axis exists, and `parts` is above zero and divides its extent.
  public func split(into parts: Int, axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> [Tensor] {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "split", shape)
    let part = caller.share(
      of: shape[dim: axis], parts, "split", "axis \(axis) of \(shape) does not divide into \(parts) equal parts")
    return (0..<parts).map { narrow(axis, part * Dimension($0), part, caller) }
  }

  /// The elements on and below the diagonal that is `offset` above the main one, of the last two axes; zero elsewhere.
  ///
  /// - Precondition: There are at least two axes.
  public func lowerTriangle(_ offset: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    triangle("lowerTriangle", .lessOrEqual, offset, Caller(file, line))
  }

  /// The elements on and above the diagonal that is `offset` above the main one, of the last two axes; zero elsewhere.
  ///
  /// - Precondition: There are at least two axes.
  public func upperTriangle(_ offset: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    triangle("upperTriangle", .greaterOrEqual, offset, Caller(file, line))
  }

  private func triangle(_ name: String, _ keep: CompareOp, _ offset: Int, _ caller: Caller) -> Tensor {
    caller.require(rank >= 2, name, "needs two axes, the shape is \(shape)")
    let rows = shape[dim: rank - 2], columns = shape[dim: rank - 1]
    let row = Tensor.iota(rows, on: backend).expandDims(1)
    let column = Tensor.iota(columns, on: backend)
    // Farther away than any matrix reaches there is no other element.
    let distance = Swift.min(Swift.max(offset, -1 << 53), 1 << 53)
    let kept = Tensor.broadcasting(.compare(keep), column - Double(distance), row, caller)
    return Tensor.select(kept, self, constant(0), caller)
  }
}

extension Caller {
  /// One of `parts` equal parts of an extent, or the end of the program where it does not divide: now, or when its symbols get their numbers.
  func share(of extent: Dimension, _ parts: Int, _ operation: String, _ message: @autoclosure () -> String) -> Dimension {
    require(parts > 0, operation, message())
    let share = extent.share(of: parts)
    // Rounded down and multiplied again, in a form that is not put together to the whole.
    let rest = extent.divided(exactlyBy: Dimension(parts)) == nil ? extent.remainder(dividingBy: Dimension(parts)) : 0
    require(rest, equals: 0, operation, message())
    return share
  }

  /// What is left for one axis of a reshape, where a number divides the elements for some values of the symbols.
  fileprivate func share(of total: Dimension, _ part: Dimension, _ shape: Shape, _ target: Shape) -> Dimension? {
    guard total.isSymbolic, let parts = part.number, parts > 0 else { return nil }
    return share(of: total, parts, "reshape", "\(shape) has \(total) elements, which \(target) cannot divide")
  }
}

/// Tensors end to end along an existing axis; other extents must agree. Dtypes are promoted.
///
/// ```swift
/// let x = concatenate([Tensor([1.0, 2.0]), Tensor([3.0])])  // [1, 2, 3]
/// ```
///
/// - Precondition: There is at least one tensor, the axis exists, and the other extents are equal.
public func concatenate(_ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let caller = Caller(file, line)
  caller.require(!tensors.isEmpty, "concatenate", "needs at least one tensor")
  let axis = caller.normalize(axis, rank: tensors[0].rank, "concatenate", tensors[0].shape)
  let dtype = tensors.map(\.dtype).reduce(tensors[0].dtype, DType.promote)
  return apply1(Movement.concatenate(axis: axis), tensors.map { $0.cast(to: dtype) }, caller)
}

/// Tensors of one shape along a new axis.
///
/// - Precondition: There is at least one tensor, the shapes are equal, and `axis` is an axis of the result.
public func stack(_ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let caller = Caller(file, line)
  caller.require(!tensors.isEmpty, "stack", "needs at least one tensor")
  let axis = caller.normalize(axis, rank: tensors[0].rank + 1, "stack", tensors[0].shape)
  for other in tensors where !other.shape.agrees(with: tensors[0].shape) {
    let message = "shapes \(tensors[0].shape) and \(other.shape) differ"
    caller.require(other.rank == tensors[0].rank, "stack", message)
    caller.expect(false, "stack", message, of: tensors)
  }
  return concatenate(tensors.map { $0.expandDims(axis) }, axis: axis, file: file, line: line)
}
