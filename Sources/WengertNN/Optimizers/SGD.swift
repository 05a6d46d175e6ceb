@_spi(Backend) import Wengert

/// Gradient descent, as `torch.optim.SGD`: with g + λθ as the gradient and momentum μ, v ← μv + g and θ ← θ − ηv, or with Nesterov's momentum
/// θ ← θ − η(g + μv) (Sutskever et al. 2013).
public struct SGD: Optimizer {
  /// The momentum μ; 0 keeps no velocities.
  public let momentum: Double
  /// Whether the momentum is Nesterov's.
  public var nesterov: Bool
  public var weightDecay: Double
  public var groups: [ParameterGroup]
  public var state: OptimizerState

  /// An optimizer that has made no step.
  ///
  /// - Precondition: `nesterov` needs a momentum above 0.
  public init(
    momentum: Double = 0, nesterov: Bool = false, weightDecay: Double = 0, groups: [ParameterGroup] = [], file: StaticString = #fileID,
    line: UInt = #line
  ) {
    Caller(file, line).require(!nesterov || momentum > 0, "SGD", "Nesterov's momentum needs a momentum above 0, it is \(momentum)")
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    self.groups = groups
    state = OptimizerState(bufferNames: momentum == 0 ? [] : ["momentum"])
  }

  public func read(into contents: inout TreeContents) {
    contents.add(state)
    contents.add(setting: momentum)
    contents.add(setting: nesterov)
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
    let velocities = buffers.map { $0 * momentum + gradient }
    let direction = velocities.first.map { nesterov ? gradient + $0 * momentum : $0 } ?? gradient
    return (parameter - direction * scalars[0], velocities)
  }

  public func scalars(step: Tensor, learningRate: Tensor, weightDecay: Double) -> [Tensor] { [learningRate] }
}

@_spi(Backend) extension SGD: FusedOptimizer {}
