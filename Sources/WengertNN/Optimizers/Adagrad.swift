@_spi(Backend) import Wengert

/// Adagrad (Duchi et al. 2011), as `torch.optim.Adagrad`: s ← s + g² and θ ← θ − η g / (√s + ε), with g + λθ as the gradient and η / (1 + (t − 1)κ) as the rate of
/// step t. What is seldom moved keeps a large rate.
public struct Adagrad: Optimizer {
  /// The number ε that is added to the root.
  public var epsilon: Double
  /// The decay κ of the rate.
  public var rateDecay: Double
  public var weightDecay: Double
  public var groups: [ParameterGroup]
  public var state: OptimizerState

  /// An optimizer that has made no step.
  public init(epsilon: Double = 1e-10, rateDecay: Double = 0, weightDecay: Double = 0, groups: [ParameterGroup] = []) {
    self.epsilon = epsilon
    self.rateDecay = rateDecay
    self.weightDecay = weightDecay
    self.groups = groups
    state = OptimizerState(bufferNames: ["sum"])
  }

  public func read(into contents: inout TreeContents) {
    contents.add(state)
    contents.add(setting: epsilon)
    contents.add(setting: rateDecay)
    contents.add(setting: weightDecay)
    contents.add(groups: groups)
  }

  public func updated(
    _ parameter: Tensor, _ buffers: [Tensor], gradient: Tensor, scalars: [Tensor], weightDecay: Double
  ) -> (parameter: Tensor, buffers: [Tensor]) {
    fused(parameter, buffers, gradient, scalars, weightDecay)
  }

  @_spi(Backend) public func rule(
    _ parameter: RowValue, _ buffers: [RowValue], _ gradient: RowValue, _ scalars: [RowValue], weightDecay: Double
  ) -> (parameter: RowValue, buffers: [RowValue]) {
    let gradient = weightDecay == 0 ? gradient : gradient + parameter * weightDecay
    let sum = buffers[0] + gradient * gradient
    return (parameter - gradient / (sum(.sqrt) + epsilon) * scalars[0], [sum])
  }

  public func scalars(step: Tensor, learningRate: Tensor, weightDecay: Double) -> [Tensor] {
    [learningRate / (1 + (step - 1) * rateDecay)]
  }
}

@_spi(Backend) extension Adagrad: FusedOptimizer {}
