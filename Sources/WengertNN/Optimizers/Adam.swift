@_spi(Backend) import Wengert

/// Adam (Kingma & Ba 2015), as `torch.optim.Adam`: weight decay is added to the gradient, g + λθ, before the moments.
public struct Adam: Optimizer {
  /// The decay β₁ of the first moment.
  public var beta1: Double
  /// The decay β₂ of the second moment.
  public var beta2: Double
  /// The number ε that is added to the root of the second moment.
  public var epsilon: Double
  public var weightDecay: Double
  public var groups: [ParameterGroup]
  public var state = OptimizerState(bufferNames: ["firstMoment", "secondMoment"])

  /// An optimizer that has made no step.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0, groups: [ParameterGroup] = []
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.groups = groups
  }

  public func read(into contents: inout TreeContents) {
    contents.add(state)
    contents.add(setting: beta1)
    contents.add(setting: beta2)
    contents.add(setting: epsilon)
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
    let moments = AdamMoments(buffers, weightDecay == 0 ? gradient : gradient + parameter * weightDecay, beta1, beta2)
    return (parameter - moments.step(scalars, epsilon), moments.buffers)
  }

  public func scalars(step: Tensor, learningRate: Tensor, weightDecay: Double) -> [Tensor] {
    AdamMoments.scalars(step, learningRate, beta1, beta2)
  }
}

@_spi(Backend) extension Adam: FusedOptimizer {}
