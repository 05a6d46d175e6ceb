import WengertNN

/// A gated recurrent unit on the adding problem (Hochreiter & Schmidhuber 1997): of a sequence of numbers two are marked, and their sum is asked for at the end.
func gru(_ run: Run) throws {
  let length = run.count(30, tiny: 6)
  let training = TrainingStep(Adder(key: RandomKey(1)), Adam(), clipping: 1) { (model: Adder, batch: Pair<Tensor, Tensor>, _) in
    meanSquaredError(model(batch.first), batch.second)
  }
  let steps = run.count(600, tiny: 200)
  var losses: [Double] = []
  for step in 0..<steps {
    let (x, sum) = sequences(64, length, key: RandomKey(2).fold(step))
    losses.append(training(Pair(x, sum), learningRate: 5e-3).loss.item())
    if step % (steps / 6) == 0 || step == steps - 1 { print("step \(step): loss \(losses[step].text(4))") }
  }
  let (x, sum) = sequences(500, length, key: RandomKey(3))
  let error = meanSquaredError(training.model(x), sum).item()
  print("mean squared error on other sequences: \(error.text(4)); always answering 1 has \(square(sum - 1).mean().item().text(4))")

  var chart = Chart("Adding two of \(length) numbers", across: "step", up: "loss")
  chart.line("GRU", losses.indices.map(Double.init), losses)
  try run.draw(chart.svg)
}

private struct Adder: ParameterTree {
  var recurrent: GRU, output: Linear
  static let fields: [Field<Self>] = [.init("recurrent", \.recurrent), .init("output", \.output)]

  init(key: RandomKey) { (recurrent, output) = (GRU(2, 32, key: key.fold(0)), Linear(32, 1, key: key.fold(1))) }

  /// [steps, batch, 2] → [batch, 1]
  func callAsFunction(_ x: Tensor) -> Tensor { output(recurrent(x).state) }
}

/// Numbers in 0..<1 and marks, [length, count, 2], one mark in each half of a sequence; and the sums of the marked numbers [count, 1].
private func sequences(_ count: Int, _ length: Int, key: RandomKey) -> (Tensor, Tensor) {
  let keys = key.split(3), numbers = keys[0].uniform([length, count])
  let first = keys[1].integers(0..<length / 2, [count]), second = keys[2].integers(length / 2..<length, [count])
  let marks = (first.oneHot(length) + second.oneHot(length)).transpose()
  return (stack([numbers, marks], axis: 2), (numbers * marks).sum(axis: 0).expandDims(1))
}
