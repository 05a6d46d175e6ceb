/// Windows along one axis, and their sums: the transpose of each other.
enum Windows: Operation {
  /// x[…, i, …] → […, window, …, k]: element k of a window is x[window · step + k · dilation], on a new last axis of `size`; a view.
  case unfold(axis: Int, size: Dimension, step: Int, dilation: Int)
  /// […, window, …, k] → […, extent, …]: zeros, to which each window's elements are added where they are from.
  case fold(axis: Int, extent: Dimension, step: Int, dilation: Int)

  var name: String {
    switch self {
    case .unfold: "unfold"
    case .fold: "fold"
    }
  }

  /// How many windows of `size` elements an axis has.
  static func count(_ extent: Dimension, size: Dimension, step: Int, dilation: Int) -> Dimension {
    (extent - (size - 1) * Dimension(dilation) - 1).divided(by: Dimension(step)) + 1
  }

  /// How many elements of an axis so many windows need; at least those of one.
  static func reach(_ count: Dimension, size: Dimension, step: Int, dilation: Int) -> Dimension {
    (Dimension.maximum(count, 1) - 1) * Dimension(step) + (size - 1) * Dimension(dilation) + 1
  }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    var shape = operands[0].shape
    switch self {
    case .unfold(let axis, let size, let step, let dilation):
      shape[dim: axis] = Self.count(shape[dim: axis].unnamed, size: size, step: step, dilation: dilation)
      shape.append(size)
    case .fold(let axis, let extent, _, _):
      shape[dim: axis] = extent
      shape.remove(at: shape.rank - 1)
    }
    return [TensorType(shape: shape, dtype: operands[0].dtype)]
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let x = operands[0].view
    switch self {
    case .unfold(let axis, _, let step, let dilation):
      var layout = x.layout
      layout.shape = results[0].shape
      layout.strides.append(layout.strides[axis] * dilation)
      // If nothing is a step apart, its size does not matter.
      if layout.shape[axis] > 1 { layout.strides[axis] *= step }
      return [Tensor(x.with(layout), node: nil)]
    case .fold(let axis, _, let step, let dilation):
      let out = results[0].allocate(on: backend)
      if results[0].shape.elementCount == 0 { return [Tensor(out, node: nil)] }
      // Half types are added up in float32 and rounded once.
      let wide = TensorType(shape: out.shape, dtype: out.dtype.computeType)
      let sum = wide.dtype == out.dtype ? out : wide.allocate(on: backend)
      var source = x
      if x.dtype != wide.dtype {
        source = TensorType(shape: x.shape, dtype: wide.dtype).allocate(on: backend)
        ViewKernels.copy(x, into: source)
      }
      let zero = ViewKernels.scalar(0, wide.dtype, on: backend)
      for call in WindowSums.calls(source, into: sum, axis: axis, step: step, dilation: dilation, zero: zero) {
        backend.run(call.arguments)
      }
      if wide.dtype != out.dtype { ViewKernels.copy(sum, into: out) }
      return [Tensor(out, node: nil)]
    }
  }

  func substituting(_ symbols: [String: Int]) -> Windows {
    switch self {
    case .unfold(let axis, let size, let step, let dilation):
      .unfold(axis: axis, size: Dimension(size.substituting(symbols)), step: step, dilation: dilation)
    case .fold(let axis, let extent, let step, let dilation):
      .fold(axis: axis, extent: Dimension(extent.substituting(symbols)), step: step, dilation: dilation)
    }
  }

  func batched(_ application: BatchedApplication) -> [Tensor] {
    switch self {
    case .unfold(let axis, let size, let step, let dilation):
      apply(Windows.unfold(axis: axis + 1, size: size, step: step, dilation: dilation), application.operands, application.caller)
    case .fold(let axis, let extent, let step, let dilation):
      apply(Windows.fold(axis: axis + 1, extent: extent, step: step, dilation: dilation), application.operands, application.caller)
    }
  }

  func keeps(for wanted: [Bool]) -> Residuals { .nothing }

  var derivative: Derivative {
    switch self {
    case .unfold(let axis, _, let step, let dilation):
      .linear(in: [0], part: self) { a, ct in
        let extent = a.operandTypes[0].shape[dim: axis]
        return [apply1(Windows.fold(axis: axis, extent: extent, step: step, dilation: dilation), [ct[0]!], a.caller)]
      }
    case .fold(let axis, _, let step, let dilation):
      .linear(in: [0], part: self) { a, ct in
        let shape = a.operandTypes[0].shape
        let unfold = Windows.unfold(axis: axis, size: shape[dim: shape.rank - 1], step: step, dilation: dilation)
        // More elements than the windows cover may make more windows.
        return [apply1(unfold, [ct[0]!], a.caller).narrow(axis, 0, shape[dim: axis], a.caller)]
      }
    }
  }
}

extension Windows {
  func write(to code: inout ProgramWriter) {
    switch self {
    case .unfold(let axis, let size, let step, let dilation): code.form("unfold", axis, size, step, dilation)
    case .fold(let axis, let extent, let step, let dilation): code.form("fold", axis, extent, step, dilation)
    }
  }

  init(from code: inout ProgramReader) throws {
    let word = try code.word()
    switch word {
    case "unfold": self = try .unfold(axis: code.read(), size: code.read(), step: code.read(), dilation: code.read())
    case "fold": self = try .fold(axis: code.read(), extent: code.read(), step: code.read(), dilation: code.read())
    default: throw code.unknown(word, "windows")
    }
  }
}

extension Tensor {
  /// Windows of `size` elements along an axis, `step` apart: the axis counts them, and their elements, `dilation` apart, are on a new last axis. A view, as PyTorch's
  /// `Tensor.unfold`.
  ///
  /// ```swift
  /// let windows = Tensor([1, 2, 3, 4]).unfold(0, size: 2)  // [[1, 2], [2, 3], [3, 4]]
  /// ```
  ///
  /// - Precondition: The axis exists and has as many elements as a window needs; size, step and dilation are at least one.
  public func unfold(
    _ axis: Int, size: Dimension, step: Int = 1, dilation: Int = 1, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "unfold", shape)
    caller.require(step > 0 && dilation > 0, "unfold", "step \(step) and dilation \(dilation) must be at least 1")
    caller.require(1, atMost: size, "unfold", "a window has \(size) elements")
    let needed = Windows.reach(1, size: size.unnamed, step: step, dilation: dilation)
    caller.require(
      needed, atMost: shape[dim: axis], "unfold", "a window reaches over \(needed) elements of axis \(axis) of \(shape), which has fewer")
    return apply1(Windows.unfold(axis: axis, size: size.unnamed, step: step, dilation: dilation), [self], caller)
  }

  /// The sum of windows where they are from, `extent` elements along `axis`: the transpose of `unfold`, so that elements of windows that overlap are added up, and what no window
  /// reaches is zero. The last axis holds the windows' elements, and is gone.
  ///
  /// ```swift
  /// let sum = Tensor([[1, 2], [3, 4]]).fold(0, extent: 3)  // [1, 5, 4]
  /// ```
  ///
  /// - Precondition: The axis exists and is not the last one; the windows end before `extent`; step and dilation are at least one.
  public func fold(
    _ axis: Int, extent: Dimension, step: Int = 1, dilation: Int = 1, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "fold", shape)
    caller.require(axis < rank - 1, "fold", "the last axis of \(shape) holds the windows' elements, and cannot count the windows")
    caller.require(step > 0 && dilation > 0, "fold", "step \(step) and dilation \(dilation) must be at least 1")
    let size = shape[dim: rank - 1].unnamed
    caller.require(1, atMost: size, "fold", "the windows \(shape) have no elements")
    let needed = Windows.reach(shape[dim: axis].unnamed, size: size, step: step, dilation: dilation)
    caller.require(needed, atMost: extent, "fold", "the windows \(shape) reach over \(needed) elements, more than \(extent)")
    return apply1(Windows.fold(axis: axis, extent: extent.unnamed, step: step, dilation: dilation), [self], caller)
  }
}
