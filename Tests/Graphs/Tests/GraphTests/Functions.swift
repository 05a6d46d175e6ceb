import WengertGraph

@Graph("x: [B, D], w: [D, H], b: [H], v: [H, 1] -> [B, 1]")
func layer(_ x: Tensor, _ w: Tensor, _ b: Tensor, _ v: Tensor) -> Tensor {
  let hidden = gelu(x.matmul(w) + b) * 0.5
  return tanh(hidden.matmul(v))
}

@Graph("x: [B, D], w: [D, H] -> []", wrt: ["w"])
func loss(_ x: Tensor, _ w: Tensor) -> Tensor { square(x.matmul(w)).mean() }

@Graph("x: [N, W], g: [W] -> [N, W]", wrt: [])
func forwardOnly(_ x: Tensor, _ g: Tensor) -> Tensor { x.layerNorm(gain: g, bias: g, epsilon: 1e-6) }

@Graph("x: […, D], w: [D, H] -> […, H]")
func leading(_ x: Tensor, _ w: Tensor) -> Tensor { softplus(x.matmul(w)) }

@Graph("x: float64 [B, D], w: float64 [D, H] -> float64 [B, H]")
func doubles(_ x: Tensor, _ w: Tensor) -> Tensor { softplus(x.matmul(w)) }

@Graph("x: float16 [B, D], g: bfloat16 [D] -> [B, D]")
func halves(_ x: Tensor, _ g: Tensor) -> Tensor { x.cast(to: .float32) * g.cast(to: .float32) }

@Graph("x: [B, T, 12], ids: int64 [N] -> [N, 12], [B*T, 4]")
func parts(_ x: Tensor, _ ids: Tensor) -> (Tensor, Tensor) {
  let rows = x.reshape([x.shape[0] * x.shape[1], 12])
  var pieces: [Tensor] = []
  for (place, part) in rows.split(into: 3, axis: 1).enumerated() {
    if place % 2 == 0 { pieces.append(part * Double(place + 1)) } else { pieces.append(-part) }
  }
  return (rows.gather(ids), pieces[0] + pieces[1] + pieces[2])
}

@Graph("x: [B, D] -> [B, D]", wrt: ["x"])
func noisy(_ x: Tensor, key: RandomKey) -> Tensor {
  x.dropout(0.25, key: key.fold(3)) + key.normal([x.shape[0], 1])
}

@Graph("x: [N, D], y: [N] -> []")
func chosen(_ x: Tensor, _ y: Tensor) -> Tensor {
  let best = stopGradient(x.argMax(axis: 1))
  let hits = x.takeAlong(best.expandDims(1), axis: 1).squeeze(1)
  let capped = select(hits .> 0.5, hits, hits * 0.1)
  return (capped - y * stopGradient(best.cast(to: .float32))).mean()
}

@Graph("x: [T, 6] -> [T, 2], [2, 6]", wrt: [])
func slices(_ x: Tensor) -> (Tensor, Tensor) {
  let last = x[Axis.all, -1].expandDims(1), first = x[Axis.ellipsis, 0..<1]
  return (concatenate([first, last], axis: 1), x.narrow(0, from: 0, count: 2) * Tensor([1.0, 2.0]).expandDims(1))
}

@Graph("x: [N] -> [N]", wrt: [])
func divided(_ x: Tensor) -> Tensor {
  let n = 7
  return x * Double(n / 2) + 1.0 / 2 * x + x * 1 / 2
}
