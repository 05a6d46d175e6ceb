import Testing
import WengertNN
import WengertTestSupport

@Suite("Blocks of encoders and decoders")
struct TransformerLayerTests {
  private let golden = try! Golden("blocks")
  private let key = RandomKey(1)

  private func loaded(_ block: TransformerLayer, _ name: String) throws -> TransformerLayer {
    var block = block
    try block.load(golden.file, strict: false) { "\(name)/\($0)" }
    return block
  }

  /// Which of padded sequences' tokens there are, for all heads and queries.
  private func padded() throws -> Tensor { try golden.tensor("padded").expandDims(1).expandDims(1) }

  private func llama(_ dtype: DType = .float64) -> TransformerLayer {
    TransformerLayer(
      width: 8, heads: 4, keyHeads: 2, headWidth: 6, inner: 20, isCausal: true, function: .silu, isGated: true, norm: .rmsNorm,
      rotary: .init(base: 500), bias: false, epsilon: 1e-5, key: key, dtype: dtype)
  }

  @Test("a post-norm block is torch.nn.TransformerEncoderLayer, padding masked") func encoder() throws {
    let block = try loaded(
      TransformerLayer(width: 8, heads: 2, inner: 16, function: .relu, normFirst: false, key: key, dtype: .float64), "encoder")
    let mask = try padded()
    try golden.expectValueAndGradients("encoder", block) { $0($1, mask: mask) }
  }

  @Test("a causal block with a memory is torch.nn.TransformerDecoderLayer", arguments: [("decoder", false), ("preNormDecoder", true)])
  func decoder(name: String, normFirst: Bool) throws {
    let block = try loaded(
      TransformerLayer(
        width: 8, heads: 2, inner: 16, isCausal: true, attendsToMemory: true, normFirst: normFirst, key: key, dtype: .float64), name)
    let mask = try padded(), x = try golden.tensor("\(name)/x"), memory = try golden.tensor("\(name)/memory")
    try golden.expectValueAndGradients(name, block) { $0($1, memory: memory, memoryMask: mask) }
    let c = try golden.tensor("\(name)/c")
    try golden.expect(gradient(at: memory) { (block(x, memory: $0, memoryMask: mask) * c).sum() }, "\(name)/gradient/memory")
  }

  @Test("grouped heads, rotary positions, SwiGLU and root mean square normalization are Llama's, eager and compiled") func llamaBlock()
    throws
  {
    let block = try loaded(llama(), "llama")
    #expect(block.namedTensors.count == 9)
    try golden.expectValueAndGradients("llama", block) { $0($1) }
    try golden.expectValueAndGradients("llama", block) { block, x in compile { (block: TransformerLayer, x: Tensor) in block(x) }(block, x)
    }
  }

  @Test("tokens that come one by one or several at a time through a cache give the rows of the whole, by one program") func cached() throws
  {
    let block = try loaded(llama(), "llama"), x = try golden.tensor("llama/x"), y = try golden.tensor("llama/y")
    let step = compileUpdate { (cache: inout KeyValueCache, block: TransformerLayer, x: Tensor) in block(x, cache: &cache) }
    for pieces in [[0..<1, 1..<2, 2..<3, 3..<4, 4..<5, 5..<6], [0..<4, 4..<5, 5..<6]] {
      var cache = block.attention.cache([2], capacity: 9)
      for piece in pieces {
        let row = piece.count == 1 ? step(&cache, block, x[Axis.all, piece]) : block(x[Axis.all, piece], cache: &cache)
        #expect((row - y[Axis.all, piece]).norm().item() < 1e-12)
      }
    }
    #expect(step.statistics.compilations == 1)
  }

  @Test("packed sequences with grouped heads and rotary positions are those of each on its own") func packed() throws {
    let attention = MultiHeadAttention(width: 8, heads: 4, keyHeads: 2, headWidth: 6, rotary: .init(), key: key, dtype: .float64)
    let x = RandomKey(2).normal([7, 8], dtype: .float64), packed = attention(x, offsets: Tensor([0, 3, 3, 7] as [Int]))
    for rows in [0..<3, 3..<7] { #expect((packed[rows] - attention(x[rows].expandDims(0))[0]).norm().item() < 1e-12) }
    let block = TransformerLayer(width: 8, heads: 2, function: .geluTanh, isGated: true, key: key, dtype: .float64)
    #expect((block(x, offsets: Tensor([0, 7] as [Int])) - block(x.expandDims(0))[0]).norm().item() < 1e-12)
  }

  @Test("one program serves all numbers of tokens, and settings are told") func compiled() {
    let block = llama(.float32), f = compile({ (x: Tensor) in block(x) }, CompileOptions(shapes: ["0": ["batch", "tokens", 8]]))
    for (batch, tokens) in [(2, 3), (1, 5)] {
      let x = RandomKey(tokens).normal([batch, tokens, 8])
      #expect((f(x) - block(x)).norm().item() < 1e-4)
    }
    #expect(f.statistics.compilations == 1)
    let g = compile { (block: TransformerLayer, x: Tensor) in block(x) }, x = RandomKey(3).normal([1, 3, 8])
    var variants = [block]
    func add(_ change: (inout TransformerLayer) -> Void) {
      variants.append(block)
      change(&variants[variants.count - 1])
    }
    add { $0.isCausal = false }
    add { $0.normFirst = false }
    add { $0.attention.rotary = nil }
    add { $0.attention.rotary = .init(base: 500, isInterleaved: true) }
    add { $0.feedForward.function = .tanh }
    add { $0.feedForwardNorm = Norm(.layerNorm, 8) }
    for block in variants + variants { #expect((g(block, x) - block(x)).norm().item() < 1e-4) }
    #expect(g.statistics.compilations == variants.count)
  }

  @Test("dropout repeats with its key, and each of its places draws its own numbers") func dropout() {
    let block = TransformerLayer(width: 8, heads: 2, isCausal: true, attendsToMemory: true, dropout: 0.3, attentionDropout: 0.3, key: key)
    let x = RandomKey(2).normal([2, 5, 8]), memory = RandomKey(3).normal([2, 4, 8])
    func value(_ mode: Mode) -> [Double] { block(x, memory: memory, mode).doubles }
    #expect(value(.training(RandomKey(4))) == value(.training(RandomKey(4))))
    #expect(value(.training(RandomKey(4))) != value(.training(RandomKey(5))) && value(.training(RandomKey(4))) != value(.evaluation))
  }

  @Test("in mixed precision a block computes in the half type, and a cache is of it") func autocast() {
    let block = llama(.float32), x = RandomKey(2).normal([1, 5, 8]), whole = block(x)
    Autocast.with(.bfloat16) {
      var cache = block.attention.cache([1], capacity: 8)
      let pieces = [0..<3, 3..<5].map { block(x[Axis.all, $0], cache: &cache) }
      #expect(cache.keys.dtype == .bfloat16)
      #expect((concatenate(pieces, axis: 1) - whole).norm().item() < 0.05 * whole.norm().item())
    }
  }

  @Test("misuse is said") func messages() async {
    await #expect(processExitsWith: .failure) { _ = TransformerLayer(width: 8, heads: 4, keyHeads: 3, key: RandomKey(1)) }
    await #expect(processExitsWith: .failure) {
      _ = TransformerLayer(width: 8, heads: 2, key: RandomKey(1))(.ones([1, 2, 8]), memory: .ones([1, 2, 8]))
    }
    await #expect(processExitsWith: .failure) {
      let block = TransformerLayer(width: 8, heads: 2, key: RandomKey(1))
      var cache = block.attention.cache([1], capacity: 4)
      _ = block(.ones([1, 2, 8]), cache: &cache)
    }
  }
}

@Suite("Bags of embeddings and initializers")
struct EmbeddingBagTests {
  private let golden = try! Golden("blocks")

  @Test("sums, means, maxima and weighted sums of packed bags are PyTorch's, eager and compiled") func torch() throws {
    let weight = try golden.tensor("bags/weight"), scales = try golden.tensor("bags/scales")
    let indices = try golden.tensor("bags/indices"), offsets = try golden.tensor("bags/offsets")
    for reduction in EmbeddingBag.Reduction.allCases {
      let layer = EmbeddingBag(weight: weight, reduction: reduction), name = "bags/\(reduction)", c = try golden.tensor("\(name)/c")
      try golden.expect(layer(indices, offsets: offsets), "\(name)/y")
      try golden.expect(
        compile { (layer: EmbeddingBag, i: Tensor, o: Tensor) in layer(i, offsets: o) }(layer, indices, offsets), "\(name)/y")
      try golden.expect(gradient(at: layer) { ($0(indices, offsets: offsets) * c).sum() }.weight, "\(name)/gradient")
    }
    let layer = EmbeddingBag(weight: weight, reduction: .sum), c = try golden.tensor("bags/weighted/c")
    try golden.expect(layer(indices, offsets: offsets, weights: scales), "bags/weighted/y")
    let gradients = gradient(at: Pair(layer, scales)) { ($0.first(indices, offsets: offsets, weights: $0.second) * c).sum() }
    try golden.expect(gradients.first.weight, "bags/weighted/gradient")
    try golden.expect(gradients.second, "bags/weighted/scales")
  }

  @Test("bags of one size need no offsets", arguments: EmbeddingBag.Reduction.allCases) func rectangular(reduction: EmbeddingBag.Reduction)
  {
    let layer = EmbeddingBag(5, 3, reduction: reduction, key: RandomKey(1)), indices = Tensor([4, 0, 2, 2, 1, 3] as [Int])
    let packed = layer(indices, offsets: Tensor([0, 3, 6] as [Int]))
    #expect((layer(indices.reshape([2, 3])) - packed).norm().item() < 1e-6)
  }

  @Test("one program serves all numbers of entries and bags") func symbolic() {
    let layer = EmbeddingBag(5, 3, reduction: .mean, key: RandomKey(1))
    let f = compile(
      { (i: Tensor, o: Tensor) in layer(i, offsets: o) }, CompileOptions(shapes: ["0": ["entries"], "1": [Dimension("bags") + 1]]))
    for (indices, offsets) in [([1, 2, 3], [0, 1, 3]), ([4, 0, 0, 0, 2], [0, 0, 2, 5])] {
      let (i, o) = (Tensor(indices as [Int]), Tensor(offsets as [Int]))
      #expect((f(i, o) - layer(i, offsets: o)).norm().item() < 1e-6)
    }
    #expect(f.statistics.compilations == 1)
  }

  @Test(
    "offsets that do not begin at 0, fall, or end elsewhere than the entries are faults, and so is an index that is not there",
    arguments: [[1, 3], [0, 2], [0, 4], [0, 2, 1, 3]])
  func faults(offsets: [Int]) {
    let layer = EmbeddingBag(5, 3, key: RandomKey(1))
    #expect(throws: DataFault.self) { try catchingDataFaults { _ = layer(Tensor([0, 1, 2] as [Int]), offsets: Tensor(offsets)) } }
    #expect(throws: DataFault.self) { try catchingDataFaults { _ = layer(Tensor([0, 5, 2] as [Int]), offsets: Tensor([0, 3] as [Int])) } }
  }

  @Test("initializers spread weights as PyTorch's do") func initializers() throws {
    let kinds: [(String, Initializer)] = [
      ("xavierUniform", .xavierUniform()), ("xavierNormal", .xavierNormal()), ("kaimingUniform", .kaimingUniform()),
      ("kaimingNormal", .kaimingNormal()), ("kaimingByOutputs", .kaimingNormal(fan: .outputs)),
      ("truncatedNormal", .truncatedNormal(standardDeviation: 0.02)),
    ]
    for (name, initializer) in kinds {
      let weight = Convolution(100, 300, kernel: [5], key: RandomKey(1), initializer: initializer)
      let expected = try golden.tensor("initializers/\(name)").doubles
      let deviation = weight.weight.std().item(), largest = abs(weight.weight).max().item()
      #expect(abs(deviation / expected[0] - 1) < 0.01, "\(name)")
      #expect(abs(largest / expected[1] - 1) < (name.contains("Normal") || name.contains("Outputs") ? 0.2 : 0.001), "\(name)")
      #expect(abs(weight.bias!).max().item() == 0)
    }
    let lecun = Linear(400, 300, key: RandomKey(1), initializer: .lecunNormal).weight
    #expect(abs(lecun.std().item() * 20 - 1) < 0.01 && abs(lecun).max().item() <= 2 / 20 / 0.8796)
    #expect(abs(Linear(400, 300, key: RandomKey(1), initializer: .lecunUniform).weight.std().item() * 20 - 1) < 0.01)
    let truncated = Linear(400, 300, key: RandomKey(1), initializer: .truncatedNormal(standardDeviation: 1)).weight
    #expect(abs(truncated).max().item() <= 2 && abs(truncated).max().item() > 1.99)
    #expect(Linear(2, 2, key: RandomKey(1), initializer: .constant(0.5)).weight.doubles == [0.5, 0.5, 0.5, 0.5])
    #expect(Initializer.ones.weight([0, 3], inputs: 3, key: RandomKey(1)).count == 0)
  }

  @Test("orthogonal weights have orthogonal rows, or columns, of the length asked for", arguments: [[7, 5], [5, 7], [6, 2, 3], [4, 4]])
  func orthogonal(shape: [Int]) {
    let weight = Initializer.orthogonal(gain: 3).weight(Shape(shape), inputs: shape[1], key: RandomKey(1)).reshape([shape[0], -1])
    let products = shape[0] < weight.shape[1] ? weight.matmul(weight.transpose()) : weight.transpose().matmul(weight)
    #expect(abs(products - 9 * Tensor.eye(products.shape[0])).max().item() < 1e-5)
    let other = Initializer.orthogonal(gain: 3).weight(Shape(shape), inputs: shape[1], key: RandomKey(2), dtype: .bfloat16)
    #expect(other.dtype == .bfloat16 && other.reshape([shape[0], -1])[0, 0].item() != weight[0, 0].item())
  }

  @Test("initializers by name, and an error that lists the names") func named() throws {
    for name in Initializer.names { _ = try Initializer(named: name).weight([3, 4], inputs: 4, key: RandomKey(1)) }
    for (name, expected) in [("he_uniform", Initializer.kaimingUniform()), ("Glorot-Normal", .xavierNormal())] {
      let (a, b) = (try Initializer(named: name), expected)
      #expect(a.weight([3, 4], inputs: 4, key: RandomKey(1)).doubles == b.weight([3, 4], inputs: 4, key: RandomKey(1)).doubles)
    }
    let text = message { _ = try Initializer(named: "kaimin") }
    #expect(text.hasPrefix("initializer: \"kaimin\"; choose one of uniformByInputs, ") && text.contains("kaimingUniform"))
  }
}
