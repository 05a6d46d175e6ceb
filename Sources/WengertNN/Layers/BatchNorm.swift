@_spi(Backend) import Wengert

/// (x − μ)/√(σ² + ε) · weight + bias for each channel of x [N, channels, …] (Ioffe & Szegedy 2015): in training with the mean and variance of the batch, in evaluation with running ones.
///
/// The running statistics change by `updated` alone, which gives a layer with new ones. They are in the tree, and in files, beside the parameters; their gradient is zero, so that of an
/// optimizer only weight decay moves them, which `ParameterGroup.noDecayOnBiasesAndNorms` keeps off a part with "norm" in its name. PyTorch's files have a `num_batches_tracked` more.
///
/// ```swift
/// var norm = BatchNorm(2)
/// let x = Tensor([[1, 4], [3, 4]])
/// let y = norm(x, .training(RandomKey(1)))  // about [[-1, 0], [1, 0]]
/// norm = norm.updated(by: x)  // the running mean is [0.2, 0.4]
/// ```
public struct BatchNorm: Layer, ParameterTree {
  /// The gain, [channels].
  public var weight: Tensor
  /// The offset, [channels].
  public var bias: Tensor
  /// The mean of what was seen in training, [channels].
  public var runningMean: Tensor
  /// The variance of what was seen in training, [channels].
  public var runningVariance: Tensor
  /// The share of a batch in the running statistics.
  public var momentum: Double
  /// The number ε that is added to the variance.
  public var epsilon: Double

  public static let fields: [Field<Self>] = [
    .init("weight", \.weight), .init("bias", \.bias), .init("running_mean", \.runningMean), .init("running_var", \.runningVariance),
  ]

  public func read(into contents: inout TreeContents) {
    contents.add(weight)
    contents.add(bias)
    contents.add(runningMean)
    contents.add(runningVariance)
    contents.add(setting: momentum)
    contents.add(setting: epsilon)
  }

  /// A new layer: gain 1, bias 0, running mean 0 and variance 1.
  public init(_ channels: Int, momentum: Double = 0.1, epsilon: Double = 1e-5, dtype: DType = .float32, device: Device = .current) {
    func filled(_ value: Double) -> Tensor { .full(value, [channels], dtype: dtype, device: device).materialized }
    (weight, bias, runningMean, runningVariance) = (filled(1), filled(0), filled(0), filled(1))
    self.momentum = momentum
    self.epsilon = epsilon
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    requireChannels("BatchNorm", x, weight)
    let wide = x.cast(to: x.dtype.computeType)
    let statistics: (mean: Tensor, variance: Tensor)
    if mode.dropoutKey != nil {
      statistics = Self.statistics(wide)
    } else {
      statistics = (stopGradient(runningMean).perChannel(of: x), stopGradient(runningVariance).perChannel(of: x))
    }
    let normal = (wide - statistics.mean) * rsqrt(statistics.variance + epsilon)
    return (normal * weight.perChannel(of: x) + bias.perChannel(of: x)).cast(to: x.dtype)
  }

  /// The layer after a batch of training: running statistics with the batch's in them, (1 − momentum) · old + momentum · new, where the variance is the unbiased one, as in PyTorch.
  ///
  /// - Precondition: x is [N, channels, …] with more than one number for each channel.
  public func updated(by x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> BatchNorm {
    requireChannels("BatchNorm", x, weight)
    let x = stopGradient(x), wide = x.cast(to: x.dtype.computeType)
    let (mean, variance) = Self.statistics(wide)
    let numbers = x.shape.elements.divided(by: x.shape[dim: 1])
    if let count = numbers.number {
      Caller(file, line).require(count > 1, "BatchNorm", "\(x.shape) has one number for each channel, which have no variance")
    }
    let all = Tensor.extent(numbers, dtype: mean.dtype, beside: mean, Caller(file, line)), unbiased = variance * (all / (all - 1))
    func mixed(_ old: Tensor, _ new: Tensor) -> Tensor {
      (old * (1 - momentum) + new.reshape(old.shape) * momentum).cast(to: old.dtype)
    }
    var result = self
    result.runningMean = mixed(stopGradient(runningMean), mean)
    result.runningVariance = mixed(stopGradient(runningVariance), unbiased)
    return result
  }

  /// Mean and biased variance of each channel, [1, channels, 1 …].
  private static func statistics(_ x: Tensor) -> (mean: Tensor, variance: Tensor) {
    let axes = [0] + (2..<x.rank), mean = x.mean(axes: axes, keepDims: true)
    return (mean, square(x - mean).mean(axes: axes, keepDims: true))
  }
}
