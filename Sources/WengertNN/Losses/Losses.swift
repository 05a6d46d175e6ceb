/// The mean over rows of −log softmax(logits) at the row's class.
///
/// ```swift
/// let loss = crossEntropy(Tensor([[0, 0]]), Tensor([Int32(1)]))  // ln 2
/// ```
///
/// - Parameters:
///   - logits: [rows, classes]
///   - classes: [rows] whole numbers in 0..<classes; others are a `DataFault`.
///   - labelSmoothing: ε, the part of each target that is spread evenly over all classes (Szegedy et al. 2016).
/// - Precondition: `logits` is [rows, classes] and `classes` [rows] of a whole dtype for all values of symbols, and `labelSmoothing` in 0...1.
/// - Returns: a scalar.
public func crossEntropy(
  _ logits: Tensor, _ classes: Tensor, labelSmoothing: Double = 0, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line)
  let message = "needs [rows, classes] and [rows], got \(logits.shape) and \(classes.shape)"
  caller.require(logits.rank == 2 && classes.rank == 1, "crossEntropy", message)
  caller.expect(logits.shape[dim: 0], sameAs: classes.shape[dim: 0], "crossEntropy", message, of: [logits, classes])
  caller.require(
    labelSmoothing >= 0 && labelSmoothing <= 1, "crossEntropy", "the label smoothing \(labelSmoothing) is not in 0...1")
  let logits = Autocast.raised(logits)
  let loss = classLoss(logits, classes, file: file, line: line).mean()
  if labelSmoothing == 0 { return loss }
  return (1 - labelSmoothing) * loss - labelSmoothing * logits.logSoftmax(file: file, line: line).mean()
}

/// The mean of (prediction − target)²; shapes must agree.
///
/// ```swift
/// let loss = meanSquaredError(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))  // 2
/// ```
///
/// - Precondition: The shapes are equal.
public func meanSquaredError(
  _ prediction: Tensor, _ target: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  requireOneShape("meanSquaredError", prediction, target, Caller(file, line))
  return square(Autocast.raised(prediction) - Autocast.raised(target)).mean()
}

/// The mean of −t log σ(x) − (1 − t) log(1 − σ(x)), computed without overflow; shapes must agree, targets are in 0...1.
///
/// - Precondition: The shapes are equal.
public func binaryCrossEntropyWithLogits(
  _ logits: Tensor, _ targets: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  requireOneShape("binaryCrossEntropyWithLogits", logits, targets, Caller(file, line))
  let (logits, targets) = (Autocast.raised(logits), Autocast.raised(targets))
  return (softplus(-logits) * targets + softplus(logits) * (1 - targets)).mean()
}

/// Silent broadcasting of [n, 1] against [n] would give a wrong loss.
private func requireOneShape(_ name: String, _ a: Tensor, _ b: Tensor, _ caller: Caller) {
  let message = "shapes \(a.shape) and \(b.shape) differ, and a loss does not broadcast; reshape one to the other's"
  caller.require(a.rank == b.rank, name, message)
  for (x, y) in zip(a.shape.dimensions, b.shape.dimensions) { caller.expect(x, sameAs: y, name, message, of: [a, b]) }
}
