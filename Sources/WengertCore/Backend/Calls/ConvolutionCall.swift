/// Which of the three tensors of a convolution is computed from the other two. With images x [N, C, …], weights w [O, C/groups, kernel…] and y [N, O, …], all three follow from one sum
/// of products, Σ y[n, o, i] · x[n, c, i · stride + k · dilation − padding] · w[o, c, k], where what is outside of x is zero: each is the sum's derivative with respect to itself.
@_spi(Backend) public enum ConvolutionRole: Int, CaseIterable, Hashable, Sendable {
  case input, weight, output
}

/// x, w or y of a convolution from the other two; at least one spatial axis, and no tensor without elements.
@_spi(Backend) public struct ConvolutionCall: KernelArguments {
  public var role: ConvolutionRole
  public var x: View, w: View, y: View
  /// Along each spatial axis; the padding is that before the first element, and negative where elements are left out.
  public var strides: Shape, padding: Shape, dilation: Shape
  public var groups: Int

  public init(_ role: ConvolutionRole, x: View, w: View, y: View, strides: Shape, padding: Shape, dilation: Shape, groups: Int) {
    self.role = role
    self.x = x
    self.w = w
    self.y = y
    self.strides = strides
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }

  public var call: KernelCall { .convolution(self) }

  private var all: [View] { [x, w, y] }
  public var reads: [View] { all.indices.filter { $0 != role.rawValue }.map { all[$0] } }
  public var writes: [View] { [all[role.rawValue]] }

  public func mapViews(_ f: (View) -> View) -> ConvolutionCall {
    var result = self
    (result.x, result.w, result.y) = (f(x), f(w), f(y))
    return result
  }

  public var flops: Double? { 2 * Double(y.shape.elementCount) * Double(w.shape.dropFirst().elementCount) }
  public var summary: String { "\(x.shape) * \(w.shape)" }

  /// The extents of the spatial axes.
  public var kernel: Shape { w.shape.dropFirst(2) }
  public var places: Shape { y.shape.dropFirst(2) }
  /// Whether each element of the input meets one element of the kernel, at one place.
  public var isPointwise: Bool {
    kernel.elementCount == 1 && x.shape.dropFirst(2) == places && strides.allSatisfy { $0 == 1 } && padding.allSatisfy { $0 == 0 }
  }
  /// As much of the padded input as is looked at.
  public var padded: Shape {
    Shape(strides.indices.map { (places[$0] - 1) * strides[$0] + (kernel[$0] - 1) * dilation[$0] + 1 })
  }
}

extension ConvolutionCall {
  /// For a backend without a kernel of its own: the calls that come to the same, in order: the windows that the kernel meets, side by side, and one batch of products.
  ///
  /// - Parameter room: gives memory.
  public func parts(room: (Shape, DType) -> View) -> [KernelCall] {
    withoutActuallyEscaping(room) { room in
      var parts = ConvolutionParts(call: self, room: room)
      switch role {
      case .output: parts.makeOutput()
      case .weight: parts.makeWeight()
      case .input: parts.makeInput()
      }
      return parts.calls
    }
  }
}

private struct ConvolutionParts {
  var call: ConvolutionCall
  let room: (Shape, DType) -> View
  var calls: [KernelCall] = []

  private var images: Int { call.x.shape[0] }
  private var parts: Int { call.groups }
  /// Channels of one group, there and here, times the kernel's size.
  private var outputs: Int { call.w.shape[0] / parts }
  private var inputs: Int { call.w.shape.dropFirst().elementCount }
  private var places: Int { call.places.elementCount }

  mutating func makeOutput() {
    let columns = reshaped(windows(of: paddedInput()), [images, parts, inputs, places])
    let w = reshaped(call.w, [parts, outputs, inputs])
    multiply(w.with(w.layout.broadcast(to: [images, parts, outputs, inputs])), columns, into: call.y)
  }

  mutating func makeWeight() {
    var order = Shape(call.padded.indices.map { $0 + 2 })
    order.insert(1, at: 0)
    let rank = call.padded.rank
    let axes = order + Shape([0]) + Shape(call.padded.indices.map { $0 + 2 + rank })
    let windows = windows(of: paddedInput())
    let columns = copied(windows.with(windows.layout.permuted(axes)))
    let y = copied(call.y.with(call.y.layout.movingToFront(1)))
    let b = reshaped(columns, [parts, inputs, images * places])
    multiply(reshaped(y, [parts, outputs, images * places]), b.with(b.layout.permuted([0, 2, 1])), into: call.w)
  }

  mutating func makeInput() {
    // Where windows overlap, half types are added up in float32.
    let dtype = call.y.dtype.computeType
    let w = reshaped(wide(call.w, dtype), [parts, outputs, inputs])
    let a = w.with(w.layout.permuted([0, 2, 1]).broadcast(to: [images, parts, inputs, outputs]))
    let y = reshaped(wide(call.y, dtype), [images, parts, outputs, places])
    if call.x.dtype == dtype && call.isPointwise { return multiply(a, y, into: call.x) }
    var columns = room([images, call.x.shape[1]] + call.kernel + call.places, dtype)
    calls.append(.matmul(MatMulCall(a: a, b: y, out: reshaped(columns, [images, parts, inputs, places]))))
    // One axis after another, the last first: [N, C, kernel…, places…, padded…].
    let rank = call.padded.rank
    for axis in (0..<rank).reversed() {
      var shape = columns.shape
      let place = 2 + axis + (axis + 1)
      shape[place] = call.padded[axis]
      shape.remove(at: 2 + axis)
      let sum = room(shape, dtype)
      calls += WindowSums.calls(
        columns.with(columns.layout.movingToEnd(2 + axis)), into: sum, axis: place - 1, step: call.strides[axis],
        dilation: call.dilation[axis], zero: zero(dtype))
      columns = sum
    }
    let inside = overlap
    if inside.counts != call.x.shape.dropFirst(2) { calls.append(.rows(ViewKernels.copyCall(zero(call.x.dtype), into: call.x))) }
    if inside.counts.elementCount > 0 {
      let target = slice(call.x, starts: inside.ofInput, counts: inside.counts)
      calls.append(.rows(ViewKernels.copyCall(slice(columns, starts: inside.ofPadded, counts: inside.counts), into: target)))
    }
  }
}

extension ConvolutionParts {
  /// Where the padded input holds elements of the input.
  private var overlap: (ofInput: Shape, ofPadded: Shape, counts: Shape) {
    var result = (ofInput: Shape(), ofPadded: Shape(), counts: Shape())
    for axis in call.padded.indices {
      let pad = call.padding[axis], first = max(0, -pad)
      result.ofInput.append(first)
      result.ofPadded.append(first + pad)
      result.counts.append(max(0, min(call.x.shape[axis + 2], call.padded[axis] - pad) - first))
    }
    return result
  }

  private mutating func zero(_ dtype: DType) -> View {
    let zero = room([1], dtype)
    calls.append(.rows(ViewKernels.constantCall(0, into: zero)))
    return zero
  }

  private func slice(_ view: View, starts: Shape, counts: Shape) -> View {
    let lead = Shape(view.shape.prefix(2)), steps = Shape(repeating: 1, count: view.shape.rank)
    return view.with(view.layout.sliced(starts: [0, 0] + starts, steps: steps, counts: lead + counts))
  }

  private mutating func paddedInput() -> View {
    let inside = overlap
    if inside.counts == call.padded { return slice(call.x, starts: inside.ofInput, counts: inside.counts) }
    let padded = room(Shape(call.x.shape.prefix(2)) + call.padded, call.x.dtype)
    calls.append(.rows(ViewKernels.copyCall(zero(padded.dtype), into: padded)))
    if inside.counts.elementCount > 0 {
      calls.append(
        .rows(
          ViewKernels.copyCall(
            slice(call.x, starts: inside.ofInput, counts: inside.counts),
            into: slice(padded, starts: inside.ofPadded, counts: inside.counts))))
    }
    return padded
  }

  /// What each element of the kernel meets at each place: [N, C, kernel…, places…].
  private func windows(of padded: View) -> View {
    var layout = Layout(shape: Shape(padded.shape.prefix(2)), strides: Shape(padded.layout.strides.prefix(2)), offset: padded.layout.offset)
    for (extents, steps) in [(call.kernel, call.dilation), (call.places, call.strides)] {
      for axis in extents.indices {
        layout.shape.append(extents[axis])
        layout.strides.append(padded.layout.strides[axis + 2] * steps[axis])
      }
    }
    return padded.with(layout)
  }

  private mutating func copied(_ view: View, as dtype: DType? = nil) -> View {
    let copy = room(view.shape, dtype ?? view.dtype)
    calls.append(.rows(ViewKernels.copyCall(view, into: copy)))
    return copy
  }

  private mutating func wide(_ view: View, _ dtype: DType) -> View { view.dtype == dtype ? view : copied(view, as: dtype) }

  private mutating func reshaped(_ view: View, _ shape: Shape) -> View {
    if let layout = view.layout.reshaped(to: shape) { return view.with(layout) }
    let copy = copied(view)
    return copy.with(copy.layout.reshaped(to: shape)!)
  }

  /// The product under the shape of `view`.
  private mutating func multiply(_ a: View, _ b: View, into view: View) {
    var shape = a.shape
    shape[shape.rank - 1] = b.shape[shape.rank - 1]
    if let layout = view.layout.reshaped(to: shape) {
      calls.append(.matmul(MatMulCall(a: a, b: b, out: view.with(layout))))
      return
    }
    let made = room(view.shape, view.dtype)
    calls.append(.matmul(MatMulCall(a: a, b: b, out: made.with(made.layout.reshaped(to: shape)!))))
    calls.append(.rows(ViewKernels.copyCall(made, into: view)))
  }
}

/// The sums of windows that overlap.
enum WindowSums {
  /// target[…, i · step + k · dilation, …] = Σ windows[…, i, …, k] along an axis of the target, the windows' elements on their last axis: calls that fill the target with `zero` and
  /// add one element of every window after another, whose places differ.
  static func calls(_ windows: View, into target: View, axis: Int, step: Int, dilation: Int, zero: View) -> [KernelCall] {
    let last = windows.shape.rank - 1, size = windows.shape[last]
    var calls: [KernelCall] = [.rows(ViewKernels.copyCall(zero, into: target))]
    let b = RowBuilder("accumulate")
    b.store(b.row(target.dtype) + b.row(target.dtype), as: target.dtype)
    let program = b.finish()
    for k in 0..<size {
      var source = windows.layout
      source.offset += k * source.strides[last]
      source.shape.remove(at: last)
      source.strides.remove(at: last)
      if source.shape.elementCount == 0 { continue }
      var place = target.layout
      place.offset += k * dilation * place.strides[axis]
      place.shape[axis] = source.shape[axis]
      place.strides[axis] *= step
      let sum = target.with(place)
      calls.append(.rows(ViewKernels.call(program, [sum, windows.with(source)], into: [sum], over: sum.shape)))
    }
    return calls
  }
}
