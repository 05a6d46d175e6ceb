/// The threshold of SoftTop-k: t_i with Σ_l σ(α(s_il + t_i)) = K_i over the labels that take part (Gupta et al. 2024, section 4).
struct SoftTopK {
  let alpha: Double
  /// bool [B, L]: labels that do not take part.
  let excluded: Tensor
  /// [B, 1]
  let k: Tensor

  /// [B, 1], differentiable to every order by the implicit function theorem: ∂t/∂s_l = −v_l / Σv, v = α p (1 − p), p = σ(α(s + t)).
  func threshold(_ s: Tensor) -> Tensor {
    customDerivative(
      [s], forward: { solve($0[0]) },
      vjp: { inputs, t, cotangent in
        let z = (inputs[0] + t) * alpha
        let v = select(excluded, Tensor.full(0, [], dtype: s.dtype), sigmoid(z) * sigmoid(-z))
        return [-v * (cotangent / v.sum(axes: [1], keepDims: true))]
      },
      jvp: { inputs, tangents in
        let z = (inputs[0] + threshold(inputs[0])) * alpha
        let v = select(excluded, Tensor.full(0, [], dtype: s.dtype), sigmoid(z) * sigmoid(-z))
        return -(v * tangents[0]).sum(axes: [1], keepDims: true) / v.sum(axes: [1], keepDims: true)
      })
  }

  /// Newton's method kept inside a bracket: a step that leaves it is replaced by its middle.
  private func solve(_ s: Tensor) -> Tensor {
    let none = Tensor.full(0, [], dtype: s.dtype)
    let most = select(excluded, Tensor.full(-.infinity, [], dtype: s.dtype), s).max(axes: [1], keepDims: true)
    let least = select(excluded, Tensor.full(.infinity, [], dtype: s.dtype), s).min(axes: [1], keepDims: true)
    // With n labels and 1 ≤ K ≤ n − 1, |logit(K/n)| ≤ ln n: the sum is below K at −max − ln n/α and above it at −min + ln n/α.
    let margin = logarithm(Double(max(s.shape[1], 2))) / alpha + 1e-3
    var low = -most - margin, high = -least + margin
    var t = (low + high) * 0.5
    let resolution = s.dtype == .float64 ? 1e-14 : 1e-6
    for _ in 0..<200 {
      let p = select(excluded, none, sigmoid((s + t) * alpha))
      let gap = p.sum(axes: [1], keepDims: true) - k
      let slope = (p * (1 - p)).sum(axes: [1], keepDims: true) * alpha
      high = select(gap .> 0, t, high)
      low = select(gap .> 0, low, t)
      let newton = t - gap / slope
      // Also false where the slope is zero and the step not a number.
      let inside = (newton .>= low) .& (newton .<= high)
      let next = select(inside, newton, (low + high) * 0.5)
      let moved = abs(next - t) .> (abs(t) + 1) * resolution
      t = next
      if moved.any().item() == 0 { break }
    }
    return t
  }
}
