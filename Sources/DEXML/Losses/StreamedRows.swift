@_spi(Backend) import WengertNN

/// The row programs of a streamed loss. Each reads a block of similarities [B, block] in which labels that do not take part are −∞.
struct StreamedRows {
  /// Columns [B, 1]. Softmax and decoupled-softmax: the greatest x, and Σ e^(x − greatest); bce: Σ softplus(x); topk: these two of αx, and the least x.
  let first: RowProgram
  /// topk, for thresholds in two numbers: the sums of `ThresholdSearch`.
  let threshold: RowProgram
  /// The gradient except for the positives' own part, from three columns a, b, c. Softmax and decoupled-softmax: b e^(x − a); bce: b σ(x); topk: b v at t = a + c.
  let slope: RowProgram

  init(_ criterion: SimilarityLoss.Criterion) {
    var alpha = 1.0
    if case .topK(_, let value) = criterion { alpha = value }
    first = Self.program("streamed loss") { b, x in
      if criterion == .bce { return [x(.softplus).reduce(.sum)] }
      let scaled = alpha == 1 ? x : x * alpha
      let greatest = scaled.reduce(.maximum)
      let shift = greatest(.isFinite).select(greatest, greatest.constant(0))
      let sums = [greatest, (scaled - shift)(.exp).reduce(.sum)]
      guard case .topK = criterion else { return sums }
      return sums + [x.compare(.greater, -.infinity).select(x, x.constant(.infinity)).reduce(.minimum)]
    }
    threshold = ThresholdSearch.sums(.float32, alpha: alpha)
    slope = Self.program("streamed slope") { b, x in
      let (a, factor, c) = (b.scalar(.float32), b.scalar(.float32), b.scalar(.float32))
      switch criterion {
      case .softmax, .decoupledSoftmax: return [factor * (x - a)(.exp)]
      case .bce: return [factor * x(.sigmoid)]
      case .topK:
        let (e, root) = ThresholdSearch.tail((x + a + c) * alpha)
        return [factor * (e / (root * root))]
      }
    }
  }

  private static func program(_ name: String, _ body: (RowBuilder, RowValue) -> [RowValue]) -> RowProgram {
    let b = RowBuilder(name)
    let x = b.row(.float32)
    for value in body(b, x) { b.store(value, as: .float32) }
    return b.finish()
  }
}
