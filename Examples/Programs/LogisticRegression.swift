import WengertNN

/// Which of two clouds a point is of: a layer that learns the logarithm of the odds, and so a probability and a straight border.
func logisticRegression(_ run: Run) throws {
  let keys = RandomKey(1).split(3)
  func clouds(_ count: Int, key: RandomKey) -> (points: Tensor, classes: Tensor) {
    let keys = key.split(2), classes = keys[0].integers(0..<2, [count]).cast(to: .float32)
    return (keys[1].normal([count, 2]) + 2 * classes.expandDims(1), classes)
  }
  let (x, y) = clouds(run.count(400, tiny: 60), key: keys[0])

  var layer = Linear(2, 1, key: keys[1]), optimizer = SGD()
  let steps = run.count(200, tiny: 50)
  for step in 0..<steps {
    let (loss, slope) = valueAndGradient(at: layer) { layer in binaryCrossEntropyWithLogits(layer(x).squeeze(1), y) }
    optimizer.update(&layer, slope, learningRate: 0.5)
    if step % (steps / 5) == 0 || step == steps - 1 { print("step \(step): loss \(loss.item().text(4))") }
  }

  let (others, classes) = clouds(1000, key: keys[2])
  let odds = layer(others).squeeze(1), accuracy = ((odds .> 0) .== (classes .> 0)).cast(to: .float32).mean().item()
  print("accuracy on 1000 others: \((100 * accuracy).text(1)) %")
  let p = sigmoid(layer(Tensor([[0, 0], [1, 1], [2, 2]]))).doubles.map { $0.text(2) }
  print("probability of the second cloud: \(p[0]) in the middle of the first, \(p[1]) between them, \(p[2]) in its own middle")

  var chart = Chart("Logistic regression", across: "first coordinate", up: "second")
  for (name, which) in [("first cloud", 0.0), ("second cloud", 1)] {
    let points = x.gather((y .== which).nonzero().squeeze(1))
    chart.points(name, points[0..., 0].doubles, points[0..., 1].doubles)
  }
  // Where the odds are even: w · x + b = 0.
  let (w, b, ends) = (layer.weight.doubles, layer.bias!.item(), [-1.0, 3.0])
  chart.line("border", ends, ends.map { -(w[0] * $0 + b) / w[1] })
  try run.draw(chart.svg)
}
