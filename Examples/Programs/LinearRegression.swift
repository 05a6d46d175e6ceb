import WengertNN

/// A line through noisy points, two ways: gradient descent on tensors, and a layer with an optimizer. Both end at the least squares solution.
func linearRegression(_ run: Run) throws {
  let x = RandomKey(1).uniform([100, 1], low: -1, high: 1)
  let y = 2 * x + 0.5 + RandomKey(2).normal([100, 1], standardDeviation: 0.3)
  let steps = run.count(200, tiny: 100)

  // On tensors: the gradient of a list of tensors is a list of tensors.
  var line = [Tensor(0), Tensor(0)]
  for _ in 0..<steps {
    let slope = gradient(at: line) { square($0[0] * x + $0[1] - y).mean() }
    line = zip(line, slope).map { $0 - 0.3 * $1 }
  }
  print("tensors:       y = \(line[0].item().text())x + \(line[1].item().text())")

  // By a layer: the gradient of a model is a model.
  var layer = Linear(1, 1, key: RandomKey(3))
  var optimizer = SGD()
  for step in 0..<steps {
    let (loss, slope) = valueAndGradient(at: layer) { meanSquaredError($0(x), y) }
    optimizer.update(&layer, slope, learningRate: 0.3)
    if step == 0 || step == steps - 1 { print("step \(step): loss \(loss.item().text(4))") }
  }
  print("layer:         y = \(layer.weight.item().text())x + \(layer.bias!.item().text())")

  // Without steps: the normal equations AᵀA w = Aᵀy.
  let a = concatenate([x, .ones([100, 1])], axis: 1)
  let exact = solve(a.transpose().matmul(a), a.transpose().matmul(y)).doubles
  print("least squares: y = \(exact[0].text())x + \(exact[1].text())")

  var chart = Chart("Linear regression", across: "x", up: "y")
  chart.points("data", x.doubles, y.doubles)
  chart.line("fitted", [-1, 1], layer(Tensor([[-1], [1]])).doubles)
  try run.draw(chart.svg)
}
