import Foundation
@_spi(Backend) import Wengert

/// L-BFGS with a line search (Nocedal & Wright 2006, algorithms 7.4, 3.5 and 3.6): minimizes a smooth function without noise, as `torch.optim.LBFGS` with `strong_wolfe` and `jax.scipy.optimize` do.
///
/// ```swift
/// let found = LBFGS().minimize(Tensor([-1.0, 2.0], dtype: .float64)) { x in
///   let (a, b) = (x[0], x[1])
///   return square(1 - a) + 100 * square(b - a * a)
/// }
/// // found.model is [1, 1]
/// ```
public struct LBFGS: Sendable {
  /// How many of the last steps the inverse Hessian is built of.
  public var historySize: Int
  /// The most steps.
  public var maximumSteps: Int
  /// The largest element of a gradient at which the search has converged.
  public var gradientTolerance: Double
  /// The relative change of the value and of the largest parameter at which the search has converged.
  public var changeTolerance: Double

  /// A search that ends by these tolerances, or after `maximumSteps`.
  public init(historySize: Int = 10, maximumSteps: Int = 100, gradientTolerance: Double = 1e-7, changeTolerance: Double = 1e-9) {
    self.historySize = historySize
    self.maximumSteps = maximumSteps
    self.gradientTolerance = gradientTolerance
    self.changeTolerance = changeTolerance
  }

  /// What a search has found.
  public struct Result<Model> {
    /// Where the search ended.
    public let model: Model
    /// The function's value there.
    public let value: Double
    /// The largest element of its gradient.
    public let gradient: Double
    /// How many steps were made.
    public let steps: Int
    /// How often the function and its gradient were computed.
    public let evaluations: Int
    /// Whether a tolerance was reached; otherwise the steps were used up, or no lower value was found along a step.
    public let hasConverged: Bool
  }

  /// A function's value, its gradient, and the gradient along a direction, at a place along it.
  private struct Point {
    var length: Double, value: Double, slope: Double
    var gradient: Tensor
  }

  /// The least value of a scalar function near `model`; the function is compiled.
  ///
  /// - Precondition: The model has a floating parameter, all of one dtype.
  public func minimize<Model: TensorTree>(
    _ model: Model, file: StaticString = #fileID, line: UInt = #line, _ function: @escaping (Model) -> Tensor
  ) -> Result<Model> where Model.Itself == Model {
    let caller = Caller(file, line)
    requireParameters("minimize", model, caller)
    let types = Set(model.tensors.map(\.dtype).filter(\.isFloating))
    caller.require(
      types.count == 1, "minimize", "the parameters must be of one floating dtype, they are of \(types.map { "\($0)" }.sorted())")
    let compiled = compile { (model: Model) in valueAndGradient(at: model, function) }
    var evaluations = 0
    func evaluate(_ x: Tensor) -> (Double, Tensor) {
      evaluations += 1
      let found = compiled(Self.model(model, x))
      return (found.first.item(), Self.flat(found.second))
    }
    var x = Self.flat(model)
    var (value, gradient) = evaluate(x)
    var history: [(step: Tensor, change: Tensor, share: Double)] = []
    var steps = 0, hasConverged = Self.largest(gradient) <= gradientTolerance
    while !hasConverged && steps < maximumSteps && value.isFinite {
      let direction = -Self.product(history, gradient), slope = Self.dot(gradient, direction)
      if !(slope < 0) {
        if history.isEmpty { break }
        history = []
        continue
      }
      let start = Point(length: 0, value: value, slope: slope, gradient: gradient)
      let first = history.isEmpty ? min(1, 1 / (gradient.norm(1).item() as Double)) : 1
      func at(_ length: Double) -> Point {
        let (value, gradient) = evaluate(x + direction * length)
        return Point(length: length, value: value, slope: Self.dot(gradient, direction), gradient: gradient)
      }
      guard let end = Self.search(start, first, at) else {
        if history.isEmpty { break }
        history = []
        continue
      }
      let step = direction * end.length, change = end.gradient - gradient
      let curvature = Self.dot(change, step)
      if curvature > 1e-10 * Self.dot(change, change) {
        history.append((step, change, 1 / curvature))
        if history.count > historySize { history.removeFirst() }
      }
      x = x + step
      steps += 1
      hasConverged =
        Self.largest(end.gradient) <= gradientTolerance || abs(end.value - value) <= changeTolerance * abs(value)
        || Self.largest(step) <= changeTolerance * Self.largest(x)
      (value, gradient) = (end.value, end.gradient)
    }
    return Result(
      model: Self.model(model, x), value: value, gradient: Self.largest(gradient), steps: steps, evaluations: evaluations,
      hasConverged: hasConverged)
  }

  /// The inverse Hessian, built of the last steps, times a gradient: algorithm 7.4.
  private static func product(_ history: [(step: Tensor, change: Tensor, share: Double)], _ gradient: Tensor) -> Tensor {
    var q = gradient, shares: [Double] = []
    for entry in history.reversed() {
      let share = entry.share * dot(entry.step, q)
      shares.append(share)
      q = q - entry.change * share
    }
    if let last = history.last { q = q * (1 / (last.share * dot(last.change, last.change))) }
    for entry in history {
      q = q + entry.step * (shares.removeLast() - entry.share * dot(entry.change, q))
    }
    return q
  }

  /// A place where the value has fallen enough and the slope is much flatter (the strong Wolfe conditions): algorithms 3.5 and 3.6. Nil if there is none to be found.
  private static func search(_ start: Point, _ first: Double, _ at: (Double) -> Point) -> Point? {
    func falls(_ point: Point) -> Bool { point.value <= start.value + 1e-4 * point.length * start.slope }
    func isFlat(_ point: Point) -> Bool { abs(point.slope) <= -0.9 * start.slope }
    var last = start, point = at(first)
    for _ in 0..<25 {
      if !falls(point) || (last.length > 0 && point.value >= last.value) { return zoom(last, point) }
      if isFlat(point) { return point }
      if point.slope >= 0 { return zoom(point, last) }
      (last, point) = (point, at(point.length * 2))
    }
    return falls(point) ? point : nil

    func zoom(_ low: Point, _ high: Point) -> Point? {
      var (low, high) = (low, high)
      for _ in 0..<25 {
        let width = high.length - low.length
        // The least of the cubic through both, unless that is outside or too near to an end.
        let bend = low.slope + high.slope - 3 * (high.value - low.value) / width
        let root = bend * bend - low.slope * high.slope
        var share =
          root >= 0
          ? 1 - (high.slope + (width > 0 ? 1 : -1) * root.squareRoot() - bend)
            / (high.slope - low.slope + (width > 0 ? 2 : -2) * root.squareRoot()) : 0.5
        if !(share >= 0.1 && share <= 0.9) { share = 0.5 }
        let point = at(low.length + share * width)
        if !falls(point) || point.value >= low.value {
          high = point
        } else {
          if isFlat(point) { return point }
          if point.slope * width >= 0 { high = low }
          low = point
        }
        if abs(high.length - low.length) <= 1e-12 * max(1, abs(low.length)) { break }
      }
      return low.length > 0 && falls(low) ? low : nil
    }
  }

  private static func dot(_ a: Tensor, _ b: Tensor) -> Double { (a.cast(to: .float64) * b.cast(to: .float64)).sum().item() }
  private static func largest(_ x: Tensor) -> Double { abs(x).max().item() }

  /// The floating parameters as one vector.
  private static func flat(_ tree: some TensorTree) -> Tensor { concatenate(tree.tensors.filter(\.dtype.isFloating).map { $0.flatten() }) }

  /// A model with the parameters of a vector.
  private static func model<Model: TensorTree>(_ model: Model, _ x: Tensor) -> Model {
    var start = 0
    return model.map { _, tensor in
      guard tensor.dtype.isFloating else { return tensor }
      defer { start += tensor.count }
      return x[start..<start + tensor.count].reshape(tensor.shape)
    }
  }
}
