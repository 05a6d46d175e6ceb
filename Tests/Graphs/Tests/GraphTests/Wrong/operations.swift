import WengertGraph

@Graph("x: [B, D], g: [D, D] -> [B, D]", wrt: [])
func shapes(_ x: Tensor, _ g: Tensor) -> Tensor {
  let a = x.reshape([x.shape[0], 2, 3])
  let b = concatenate([x, g], axis: 1)
  let c = x.layerNorm(gain: g, bias: g)
  let d = einsum("bd,hd->bh", x, x) + einsum("bd->", a)
  let e = x.gather(x)
  let f = x[0, 1, 2]
  let h = x.softmax(axis: 2)
  let i = x.sum(axes: [0, 0])
  return a + b + c + d + e + f + h + i
}

@Graph("x: [B, D] -> [B, D]", wrt: [])
func swift(_ x: Tensor) -> Tensor {
  var y = x
  y[0] = Tensor(1)
  while y.rank > 0 { y = y.sum(axis: 0) }
  let rows = x.shape[0] == 4 ? 1.0 : 2.0
  for i in 0..<x.shape[1] { y = y * Double(i) }
  let k = RandomKey(3)
  let f = { (z: Tensor) in z + 1 }
  switch x.rank {
  case 2: return f(x) * rows + k.normal([1])
  default: return x
  }
}

@Graph("x: [B, D], n: int64 [B] -> [B, D]")
func derivatives(_ x: Tensor, _ n: Tensor) -> Tensor {
  let order = x.argSort(axis: 1)
  let kept = x.takeAlong(order, axis: 1)
  return kept * order.cast(to: .float32) + isNaN(x).cast(to: .float32)
}
