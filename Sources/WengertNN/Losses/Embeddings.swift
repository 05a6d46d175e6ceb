/// For rows a and b [rows, width] and targets y [rows] of ±1: 1 − cos(a, b) for y = 1, max(0, cos(a, b) − margin) for y = −1.
///
/// - Precondition: a and b are of one shape [rows, width], and y is [rows].
/// - Returns: a scalar, or [rows] for the reduction `none`.
public func cosineEmbeddingLoss(
  _ a: Tensor, _ b: Tensor, _ y: Tensor, margin: Double = 0, reduction: LossReduction = .mean, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line)
  requireOneShape("cosineEmbeddingLoss", a, b, caller)
  caller.require(a.rank == 2 && y.rank == 1, "cosineEmbeddingLoss", "needs [rows, width] twice and [rows], got \(a.shape) and \(y.shape)")
  let (a, b) = (Autocast.raised(a), Autocast.raised(b)), epsilon = 1e-12
  let sizes = (square(a).sum(axis: 1) + epsilon) * (square(b).sum(axis: 1) + epsilon)
  let cosine = (a * b).sum(axis: 1) * rsqrt(sizes)
  requireOneShape("cosineEmbeddingLoss", cosine, y, caller)
  return reduction(select(y .> 0, 1 - cosine, relu(cosine - margin)))
}

/// max(0, ‖a − p‖ − ‖a − n‖ + margin) for anchors a, positives p and negatives n [rows, width] (Schroff et al. 2015). As in PyTorch ε is added to each difference.
///
/// - Parameters:
///   - anchor: a, [rows, width].
///   - positive: p, of the same shape.
///   - negative: n, of the same shape.
///   - margin: how much farther than a positive a negative is to be.
///   - p: of the norm.
///   - swap: whether the negative's distance is the lesser of those from the anchor and from the positive.
///   - epsilon: what is added to each difference.
///   - reduction: mean, sum or none, over the rows.
///   - file: the caller's file, which messages name.
///   - line: the caller's line, likewise.
/// - Precondition: The shapes are equal, with two axes.
/// - Returns: a scalar, or [rows] for the reduction `none`.
public func tripletMarginLoss(
  _ anchor: Tensor, _ positive: Tensor, _ negative: Tensor, margin: Double = 1, p: Double = 2, swap: Bool = false, epsilon: Double = 1e-6,
  reduction: LossReduction = .mean, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line)
  requireOneShape("tripletMarginLoss", anchor, positive, caller)
  requireOneShape("tripletMarginLoss", anchor, negative, caller)
  caller.require(anchor.rank == 2, "tripletMarginLoss", "needs [rows, width], got \(anchor.shape)")
  func distance(_ x: Tensor, _ y: Tensor) -> Tensor { (Autocast.raised(x) - Autocast.raised(y) + epsilon).norm(p, axis: 1) }
  let far = distance(anchor, negative)
  let apart = swap ? minimum(far, distance(positive, negative)) : far
  return reduction(relu(distance(anchor, positive) - apart + margin))
}

/// max(0, −y(a − b) + margin) for targets y of ±1: 1 where a is to be the greater one.
///
/// - Precondition: The three shapes are equal.
public func marginRankingLoss(
  _ a: Tensor, _ b: Tensor, _ y: Tensor, margin: Double = 0, reduction: LossReduction = .mean, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line)
  requireOneShape("marginRankingLoss", a, b, caller)
  requireOneShape("marginRankingLoss", a, y, caller)
  return reduction(relu(margin - Autocast.raised(y) * (Autocast.raised(a) - Autocast.raised(b))))
}
