import Foundation
import WengertNN

/// A training that is stopped in the middle of an epoch and goes on from a file, beside one without a pause: the same bits, with dropout, the order of the
/// examples and the course of the rate.
func saveAndResume(_ run: Run) throws {
  let x = RandomKey(1).normal([run.count(2000, tiny: 200), 4]), y = sin(x).sum(axis: 1, keepDims: true)
  let loader = DataLoader(count: x.shape[0], batchSize: 50, key: RandomKey(2)) { rows in
    Pair(x.gather(Tensor(rows)), y.gather(Tensor(rows)))
  }
  let epochs = 5, total = epochs * loader.batchesPerEpoch, schedule = CosineSchedule(warmup: total / 10, total: total)

  func begin(_ seed: Int) -> Training {
    let keys = RandomKey(seed).split(3)
    let model = Sequential(Linear(4, 32, key: keys[0]), Activation(tanh), Dropout(0.1), Linear(32, 1, key: keys[1]))
    return TrainingStep(model, AdamW(), key: keys[2]) { (model: Sequential, batch: Pair<Tensor, Tensor>, key) in
      meanSquaredError(model(batch.first, .training(key)), batch.second)
    }
  }
  // Where it stands follows from the number of steps, which the file has; the rate and the order of an epoch follow from it.
  func goOn(_ training: Training, to last: Int) {
    while training.steps < last {
      let (epoch, batch) = training.steps.quotientAndRemainder(dividingBy: loader.batchesPerEpoch)
      for batch in loader.epoch(epoch, from: batch).prefix(last - training.steps) {
        training(batch, learningRate: 0.01 * schedule.factor(training.steps))
      }
      print("  step \(training.steps): loss \(meanSquaredError(training.model(x), y).item().text(5))")
    }
  }
  print("without a pause")
  let whole = begin(3)
  goOn(whole, to: total)

  print("stopped")
  let stopped = begin(3), file = URL(fileURLWithPath: "\(run.name).safetensors")
  goOn(stopped, to: total / 2 + 1)
  try stopped.save(to: file)
  print("wrote \(file.lastPathComponent): \(try SafeTensors(contentsOf: file).names.count) tensors of model, optimizer and key")

  print("goes on")
  let resumed = begin(4)  // begins as another, and is what the file says
  try resumed.load(from: file)
  goOn(resumed, to: total)
  let same = zip(whole.trainingState.tensors, resumed.trainingState.tensors).allSatisfy { ($0 .== $1).all().item() == 1 }
  print("model and optimizer have the same bits: \(same)")
}

private typealias Training = TrainingStep<Sequential, AdamW, Pair<Tensor, Tensor>, [Tensor]>
