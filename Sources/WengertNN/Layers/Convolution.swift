/// The convolution of images [N, channels, …] of one to three spatial axes with a weight, plus a bias: [N, outputs, …], as PyTorch's `Conv1d`, `Conv2d` and `Conv3d`. How many axes there are
/// says the weight. See `Tensor.convolution`.
///
/// ```swift
/// let layer = Convolution(3, 8, kernel: [3, 3], padding: 1, key: RandomKey(1))
/// let y = layer(RandomKey(2).normal([2, 3, 5, 5]))  // [2, 8, 5, 5]
/// ```
public struct Convolution: Layer, ParameterTree {
  /// The weight, [outputs, channels/groups, kernel…].
  public var weight: Tensor
  /// The offset, [outputs]; nil adds nothing.
  public var bias: Tensor?
  /// The distance of neighboring outputs in the image.
  public var stride: PerAxis
  /// How far the image is continued by zeros.
  public var padding: Padding
  /// The distance of the kernel's neighboring elements in the image.
  public var dilation: PerAxis
  /// Into how many parts, each with a weight of its own, channels and outputs are divided.
  public var groups: Int

  public static let fields: [Field<Self>] = [.init("weight", \.weight), .init("bias", \.bias)]

  public func read(into contents: inout TreeContents) {
    contents.add(weight)
    contents.add(bias)
    contents.add(setting: stride)
    contents.add(setting: padding)
    contents.add(setting: dilation)
    contents.add(setting: groups)
  }

  /// A layer with these parameters.
  ///
  /// - Precondition: `weight` is [outputs, channels/groups, kernel…] with one to three axes of the kernel, `bias` [outputs], and both are floating.
  public init(
    weight: Tensor, bias: Tensor? = nil, stride: PerAxis = 1, padding: Padding = .valid, dilation: PerAxis = 1, groups: Int = 1,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    requireKernel("Convolution", weight, bias, outputs: weight.rank > 0 ? weight.shape[dim: 0] : 0, Caller(file, line))
    self.weight = weight
    self.bias = bias
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }

  /// A new layer, its parameters drawn by `initializer` from `key`.
  ///
  /// - Precondition: `groups` divides channels and outputs, and the kernel has one to three axes.
  public init(
    _ channels: Int, _ outputs: Int, kernel: Shape, stride: PerAxis = 1, padding: Padding = .valid, dilation: PerAxis = 1, groups: Int = 1,
    bias: Bool = true, key: RandomKey, initializer: Initializer = .uniformByInputs, dtype: DType = .float32, file: StaticString = #fileID,
    line: UInt = #line
  ) {
    requireGroups("Convolution", groups, channels, outputs, Caller(file, line))
    let shape = [outputs, channels / groups] + kernel, inputs = shape.dropFirst().elementCount
    self.init(
      weight: initializer.weight(shape, inputs: inputs, key: key.fold(0), dtype: dtype),
      bias: bias ? initializer.bias(outputs, inputs: inputs, key: key.fold(1), dtype: dtype) : nil, stride: stride, padding: padding,
      dilation: dilation, groups: groups, file: file, line: line)
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    x.convolution(weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
  }
}

/// The transpose of a convolution, plus a bias: [N, channels, …] → [N, outputs, …], as PyTorch's `ConvTranspose1d` to `3d`. See `Tensor.transposedConvolution`.
public struct TransposedConvolution: Layer, ParameterTree {
  /// The weight, [channels, outputs/groups, kernel…].
  public var weight: Tensor
  /// The offset, [outputs]; nil adds nothing.
  public var bias: Tensor?
  /// The distance in the result of what neighbors in the image add to it.
  public var stride: PerAxis
  /// How much of the result is left out at its edges.
  public var padding: Padding
  /// How much is added at the end of each axis of the result.
  public var outputPadding: PerAxis
  /// The distance of the kernel's neighboring elements in the result.
  public var dilation: PerAxis
  /// Into how many parts, each with a weight of its own, channels and outputs are divided.
  public var groups: Int

  public static let fields: [Field<Self>] = [.init("weight", \.weight), .init("bias", \.bias)]

  public func read(into contents: inout TreeContents) {
    contents.add(weight)
    contents.add(bias)
    contents.add(setting: stride)
    contents.add(setting: padding)
    contents.add(setting: outputPadding)
    contents.add(setting: dilation)
    contents.add(setting: groups)
  }

  /// A layer with these parameters.
  ///
  /// - Precondition: `weight` is [channels, outputs/groups, kernel…] with one to three axes of the kernel, `bias` [outputs], and both are floating.
  public init(
    weight: Tensor, bias: Tensor? = nil, stride: PerAxis = 1, padding: Padding = .valid, outputPadding: PerAxis = 0, dilation: PerAxis = 1,
    groups: Int = 1, file: StaticString = #fileID, line: UInt = #line
  ) {
    let outputs = weight.rank > 1 ? weight.shape[dim: 1] * Dimension(groups) : 0
    requireKernel("TransposedConvolution", weight, bias, outputs: outputs, Caller(file, line))
    self.weight = weight
    self.bias = bias
    self.stride = stride
    self.padding = padding
    self.outputPadding = outputPadding
    self.dilation = dilation
    self.groups = groups
  }

  /// A new layer, its parameters drawn by `initializer` from `key`; as in PyTorch, a weight's inputs are counted as those of the convolution that this is the transpose of.
  ///
  /// - Precondition: `groups` divides channels and outputs, and the kernel has one to three axes.
  public init(
    _ channels: Int, _ outputs: Int, kernel: Shape, stride: PerAxis = 1, padding: Padding = .valid, outputPadding: PerAxis = 0,
    dilation: PerAxis = 1, groups: Int = 1, bias: Bool = true, key: RandomKey, initializer: Initializer = .uniformByInputs,
    dtype: DType = .float32, file: StaticString = #fileID, line: UInt = #line
  ) {
    requireGroups("TransposedConvolution", groups, channels, outputs, Caller(file, line))
    let shape = [channels, outputs / groups] + kernel, inputs = shape.dropFirst().elementCount
    self.init(
      weight: initializer.weight(shape, inputs: inputs, key: key.fold(0), dtype: dtype),
      bias: bias ? initializer.bias(outputs, inputs: inputs, key: key.fold(1), dtype: dtype) : nil, stride: stride, padding: padding,
      outputPadding: outputPadding, dilation: dilation, groups: groups, file: file, line: line)
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    x.transposedConvolution(
      weight, bias: bias, stride: stride, padding: padding, outputPadding: outputPadding, dilation: dilation, groups: groups)
  }
}

private func requireKernel(_ layer: String, _ weight: Tensor, _ bias: Tensor?, outputs: Dimension, _ caller: Caller) {
  let fits = (3...5).contains(weight.rank) && (bias == nil || bias!.shape == Shape(dimensions: [outputs]))
  caller.require(
    fits, layer,
    "the weight must have two axes of channels and one to three of the kernel and the bias one number for each output, got \(weight.shape) and \(bias?.shape.description ?? "none")"
  )
  requireFloating(layer, ["weight": weight, "bias": bias], caller)
}

private func requireGroups(_ layer: String, _ groups: Int, _ channels: Int, _ outputs: Int, _ caller: Caller) {
  caller.require(
    groups > 0 && channels % groups == 0 && outputs % groups == 0, layer,
    "\(channels) channels and \(outputs) outputs do not divide into \(groups) groups")
}
