import WengertNN

// The code of Documentation/SymbolsAndCompile.md, to the letter.

func symbolsAndCompile(print: Printed) {
  func normalized(_ x: Tensor, _ w: Tensor) -> Tensor {
    print("traced")
    let y = tanh(x.matmul(w))
    return (y - y.mean(axis: 0)) / y.std(axis: 0)
  }
  let fast = compile(normalized)
  let w = RandomKey(1).normal([3, 2])
  let x = RandomKey(2).normal([4, 3])
  let y = fast(x, w)
  print((y - normalized(x, w)).norm().item() < 1e-5)
  for rows in [4, 5, 4, 6] { _ = fast(RandomKey(rows).normal([rows, 3]), w) }
  print(fast.statistics.compilations)

  let any = compile(normalized, CompileOptions(shapes: ["0": ["rows", -1]]))
  for rows in [4, 5, 4, 6] { _ = any(RandomKey(rows).normal([rows, 3]), w) }
  print(any.statistics.compilations, any.statistics.bindings)
  print(any.program!.graph.description.split(separator: "\n")[0])

  let halves = compile(
    { (x: Tensor) in
      let n = x.shape[dim: 0]
      return x[0..<n.divided(by: 2)].sum() / x.extent(0)
    }, CompileOptions(shapes: ["0": ["n"]]))
  print(halves(Tensor([1.0, 2.0, 3.0, 4.0])), halves(Tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])))

  var scale = 2.0
  let scaled = compile { (x: Tensor) in x * scale }
  _ = scaled(Tensor([1.0]))
  scale = 3
  print(scaled(Tensor([1.0])))
  let given = compile { (x: Tensor, scale: Tensor) in x * scale }
  print(given(Tensor([1.0]), Tensor(2)), given(Tensor([1.0]), Tensor(3)))

  let drawn = compile { (key: RandomKey) in key.uniform([1000]).mean() }
  print(drawn(RandomKey(1)).item() == drawn(RandomKey(1)).item(), drawn(RandomKey(1)).item() == drawn(RandomKey(2)).item())

  let slope = compile { (w: Tensor, x: Tensor) in valueAndGradient(at: w) { square(tanh(x.matmul($0))).sum() } }
  let (loss, byW) = slope(w, x).values
  print(loss.shape, byW.shape)
  let curvature = gradient(at: w) { w in square(slope(w, x).second).sum() }
  print(curvature.shape, slope.statistics.lastCall!)

  var weights = w
  let descend = compileUpdate { (w: inout Tensor, x: Tensor, rate: Tensor) in
    let (loss, slope) = valueAndGradient(at: w) { square(tanh(x.matmul($0))).sum() }
    w = w - rate * slope
    return loss
  }
  let first = descend(&weights, x, Tensor(0.1)).item()
  for _ in 0..<50 { _ = descend(&weights, x, Tensor(0.1)) }
  print(descend(&weights, x, Tensor(0.1)).item() < first / 100)
}
