import WengertNN

/// A network of two layers that reads digits: drawn ones of 8 × 8 dots, or those of an npz file with `images` [count, height, width] and `labels` [count].
func digits(_ run: Run) throws {
  var (images, labels) = drawnDigits(run.count(6000, tiny: 600), size: 8, key: RandomKey(1))
  if let file = try run.file.map(NPZ.init(contentsOf:)) {
    (images, labels) = (Tensor(try file.array("images")), Tensor(try file.array("labels")))
  }
  let x = images.cast(to: .float32).reshape([images.shape[0], -1]) / images.cast(to: .float32).max()
  let trained = x.shape[0] * 5 / 6

  let network = Sequential(Linear(x.shape[1], 128, key: RandomKey(2)), Activation(relu), Linear(128, 10, key: RandomKey(3)))
  let training = TrainingStep(network, AdamW()) { (network, batch: Pair<Tensor, Tensor>, _) in
    crossEntropy(network(batch.first), batch.second)
  }
  let loader = DataLoader(count: trained, batchSize: 50, key: RandomKey(4)) { [labels] rows in
    Pair(x.gather(Tensor(rows)), labels.gather(Tensor(rows)))
  }
  for epoch in 0..<run.count(10, tiny: 3) {
    var losses: [Tensor] = []
    for batch in loader.epoch(epoch) { losses.append(training(batch, learningRate: 2e-3).loss) }
    print("epoch \(epoch): loss \(stack(losses).mean().item().text(4))")
  }

  let guesses = training.model(x[trained...]).argMax(axis: 1)
  let accuracy = (guesses .== labels[trained...]).cast(to: .float32).mean().item()
  print("accuracy on \(guesses.count) others: \((100 * accuracy).text(1)) %")
  try run.draw(imageGrid(images[trained..<trained + 24], columns: 8, captions: guesses[0..<24].array(of: Int.self).map(String.init)))
}
