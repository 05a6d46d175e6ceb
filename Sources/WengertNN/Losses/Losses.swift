/// What becomes of the losses of rows or elements.
public enum LossReduction: Sendable, CaseIterable {
  /// Each stays.
  case none
  /// Their mean, by weight where they have weights, or their sum: a scalar.
  case mean, sum

  /// - Parameter count: by what a sum is divided for the mean, if not by the number of losses.
  func callAsFunction(_ losses: Tensor, count: Tensor? = nil) -> Tensor {
    switch self {
    case .none: losses
    case .mean: count.map { losses.sum() / $0 } ?? losses.mean()
    case .sum: losses.sum()
    }
  }
}

/// −log softmax(logits) at each row's class.
///
/// ```swift
/// let loss = crossEntropy(Tensor([[0, 0]]), Tensor([Int32(1)]))  // ln 2
/// ```
///
/// - Parameters:
///   - logits: [rows, classes]
///   - classes: [rows] whole numbers in 0..<classes; others are a `DataFault`.
///   - weights: [classes], by which the losses of rows are multiplied; their mean is then divided by the sum of the rows' weights.
///   - ignoreIndex: a class whose rows do not count: their losses are zero, and the mean is that of the others.
///   - labelSmoothing: ε, the part of each target that is spread evenly over all classes (Szegedy et al. 2016), each with its own weight.
///   - reduction: mean, sum or none, over the rows.
///   - file: the caller's file, which messages name.
///   - line: the caller's line, likewise.
/// - Precondition: `logits` is [rows, classes], `classes` [rows] of a whole dtype and `weights` [classes] for all values of symbols, and `labelSmoothing` in 0...1.
/// - Returns: a scalar, or [rows] for the reduction `none`.
public func crossEntropy(
  _ logits: Tensor, _ classes: Tensor, weights: Tensor? = nil, ignoreIndex: Int? = nil, labelSmoothing: Double = 0,
  reduction: LossReduction = .mean, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line)
  let rows = ClassRows("crossEntropy", logits, classes, weights, ignoreIndex, caller)
  caller.require(
    labelSmoothing >= 0 && labelSmoothing <= 1, "crossEntropy", "the label smoothing \(labelSmoothing) is not in 0...1")
  let logits = Autocast.raised(logits)
  let loss = rows.weighted(classLoss(logits, rows.classes, file: file, line: line).squeeze([1]))
  if labelSmoothing == 0 { return rows.reduced(loss, reduction) }
  let logarithms = logits.logSoftmax(file: file, line: line)
  let spread: Tensor
  if let weights {
    spread = rows.counted((logarithms * weights).sum(axis: 1) / logits.extent(1))
  } else {
    spread = rows.counted(logarithms.mean(axis: 1))
  }
  return rows.reduced((1 - labelSmoothing) * loss - labelSmoothing * spread, reduction)
}

/// −log p at each row's class, for logarithms of probabilities [rows, classes]; the rest as for `crossEntropy`, which takes logits.
///
/// - Precondition: As for `crossEntropy`.
/// - Returns: a scalar, or [rows] for the reduction `none`.
public func negativeLogLikelihood(
  _ logProbabilities: Tensor, _ classes: Tensor, weights: Tensor? = nil, ignoreIndex: Int? = nil, reduction: LossReduction = .mean,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line)
  let rows = ClassRows("negativeLogLikelihood", logProbabilities, classes, weights, ignoreIndex, caller)
  // Negative classes do not count from the end.
  let whole = rows.classes.cast(to: .int64)
  let places = select(whole .< 0, logProbabilities.extent(1, dtype: .int64), whole).expandDims(1)
  let chosen = Autocast.raised(logProbabilities).takeAlong(places, axis: 1, file: file, line: line).squeeze([1])
  return rows.reduced(rows.weighted(-chosen), reduction)
}

/// Rows of scores with a class each, of which some may not count.
private struct ClassRows {
  /// Those that do not count have class 0.
  let classes: Tensor
  /// The weight of each row's class; nil: one for all.
  private var rowWeights: Tensor?
  private var isCounted: Tensor?

  init(_ name: String, _ scores: Tensor, _ classes: Tensor, _ weights: Tensor?, _ ignoreIndex: Int?, _ caller: Caller) {
    let message = "needs [rows, classes] and [rows], got \(scores.shape) and \(classes.shape)"
    caller.require(scores.rank == 2 && classes.rank == 1, name, message)
    caller.expect(scores.shape[dim: 0], sameAs: classes.shape[dim: 0], name, message, of: [scores, classes])
    caller.expect(
      !classes.dtype.isFloating, name,
      "classes must be whole numbers, they are \(classes.dtype); cast them, as in classes.cast(to: .int64)",
      of: [scores, classes])
    if let ignoreIndex {
      let isCounted = classes .!= Double(ignoreIndex)
      self.isCounted = isCounted
      self.classes = select(isCounted, classes, number(0, beside: classes))
    } else {
      self.classes = classes
    }
    if let weights {
      let message = "needs a weight for each of \(scores.shape[dim: 1]) classes, got \(weights.shape)"
      caller.require(weights.rank == 1, name, message)
      caller.expect(weights.shape[dim: 0], sameAs: scores.shape[dim: 1], name, message, of: [weights, scores])
      rowWeights = counted(Autocast.raised(weights).gather(self.classes, file: caller.file, line: caller.line))
    } else if let isCounted {
      rowWeights = isCounted.cast(to: Autocast.raised(scores).dtype)
    }
  }

  /// Zero in rows that do not count.
  func counted(_ losses: Tensor) -> Tensor { isCounted.map { select($0, losses, number(0, beside: losses)) } ?? losses }

  func weighted(_ losses: Tensor) -> Tensor { rowWeights.map { counted(losses) * $0 } ?? losses }

  func reduced(_ losses: Tensor, _ reduction: LossReduction) -> Tensor { reduction(losses, count: rowWeights?.sum()) }
}

/// −t log σ(x) − (1 − t) log(1 − σ(x)), computed without overflow; shapes must agree, targets are in 0...1.
///
/// - Parameters:
///   - logits: x, of any shape.
///   - targets: t in 0...1, of the same shape.
///   - weight: what each element's loss is multiplied by; it broadcasts.
///   - positiveWeight: what the part of the targets t, the first term, is multiplied by; it broadcasts, as [classes] does.
///   - reduction: mean, sum or none, over the elements.
///   - file: the caller's file, which messages name.
///   - line: the caller's line, likewise.
/// - Precondition: The shapes are equal, and weights broadcast to them.
public func binaryCrossEntropyWithLogits(
  _ logits: Tensor, _ targets: Tensor, weight: Tensor? = nil, positiveWeight: Tensor? = nil, reduction: LossReduction = .mean,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line)
  requireOneShape("binaryCrossEntropyWithLogits", logits, targets, caller)
  let (logits, targets) = (Autocast.raised(logits), Autocast.raised(targets))
  let positive = softplus(-logits) * targets
  let scaled = positiveWeight.map { positive * $0 } ?? positive
  return reduction(weighted(scaled + softplus(logits) * (1 - targets), weight, "binaryCrossEntropyWithLogits", caller))
}

/// −t log p − (1 − t) log(1 − p) for probabilities p and targets in 0...1; shapes must agree. Logarithms are at least −100, as in PyTorch, and have no slope there. From logits,
/// `binaryCrossEntropyWithLogits` keeps more digits.
///
/// - Precondition: The shapes are equal, and a weight broadcasts to them.
public func binaryCrossEntropy(
  _ probabilities: Tensor, _ targets: Tensor, weight: Tensor? = nil, reduction: LossReduction = .mean, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line)
  requireOneShape("binaryCrossEntropy", probabilities, targets, caller)
  let (p, targets) = (Autocast.raised(probabilities), Autocast.raised(targets))
  func logarithm(_ x: Tensor) -> Tensor {
    let isZero = x .== 0
    return clip(select(isZero, number(-100, beside: x), log(select(isZero, number(1, beside: x), x))), -100, .infinity)
  }
  let rest = select(p .> 0.5, logarithm(1 - p), log1p(-clip(p, -.infinity, 0.5)))
  return reduction(weighted(-(logarithm(p) * targets) - rest * (1 - targets), weight, "binaryCrossEntropy", caller))
}

/// Losses by a weight that broadcasts to them.
private func weighted(_ losses: Tensor, _ weight: Tensor?, _ name: String, _ caller: Caller) -> Tensor {
  guard let weight else { return losses }
  let result = losses * weight
  let message = "a weight of shape \(weight.shape) does not broadcast to \(losses.shape)"
  caller.require(result.rank == losses.rank, name, message)
  for (a, b) in zip(result.shape.dimensions, losses.shape.dimensions) { caller.expect(a, sameAs: b, name, message, of: [losses, weight]) }
  return result
}

/// A number of a tensor's dtype beside it.
func number(_ value: Double, beside x: Tensor) -> Tensor { Tensor(value, dtype: x.dtype, device: x.device) }

/// Silent broadcasting of [n, 1] against [n] would give a wrong loss.
func requireOneShape(_ name: String, _ a: Tensor, _ b: Tensor, _ caller: Caller) {
  let message = "shapes \(a.shape) and \(b.shape) differ, and a loss does not broadcast; reshape one to the other's"
  caller.require(a.rank == b.rank, name, message)
  for (x, y) in zip(a.shape.dimensions, b.shape.dimensions) { caller.expect(x, sameAs: y, name, message, of: [a, b]) }
}
