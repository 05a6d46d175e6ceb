@_spi(Backend) import Wengert

/// (x − μ)/√(σ² + ε) · weight + bias, where mean and variance are those of a group of channels of one example of x [N, channels, …] (Wu & He 2018).
public struct GroupNorm: Layer, ParameterTree {
  /// The gain, [channels].
  public var weight: Tensor
  /// The offset, [channels].
  public var bias: Tensor
  /// The number of groups, which divides the channels.
  public var groups: Int
  /// The number ε that is added to the variance.
  public var epsilon: Double

  public static let fields: [Field<Self>] = [.init("weight", \.weight), .init("bias", \.bias)]

  public func read(into contents: inout TreeContents) {
    contents.add(weight)
    contents.add(bias)
    contents.add(setting: groups)
    contents.add(setting: epsilon)
  }

  /// A new layer: gain 1, bias 0.
  ///
  /// - Precondition: `groups` is above zero and divides the channels.
  public init(
    groups: Int, _ channels: Int, epsilon: Double = 1e-5, dtype: DType = .float32, device: Device = .current, file: StaticString = #fileID,
    line: UInt = #line
  ) {
    Caller(file, line).require(
      groups > 0 && channels % groups == 0, "GroupNorm", "the \(channels) channels do not divide into \(groups) groups")
    weight = Tensor.ones([channels], dtype: dtype, device: device).materialized
    bias = Tensor.zeros([channels], dtype: dtype, device: device).materialized
    self.groups = groups
    self.epsilon = epsilon
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    requireChannels("GroupNorm", x, weight)
    let normal = x.normalizedInGroups(Dimension(groups), epsilon)
    return (normal * weight.perChannel(of: x) + bias.perChannel(of: x)).cast(to: x.dtype)
  }
}

/// (x − μ)/√(σ² + ε), where mean and variance are those of one channel of one example of x [N, channels, …] (Ulyanov et al. 2016), times a weight and plus a bias if there are such. As
/// PyTorch's `InstanceNorm1d` to `3d` without running statistics.
public struct InstanceNorm: Layer, ParameterTree {
  /// The gain, [channels]; nil multiplies by nothing.
  public var weight: Tensor?
  /// The offset, [channels]; nil adds nothing.
  public var bias: Tensor?
  /// The number ε that is added to the variance.
  public var epsilon: Double

  public static let fields: [Field<Self>] = [.init("weight", \.weight), .init("bias", \.bias)]

  public func read(into contents: inout TreeContents) {
    contents.add(weight)
    contents.add(bias)
    contents.add(setting: epsilon)
  }

  /// A new layer, without parameters or with gain 1 and bias 0.
  public init(_ channels: Int, affine: Bool = false, epsilon: Double = 1e-5, dtype: DType = .float32, device: Device = .current) {
    weight = affine ? Tensor.ones([channels], dtype: dtype, device: device).materialized : nil
    bias = affine ? Tensor.zeros([channels], dtype: dtype, device: device).materialized : nil
    self.epsilon = epsilon
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    requireChannels("InstanceNorm", x, weight)
    var y = x.normalizedInGroups(x.shape[dim: 1], epsilon)
    if let weight { y = y * weight.perChannel(of: x) }
    if let bias { y = y + bias.perChannel(of: x) }
    return y.cast(to: x.dtype)
  }
}

/// x/√(mean(x²) + ε) · weight over the last axis (Zhang & Sennrich 2019).
///
/// ```swift
/// let y = RMSNorm(2)(Tensor([[3.0, 4]]))  // about [[0.849, 1.131]]
/// ```
public struct RMSNorm: Layer, ParameterTree {
  /// The gain, [width].
  public var weight: Tensor
  /// The number ε that is added to the mean of squares.
  public var epsilon: Double

  public static let fields: [Field<Self>] = [.init("weight", \.weight)]

  public func read(into contents: inout TreeContents) {
    contents.add(weight)
    contents.add(setting: epsilon)
  }

  /// A layer with this gain. PyTorch's ε is the dtype's spacing at one if none is named.
  ///
  /// - Precondition: It is floating.
  public init(weight: Tensor, epsilon: Double = 1e-6, file: StaticString = #fileID, line: UInt = #line) {
    requireFloating("RMSNorm", ["weight": weight], Caller(file, line))
    self.weight = weight
    self.epsilon = epsilon
  }

  /// A new layer: gain 1.
  public init(_ width: Int, epsilon: Double = 1e-6, dtype: DType = .float32, device: Device = .current) {
    self.init(weight: .ones([width], dtype: dtype, device: device).materialized, epsilon: epsilon)
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    let wide = x.cast(to: x.dtype.computeType)
    return (wide * rsqrt(square(wide).mean(axes: [-1], keepDims: true) + epsilon) * weight).cast(to: x.dtype)
  }
}

/// Ends the program for what is not [N, channels, …] with a layer's channels.
func requireChannels(_ layer: String, _ x: Tensor, _ weight: Tensor?, file: StaticString = #fileID, line: UInt = #line) {
  let caller = Caller(file, line)
  caller.require(x.rank >= 2 && x.dtype.isFloating, layer, "needs floating examples [N, channels, …], got \(x.type)")
  if let weight {
    caller.require(
      x.shape[dim: 1], sameAs: weight.shape[dim: 0], layer, "\(x.shape) has \(x.shape[dim: 1]) channels, the layer \(weight.shape[dim: 0])")
  }
}

extension Tensor {
  /// A parameter [channels] beside examples [N, channels, …].
  func perChannel(of x: Tensor) -> Tensor { reshape(shape + Shape(repeating: 1, count: x.rank - 2)) }

  /// (x − μ)/√(σ² + ε) over each of so many groups of channels of each example [N, channels, …], in the type in which kernels compute.
  fileprivate func normalizedInGroups(_ groups: Dimension, _ epsilon: Double) -> Tensor {
    let rest = shape.dropFirst().elements
    let rows = cast(to: dtype.computeType).reshape(Shape(dimensions: [shape[dim: 0], groups, rest.divided(by: groups)]))
    let centered = rows - rows.mean(axes: [-1], keepDims: true)
    return (centered * rsqrt(square(centered).mean(axes: [-1], keepDims: true) + epsilon)).reshape(shape)
  }
}
