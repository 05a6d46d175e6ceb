/// The axes of a tensor whose elements are named by tensors of indices in a subscript, as one axis.
struct IndexedAxes {
  /// The axes in their order, the named ones together at `front`.
  private let order: Shape
  private let front: Int
  /// The shape with the named axes as one.
  private let merged: Shape
  private let shape: Shape
  private let indices: Tensor

  init(_ gathers: [(axis: Int, indices: Tensor)], of shape: Shape, _ caller: Caller) {
    self.shape = shape
    let axes = gathers.map(\.axis)
    let areNeighbors = zip(axes, axes.dropFirst()).allSatisfy { $1 == $0 + 1 }
    front = areNeighbors ? axes[0] : 0
    let others = shape.indices.filter { !axes.contains($0) }
    order = Shape(others.prefix(front) + axes + others.dropFirst(front))
    var merged = shape.selecting(others)
    merged.insert(1, at: front)
    merged[dim: front] = gathers.count == 1 ? shape[dim: axes[0]] : shape.selecting(axes).elements
    self.merged = merged
    if gathers.count == 1 {
      indices = gathers[0].indices
      return
    }
    let common = caller.broadcast(gathers.map(\.indices.shape), of: gathers.map(\.indices), "subscript")
    var place: Tensor?, isThere: Tensor?
    for (axis, given) in gathers {
      caller.expect(
        given.dtype == .int32 || given.dtype == .int64, "subscript", "indices must be int32 or int64, they are \(given.dtype)", of: [given])
      let extent = given.number(shape[dim: axis].unnamed, .int64), index = given.cast(to: .int64).broadcast(to: common)
      let isInside = (index .>= 0 - extent) .& (index .< extent)
      let positive = Tensor.select(index .< 0, index + extent, index, caller)
      place = place.map { $0 * extent + positive } ?? positive
      isThere = isThere.map { $0 .& isInside } ?? isInside
    }
    // An index that is out of range must not name an element of another row.
    indices = Tensor.select(isThere!, place!, place!.constant(Double(ClassLoss.beyond)), caller)
  }

  func read(_ tensor: Tensor, _ caller: Caller) -> Tensor {
    arranged(tensor, caller).gather(indices, axis: front, file: caller.file, line: caller.line)
  }

  fileprivate func arranged(_ tensor: Tensor, _ caller: Caller) -> Tensor {
    let moved = order == Shape(order.indices) ? tensor : tensor.move(.permute(order), caller)
    return merged == moved.shape ? moved : moved.move(.reshape(merged), caller)
  }

  fileprivate func written(_ tensor: Tensor, _ value: Tensor, _ caller: Caller) -> Tensor {
    let result = arranged(tensor, caller).scatter(value, at: indices, axis: front, file: caller.file, line: caller.line)
    let split = result.reshape(shape.selecting(order))
    return order == Shape(order.indices) ? split : split.move(.permute(order.inversePermutation), caller)
  }
}

extension Tensor {
  /// This tensor with a value written where tensors of indices name elements.
  func writing(_ value: Tensor, through axes: IndexedAxes, _ caller: Caller) -> Tensor { axes.written(self, value, caller) }
}
