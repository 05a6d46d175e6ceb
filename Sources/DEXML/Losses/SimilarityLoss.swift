import WengertNN

/// The losses on the similarities s_il = ⟨x_i, y_l⟩ / τ of B documents and L labels. With drawn positives S_i ⊆ P_i, weights w (1 or the relevance):
///
///     softmax             −(1/B) Σ_i Σ_{j∈S_i} w_ij (s_ij − ln Σ_l e^{s_il})
///     decoupled-softmax   −(1/B) Σ_i (1/|S_i|) Σ_{j∈S_i} w_ij (s_ij − ln(e^{s_ij} + Σ_{l∉P_i} e^{s_il}))
///     topk                −(1/B) Σ_i (1/|S_i|) Σ_{j∈S_i} w_ij ln σ(α(s_ij + t_i)),  Σ_l σ(α(s_il + t_i)) = K over labels not in P_i∖S_i
///     bce                 (1/(BL)) (Σ_il ln(1 + e^{s_il}) − Σ_i Σ_{j∈S_i} w_ij s_ij)
///
/// (Gupta et al., Dual-encoders for Extreme Multi-label Classification, ICLR 2024.) With the reduction `sum` nothing is divided by B or BL.
///
/// Unlike the published code, the last label can be a positive; positives that were not drawn leave a denominator exactly, however large the similarities are; a
/// document without positives adds nothing (but its negatives to bce); and K as the number of positives works with sampling.
///
/// ```swift
/// let documents = Tensor([[1, 0], [0, 1]]), labels = Tensor([[1, 0], [0, 1]])
/// let positives = try SparseMatrix(rows: 2, columns: 2, rowOffsets: [0, 1, 2], indices: [0, 1], values: [1, 1])
/// let loss = SimilarityLoss(.softmax, temperature: 1)
/// let value = loss(documents: documents, labels: labels, targets: LossTargets(positives: positives))  // ln(1 + 1/e)
/// ```
public struct SimilarityLoss: Sendable {
  /// Which of the losses is computed.
  public enum Criterion: Sendable, Equatable {
    /// Softmax over all labels.
    case softmax
    /// Softmax in whose denominator a positive meets the negatives alone.
    case decoupledSoftmax
    /// SoftTop-k, of steepness α.
    case topK(TopK, alpha: Double)
    /// Binary cross-entropy of each pair of a document and a label.
    case bce
  }

  /// How many labels share the probability of SoftTop-k.
  public enum TopK: Sendable, Equatable {
    /// The same number for every document.
    case fixed(Int)
    /// Each document's own number of positives.
    case numberOfPositives
  }

  /// Whether the documents' losses are averaged or added.
  public enum Reduction: Sendable {
    /// The mean over documents (of bce over all pairs), or the sum.
    case mean, sum
  }

  /// Which of the losses is computed.
  public var criterion: Criterion
  /// τ, by which similarities are divided.
  public var temperature: Double
  /// Whether the documents' losses are averaged or added.
  public var reduction: Reduction

  /// A loss with this temperature and reduction.
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

  /// Throws if SoftTop-k has no threshold: K must be at least 1 and less than the number of labels that take part.
  ///
  /// - Throws: `FileError` naming `topk_K`.
  public func validate(_ targets: LossTargets) throws {
    guard case .topK(let topK, _) = criterion else { return }
    for i in 0..<targets.documentCount where targets.positiveCounts[i] > 0 {
      let candidates = targets.labelCount - targets.positiveCounts[i] + targets.drawnCounts[i]
      let k = topK.value(targets.positiveCounts[i])
      if k < 1 || k >= candidates {
        throw FileError(
          field: "topk_K", value: "\(k) of \(candidates) candidate labels (document \(i) of the batch)",
          advice: "it must be at least 1 and less than the number of candidates")
      }
    }
  }

  /// The loss of document embeddings [B, width] and label embeddings [L, width].
  public func callAsFunction(documents: Tensor, labels: Tensor, targets: LossTargets) -> Tensor {
    loss(similarity: (documents * (1 / temperature)).matmul(labels.transpose()), targets: targets)
  }

  /// The loss of similarities [B, L], already divided by τ: the definition, in float64. `StreamedLoss` computes the same without having all similarities at once.
  public func loss(similarity: Tensor, targets: LossTargets) -> Tensor {
    let s = similarity.cast(to: .float64), weights = targets.weights
    // −∞ takes no part in a sum over labels.
    func taking(_ isIn: Tensor) -> Tensor { select(isIn, s, Tensor(-Double.infinity, dtype: .float64)) }
    func column(_ numbers: [Double]) -> Tensor { Tensor(numbers, shape: [numbers.count, 1]) }
    let drawn = relu(weights), terms: Tensor
    switch criterion {
    case .softmax: terms = drawn * -s.logSoftmax()
    case .decoupledSoftmax: terms = drawn * softplus(taking(weights .== 0).logSumExp(axes: [1], keepDims: true) - s)
    case .topK(let topK, let alpha):
      let k = column(targets.positiveCounts.map { Double(topK.value($0)) })
      terms = drawn * softplus((s + taking(weights .>= 0).softTopKThreshold(k, alpha: alpha)) * -alpha)
    case .bce: terms = softplus(s) - drawn * s
    }
    return (terms * column(scales(targets))).sum().cast(to: similarity.dtype)
  }

  /// What each document's terms are multiplied by.
  func scales(_ targets: LossTargets) -> [Double] {
    let documents = reduction == .mean ? 1 / Double(targets.documentCount) : 1
    return targets.drawnCounts.map { drawn in
      switch criterion {
      case .softmax: documents
      case .decoupledSoftmax, .topK: documents / Double(max(drawn, 1))
      case .bce: reduction == .mean ? documents / Double(targets.labelCount) : 1
      }
    }
  }
}

extension SimilarityLoss.TopK {
  func value(_ positives: Int) -> Int {
    switch self {
    case .fixed(let k): k
    case .numberOfPositives: max(positives, 1)
    }
  }
}
