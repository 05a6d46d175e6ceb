@_spi(Backend) import Wengert

/// Adafactor (Shazeer & Stern 2018, algorithms 4 and 5), as `torch.optim.Adafactor`: of g² of a matrix only the running means of rows r and columns c are kept, v = r c / mean(r), so
/// that the state is nothing beside the parameters. With β = 1 − t^κ, u = g / √v, divided by max(1, RMS(u) / d), and θ ← (1 − ηλ)θ − min(η, 1/√t) max(ε₂, RMS(θ)) u.
///
/// Of a tensor of more axes the last two are a matrix; vectors keep all of v.
public struct Adafactor: Optimizer {
  /// The exponent κ, below 0: how soon the means forget.
  public var decay: Double
  /// The least mean of a row ε₁; 0 is the type's machine epsilon.
  public var epsilon1: Double
  /// The least scale of a parameter ε₂.
  public var epsilon2: Double
  /// The largest root mean square d of an update.
  public var clipping: Double
  public var weightDecay: Double
  public var groups: [ParameterGroup]
  public var state: OptimizerState

  /// An optimizer that has made no step.
  public init(
    decay: Double = -0.8, epsilon1: Double = 0, epsilon2: Double = 1e-3, clipping: Double = 1, weightDecay: Double = 0,
    groups: [ParameterGroup] = []
  ) {
    self.decay = decay
    self.epsilon1 = epsilon1
    self.epsilon2 = epsilon2
    self.clipping = clipping
    self.weightDecay = weightDecay
    self.groups = groups
    state = OptimizerState(bufferNames: ["rows", "columns"]) { _, shape in
      guard shape.count > 1 else { return [shape, []] }
      let lead = Array(shape.dimensions.dropLast(2)), one: Dimension = 1
      return [Shape(dimensions: lead + [shape[dim: shape.count - 2], one]), Shape(dimensions: lead + [one, shape[dim: shape.count - 1]])]
    }
  }

  public func read(into contents: inout TreeContents) {
    contents.add(state)
    contents.add(setting: decay)
    contents.add(setting: epsilon1)
    contents.add(setting: epsilon2)
    contents.add(setting: clipping)
    contents.add(setting: weightDecay)
    contents.add(groups: groups)
  }

  public func updated(
    _ parameter: Tensor, _ buffers: [Tensor], gradient: Tensor, scalars: [Tensor], weightDecay: Double
  ) -> (parameter: Tensor, buffers: [Tensor]) {
    let share = scalars[1], rest = 1 - share, squares = square(gradient)
    let least = epsilon1 > 0 ? epsilon1 : parameter.dtype == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
    func rootMeanSquare(_ x: Tensor) -> Tensor { sqrt(square(x).mean()) }
    let new: [Tensor], variance: Tensor
    if parameter.rank > 1 {
      let rows = buffers[0] * rest + squares.mean(axis: -1, keepDims: true) * share
      let columns = buffers[1] * rest + squares.mean(axis: -2, keepDims: true) * share
      new = [rows, columns]
      variance = rows * columns / maximum(rows.mean(axis: -2, keepDims: true), .full(least, [], dtype: rows.dtype, beside: rows))
    } else {
      variance = buffers[0] * rest + squares * share
      new = [variance, buffers[1]]
    }
    let direction = gradient / sqrt(maximum(variance, .full(least * least, [], dtype: variance.dtype, beside: variance)))
    func number(_ value: Double) -> Tensor { .full(value, [], dtype: parameter.dtype, beside: parameter) }
    let scale = maximum(rootMeanSquare(parameter), number(epsilon2)) / maximum(rootMeanSquare(direction) / clipping, number(1))
    return (parameter * scalars[2] - direction * (scale * scalars[0]), new)
  }

  public func scalars(step: Tensor, learningRate: Tensor, weightDecay: Double) -> [Tensor] {
    [minimum(learningRate, 1 / sqrt(step)), pow(step, decay), 1 - learningRate * weightDecay]
  }
}
