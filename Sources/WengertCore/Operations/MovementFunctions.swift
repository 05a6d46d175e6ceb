extension Tensor {
  /// The same elements in row-major order under another shape; one extent may be −1 and follows from the others. A view where strides allow it.
  public func reshape(_ shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    var target = shape, known = shape
    if let open = shape.openAxis { known[open] = 1 }
    caller.requireExtents(known, "reshape")
    if let open = shape.openAxis {
      let (total, part) = (self.shape.elements, known.elements)
      guard !known.hasNoElements, let rest = total.divided(exactlyBy: part) else {
        caller.fail("reshape", "\(self.shape) has \(total) elements, which \(shape) cannot divide")
      }
      target[dim: open] = rest
    }
    return target == self.shape ? self : move(.reshape(target), caller)
  }

  /// One axis with all elements.
  public func flatten(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    reshape(Shape(dimensions: [shape.elements]), file: file, line: line)
  }

  /// The axes in another order; a view.
  public func permute(_ axes: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    return move(.permute(Shape(axes.map { caller.normalize($0, rank: rank, "permute", shape) })), caller)
  }

  /// Two axes exchanged, by default the last two; a view.
  public func transpose(_ a: Int = -2, _ b: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let first = caller.normalize(a, rank: rank, "transpose", shape)
    let second = caller.normalize(b, rank: rank, "transpose", shape)
    var axes = Shape(shape.indices)
    axes[first] = second
    axes[second] = first
    return move(.permute(axes), caller)
  }

  /// One axis moved to another place; a view.
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

  /// Stretched to `shape` by NumPy's rule: trailing axes match or have an extent of one; a view.
  public func broadcast(to shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    shape == self.shape ? self : move(.broadcast(shape), Caller(file, line))
  }

  /// Like `broadcast(to:)`, where −1 keeps an extent.
  public func expand(_ shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    var target = shape
    let lead = shape.rank - rank
    for axis in shape.indices where shape.isOpen(axis) && axis >= lead { target[dim: axis] = self.shape[dim: axis - lead] }
    return broadcast(to: target, file: file, line: line)
  }

  /// A new axis of extent one before `axis` (−1: after the last).
  public func expandDims(_ axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    var target = shape
    target.insert(1, at: caller.normalize(axis, rank: rank + 1, "expandDims", shape))
    return move(.reshape(target), caller)
  }

  /// Without the axes of extent one, or without the named ones.
  public func squeeze(_ axes: Int..., file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let named = axes.isEmpty ? nil : caller.normalize(axes, shape, "squeeze")
    for axis in named ?? [] where !shape.isOne(axis) { caller.fail("squeeze", "axis \(axis) of \(shape) is not of extent one") }
    let kept = shape.indices.filter { !(named?.contains($0) ?? shape.isOne($0)) }
    return move(.reshape(shape.selecting(kept)), caller)
  }

  /// The elements whose indices along two axes differ by `offset`, as a last axis; a view.
  public func diagonal(
    offset: Int = 0, _ first: Int = -2, _ second: Int = -1, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    let a = caller.normalize(first, rank: rank, "diagonal", shape)
    let b = caller.normalize(second, rank: rank, "diagonal", shape)
    caller.require(a != b, "diagonal", "needs two different axes, got \(a) twice")
    return move(.pick(.diagonal(first: a, second: b, offset: offset)), caller)
  }

  /// The elements in reverse order along the named axes (all by default); a view.
  public func flip(_ axes: Int..., file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let named = caller.normalize(axes.isEmpty ? nil : axes, shape, "flip")
    var starts = Shape(repeating: 0, count: rank), steps = Shape(repeating: 1, count: rank)
    for axis in named {
      starts[dim: axis] = shape[dim: axis] - 1
      steps[axis] = -1
    }
    return move(.pick(.slice(starts: starts, steps: steps, counts: shape)), caller)
  }

  /// The elements moved `shift` places along `axis`, those that leave at one end entering at the other.
  public func roll(_ shift: Int, axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "roll", shape)
    let extent = shape[axis]
    guard extent > 0 else { return self }
    let cut = (extent - shift % extent) % extent
    if cut == 0 { return self }
    return apply1(
      Movement.concatenate(axis: axis), [narrow(axis, cut, extent - cut, caller), narrow(axis, 0, cut, caller)], caller)
  }

  /// `fill` added around the elements: (before, after) for each axis.
  public func pad(
    _ widths: [(before: Int, after: Int)], fill: Double = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    caller.require(widths.count == rank, "pad", "needs \(rank) pairs for \(shape), got \(widths.count)")
    var target = shape
    for (axis, width) in widths.enumerated() {
      caller.require(width.before >= 0 && width.after >= 0, "pad", "widths must not be negative, axis \(axis) has \(width)")
      target[dim: axis] += Dimension(width.before) + Dimension(width.after)
    }
    let fill = dtype.element(fill, "pad", caller)
    let hole = Movement.Pick.slice(
      starts: Shape(widths.map(\.before)), steps: Shape(repeating: 1, count: rank), counts: shape)
    return move(.place(hole, shape: target, fill: fill), caller)
  }

  /// The whole tensor `counts[a]` times along each axis a (NumPy's tile).
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

  /// Each element `count` times in a row along `axis` (NumPy's repeat).
  public func repeated(_ count: Int, axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "repeated", shape)
    caller.require(count >= 0, "repeated", "count \(count) is negative")
    let extent = shape[dim: axis] * Dimension(count)
    var spread = shape, stretched = shape, target = shape
    spread.insert(1, at: axis + 1)
    stretched.insert(count, at: axis + 1)
    target[dim: axis] = extent
    return move(.reshape(spread), caller).move(.broadcast(stretched), caller).move(.reshape(target), caller)
  }

  /// A row-major copy, or the tensor itself where it is row-major.
  public func contiguous() -> Tensor { isContiguous ? self : move(.copy, Caller(#fileID, #line)) }

  /// Parts of the given extents along `axis`; views.
  public func split(_ extents: [Int], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> [Tensor] {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "split", shape)
    // What exceeds the axis at once cannot overflow the sum.
    caller.require(
      extents.allSatisfy { $0 >= 0 && $0 <= shape[axis] } && extents.reduce(0, +) == shape[axis], "split",
      "extents \(extents) do not add up to \(shape[axis]), axis \(axis) of \(shape)")
    var start = 0
    return extents.map { extent in
      defer { start += extent }
      return narrow(axis, start, extent, caller)
    }
  }

  /// `parts` equal parts along `axis`; views.
  public func split(into parts: Int, axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> [Tensor] {
    let caller = Caller(file, line)
    let extent = shape[caller.normalize(axis, rank: rank, "split", shape)]
    caller.require(parts > 0 && extent % parts == 0, "split", "axis \(axis) of \(shape) does not divide into \(parts) equal parts")
    return split([Int](repeating: extent / parts, count: parts), axis: axis, file: file, line: line)
  }

  /// On and below the diagonal that lies `offset` above the main one, of the last two axes; zero elsewhere.
  public func lowerTriangle(_ offset: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    triangle("lowerTriangle", .lessOrEqual, offset, Caller(file, line))
  }

  /// On and above the diagonal that lies `offset` above the main one, of the last two axes; zero elsewhere.
  public func upperTriangle(_ offset: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    triangle("upperTriangle", .greaterOrEqual, offset, Caller(file, line))
  }

  private func triangle(_ name: String, _ keep: CompareOp, _ offset: Int, _ caller: Caller) -> Tensor {
    caller.require(rank >= 2, name, "needs two axes, the shape is \(shape)")
    let rows = shape[dim: rank - 2], columns = shape[dim: rank - 1]
    let row = Tensor.iota(rows, on: backend).expandDims(1)
    let column = Tensor.iota(columns, on: backend)
    // Farther away than any matrix reaches lies no other element.
    let distance = Swift.min(Swift.max(offset, -1 << 53), 1 << 53)
    let kept = Tensor.broadcasting(.compare(keep), column - Double(distance), row, caller)
    return Tensor.select(kept, self, constant(0), caller)
  }
}

/// Tensors end to end along an existing axis; other extents must agree. Dtypes are promoted.
public func concatenate(_ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let caller = Caller(file, line)
  caller.require(!tensors.isEmpty, "concatenate", "needs at least one tensor")
  let axis = caller.normalize(axis, rank: tensors[0].rank, "concatenate", tensors[0].shape)
  let dtype = tensors.map(\.dtype).reduce(tensors[0].dtype, DType.promote)
  return apply1(Movement.concatenate(axis: axis), tensors.map { $0.cast(to: dtype) }, caller)
}

/// Tensors of one shape along a new axis.
public func stack(_ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let caller = Caller(file, line)
  caller.require(!tensors.isEmpty, "stack", "needs at least one tensor")
  let axis = caller.normalize(axis, rank: tensors[0].rank + 1, "stack", tensors[0].shape)
  for other in tensors where other.shape != tensors[0].shape {
    caller.fail("stack", "shapes \(tensors[0].shape) and \(other.shape) differ")
  }
  return concatenate(tensors.map { $0.expandDims(axis) }, axis: axis, file: file, line: line)
}
