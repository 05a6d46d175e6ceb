@_spi(Backend) import Wengert

/// Muon (Jordan et al. 2024): the momentum of a matrix, v ← μv + (1 − μ)g, or Nesterov's (1 − μ)g + μv, made orthogonal by five steps of a Newton–Schulz iteration, about U Vᵀ of its
/// singular value decomposition U S Vᵀ; θ ← (1 − ηλ)θ − η 0.2 √max(rows, columns) U Vᵀ, a step as large as AdamW's (Liu et al. 2025). As `torch.optim.Muon` with
/// `match_rms_adamw`, but not rounded to bfloat16.
///
/// It is for the matrices inside of a model. Tensors of other ranks, and those that `others` names, embeddings and the last layer as a rule, go by `AdamW` with the same rate and decay.
public struct Muon: Optimizer {
  /// The momentum μ.
  public var momentum: Double
  /// Whether the momentum is Nesterov's.
  public var nesterov: Bool
  /// The moments' decays and ε of what goes by AdamW.
  public var adam: AdamW
  public var weightDecay: Double
  public var groups: [ParameterGroup]
  public var state: OptimizerState

  /// An optimizer that has made no step.
  ///
  /// - Parameters:
  ///   - momentum: of the matrices' gradients.
  ///   - nesterov: whether a step looks ahead by the momentum.
  ///   - adam: what all other parameters go by.
  ///   - others: patterns of names (`ParameterGroup`) of matrices that go by AdamW.
  ///   - weightDecay: of the matrices, times the learning rate.
  ///   - groups: settings of parameters by their names.
  public init(
    momentum: Double = 0.95, nesterov: Bool = true, adam: AdamW = AdamW(), others: [String] = [], weightDecay: Double = 0.1,
    groups: [ParameterGroup] = []
  ) {
    self.momentum = momentum
    self.nesterov = nesterov
    self.adam = adam
    self.weightDecay = weightDecay
    self.groups = groups
    let patterns = others.map(NamePattern.init)
    // Without a second moment, a parameter is a matrix that Muon moves.
    state = OptimizerState(bufferNames: ["firstMoment", "secondMoment"]) { name, shape in
      let isOther = shape.count != 2 || patterns.contains { $0.matches(name) }
      return isOther ? [shape, shape] : [shape, []]
    }
  }

  public func read(into contents: inout TreeContents) {
    contents.add(state)
    contents.add(setting: momentum)
    contents.add(setting: nesterov)
    contents.add(setting: [adam.beta1, adam.beta2, adam.epsilon])
    contents.add(setting: weightDecay)
    contents.add(groups: groups)
  }

  public func updated(
    _ parameter: Tensor, _ buffers: [Tensor], gradient: Tensor, scalars: [Tensor], weightDecay: Double
  ) -> (parameter: Tensor, buffers: [Tensor]) {
    guard buffers[1].rank == 0 && parameter.rank == 2 else {
      return adam.updated(parameter, buffers, gradient: gradient, scalars: Array(scalars[1...]), weightDecay: weightDecay)
    }
    let velocity = buffers[0] * momentum + gradient * (1 - momentum)
    let direction = Self.orthogonal(nesterov ? gradient * (1 - momentum) + velocity * momentum : velocity)
    let size = Double(max(parameter.shape[0], parameter.shape[1])).squareRoot() * 0.2
    return (parameter * scalars[3] - direction * (scalars[0] * size), [velocity, buffers[1]])
  }

  /// Five steps of X ← aX + (bA + cA²)X, A = X Xᵀ, of X divided by its norm; coefficients of Jordan et al.
  private static func orthogonal(_ matrix: Tensor) -> Tensor {
    let isTall = matrix.shape[0] > matrix.shape[1]
    var x = isTall ? matrix.transpose() : matrix
    x = x / (x.norm() + 1e-7)
    for _ in 0..<5 {
      let a = x.matmul(x.transpose())
      x = x * 3.4445 + (a * -4.775 + a.matmul(a) * 2.0315).matmul(x)
    }
    return isTall ? x.transpose() : x
  }

  public func scalars(step: Tensor, learningRate: Tensor, weightDecay: Double) -> [Tensor] {
    [learningRate] + adam.scalars(step: step, learningRate: learningRate, weightDecay: weightDecay)
  }
}
