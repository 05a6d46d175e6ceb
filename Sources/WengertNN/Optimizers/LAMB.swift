@_spi(Backend) import Wengert

/// LAMB (You et al. 2020, algorithm 2), for large batches: AdamW's direction u = m̂ / (√v̂ + ε) + λθ, and θ ← θ − η (‖θ‖ / ‖u‖) u for each tensor by itself; a tensor whose norm, or whose
/// direction's, is 0 moves by ηu.
public struct LAMB: Optimizer {
  /// The decay β₁ of the first moment.
  public var beta1: Double
  /// The decay β₂ of the second moment.
  public var beta2: Double
  /// The number ε that is added to the root of the second moment.
  public var epsilon: Double
  public var weightDecay: Double
  public var groups: [ParameterGroup]
  public var state: OptimizerState

  /// An optimizer that has made no step.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-6, weightDecay: Double = 0.01, groups: [ParameterGroup] = []
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.groups = groups
    state = OptimizerState(bufferNames: ["firstMoment", "secondMoment"])
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
    let first = buffers[0] * beta1 + gradient * (1 - beta1), second = buffers[1] * beta2 + square(gradient) * (1 - beta2)
    var direction = first * scalars[1] / (sqrt(second) * scalars[2] + epsilon)
    if weightDecay != 0 { direction = direction + parameter * weightDecay }
    let norms = (parameter.norm(), direction.norm())
    let trust = select((norms.0 .> 0) .& (norms.1 .> 0), norms.0 / norms.1, .full(1, [], dtype: parameter.dtype, beside: parameter))
    return (parameter - direction * (trust * scalars[0]), [first, second])
  }

  public func scalars(step: Tensor, learningRate: Tensor, weightDecay: Double) -> [Tensor] {
    func rest(_ beta: Double) -> Tensor { 1 - pow(.full(beta, [], dtype: .float64, beside: step), step) }
    return [learningRate, 1 / rest(beta1), 1 / sqrt(rest(beta2))]
  }
}
