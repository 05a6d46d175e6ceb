/// (prediction − target)²; shapes must agree.
///
/// ```swift
/// let loss = meanSquaredError(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))  // 2
/// ```
///
/// - Precondition: The shapes are equal, here and for all losses of two tensors of numbers.
public func meanSquaredError(
  _ prediction: Tensor, _ target: Tensor, reduction: LossReduction = .mean, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  reduction(square(difference("meanSquaredError", prediction, target, Caller(file, line))))
}

/// |prediction − target|, PyTorch's L1 loss. The gradient is zero where they are equal.
///
/// - Precondition: The shapes are equal.
public func meanAbsoluteError(
  _ prediction: Tensor, _ target: Tensor, reduction: LossReduction = .mean, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  reduction(abs(difference("meanAbsoluteError", prediction, target, Caller(file, line))))
}

/// d²/2 for differences up to δ, beyond δ(|d| − δ/2) (Huber 1964).
///
/// - Precondition: The shapes are equal, and `delta` is above zero.
public func huberLoss(
  _ prediction: Tensor, _ target: Tensor, delta: Double = 1, reduction: LossReduction = .mean, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line)
  caller.require(delta > 0, "huberLoss", "delta \(delta) is not above zero")
  let size = abs(difference("huberLoss", prediction, target, caller))
  // With m = min(|d|, δ) both are m(|d| − m/2), without the square of a large number.
  let near = clip(size, 0, delta)
  return reduction(near * (size - 0.5 * near))
}

/// The Huber loss divided by its bound: d²/2β for differences up to β, beyond |d| − β/2; for β = 0, |d|.
///
/// - Precondition: The shapes are equal, and `beta` is not negative.
public func smoothL1Loss(
  _ prediction: Tensor, _ target: Tensor, beta: Double = 1, reduction: LossReduction = .mean, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  Caller(file, line).require(beta >= 0, "smoothL1Loss", "beta \(beta) is negative")
  if beta == 0 { return meanAbsoluteError(prediction, target, reduction: reduction, file: file, line: line) }
  return huberLoss(prediction, target, delta: beta, reduction: reduction, file: file, line: line) / beta
}

private func difference(_ name: String, _ prediction: Tensor, _ target: Tensor, _ caller: Caller) -> Tensor {
  requireOneShape(name, prediction, target, caller)
  return Autocast.raised(prediction) - Autocast.raised(target)
}

/// t(ln t − x) for logarithms x of probabilities and target probabilities t, or their logarithms; 0 for t = 0. Divided by the number of rows, the sum is the divergence of Kullback & Leibler (1951)
/// of rows on average; the mean is that of all elements.
///
/// - Precondition: The shapes are equal.
public func klDivergence(
  _ logProbabilities: Tensor, _ target: Tensor, targetIsLog: Bool = false, reduction: LossReduction = .mean, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  requireOneShape("klDivergence", logProbabilities, target, Caller(file, line))
  let (x, t) = (Autocast.raised(logProbabilities), Autocast.raised(target))
  return reduction(targetIsLog ? exp(t) * (t - x) : xlogy(t, t) - t * x)
}

/// −ln of a Poisson distribution's probability of counts t, less ln t!: λ − t ln λ, where the prediction is ln λ, or λ itself (`isLog` false), of which the logarithm is taken of λ + ε.
///
/// - Parameters:
///   - prediction: ln λ, or λ.
///   - target: t, of the same shape.
///   - isLog: whether the prediction is ln λ.
///   - full: add Stirling's approximation of ln t! for t > 1.
///   - epsilon: ε of ln(λ + ε).
///   - reduction: mean, sum or none, over the elements.
///   - file: the caller's file, which messages name.
///   - line: the caller's line, likewise.
/// - Precondition: The shapes are equal.
public func poissonNLLLoss(
  _ prediction: Tensor, _ target: Tensor, isLog: Bool = true, full: Bool = false, epsilon: Double = 1e-8, reduction: LossReduction = .mean,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  requireOneShape("poissonNLLLoss", prediction, target, Caller(file, line))
  let (x, t) = (Autocast.raised(prediction), Autocast.raised(target))
  let loss = isLog ? exp(x) - t * x : x - t * log(x + epsilon)
  guard full else { return reduction(loss) }
  let isLarge = t .> 1, safe = select(isLarge, t, number(1, beside: t))
  let stirling = safe * log(safe) - safe + 0.5 * log(2 * Double.pi * safe)
  return reduction(loss + select(isLarge, stirling, number(0, beside: t)))
}

/// ½(ln v + (x − t)²/v), −ln of a normal distribution's density at t with the mean x and the variance v, which is at least ε.
///
/// - Parameters:
///   - prediction: x, of any shape.
///   - target: t, of the same shape.
///   - variance: of the shape of the prediction, or one that broadcasts to it.
///   - full: add ½ ln 2π.
///   - epsilon: ε, the least variance.
///   - reduction: mean, sum or none, over the elements.
///   - file: the caller's file, which messages name.
///   - line: the caller's line, likewise.
/// - Precondition: The shapes of prediction and target are equal, and that of `variance` broadcasts.
public func gaussianNLLLoss(
  _ prediction: Tensor, _ target: Tensor, variance: Tensor, full: Bool = false, epsilon: Double = 1e-6, reduction: LossReduction = .mean,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let d = difference("gaussianNLLLoss", prediction, target, Caller(file, line))
  let v = clip(Autocast.raised(variance), epsilon, .infinity).broadcast(to: d.shape, file: file, line: line)
  let loss = 0.5 * (log(v) + square(d) / v)
  return reduction(full ? loss + 0.918_938_533_204_672_8 : loss)
}
