import WengertNN

/// A variational autoencoder (Kingma & Welling 2014) of drawn digits: two numbers for each image, and images for any two numbers.
func variationalAutoencoder(_ run: Run) throws {
  let (noisy, _) = drawnDigits(run.count(4000, tiny: 400), size: 8, moves: false, key: RandomKey(1))
  let images = clip(noisy, 0, 1).reshape([noisy.shape[0], 64])

  let training = TrainingStep(Autoencoder(key: RandomKey(2)), Adam()) { (model: Autoencoder, x: Tensor, key) in
    let (mean, logVariance) = model.encode(x)
    // Reparametrized: the draw is a function of mean and variance, which have a gradient through it.
    let z = mean + exp(0.5 * logVariance) * key.normal(mean.shape)
    let likelihood = binaryCrossEntropyWithLogits(model.decoder(z), x, reduction: .none).sum(axis: 1)
    let divergence = 0.5 * (square(mean) + exp(logVariance) - 1 - logVariance).sum(axis: 1)
    return ((likelihood + divergence).mean(), [divergence.mean()])
  }
  let loader = DataLoader(count: images.shape[0], batchSize: 50, key: RandomKey(3)) { images.gather(Tensor($0)) }
  let epochs = run.count(40, tiny: 4)
  for epoch in 0..<epochs {
    let results = loader.epoch(epoch).map { training($0, learningRate: 3e-3) }
    let loss = stack(results.map(\.loss)).mean().item(), divergence = stack(results.map { $0.outputs[0][0] }).mean().item()
    if epoch % max(epochs / 5, 1) == 0 || epoch == epochs - 1 {
      print("epoch \(epoch): loss \(loss.text(2)), of which divergence \(divergence.text(2))")
    }
  }

  // The plane of the two numbers, where most images are.
  let side = Tensor.linspace(-1.5, 1.5, count: 12)
  let plane = stack([side.repeated(12, axis: 0), side.tile([12])], axis: 1)
  try run.draw(imageGrid(sigmoid(training.model.decoder(plane)).reshape([144, 8, 8]), columns: 12))
}

private struct Autoencoder: ParameterTree {
  var encoder: Sequential, decoder: Sequential
  static let fields: [Field<Self>] = [.init("encoder", \.encoder), .init("decoder", \.decoder)]

  init(key: RandomKey) {
    encoder = Sequential(Linear(64, 128, key: key.fold(0)), Activation(relu), Linear(128, 4, key: key.fold(1)))
    decoder = Sequential(Linear(2, 128, key: key.fold(2)), Activation(relu), Linear(128, 64, key: key.fold(3)))
  }

  /// Mean and logarithm of the variance of the numbers [images, 2] behind images.
  func encode(_ x: Tensor) -> (mean: Tensor, logVariance: Tensor) {
    let parts = encoder(x).split(into: 2, axis: 1)
    return (parts[0], parts[1])
  }
}
