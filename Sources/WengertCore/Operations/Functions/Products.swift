extension Tensor {
  /// Σ over axes of `self` and as many of `other`: those named, pair by pair. The result has the other axes of the first, then those of the second (NumPy's tensordot).
  ///
  /// - Precondition: As many axes of both are named, once each, with equal extents.
  public func tensordot(_ other: Tensor, axes: ([Int], [Int]), file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    caller.require(
      axes.0.count == axes.1.count, "tensordot", "\(axes.0.count) axes of the first and \(axes.1.count) of the second are named")
    _ = (caller.normalize(axes.0, shape, "tensordot"), caller.normalize(axes.1, other.shape, "tensordot"))
    let first = axes.0.map { caller.normalize($0, rank: rank, "tensordot", shape) }
    let second = axes.1.map { caller.normalize($0, rank: other.rank, "tensordot", other.shape) }
    for (a, b) in zip(first, second) {
      caller.expect(
        shape[dim: a], sameAs: other.shape[dim: b], "tensordot",
        "axis \(a) of \(shape) and axis \(b) of \(other.shape) have different extents", of: [self, other])
    }
    let kept = shape.indices.filter { !first.contains($0) }, free = other.shape.indices.filter { !second.contains($0) }
    let inner = shape.selecting(first).elements
    let left = permute(kept + first).reshape(Shape(dimensions: [shape.selecting(kept).elements, inner]))
    let right = other.permute(second + free).reshape(Shape(dimensions: [inner, other.shape.selecting(free).elements]))
    return left.matmul(right, file: file, line: line).reshape(shape.selecting(kept).appending(other.shape.selecting(free)))
  }

  /// The same over the last `axes` axes of the first and the first ones of the second.
  ///
  /// - Precondition: Both have so many axes, with equal extents.
  public func tensordot(_ other: Tensor, axes: Int = 2, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    Caller(file, line).require(
      axes >= 0 && axes <= Swift.min(rank, other.rank), "tensordot", "\(axes) axes of \(shape) and \(other.shape)")
    return tensordot(other, axes: (Array(rank - axes..<rank), Array(0..<axes)), file: file, line: line)
  }

  /// The products of every element of one vector and every element of the other: [n] and [m] → [n, m]. Tensors with more axes are flattened.
  ///
  /// ```swift
  /// let y = Tensor([1.0, 2.0]).outer(Tensor([3.0, 4.0]))  // [[3, 4], [6, 8]]
  /// ```
  public func outer(_ other: Tensor) -> Tensor { flatten().expandDims(1) * other.flatten().expandDims(0) }

  /// The Kronecker product: blocks of `other`, each times an element of this tensor. The one with fewer axes gets new ones in front.
  ///
  /// - Precondition: Neither has more than four axes.
  public func kron(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line), rank = Swift.max(self.rank, other.rank)
    caller.require(rank <= 4, "kron", "\(shape) and \(other.shape) have more than four axes")
    func padded(_ x: Tensor) -> Tensor { x.expandDims(Array(0..<rank - x.rank)) }
    let (a, b) = (padded(self), padded(other))
    let product = a.expandDims((0..<rank).map { 2 * $0 + 1 }) * b.expandDims((0..<rank).map { 2 * $0 })
    return product.reshape(Shape(dimensions: (0..<rank).map { a.shape[dim: $0] * b.shape[dim: $0] }))
  }

  /// The cross product of vectors of three elements along `axis`; other axes broadcast.
  ///
  /// - Precondition: The axis exists in both, with an extent of 3, and the shapes broadcast.
  public func cross(_ other: Tensor, axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    for x in [self, other] {
      let axis = caller.normalize(axis, rank: x.rank, "cross", x.shape)
      caller.require(x.shape[dim: axis], equals: 3, "cross", "axis \(axis) of \(x.shape) is not of extent 3")
    }
    func turned(_ x: Tensor, _ places: Int) -> Tensor { x.roll(-places, axis: axis, file: file, line: line) }
    return turned(self, 1) * turned(other, 2) - turned(self, 2) * turned(other, 1)
  }

  /// The sum of the diagonal that is `offset` above the main one, of the last two axes.
  ///
  /// - Precondition: There are at least two axes.
  public func trace(offset: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    Caller(file, line).require(rank >= 2, "trace", "needs two axes, the shape is \(shape)")
    return diagonal(offset: offset, file: file, line: line).sum(axis: -1)
  }

  /// The distances of every row of this tensor from every row of another: [..., n, d] and [..., m, d] → [..., n, m], ‖a − b‖ₚ for any p that `norm` takes; leading axes broadcast. They are made
  /// of differences, so that those of near points keep their digits. The gradient at points that coincide is zero.
  ///
  /// ```swift
  /// let d = Tensor([[0, 0], [3, 4]]).cdist(Tensor([[0, 0]]))  // [[0], [5]]
  /// ```
  ///
  /// - Precondition: Both have two axes at least, and the last extents are equal.
  public func cdist(_ other: Tensor, p: Double = 2, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line), message = "needs [..., n, d] and [..., m, d], got \(shape) and \(other.shape)"
    caller.require(rank >= 2 && other.rank >= 2, "cdist", message)
    caller.expect(shape[dim: rank - 1], sameAs: other.shape[dim: other.rank - 1], "cdist", message, of: [self, other])
    return (expandDims(-2) - other.expandDims(-3)).norm(p, axis: -1, file: file, line: line)
  }
}
