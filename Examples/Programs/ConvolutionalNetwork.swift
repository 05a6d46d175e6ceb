import WengertNN

/// A convolutional network that reads digits wherever they stand in an image of 16 × 16 dots.
func convolutionalNetwork(_ run: Run) throws {
  let (images, labels) = drawnDigits(run.count(2000, tiny: 300), size: 16, key: RandomKey(1))
  let x = images.expandDims(1), trained = images.shape[0] * 5 / 6

  let network = Sequential(
    Convolution(1, 16, kernel: [5, 5], padding: .same, key: RandomKey(2)), Activation(relu), Activation { $0.maxPool(2) },
    Convolution(16, 32, kernel: [3, 3], padding: .same, key: RandomKey(3)), Activation(relu), Activation { $0.adaptiveMaxPool(1) },
    Activation { $0.squeeze(2, 3) }, Linear(32, 10, key: RandomKey(4)))
  print("\(network.tensors.map(\.count).reduce(0, +)) parameters")
  let training = TrainingStep(network, AdamW()) { (network, batch: Pair<Tensor, Tensor>, _) in
    crossEntropy(network(batch.first), batch.second)
  }
  let loader = DataLoader(count: trained, batchSize: 50, key: RandomKey(5)) { rows in
    Pair(x.gather(Tensor(rows)), labels.gather(Tensor(rows)))
  }
  for epoch in 0..<run.count(8, tiny: 3) {
    var losses: [Tensor] = []
    for batch in loader.epoch(epoch) { losses.append(training(batch, learningRate: 5e-3).loss) }
    print("epoch \(epoch): loss \(stack(losses).mean().item().text(4))")
  }

  let guesses = training.model(x[trained...]).argMax(axis: 1)
  let accuracy = (guesses .== labels[trained...]).cast(to: .float32).mean().item()
  print("accuracy on \(guesses.count) others: \((100 * accuracy).text(1)) %")
  try run.draw(imageGrid(training.model.tensors[0].squeeze(1), columns: 8))  // what the first layer looks for
}
