import WengertGraph

@Graph("x: [B, D], w: [D, H], b: [K], v: [K, 1] -> [B, 1]")
func layer(_ x: Tensor, _ w: Tensor, _ b: Tensor, _ v: Tensor) -> Tensor {
  let hidden = gelu(x.matmul(w) + b) * 0.5
  let other = x.matmul(v)
  let third = w.permute([0, 2])
  return tanh(hidden.matmul(v)) + other * third
}

@Graph("x: [B, D], w: [D, H] -> [B, D]")
func result(_ x: Tensor, _ w: Tensor) -> Tensor { x.matmul(w) }

func helper(_ x: Tensor) -> Tensor { x * 2 }
@Graph("x: [B, D] -> [B, D]")
func outside(_ x: Tensor) -> Tensor { helper(x) }

@Graph("x: [B, D], w: [H, D] -> [B, H]")
func transposed(_ x: Tensor, _ w: Tensor) -> Tensor { x.matmul(w) }

@Graph("x: [B, D], g: [D] -> [B]")
func cut(_ x: Tensor, _ g: Tensor) -> Tensor {
  let place = x.argMax(axis: 1).cast(to: .float32)
  let step = select(x .> 0, Tensor(1), Tensor(0))
  return place * (x * step * g).sum(axis: -1)
}

@Graph("x: [B, D] -> [B]")
func numbers(_ x: Tensor) -> Tensor {
  if x.sum().item() > 0 { return x.sum(axis: 1) }
  let scale = 1 / Double(x.shape[1]).squareRoot()
  let rows = (0..<3).map { x * Double($0) }
  return x.sum(axis: 7) * scale + rows[0]
}
