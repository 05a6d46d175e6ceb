import Foundation
import WengertNN

// The code of Documentation/FirstModel.md, to the letter.

struct Classifier: ParameterTree, Layer {
  var hidden = Linear(2, 32, key: RandomKey(1))
  var second = Linear(32, 32, key: RandomKey(2))
  var output = Linear(32, 2, key: RandomKey(3))
  static let fields: [Field<Self>] = [.init("hidden", \.hidden), .init("second", \.second), .init("output", \.output)]

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { output(tanh(second(tanh(hidden(x))))) }
}

/// Points of two spirals [count, 2], and which spiral each is of, int64 [count].
func spirals(_ count: Int, key: RandomKey) -> (points: Tensor, classes: Tensor) {
  let keys = key.split(3)
  let classes = keys[0].integers(0..<2, [count])
  let radius = keys[1].uniform([count], low: 0.2, high: 1)
  let angle = 6 * radius + Double.pi * classes
  let points = stack([radius * cos(angle), radius * sin(angle)], axis: 1)
  return (points + keys[2].normal(points.shape, standardDeviation: 0.02), classes)
}

func firstModel(print: Printed, folder: URL) throws {
  let x = Tensor([[1, 2, 3], [4, 5, 6]])
  print(x)
  print(x.shape, x.dtype, x.sum(), x.mean(axis: 0))
  print(x[0, 1...])
  print(x + Tensor([10.0, 20.0, 30.0]))
  print(x.matmul(x.transpose()))

  let slope = gradient(at: x) { x in square(x).sum() }
  print(slope)

  let model = Classifier()
  print(model(Tensor([[0.5, -0.5]])).shape)
  for (name, tensor) in model.namedTensors { print(name, tensor.shape) }

  let (points, classes) = spirals(1000, key: RandomKey(4))
  print(points.shape, classes[0..<4])

  var trained = model
  var optimizer = AdamW(weightDecay: 0)
  for _ in 0..<3 {
    let (loss, slope) = valueAndGradient(at: trained) { model in crossEntropy(model(points), classes) }
    optimizer.update(&trained, slope, learningRate: 0.01)
    print(String(format: "%.2f", loss.item()))
  }

  let training = TrainingStep(model, AdamW(weightDecay: 0)) { (model: Classifier, batch: Pair<Tensor, Tensor>, _) in
    crossEntropy(model(batch.first), batch.second)
  }
  let loader = DataLoader(count: 1000, batchSize: 100, key: RandomKey(5)) { rows in
    Pair(points.gather(Tensor(rows)), classes.gather(Tensor(rows)))
  }
  for epoch in 0..<40 {
    var losses: [Tensor] = []
    for batch in loader.epoch(epoch) { losses.append(training(batch, learningRate: 0.01).loss) }
    if epoch % 10 == 0 { print("epoch", epoch, "loss", String(format: "%.2f", stack(losses).mean().item())) }
  }

  func accuracy(_ model: Classifier, _ points: Tensor, _ classes: Tensor) -> Double {
    (model(points).argMax(axis: 1) .== classes).cast(to: .float32).mean().item()
  }
  let (others, otherClasses) = spirals(500, key: RandomKey(6))
  print(Int((100 * accuracy(training.model, others, otherClasses)).rounded()), "% right")

  let file = folder.appendingPathComponent("spirals.safetensors")
  try training.model.save(to: file)
  var loaded = Classifier()
  try loaded.load(SafeTensors(contentsOf: file))
  print(accuracy(loaded, others, otherClasses) == accuracy(training.model, others, otherClasses))
}
