import Foundation

/// The losses on the similarities s_il = ⟨x_i, y_l⟩ / τ of B documents and L labels. With drawn positives S_i ⊆ P_i, weights w (1 or the relevance):
///
///     softmax             −(1/B) Σ_i Σ_{j∈S_i} w_ij (s_ij − ln Σ_l e^{s_il})
///     decoupled-softmax   −(1/B) Σ_i (1/|S_i|) Σ_{j∈S_i} w_ij (s_ij − ln(e^{s_ij} + Σ_{l∉P_i} e^{s_il}))
///     topk                −(1/B) Σ_i (1/|S_i|) Σ_{j∈S_i} w_ij ln σ(α(s_ij + t_i)),  Σ_l σ(α(s_il + t_i)) = K over labels not in P_i∖S_i
///     bce                 (1/(BL)) (Σ_il ln(1 + e^{s_il}) − Σ_i Σ_{j∈S_i} w_ij s_ij)
///
/// (Gupta et al., Dual-encoders for Extreme Multi-label Classification, ICLR 2024.) With the reduction `sum` nothing is divided by B or BL.
public struct SimilarityLoss: Sendable {
  public enum Criterion: Sendable, Equatable {
    case softmax
    case decoupledSoftmax
    case topK(TopK, alpha: Double)
    case bce
  }

  /// How many labels share the probability of SoftTop-k.
  public enum TopK: Sendable, Equatable {
    case fixed(Int)
    /// Each document's own number of positives.
    case numberOfPositives
  }

  public enum Reduction: Sendable { case mean, sum }

  public var criterion: Criterion
  /// τ
  public var temperature: Double
  public var reduction: Reduction

  public init(_ criterion: Criterion, temperature: Double, reduction: Reduction = .mean) {
    self.criterion = criterion
    self.temperature = temperature
    self.reduction = reduction
  }

  /// How many positives to draw per document: one, or for topk min(K, the most positives of a document).
  public func drawCount(mostPositives: Int) -> Int {
    switch criterion {
    case .softmax, .decoupledSoftmax, .bce: 1
    case .topK(.fixed(let k), _): min(k, mostPositives)
    case .topK(.numberOfPositives, _): mostPositives
    }
  }

  /// Throws where SoftTop-k has no threshold: K must be at least 1 and less than the number of labels that take part.
  public func validate(_ targets: LossTargets) throws {
    guard case .topK(let topK, _) = criterion else { return }
    for i in 0..<targets.documentCount where targets.positiveCounts[i] > 0 {
      let candidates = targets.labelCount - targets.positiveCounts[i] + targets.drawnCounts[i]
      let k = topK.value(targets.positiveCounts[i])
      if k < 1 || k >= candidates {
        throw ConfigurationError(
          "topk_K: \(k) of \(candidates) candidate labels (document \(i) of the batch); it must be at least 1 and less than the number of candidates"
        )
      }
    }
  }

  /// The loss of document embeddings [B, width] and label embeddings [L, width].
  public func callAsFunction(documents: Tensor, labels: Tensor, targets: LossTargets) -> Tensor {
    loss(similarity: (documents * (1 / temperature)).matmul(labels.transpose()), targets: targets)
  }

  /// The loss of similarities [B, L], already divided by τ.
  public func loss(similarity s: Tensor, targets: LossTargets) -> Tensor {
    let drawn = s.takeAlong(targets.drawnLabels, axis: 1)
    let weights = targets.drawnWeights.cast(to: s.dtype)
    let terms: Tensor
    switch criterion {
    case .softmax:
      terms = (s.logSumExp(axes: [1], keepDims: true) - drawn) * weights
    case .decoupledSoftmax:
      // −(s − ln(e^s + e^ℓ)) = softplus(ℓ − s), ℓ the log-sum-exp of the negatives
      let negatives = select(targets.isPositive, Tensor.full(-.infinity, [], dtype: s.dtype), s).logSumExp(axes: [1], keepDims: true)
      terms = softplus(negatives - drawn) * (weights * inverse(targets.drawnCounts, s))
    case .topK(let topK, let alpha):
      let k = targets.positiveCounts.map { Double(max(topK.value($0), 1)) }
      let t = SoftTopK(alpha: alpha, excluded: targets.isExcluded, k: Tensor(k, shape: [k.count, 1]).cast(to: s.dtype)).threshold(s)
      terms = softplus((drawn + t) * -alpha) * (weights * inverse(targets.drawnCounts, s))
    case .bce:
      let sum = softplus(s).sum() - (drawn * weights).sum()
      return reduction == .mean ? sum / Double(targets.documentCount * targets.labelCount) : sum
    }
    return reduction == .mean ? terms.sum() / Double(targets.documentCount) : terms.sum()
  }

  /// 1/|S_i| as [B, 1].
  private func inverse(_ counts: [Int], _ s: Tensor) -> Tensor {
    Tensor(counts.map { 1 / Double(max($0, 1)) }, shape: [counts.count, 1]).cast(to: s.dtype)
  }
}

extension SimilarityLoss.TopK {
  func value(_ positives: Int) -> Int {
    switch self {
    case .fixed(let k): k
    case .numberOfPositives: positives
    }
  }
}

func logarithm(_ x: Double) -> Double { Foundation.log(x) }
