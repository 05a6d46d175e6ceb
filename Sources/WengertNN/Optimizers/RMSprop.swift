@_spi(Backend) import Wengert

/// RMSprop (Tieleman & Hinton 2012), as `torch.optim.RMSprop`: v ← αv + (1 − α)g², u = g / (√v + ε), with g + λθ as the gradient; θ ← θ − ηu, or with a momentum μ
/// b ← μb + u and θ ← θ − ηb. Centered, v is reduced by the square of the running mean of g (Graves 2013).
public struct RMSprop: Optimizer {
  /// The decay α of the running means.
  public var alpha: Double
  /// The number ε that is added to the root.
  public var epsilon: Double
  /// The momentum μ; 0 keeps no velocities.
  public let momentum: Double
  /// Whether v is the variance instead of the second moment.
  public let isCentered: Bool
  public var weightDecay: Double
  public var groups: [ParameterGroup]
  public var state: OptimizerState

  /// An optimizer that has made no step.
  public init(
    alpha: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0, isCentered: Bool = false, weightDecay: Double = 0,
    groups: [ParameterGroup] = []
  ) {
    self.alpha = alpha
    self.epsilon = epsilon
    self.momentum = momentum
    self.isCentered = isCentered
    self.weightDecay = weightDecay
    self.groups = groups
    state = OptimizerState(bufferNames: ["square"] + (isCentered ? ["mean"] : []) + (momentum > 0 ? ["momentum"] : []))
  }

  public func read(into contents: inout TreeContents) {
    contents.add(state)
    contents.add(setting: alpha)
    contents.add(setting: epsilon)
    contents.add(setting: momentum)
    contents.add(setting: isCentered)
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
    var buffers = buffers
    buffers[0] = buffers[0] * alpha + gradient * gradient * (1 - alpha)
    var variance = buffers[0]
    if isCentered {
      buffers[1] = buffers[1] + (gradient - buffers[1]) * (1 - alpha)
      variance = variance - buffers[1] * buffers[1]
    }
    var step = gradient / (variance(.sqrt) + epsilon)
    if momentum > 0, let last = buffers.indices.last {
      step = buffers[last] * momentum + step
      buffers[last] = step
    }
    return (parameter - step * scalars[0], buffers)
  }

  public func scalars(step: Tensor, learningRate: Tensor, weightDecay: Double) -> [Tensor] { [learningRate] }
}

@_spi(Backend) extension RMSprop: FusedOptimizer {}
