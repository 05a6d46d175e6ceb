@_spi(Backend) import Wengert

/// Adam with decoupled weight decay (Loshchilov & Hutter 2019), as `torch.optim.AdamW`:
/// θ ← (1 − ηλ)θ − η m̂ / (√v̂ + ε), with the running means m of g and v of g², divided by 1 − βᵗ.
public struct AdamW: Optimizer {
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
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01, groups: [ParameterGroup] = []
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.groups = groups
  }

  /// An optimizer whose moments, those of a model, are there from the start, as a compiled update wants them.
  public init(for model: some TensorTree, weightDecay: Double = 0.01, groups: [ParameterGroup] = []) {
    self.init(weightDecay: weightDecay, groups: groups)
    state.prepare(for: model)
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
    let moments = AdamMoments(buffers, gradient, beta1, beta2)
    return (parameter * scalars[2] - moments.step(scalars, epsilon), moments.buffers)
  }

  public func scalars(step: Tensor, learningRate: Tensor, weightDecay: Double) -> [Tensor] {
    AdamMoments.scalars(step, learningRate, beta1, beta2) + [1 - learningRate * weightDecay]
  }
}

/// The moments that Adam and AdamW share.
struct AdamMoments {
  let first: RowValue
  let second: RowValue

  init(_ buffers: [RowValue], _ gradient: RowValue, _ beta1: Double, _ beta2: Double) {
    first = buffers[0] + (gradient - buffers[0]) * (1 - beta1)
    second = buffers[1] * beta2 + gradient * gradient * (1 - beta2)
  }

  var buffers: [RowValue] { [first, second] }

  /// η m̂ / (√v̂ + ε)
  func step(_ scalars: [RowValue], _ epsilon: Double) -> RowValue {
    scalars[0] * first / (second(.sqrt) * scalars[1] + epsilon)
  }

  /// η/(1 − β₁ᵗ) and 1/√(1 − β₂ᵗ)
  static func scalars(_ step: Tensor, _ learningRate: Tensor, _ beta1: Double, _ beta2: Double) -> [Tensor] {
    func rest(_ beta: Double) -> Tensor { 1 - pow(.full(beta, [], dtype: .float64, beside: step), step) }
    return [learningRate / rest(beta1), 1 / sqrt(rest(beta2))]
  }
}

@_spi(Backend) extension AdamW: FusedOptimizer {}
