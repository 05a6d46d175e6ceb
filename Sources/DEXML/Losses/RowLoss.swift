/// A loss that is a sum of terms over each row of the similarities: two row programs, each reading the similarities and the weights (see `LossTargets`) once.
enum RowLoss {
  case softmax, decoupledSoftmax, bce

  /// Each row's sum of terms [B, 1] for similarities and weights [B, L]; differentiable to every order.
  func callAsFunction(_ s: Tensor, weights: Tensor) -> Tensor {
    func pullback(_ s: Tensor, _ cotangent: Tensor) -> Tensor { rowFunction(self.pullback(s.dtype), [s, weights, cotangent])[0] }
    return customDerivative(
      [s], forward: { rowFunction(value(s.dtype), [$0[0], weights])[0] },
      vjp: { inputs, _, cotangent in [pullback(inputs[0], cotangent)] },
      jvp: { inputs, tangents in
        let one = Tensor.full(1, [s.shape[0], 1], dtype: s.dtype, backend: s.backend)
        return (pullback(inputs[0], one) * tangents[0]).sum(axes: [1], keepDims: true)
      })
  }

  private func value(_ dtype: DType) -> RowProgram {
    let b = RowBuilder("\(self)")
    let s = b.row(dtype), w = b.row(.float32).cast(dtype)
    let term =
      switch self {
      case .softmax, .decoupledSoftmax:
        // −(s − ln(e^s + e^ℓ)) = softplus(ℓ − s), ℓ the log-sum-exp of the negatives
        self == .softmax ? competition(s, w).lead : competition(s, w).lead(.softplus)
      case .bce: s(.softplus)
      }
    let drawn = w.binary(.maximum, w.constant(0))
    let product = drawn * term
    let terms = self == .bce ? term - drawn * s : drawn.compare(.greater, 0).select(product, w.constant(0))
    b.store(terms.reduce(.sum), as: dtype)
    return b.finish()
  }

  private func pullback(_ dtype: DType) -> RowProgram {
    let b = RowBuilder("\(self) pullback")
    let s = b.row(dtype), w = b.row(.float32).cast(dtype), cotangent = b.scalar(dtype)
    let drawn = w.binary(.maximum, w.constant(0))
    let slope: RowValue
    switch self {
    case .softmax:
      let (_, e, sum) = competition(s, w)
      slope = e * (drawn.reduce(.sum) / sum) - drawn
    case .decoupledSoftmax:
      let (lead, e, sum) = competition(s, w)
      let pull = drawn * lead(.sigmoid)
      slope = w.compare(.equal, 0).select(e * (pull.reduce(.sum) / sum), -pull)
    case .bce: slope = s(.sigmoid) - drawn
    }
    b.store(slope * cotangent, as: dtype)
    return b.finish()
  }

  /// e^(s − max) of the labels that compete (all, or the negatives), their sum, and how far the log-sum-exp lies above each s: (max − s) + ln Σ, which does not
  /// round where s is large.
  private func competition(_ s: RowValue, _ w: RowValue) -> (lead: RowValue, e: RowValue, sum: RowValue) {
    let x = self == .softmax ? s : w.compare(.equal, 0).select(s, s.constant(-.infinity))
    let greatest = x.reduce(.maximum)
    // Minus infinity where all labels are positives.
    let shift = greatest(.isFinite).select(greatest, greatest.constant(0))
    let e = (x - shift)(.exp)
    let sum = e.reduce(.sum)
    return (shift - s + sum(.log), e, sum)
  }
}
