import WengertNN

/// What each example does to a model that was fitted to all: its gradient, by `vmap`, and by the Hessian how the weights would move without it
/// (Koh & Liang 2017), beside fits without it.
func perExampleGradients(_ run: Run) throws {
  let count = run.count(80, tiny: 20), keys = RandomKey(1).split(2)
  let x = concatenate([keys[0].normal([count, 2], dtype: .float64), .ones([count, 1], dtype: .float64)], axis: 1)
  let y = (x[0..., 0] + x[0..., 1] + keys[1].normal([count], dtype: .float64) .> 0).cast(to: .float64)

  /// Of one example: x [3], y [].
  func loss(_ w: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor { softplus(x.matmul(w)) - y * x.matmul(w) }
  /// The mean of all, each as often as `counts` [count] says, and a penalty of large weights.
  func total(_ w: Tensor, _ counts: Tensor) -> Tensor {
    (counts * vmap { loss(w, $0, $1) }(x, y)).mean() + 0.05 * square(w).sum()
  }
  /// By Newton's method, w ← w − H⁻¹g.
  func fit(_ counts: Tensor) -> Tensor {
    (0..<6).reduce(Tensor.zeros([3], dtype: .float64)) { w, _ in
      w - solve(hessian(at: w) { total($0, counts) }, gradient(at: w) { total($0, counts) })
    }
  }
  let all = Tensor.ones([count], dtype: .float64), w = fit(all)
  print("weights \(w.doubles.map { $0.text() }), where the slope is \(gradient(at: w) { total($0, all) }.norm())")

  // One gradient for each example, [count, 3].
  let slopes = vmap { (x: Tensor, y: Tensor) in gradient(at: w) { loss($0, x, y) } }(x, y)
  let i = Int(slopes.norm(axis: 1).argMax().item())
  print("example \(i) pulls most, by \(slopes[i].norm()): of class \(Int(y[i].item())) at probability \(sigmoid(x[i].matmul(w)))")

  // Without an example the slope at w is −g/count, and the lowest place one step of Newton's away.
  let moves = solve(hessian(at: w) { total($0, all) }, slopes.transpose()).transpose() / Double(count)
  // The fits that leave out one example each, all at once.
  let fits = vmap { (left: Tensor) in fit(1 - left) }(Tensor.eye(count, dtype: .float64))
  let error = (fits - w - moves).norm(axis: 1).max().item() / moves.norm(axis: 1).max().item()
  print("\(count) fits without one example each: where one solve said, but for \((100 * error).text(1)) % of the longest way")

  // Of a network: a model whose tensors have an axis of examples more. Each gradient is bounded by itself, as for differential privacy (Abadi et al. 2016).
  let network = Sequential(Linear(3, 8, key: RandomKey(2)), Activation(tanh), Linear(8, 1, key: RandomKey(3)))
  let (bounded, norms) = vmap { (x: Tensor, y: Tensor) in
    clippedByGlobalNorm(gradient(at: network) { meanSquaredError($0(x).squeeze(0), y) }, 1)
  }(x.cast(to: .float32), y.cast(to: .float32))
  print("a network's gradients \(bounded.tensors.map(\.shape)), of norms from \(norms.min()) to \(norms.max()) before they were bounded")

  var chart = Chart("Without one example", across: "first weight moves, by the Hessian", up: "by a new fit")
  let said = moves[0..., 0].doubles, found = (fits - w)[0..., 0].doubles, ends = [said.min()!, said.max()!]
  chart.points("examples", said, found)
  chart.line("as said", ends, ends)
  try run.draw(chart.svg)
}
