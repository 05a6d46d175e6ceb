import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("Examples in the comments of WengertNN")
struct CommentExamplesTests {
  @Test("a linear layer") func linearExample() {
    let layer = Linear(weight: Tensor([[1, 2], [3, 4]]), bias: Tensor([10.0, 20.0]))
    let y = layer(Tensor([[1, 1]]))  // [[13, 27]]
    #expect(y.shape == [1, 2] && y.doubles == [13, 27])
  }

  @Test("layer normalization") func layerNormExample() {
    let norm = LayerNorm(2)
    let y = norm(Tensor([[1, 3]]))  // about [[-1, 1]]
    #expect(zip(y.doubles, [-1, 1]).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test("a convolution") func convolutionExample() {
    let layer = Convolution(3, 8, kernel: [3, 3], padding: 1, key: RandomKey(1))
    let y = layer(RandomKey(2).normal([2, 3, 5, 5]))  // [2, 8, 5, 5]
    #expect(y.shape == [2, 8, 5, 5])
  }

  @Test("batch normalization") func batchNormExample() {
    var norm = BatchNorm(2)
    let x = Tensor([[1, 4], [3, 4]])
    let y = norm(x, .training(RandomKey(1)))  // about [[-1, 0], [1, 0]]
    norm = norm.updated(by: x)  // the running mean is [0.2, 0.4]
    #expect(zip(y.doubles, [-1, 0, 1, 0]).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(zip(norm.runningMean.doubles, [0.2, 0.4]).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test("root mean square normalization") func rmsNormExample() {
    let y = RMSNorm(2)(Tensor([[3.0, 4]]))  // about [[0.849, 1.131]]
    #expect(zip(y.doubles, [0.8485, 1.1314]).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test("the scale of a loss") func lossScaleExample() {
    var scale = LossScale(1024, growthInterval: 2)
    let isSound = scale.accepts(norm: .infinity)  // false, and scale.value is 512
    #expect(!isSound && scale.value == 512)
  }

  @Test("an embedding") func embeddingExample() {
    let layer = Embedding(weight: Tensor([[1, 2], [3, 4], [5, 6]]))
    let rows = layer(Tensor([Int32(2), 0]))  // [[5, 6], [1, 2]]
    #expect(rows.shape == [2, 2] && rows.doubles == [5, 6, 1, 2])
  }

  @Test("attention") func multiHeadAttentionExample() {
    let attention = MultiHeadAttention(width: 8, heads: 2, key: RandomKey(1))
    let tokens = RandomKey(2).normal([5, 8])  // two sequences, of 2 and of 3 tokens
    let y = attention(tokens, offsets: Tensor([Int32(0), 2, 5]))  // [5, 8]
    let alone = attention(tokens[0..<2], offsets: Tensor([Int32(0), 2]))
    #expect(y.shape == [5, 8])
    #expect(zip(y.doubles, alone.doubles).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test("a block") func transformerBlockExample() {
    let block = TransformerBlock(width: 8, heads: 2, key: RandomKey(1))
    let tokens = RandomKey(2).normal([5, 8])  // two sequences, of 2 and of 3 tokens
    let y = block(tokens, offsets: Tensor([Int32(0), 2, 5]))  // [5, 8]
    #expect(y.shape == [5, 8])
  }

  @Test("a tree of parameters") func sequentialExample() {
    let model = Sequential(Linear(2, 3, key: RandomKey(1)), Activation(gelu), Linear(3, 1, key: RandomKey(2)))
    let names = model.namedTensors.map(\.name)  // 0.weight, 0.bias, 2.weight, 2.bias
    #expect(names == ["0.weight", "0.bias", "2.weight", "2.bias"])
  }

  @Test("a step of an optimizer") func optimizerExample() {
    var x = Tensor([1.0, 2.0])
    var optimizer = SGD()
    let slope = gradient(at: x) { square($0).sum() }
    optimizer.update(&x, slope, learningRate: 0.25)  // x is [0.5, 1]
    #expect(x.doubles == [0.5, 1])
  }

  @Test("a schedule") func scheduleExample() {
    let schedule = LinearSchedule(warmup: 2, total: 4)
    let factors = (0...4).map { schedule.factor($0) }  // 0, 0.5, 1, 0.5, 0
    #expect(factors == [0, 0.5, 1, 0.5, 0])
  }

  @Test("clipping") func clipByGlobalNormExample() throws {
    let (clipped, norm) = try clipByGlobalNorm(Tensor([3.0, 4.0]), 1)  // about [0.6, 0.8], and 5
    #expect(norm == 5 && zip(clipped.doubles, [0.6, 0.8]).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test("a loss of classes") func crossEntropyExample() {
    let loss = crossEntropy(Tensor([[0, 0]]), Tensor([Int32(1)]))  // ln 2
    #expect(abs(loss.item() - 0.693147) < 1e-5)
  }

  @Test("a loss of numbers") func meanSquaredErrorExample() {
    let loss = meanSquaredError(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]))  // 2
    #expect(loss.item() == 2)
  }

  @Test("weights in a file") func loadingExample() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("weights.safetensors")
      let saved = Linear(2, 3, key: RandomKey(1))
      try saved.save(to: file)
      var loaded = Linear(2, 3, key: RandomKey(2))
      try loaded.load(SafeTensors(contentsOf: file))  // now equal to saved
      #expect(loaded.tensors.map(\.doubles) == saved.tensors.map(\.doubles))
    }
  }

  @Test("an npy file") func nPYExample() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("array.npy")
      try NPY.write(HostArray([1.5, 2.5]), to: file)
      let array = try NPY.read(file)  // float64, of shape [2]
      #expect(array.dtype == .float64 && array.shape == [2] && array.doubles() == [1.5, 2.5])
    }
  }

  @Test("an npz file") func nPZExample() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("arrays.npz")
      try NPZ.write([("x", .array(HostArray([1, 2]))), ("format", .text("csr"))], to: file)
      let x = try NPZ(contentsOf: file).array("x").ints()  // [1, 2]
      #expect(x == [1, 2])
    }
  }

  @Test("a safetensors file") func safeTensorsExample() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("arrays.safetensors")
      try SafeTensors.write([("x", HostArray([1.5, 2.5]))], to: file)
      let x = try SafeTensors(contentsOf: file)["x"]?.doubles()  // [1.5, 2.5]
      #expect(x == [1.5, 2.5])
    }
  }

  @Test("a file of torch.save") func torchFileExample() throws {
    let url = Fixtures.url("folders/torch/linear.bin")
    let file = try TorchFile(contentsOf: url)  // of a linear layer: its names are weight and bias
    let weight = try file.array("weight")  // float32, [outputs, inputs]
    #expect(file.names == ["weight", "bias"] && weight?.shape == [3, 2] && weight?.dtype == .float32)
  }

  @Test("an npy file row by row") func nPYWriterExample() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("rows.npy")
      let writer = try NPYWriter(to: file, dtype: .float32, rowShape: [2])
      try writer.append([1, 2, 3, 4])
      try writer.finish()  // the file holds [[1, 2], [3, 4]]
      let array = try NPY.read(file)
      #expect(array.shape == [2, 2] && array.floats() == [1, 2, 3, 4])
    }
  }

  @Test("a program in a file") func saveExample() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("square.program")
      let compiled = compile { (x: Tensor) in square(x) + 1 }
      _ = compiled(Tensor([1.0, 2.0]))
      try compiled.program!.save(to: file)
      let f = CompiledFunction<Tensor, Tensor>(finished: try FinishedProgram(contentsOf: file))
      let y = f(Tensor([3.0, 4.0]))  // [10, 17], and nothing was traced
      #expect(y.doubles == [10, 17] && f.statistics.compilations == 0)
    }
  }

  @Test("a training step") func trainingStepExample() {
    let layer = Linear(weight: Tensor([[0.0, 0.0]]), bias: Tensor([0.0]))
    let training = TrainingStep(layer, SGD()) { (layer, batch: Pair<Tensor, Tensor>, _) in
      square(layer(batch.first) - batch.second).mean()
    }
    let batch = Pair(Tensor([[1.0, 0.0], [0.0, 1.0]]), Tensor([[1.0], [3.0]]))
    let before = training(batch, learningRate: 0.1).loss.item()  // 5
    let after = training(batch, learningRate: 0.1).loss.item()  // 2.77
    #expect(abs(before - 5) < 1e-6 && abs(after - 2.77) < 1e-5)
  }

  @Test("a data loader") func dataLoaderExample() {
    var all: [[Int]] = []
    func print(_ batch: [Int]) { all.append(batch) }
    let loader = DataLoader(count: 5, batchSize: 2) { rows in rows.map { $0 * 10 } }
    for batch in loader.epoch(0) { print(batch) }  // [0, 10], [20, 30], [40]
    #expect(all == [[0, 10], [20, 30], [40]])
  }

  @Test("a search without a rate") func lBFGSExample() {
    let found = LBFGS().minimize(Tensor([-1.0, 2.0], dtype: .float64)) { x in
      let (a, b) = (x[0], x[1])
      return square(1 - a) + 100 * square(b - a * a)
    }
    // found.model is [1, 1]
    #expect(zip(found.model.doubles, [1, 1]).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test("one schedule after another") func thenExample() {
    let schedule = WarmupSchedule(2).then(at: 2, StepSchedule(decay: 0.5))
    let factors = (0...4).map { schedule.factor($0) }  // 0, 0.5, 1, 0.5, 0.25
    #expect(factors == [0, 0.5, 1, 0.5, 0.25])
  }

  @Test("a recurrent layer") func lSTMExample() {
    let layer = LSTM(3, 4, key: RandomKey(1))
    let (outputs, state) = layer(RandomKey(2).normal([5, 2, 3]))  // 5 steps of 2 sequences: [5, 2, 4]; state.hidden is the last of them
    #expect(outputs.shape == [5, 2, 4] && outputs[4].doubles == state.hidden.doubles)
  }

  @Test("a cache of keys and values") func keyValueCacheExample() {
    var cache = KeyValueCache([1, 2], capacity: 8, width: 4)  // one text, two heads
    let new = RandomKey(1).normal([1, 2, 3, 4])  // three tokens
    let seen = cache.append(keys: new, values: new)
    let y = dotProductAttention(query: new, key: cache.keys, value: cache.values, mask: seen)  // causal, of three tokens
    let expected = dotProductAttention(query: new, key: new, value: new, isCausal: true)
    #expect(zip(y.doubles, expected.doubles).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test("an initializer by name") func initializerExample() throws {
    let layer = Linear(4, 3, key: RandomKey(1), initializer: try Initializer(named: "xavierUniform"))  // weights in ±√(6/7), biases 0
    #expect(layer.weight.doubles.allSatisfy { abs($0) <= (6.0 / 7).squareRoot() } && layer.bias!.doubles == [0, 0, 0])
  }

  @Test("bags of embeddings") func embeddingBagExample() {
    let layer = EmbeddingBag(weight: Tensor([[1, 2], [3, 4], [5, 6]]), reduction: .sum)
    let y = layer(Tensor([Int32(0), 2, 1]), offsets: Tensor([Int32(0), 2, 3]))  // bags of 2 and of 1: [[6, 8], [3, 4]]
    #expect(y.shape == [2, 2] && y.doubles == [6, 8, 3, 4])
  }

  @Test("attention of padded batches") func paddedAttentionExample() {
    let attention = MultiHeadAttention(width: 8, heads: 4, keyHeads: 2, rotary: .init(), key: RandomKey(1))
    let y = attention(RandomKey(2).normal([3, 5, 8]), isCausal: true)  // three sequences of five tokens: [3, 5, 8]
    #expect(y.shape == [3, 5, 8])
  }

  @Test("a feed-forward network") func feedForwardExample() {
    let layer = FeedForward(width: 8, inner: 20, function: .silu, isGated: true, bias: false, key: RandomKey(1))  // SwiGLU
    let y = layer(RandomKey(2).normal([5, 8]))  // [5, 8]
    #expect(y.shape == [5, 8] && layer.namedTensors.map(\.name) == ["up.weight", "gate.weight", "down.weight"])
  }

  @Test("a block of a decoder") func transformerLayerExample() {
    let block = TransformerLayer(
      width: 8, heads: 4, keyHeads: 2, inner: 20, isCausal: true, function: .silu, isGated: true, norm: .rmsNorm,
      rotary: .init(), bias: false, key: RandomKey(1))
    let x = RandomKey(2).normal([1, 5, 8])  // a text of five tokens
    let whole = block(x)  // [1, 5, 8]
    var cache = block.attention.cache([1], capacity: 16)
    let first = block(x[Axis.all, 0..<4], cache: &cache), last = block(x[Axis.all, 4..<5], cache: &cache)  // the rows of the whole
    #expect((concatenate([first, last], axis: 1) - whole).norm().item() < 1e-5)
  }

  @Test("a summary") func summaryExample() {
    let text = summary(of: Linear(4, 3, key: RandomKey(1))).description  // weight  [3, 4]  float32  12  48 …
    #expect(text.contains("weight  [3, 4]  float32"))
  }

  @Test("a summary of a call") func summaryCostExample() {
    let cost = summary(of: Linear(4, 3, bias: false, key: RandomKey(1)), at: Tensor.ones([2, 4])) { $0($1) }.cost!
    let flops = cost.flops  // 2 · 2 · 4 · 3
    #expect(flops == 48)
  }

  @Test("a progress meter") func progressMeterExample() {
    let meter = ProgressMeter("epoch 1", total: 3)
    for loss in [0.5, 0.25, 0.125] { meter.advance { "loss \(loss)" } }
    meter.finish()  // epoch 1 [####################] 3/3 | loss 0.125 | 37/s | took 0:00
  }

  @Test("a state of training") func trainingStateExample() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("training.safetensors")
      var state = TrainingState(Linear(2, 1, key: RandomKey(1)), AdamW(), key: RandomKey(2))
      let x = state.key.fold(state.steps).normal([4, 2])
      let slope = gradient(at: state.model) { square($0(x)).mean() }
      state.optimizer.update(&state.model, slope, learningRate: 0.1)
      state.steps += 1
      try state.save(to: file)
      var other = TrainingState(Linear(2, 1, key: RandomKey(3)), AdamW(), key: RandomKey(4))
      try other.load(from: file)  // now equal to state
      #expect(other.steps == 1 && other.tensors.map(\.doubles) == state.tensors.map(\.doubles))
    }
  }

  @Test("a GGUF file") func gGUFExample() throws {
    let url = Fixtures.url("files/types.gguf")
    let file = try GGUF(contentsOf: url)
    let architecture = file.metadata["general.architecture"]?.text  // "llama"
    let weight = try file.array("q4_0")  // Q4_0 in the file: float32, [3, 64]
    #expect(architecture == "llama" && weight?.shape == [3, 64] && weight?.dtype == .float32)
  }

  @Test("safetensors in shards") func shardedSafeTensorsExample() throws {
    try Fixtures.withTemporaryFolder { folder in
      try ShardedSafeTensors.write([("a", HostArray([1.5, 2.5])), ("b", HostArray([3.5]))], largestShard: 16, to: folder)
      let b = try ShardedSafeTensors(contentsOf: folder).array("b")?.doubles()  // [3.5], of the second of two shards
      #expect(b == [3.5])
    }
  }

  @Test("every example of the comments is in this file, and every family has one") func comments() throws {
    let families: Set = [
      "Linear", "LayerNorm", "Embedding", "MultiHeadAttention", "TransformerBlock", "Sequential", "Optimizer", "Schedule",
      "clipByGlobalNorm", "crossEntropy", "meanSquaredError", "load", "NPY", "NPZ", "SafeTensors", "TorchFile", "NPYWriter", "save",
      "TrainingStep", "DataLoader", "LBFGS",
    ]
    var found: Set<String> = []
    for folder in ["Sources/WengertNN"] {
      let comments = try CommentExamples(in: folder)
      #expect(try comments.missing(in: #filePath) == [])
      found.formUnion(comments.examples.map(\.name))
    }
    #expect(families.subtracting(found) == [])
  }
}
