/// A whole number for each spatial axis, or one for all of them: `stride: 2`, `stride: [2, 1]`.
public struct PerAxis: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, CustomStringConvertible {
  private let numbers: [Int]

  /// One number for all axes.
  public init(_ number: Int) { numbers = [number] }
  /// A number for each axis.
  public init(_ numbers: [Int]) { self.numbers = numbers }
  public init(integerLiteral value: Int) { self.init(value) }
  public init(arrayLiteral elements: Int...) { self.init(elements) }

  public var description: String { numbers.count == 1 ? "\(numbers[0])" : "\(numbers)" }

  /// The numbers for so many axes, which are in a range.
  func values(_ rank: Int, in range: ClosedRange<Int>, _ what: String, _ operation: String, _ caller: Caller) -> Shape {
    caller.require(
      numbers.count == 1 || numbers.count == rank, operation, "\(what) \(self) has \(numbers.count) numbers for \(rank) spatial axes")
    for number in numbers where !range.contains(number) {
      caller.fail(operation, "\(what) \(number) is not in \(range.lowerBound)...\(range.upperBound)")
    }
    return Shape(numbers.count == 1 ? Array(repeating: numbers[0], count: rank) : numbers)
  }
}

/// How far images are continued beyond their edges: `padding: 1`, `padding: [1, 0]`, `padding: .same`.
public struct Padding: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  private enum Kind: Hashable {
    case same
    case both(PerAxis)
    case sides([Int], [Int])
  }
  private let kind: Kind

  /// Nothing is added.
  public static let valid = Padding(0)
  /// As much as makes a result of ⌈extent/stride⌉, half of it on each side and an odd rest behind: PyTorch's "same", which has no strides, and JAX's.
  public static let same = Padding(kind: .same)
  /// Before and behind each spatial axis; a negative number leaves elements out.
  public static func sides(_ sides: [(Int, Int)]) -> Padding { Padding(kind: .sides(sides.map(\.0), sides.map(\.1))) }

  private init(kind: Kind) { self.kind = kind }
  /// The same on both sides of each spatial axis.
  public init(_ numbers: PerAxis) { kind = .both(numbers) }
  public init(integerLiteral value: Int) { self.init(PerAxis(value)) }
  public init(arrayLiteral elements: Int...) { self.init(PerAxis(elements)) }

  /// Whether it is `same`.
  var isSame: Bool { kind == .same }

  /// The numbers before and behind each axis, for windows of `size` over `extents`.
  func sides(_ extents: Shape, size: Shape, strides: Shape, dilation: Shape, _ operation: String, _ caller: Caller) -> (Shape, Shape) {
    let range = -Convolution.largestStep...Convolution.largestStep
    switch kind {
    case .both(let numbers):
      let values = numbers.values(extents.rank, in: 0...Convolution.largestStep, "padding", operation, caller)
      return (values, values)
    case .sides(let before, let behind):
      caller.require(
        before.count == extents.rank, operation, "the padding has \(before.count) pairs of sides for \(extents.rank) spatial axes")
      for number in before + behind where !range.contains(number) { caller.fail(operation, "the padding \(number) is out of range") }
      return (Shape(before), Shape(behind))
    case .same:
      var before = Shape(), behind = Shape()
      for axis in extents.indices {
        let extent = extents[dim: axis].unnamed, step = Dimension(strides[axis])
        let steps = (extent + step - 1).divided(by: step) - 1
        let reach = (size[dim: axis].unnamed - 1) * Dimension(dilation[axis]) + 1
        let all = strides[axis] == 1 ? reach - 1 : Dimension.maximum(0, steps * step + reach - extent)
        let half = all.divided(by: 2)
        before.append(half)
        behind.append(all - half)
      }
      return (before, behind)
    }
  }
}

/// The windows that an operation on images [N, C, spatial…] looks at.
struct SpatialWindows {
  var size: Shape, strides: Shape, dilation: Shape
  var before: Shape, behind: Shape
  /// How many windows there are along each axis.
  var counts = Shape()

  init(
    _ extents: Shape, size: Shape, stride: PerAxis, padding: Padding, dilation: PerAxis, _ operation: String, _ caller: Caller
  ) {
    let steps = 1...Convolution.largestStep
    self.size = size
    strides = stride.values(extents.rank, in: steps, "stride", operation, caller)
    self.dilation = dilation.values(extents.rank, in: steps, "dilation", operation, caller)
    (before, behind) = padding.sides(extents, size: size, strides: strides, dilation: self.dilation, operation, caller)
    for axis in extents.indices {
      let extent = extents[dim: axis].unnamed + before[dim: axis] + behind[dim: axis]
      let reach = (size[dim: axis].unnamed - 1) * Dimension(self.dilation[axis]) + 1
      caller.require(1, atMost: size[dim: axis], operation, "a window of \(size) has no elements")
      caller.require(
        reach, atMost: extent, operation,
        "a window reaches over \(reach) elements of spatial axis \(axis), which has \(extent) with its padding")
      counts.append(Windows.count(extent, size: size[dim: axis].unnamed, step: strides[axis], dilation: self.dilation[axis]))
    }
  }
}

extension Tensor {
  /// The convolution of images with a weight (which is not turned round: the cross-correlation, as in PyTorch's `conv1d`, `conv2d` and `conv3d`), plus a bias:
  /// y[n, o, i] = b[o] + Σ x[n, c, i · stride + k · dilation − padding] · w[o, c, k], where what is outside of x is zero.
  ///
  /// x [N, C, …] and w [O, C/groups, kernel…] have one to three spatial axes, and y [N, O, …] as many; each of the `groups` parts of the outputs reads its part of the channels. Half types
  /// are added up in float32 and rounded once.
  ///
  /// ```swift
  /// let image = Tensor([1.0, 2, 4]).reshape([1, 1, 3])
  /// let y = image.convolution(Tensor([1.0, -1]).reshape([1, 1, 2]), padding: 1)  // [[[-1, -1, -2, 4]]]
  /// ```
  ///
  /// - Precondition: Image and weight are floating and of one rank, three to five; the channels fit the weight and the groups, `groups` divides the outputs, the bias is [O], and the
  ///   kernel fits the padded image.
  public func convolution(
    _ weight: Tensor, bias: Tensor? = nil, stride: PerAxis = 1, padding: Padding = .valid, dilation: PerAxis = 1, groups: Int = 1,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line), name = "convolution"
    let (x, w) = convolved(weight, channels: 1, groups: groups, name, caller)
    let outputs = w.shape[dim: 0]
    caller.require(
      outputs.remainder(dividingBy: Dimension(groups)), equals: 0, name,
      "the \(outputs) outputs of the weight do not divide into \(groups) groups")
    let windows = SpatialWindows(
      x.shape.dropFirst(2), size: w.shape.dropFirst(2).unnamed, stride: stride, padding: padding, dilation: dilation, name, caller)
    let operation = Convolution(
      role: .output, extents: windows.counts, strides: windows.strides, padding: windows.before, dilation: windows.dilation,
      groups: Dimension(groups))
    return apply1(operation, [x, w], caller).adding(bias: bias, name, caller)
  }

  /// The transpose of `convolution` with respect to its image, plus a bias, as PyTorch's `conv_transpose1d` to `3d`: each element of x [N, C, …] adds its multiple of w [C, O/groups, kernel…]
  /// to y [N, O, …], `stride` apart; what falls on the padding is left out. An extent e becomes (e − 1) · stride + (kernel − 1) · dilation + 1 − the padding on both sides + outputPadding.
  ///
  /// - Precondition: As for `convolution`; the padding is not `same`, and `outputPadding` is below the stride or the dilation.
  public func transposedConvolution(
    _ weight: Tensor, bias: Tensor? = nil, stride: PerAxis = 1, padding: Padding = .valid, outputPadding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: Int = 1, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line), name = "transposedConvolution"
    caller.require(!padding.isSame, name, "the padding same names no extent here; give numbers, and outputPadding")
    let (x, w) = convolved(weight, channels: 0, groups: 1, name, caller)
    caller.require(groups >= 1, name, "there are \(groups) groups")
    caller.require(
      x.shape[dim: 1].remainder(dividingBy: Dimension(groups)), equals: 0, name,
      "the \(x.shape[dim: 1]) channels of \(x.shape) do not divide into \(groups) groups")
    let rank = x.rank - 2, steps = 1...Convolution.largestStep
    let strides = stride.values(rank, in: steps, "stride", name, caller),
      dilation = dilation.values(rank, in: steps, "dilation", name, caller)
    let more = outputPadding.values(rank, in: 0...Convolution.largestStep, "outputPadding", name, caller)
    let size = w.shape.dropFirst(2).unnamed
    let (before, behind) = padding.sides(x.shape.dropFirst(2), size: size, strides: strides, dilation: dilation, name, caller)
    var extents = Shape()
    for axis in 0..<rank {
      caller.require(
        more[axis] < Swift.max(strides[axis], dilation[axis]), name,
        "outputPadding \(more[axis]) must be below the stride \(strides[axis]) or the dilation \(dilation[axis])")
      caller.require(1, atMost: size[dim: axis], name, "the kernel of \(w.shape) has no elements")
      let last = (x.shape[dim: axis + 2].unnamed - 1) * Dimension(strides[axis]) + (size[dim: axis] - 1) * Dimension(dilation[axis])
      let extent = last + 1 + Dimension(more[axis]) - before[dim: axis] - behind[dim: axis]
      caller.require(0, atMost: extent, name, "the padding leaves nothing of spatial axis \(axis), \(extent) elements")
      extents.append(extent)
    }
    let operation = Convolution(
      role: .input, extents: extents, strides: strides, padding: before, dilation: dilation, groups: Dimension(groups))
    return apply1(operation, [w, x], caller).adding(bias: bias, name, caller)
  }

  /// Image and weight in one dtype, after the checks that both directions share.
  ///
  /// - Parameter channels: the weight's axis of what it reads.
  private func convolved(_ weight: Tensor, channels: Int, groups: Int, _ name: String, _ caller: Caller) -> (Tensor, Tensor) {
    caller.require(
      (3...5).contains(rank) && weight.rank == rank, name,
      "needs images [N, C, …] and a weight [O, C, kernel…] of one to three spatial axes, got \(shape) and \(weight.shape)")
    caller.require(groups >= 1, name, "there are \(groups) groups")
    caller.require(
      dtype.isFloating && weight.dtype.isFloating, name,
      "needs floating tensors, got \(dtype) and \(weight.dtype); convert them with cast(to:)")
    let read = weight.shape[dim: channels] * Dimension(groups)
    caller.expect(
      shape[dim: 1], sameAs: read, name,
      "the weight \(weight.shape) reads \(read) channels\(groups == 1 ? "" : " in \(groups) groups"), \(shape) has \(shape[dim: 1])",
      of: [self, weight])
    let (x, w) = (Autocast.lowered(self), Autocast.lowered(weight)), dtype = DType.promote(x.dtype, w.dtype)
    return (x.cast(to: dtype), w.cast(to: dtype))
  }

  /// Images plus a number for each channel.
  private func adding(bias: Tensor?, _ name: String, _ caller: Caller) -> Tensor {
    guard let bias else { return self }
    caller.require(bias.rank == 1, name, "the bias must be one number for each output, [\(shape[dim: 1])], got \(bias.shape)")
    caller.expect(
      bias.shape[dim: 0], sameAs: shape[dim: 1], name, "the bias \(bias.shape) has not one number for each of \(shape[dim: 1]) outputs",
      of: [bias])
    let lowered = Autocast.lowered(bias)
    return self + lowered.reshape(Shape(dimensions: [lowered.shape[dim: 0]]) + Shape(repeating: 1, count: rank - 2))
  }
}
