/// How `interpolate` finds values between pixels. With `alignCorners` the outermost pixels of image and result have the same places, otherwise their outer edges.
public enum Interpolation: Hashable, Sendable {
  /// The pixel ⌊i · extent/size⌋.
  case nearest
  /// Between two neighbors: bilinear for two axes, trilinear for three.
  case linear(alignCorners: Bool = false)
  /// Between four neighbors, by the convolution kernel of Keys (1981) with a = −3/4: bicubic for two axes.
  case cubic(alignCorners: Bool = false)
}

extension Tensor {
  /// Images [N, C, …] at another size, as PyTorch's `interpolate` without antialiasing: along each spatial axis, values between the pixels' places; beyond the outermost pixels their values go
  /// on.
  ///
  /// ```swift
  /// let y = Tensor([1.0, 3]).reshape([1, 1, 2]).interpolate([4], .linear())  // [[[1, 1.5, 2.5, 3]]]
  /// ```
  ///
  /// - Parameters:
  ///   - size: the extents of the result's spatial axes.
  ///   - mode: what a value between pixels is.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  /// - Precondition: There are three axes or more, an extent for each spatial one, all of them at least one; the dtype is floating unless the mode is `nearest`.
  public func interpolate(_ size: Shape, _ mode: Interpolation = .nearest, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line), name = "interpolate"
    caller.require(rank >= 3, name, "needs images [N, C, …] with spatial axes, got \(shape)")
    caller.require(size.rank == rank - 2, name, "\(size) has \(size.rank) extents for \(rank - 2) spatial axes")
    caller.require(dtype.isFloating || mode == .nearest, name, "needs a floating tensor, got \(dtype); convert it with cast(to:)")
    for axis in 2..<rank {
      caller.require(1, atMost: shape[dim: axis], name, "spatial axis \(axis - 2) of \(shape) is empty")
      caller.require(1, atMost: size[dim: axis - 2], name, "an image of \(size) has no pixels")
    }
    let wide = mode == .nearest ? self : cast(to: dtype.computeType)
    return (2..<rank).reduce(wide) { $0.interpolated($1, size[dim: $1 - 2].unnamed, mode, caller) }.cast(to: dtype)
  }

  private func interpolated(_ axis: Int, _ size: Dimension, _ mode: Interpolation, _ caller: Caller) -> Tensor {
    let extent = shape[dim: axis].unnamed, index = Tensor.iota(size, beside: self)
    func whole(_ extent: Dimension) -> Tensor { index.number(extent, .int64) }
    let isAligned: Bool
    switch mode {
    case .nearest: return gather((index * whole(extent)).floorDivided(by: whole(size)), axis: axis)
    case .linear(let alignCorners), .cubic(let alignCorners): isAligned = alignCorners
    }
    // Places in the image, as a whole number and a rest.
    func real(_ x: Tensor) -> Tensor { x.cast(to: .float64) }
    var place =
      isAligned
      ? real(index * whole(extent - 1)) / real(maximum(whole(size - 1), index.constant(1)))
      : (real(index) + 0.5) * real(whole(extent)) / real(whole(size)) - 0.5
    let isLinear = if case .linear = mode { true } else { false }
    if isLinear { place = maximum(place, place.constant(0)) }
    let lower = floor(place), t = place - lower, first = lower.cast(to: .int64)
    func taken(_ shift: Int, _ weight: Tensor) -> Tensor {
      let indices = minimum(maximum(first + Double(shift), index.constant(0)), whole(extent - 1))
      return gather(indices, axis: axis)
        * weight.cast(to: dtype).reshape(Shape(dimensions: [size]) + Shape(repeating: 1, count: rank - 1 - axis))
    }
    if isLinear { return taken(0, 1 - t) + taken(1, t) }
    /// Keys' kernel at a distance of at most one, and of one to two.
    func near(_ d: Tensor) -> Tensor { (1.25 * d - 2.25) * d * d + 1 }
    func far(_ d: Tensor) -> Tensor { ((-0.75 * d + 3.75) * d - 6) * d + 3 }
    return taken(-1, far(t + 1)) + taken(0, near(t)) + taken(1, near(1 - t)) + taken(2, far(2 - t))
  }
}
