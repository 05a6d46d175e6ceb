@_spi(Backend) import Wengert

/// Lion (Chen et al. 2023, algorithm 2): θ ← θ − η (sign(β₁m + (1 − β₁)g) + λθ), then m ← β₂m + (1 − β₂)g. One buffer, and every element moves by η: rates are 3 to 10 times
/// smaller than AdamW's, decays as many times larger.
public struct Lion: Optimizer {
  /// The share β₁ of the momentum in the direction.
  public var beta1: Double
  /// The decay β₂ of the momentum.
  public var beta2: Double
  public var weightDecay: Double
  public var groups: [ParameterGroup]
  public var state: OptimizerState

  /// An optimizer that has made no step.
  public init(beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0, groups: [ParameterGroup] = []) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
    self.groups = groups
    state = OptimizerState(bufferNames: ["momentum"])
  }

  public func read(into contents: inout TreeContents) {
    contents.add(state)
    contents.add(setting: beta1)
    contents.add(setting: beta2)
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
    let direction = (buffers[0] * beta1 + gradient * (1 - beta1))(.sign)
    return (parameter * scalars[1] - direction * scalars[0], [buffers[0] * beta2 + gradient * (1 - beta2)])
  }

  public func scalars(step: Tensor, learningRate: Tensor, weightDecay: Double) -> [Tensor] {
    [learningRate, 1 - learningRate * weightDecay]
  }
}

@_spi(Backend) extension Lion: FusedOptimizer {}
