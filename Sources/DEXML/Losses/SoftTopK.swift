import Foundation

/// SoftTop-k (Gupta et al. 2024, section 4): each row's threshold t with Σ_l σ(α(s_l + t)) = K over the labels that take part, and the terms
/// Σ_j w_j softplus(−α(s_j + t)) of the drawn ones.
///
/// Differentiable to every order by the implicit function theorem: ∂t/∂s_l = −v_l / Σv, v = α p (1 − p), p = σ(α(s + t)).
package struct SoftTopK {
  let alpha: Double
  /// [B, L], see `LossTargets`; labels below zero do not take part.
  let weights: Tensor
  /// [B, 1]
  let k: Tensor

  package init(alpha: Double, weights: Tensor, k: Tensor) {
    self.alpha = alpha
    self.weights = weights
    self.k = k
  }

  /// Each row's sum of terms, and its threshold as a sum t + correction, all [B, 1]. Two numbers, as s + t must be exact where t is large.
  package func callAsFunction(_ s: Tensor) -> (terms: Tensor, t: Tensor, correction: Tensor) {
    let results = customDerivatives(
      [s],
      forward: { inputs in
        // The number of steps depends on the numbers: graphs do not look into it.
        let solution = hostFunction(
          "soft top-k threshold", [inputs[0], weights, k],
          types: { types in
            let column = TensorType(shape: [types[0].shape[0], 1], dtype: types[0].dtype)
            return [column, column]
          }
        ) { operands in
          let (t, correction) = SoftTopK(alpha: alpha, weights: operands[1], k: operands[2]).solve(operands[0])
          return [t, correction]
        }
        let (t, correction) = (solution[0], solution[1])
        return [rowFunction(terms(s.dtype), [inputs[0], weights, t, correction])[0], t, correction]
      },
      vjp: { inputs, results, cotangents in
        [pullback(inputs[0], results[1], results[2], terms: cotangents[0], t: cotangents[1])]
      },
      jvp: { inputs, tangents in
        let (_, t, correction) = self(inputs[0])
        let one = Tensor.full(1, t.shape, dtype: t.dtype, backend: t.backend)
        let zero = Tensor.full(0, t.shape, dtype: t.dtype, backend: t.backend)
        func along(_ slope: Tensor) -> Tensor { (slope * tangents[0]).sum(axes: [1], keepDims: true) }
        return [
          along(pullback(inputs[0], t, correction, terms: one, t: zero)), along(pullback(inputs[0], t, correction, terms: zero, t: one)),
          nil,
        ]
      })
    return (results[0], results[1], results[2])
  }

  private func terms(_ dtype: DType) -> RowProgram {
    let b = RowBuilder("soft top-k")
    let s = b.row(dtype), w = b.row(.float32).cast(dtype), t = b.scalar(dtype), correction = b.scalar(dtype)
    let z = (s + t + correction) * alpha
    b.store(w.compare(.greater, 0).select(w * (-z)(.softplus), w.constant(0)).reduce(.sum), as: dtype)
    return b.finish()
  }

  /// s̄ = u − v (Σu + t̄) / Σv, u = −α w (1 − p) times the terms' cotangent for the drawn labels.
  private func pullback(_ s: Tensor, _ t: Tensor, _ correction: Tensor, terms: Tensor, t threshold: Tensor) -> Tensor {
    let b = RowBuilder("soft top-k pullback")
    let dtype = s.dtype
    let x = b.row(dtype), w = b.row(.float32).cast(dtype), shift = b.scalar(dtype), rest = b.scalar(dtype)
    let termsCotangent = b.scalar(dtype), thresholdCotangent = b.scalar(dtype)
    let z = (x + shift + rest) * alpha
    let u = w.compare(.greater, 0).select(w * (-z)(.sigmoid) * (termsCotangent * -alpha), w.constant(0))
    // v but for a factor that cancels, chosen so that the largest does not underflow: p (1 − p) = e^−|z| / (1 + e^−|z|)².
    let distance = w.compare(.less, 0).select(w.constant(.infinity), z(.abs))
    let root = 1 + (-distance)(.exp)
    let v = (distance.reduce(.minimum) - distance)(.exp) / (root * root)
    b.store(u - v * ((u.reduce(.sum) + thresholdCotangent) / v.reduce(.sum)), as: dtype)
    return rowFunction(b.finish(), [s, weights, t, correction, terms, threshold])[0]
  }

  // The equation is solved as ln A = ln B, A what the labels below the threshold have too much and B what those above lack: with n labels above,
  // A = Σ_below p + max(n − K, 0) and B = Σ_above (1 − p) + max(K − n, 0). A − B = Σp − K without cancellation, and the logarithms are almost straight
  // lines in t, however steep the tails. Newton's step is replaced by the bracket's middle where it leaves the bracket or did not halve ln A − ln B.

  private func solve(_ s: Tensor) -> (t: Tensor, correction: Tensor) {
    let resolution = s.dtype == .float64 ? 1e-8 : 1e-4
    var state = rowFunction(bracket(s.dtype, labels: s.shape[1]), [s, weights])
    let steps = newton(s.dtype, resolution: resolution)
    var step = state[0]
    for _ in 0..<50 {
      state = rowFunction(steps, [s, weights, k] + state)
      let isOpen = state.removeLast()
      step = state.removeLast()
      if isOpen.any().item() == 0 { break }
      state[0] = state[0] + step
    }
    return (state[0], step)
  }

  /// t, its bounds, and no distance yet. With n labels and 1 ≤ K < n, |logit(K/n)| ≤ ln n: the sum is below K at −max − ln n/α, above it at −min + ln n/α.
  private func bracket(_ dtype: DType, labels: Int) -> RowProgram {
    let b = RowBuilder("soft top-k bracket")
    let s = b.row(dtype), w = b.row(.float32)
    let isOut = w.compare(.less, 0)
    let margin = log(Double(max(labels, 2))) / alpha + 1e-3
    let low = -isOut.select(s.constant(-.infinity), s).reduce(.maximum) - margin
    let high = -isOut.select(s.constant(.infinity), s).reduce(.minimum) + margin
    for value in [(low + high) * 0.5, low, high, s.constant(.infinity)] { b.store(value, as: dtype) }
    return b.finish()
  }

  /// Three steps at once, while the row is in the cache. The last step is not added to t but returned beside it, with whether it is too long to be the last.
  private func newton(_ dtype: DType, resolution: Double) -> RowProgram {
    let b = RowBuilder("soft top-k Newton")
    let s = b.row(dtype), w = b.row(.float32), k = b.scalar(dtype)
    var t = b.scalar(dtype), low = b.scalar(dtype), high = b.scalar(dtype), distance = b.scalar(dtype)
    let zero = s.constant(0)
    let x = w.compare(.less, 0).select(s.constant(-.infinity), s)
    var step = zero, isOpen = zero.compare(.notEqual, 0)
    for _ in 0..<3 {
      t = isOpen.select(t + step, t)
      let z = (x + t) * alpha
      let isAbove = z.compare(.greaterOrEqual, 0)
      let e = (-z(.abs))(.exp)
      let rest = 1 / (1 + e)
      let tail = e * rest
      let excess = isAbove.cast(dtype).reduce(.sum) - k
      let below = isAbove.select(zero, tail).reduce(.sum) + excess.binary(.maximum, zero)
      let above = isAbove.select(tail, zero).reduce(.sum) + (-excess).binary(.maximum, zero)
      high = below.compare(.greater, above).select(t, high)
      low = below.compare(.greater, above).select(low, t)

      let gap = above(.log) - below(.log)
      let slope = (tail * rest * isAbove.select(1 / above, 1 / below)).reduce(.sum) * alpha
      let newton = gap / slope
      let enough = resolution / alpha + t(.abs) * dtype.epsilon
      let isInside = (t + newton).compare(.greaterOrEqual, low).binary(.and, (t + newton).compare(.lessOrEqual, high))
      let isFaster = gap(.abs).compare(.lessOrEqual, distance * 0.5)
      let isNewton = newton(.abs).compare(.lessOrEqual, enough).binary(.or, isInside.binary(.and, isFaster))
      distance = isNewton.select(gap(.abs), s.constant(.infinity))
      // Nothing on either side: exact to rounding.
      step = below.compare(.equal, above).select(zero, isNewton.select(newton, (low + high) * 0.5 - t))
      isOpen = step(.abs).compare(.greater, enough)
    }
    for value in [t, low, high, distance, step] { b.store(value, as: dtype) }
    b.store(isOpen, as: .bool)
    return b.finish()
  }
}

extension DType {
  /// The distance from 1 to the next number.
  fileprivate var epsilon: Double { self == .float64 ? 0x1p-52 : 0x1p-23 }
}
