import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("Training steps")
struct TrainingStepTests {
  private let model = Sequential(Linear(4, 5, key: RandomKey(1)), Linear(5, 2, key: RandomKey(2)))

  private func batch(_ number: Int) -> Pair<Tensor, Tensor> {
    Pair(RandomKey(number).fold(1).normal([6, 4]), RandomKey(number).fold(2).normal([6, 2]))
  }

  private func step(clipping: Double? = nil, averageDecay: Double? = nil) -> TrainingStep<Sequential, AdamW, Pair<Tensor, Tensor>, [Tensor]>
  {
    TrainingStep(model, AdamW(), clipping: clipping, averageDecay: averageDecay, key: RandomKey(3)) { model, batch, key in
      square(model(batch.first.dropout(0.2, key: key), .evaluation) - batch.second).mean()
    }
  }

  private func distance(_ a: some TensorTree, _ b: some TensorTree) -> Double {
    zip(a.tensors, b.tensors).map { ($0 - $1).norm().item() / (1 + $1.norm().item()) }.max() ?? .infinity
  }

  @Test("a step is loss, gradient, clipping, update and average by themselves")
  func eager() {
    let training = step(clipping: 0.3, averageDecay: 0.9)
    var model = model, optimizer = AdamW(), average = model
    for number in 0..<4 {
      let batch = batch(number), found = training(batch, learningRate: 0.01)
      let key = RandomKey(3).fold(number)
      let (loss, gradient) = valueAndGradient(at: model) {
        square($0(batch.first.dropout(0.2, key: key), .evaluation) - batch.second).mean()
      }
      let (clipped, norm) = clippedByGlobalNorm(gradient, 0.3)
      optimizer.update(&model, clipped, learningRate: 0.01)
      let new = model.tensors
      average = average.replacingTensors(zip(average.tensors, new).map { $0 * 0.9 + $1 * 0.1 })
      #expect(abs(found.loss.item() - loss.item()) < 1e-6 && abs(found.gradientNorm.item() - norm.item()) < 1e-5)
    }
    #expect(distance(training.model, model) < 1e-6 && distance(training.averagedModel!, average) < 1e-6)
    #expect(training.steps == 4 && training.optimizer.state.step == 4)
  }

  @Test("gradients that are accumulated are those of one batch of all")
  func accumulated() {
    let whole = TrainingStep(model, SGD()) { (model: Sequential, batch: Pair<Tensor, Tensor>, _) in
      square(model(batch.first, .evaluation) - batch.second).mean()
    }
    let parts = TrainingStep(model, SGD()) { (model: Sequential, batch: Pair<Tensor, Tensor>, _) in
      let y = model(batch.first, .evaluation)
      return (square(y - batch.second).mean(), y)
    }
    let batch = batch(1)
    let a = whole(batch, learningRate: 0.1)
    let b = parts(accumulating: [0..<3, 3..<6].map { Pair(batch.first[$0], batch.second[$0]) }, learningRate: 0.1)
    #expect(distance(whole.model, parts.model) < 1e-6 && abs(a.loss.item() - b.loss.item()) < 1e-6)
    #expect(b.outputs.count == 2 && (concatenate(b.outputs) - model(batch.first, .evaluation)).norm().item() < 1e-5)
  }

  @Test("a run that is saved and read goes on bit for bit as without the pause")
  func resumed() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("training.safetensors")
      let training = step(averageDecay: 0.99), other = step(averageDecay: 0.99)
      for number in 0..<3 { training(batch(number), learningRate: 0.01) }
      try training.save(to: file)
      try other.load(from: file)
      #expect(other.steps == 3)
      for number in 3..<6 {
        let a = training(batch(number), learningRate: 0.01), b = other(batch(number), learningRate: 0.01)
        #expect(a.loss.item() == b.loss.item())
      }
      #expect(zip(training.model.tensors, other.model.tensors).allSatisfy { $0.array(of: Float.self) == $1.array(of: Float.self) })
      #expect(distance(training.averagedModel!, other.averagedModel!) == 0)
      try training.model.save(to: file)
      #expect(throws: FileError.self) { try other.load(from: file) }
      #expect(other.steps == 6)
    }
  }

  @Test("models and gradients add up, tensor by tensor")
  func arithmetic() {
    let a = Linear(weight: Tensor([[1.0, 2.0]]), bias: Tensor([3.0])), b = Linear(weight: Tensor([[10.0, 20.0]]), bias: Tensor([30.0]))
    #expect((b - 2 * a).tensors.map { $0.array(of: Double.self) } == [[8, 16], [24]])
    #expect((a * Tensor(3) + (-b) / 10).tensors.map { $0.array(of: Double.self) } == [[2, 4], [6]])
    var c = a
    c += b
    c -= a
    #expect(c.tensors.map { $0.array(of: Double.self) } == b.tensors.map { $0.array(of: Double.self) })
  }
}

@Suite("Data loaders")
struct DataLoaderTests {
  @Test("every example comes once in an epoch, in the key's order, whatever is made ahead", arguments: [(0, 1), (1, 1), (3, 2), (50, 4)])
  func epoch(ahead: Int, threads: Int) {
    let loader = DataLoader(count: 23, batchSize: 4, key: RandomKey(5), prefetched: ahead, threads: threads) { $0 }
    let first = Array(loader.epoch(0)), second = Array(loader.epoch(1))
    #expect(first.count == 6 && loader.batchesPerEpoch == 6 && first.last!.count == 3)
    #expect(first.joined().sorted() == Array(0..<23) && Array(first.joined()) == RandomKey(5).fold(0).permutation(23).array(of: Int.self))
    #expect(first != second && Array(loader.epoch(1, from: 2)) == Array(second[2...]))
  }

  @Test("without a key the order stays, and a short last batch can be left out")
  func order() {
    let loader = DataLoader(count: 5, batchSize: 2, dropsLast: true) { $0 }
    #expect(Array(loader.epoch(0)) == [[0, 1], [2, 3]])
    #expect(Array(DataLoader(count: 0, batchSize: 2) { $0 }.epoch(0)).isEmpty)
  }

  @Test("what a batch throws comes in its turn, and a loader left early ends")
  func errors() throws {
    struct Broken: Error {}
    let loader = DataLoader(count: 6, batchSize: 1, threads: 2) { rows in
      if rows == [3] { throw Broken() }
      return rows[0]
    }
    var batches = loader.epoch(0)
    for expected in 0..<3 { #expect(try batches.nextBatch() == expected) }
    #expect(throws: Broken.self) { try batches.nextBatch() }
    #expect(try batches.nextBatch() == 4)
  }
}
