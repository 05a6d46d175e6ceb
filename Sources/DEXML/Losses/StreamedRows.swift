import WengertNN

/// The row programs of a streamed loss. Each reads a block of similarities [B, block] in which labels that do not take part are −∞.
struct StreamedRows {
  /// Columns [B, 1]. Softmax and decoupled-softmax: the greatest x, and Σ e^(x − greatest); bce: Σ softplus(x); topk: these two of αx, and the least x.
  let first: RowProgram
  /// topk, for thresholds t in two numbers: with p = σ(α(x + t)), Σ p below ½, Σ (1 − p) and the number of labels from there on, the sums of v = p (1 − p) on either
  /// side, and Σ v (1 − 2p).
  let threshold: RowProgram
  /// The gradient but for the positives' own part, from three columns a, b, c. Softmax and decoupled-softmax: b e^(x − a); bce: b σ(x); topk: b v at t = a + c.
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
    threshold = Self.program("streamed threshold") { b, x in
      let z = (x + b.scalar(.float32) + b.scalar(.float32)) * alpha
      let isAbove = z.compare(.greaterOrEqual, 0)
      let (e, root) = Self.tail(z)
      let small = e / root, v = e / (root * root), zero = z.constant(0)
      // p below, 1 − p above: the smaller of the two either way.
      return [
        isAbove.select(zero, small).reduce(.sum), isAbove.select(small, zero).reduce(.sum),
        isAbove.select(z.constant(1), zero).reduce(.sum),
        isAbove.select(zero, v).reduce(.sum), isAbove.select(v, zero).reduce(.sum),
        (v * isAbove.select(2 * small - 1, 1 - 2 * small)).reduce(.sum),
      ]
    }
    slope = Self.program("streamed slope") { b, x in
      let (a, factor, c) = (b.scalar(.float32), b.scalar(.float32), b.scalar(.float32))
      switch criterion {
      case .softmax, .decoupledSoftmax: return [factor * (x - a)(.exp)]
      case .bce: return [factor * x(.sigmoid)]
      case .topK:
        let (e, root) = Self.tail((x + a + c) * alpha)
        return [factor * (e / (root * root))]
      }
    }
  }

  /// e^−|z| and 1 + e^−|z|.
  private static func tail(_ z: RowValue) -> (e: RowValue, root: RowValue) {
    let e = (-z(.abs))(.exp)
    return (e, 1 + e)
  }

  private static func program(_ name: String, _ body: (RowBuilder, RowValue) -> [RowValue]) -> RowProgram {
    let b = RowBuilder(name)
    let x = b.row(.float32)
    for value in body(b, x) { b.store(value, as: .float32) }
    return b.finish()
  }
}
