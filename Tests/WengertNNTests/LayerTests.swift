import Testing
@_spi(Backend) import WengertNN
import WengertTestSupport

@Suite("Layers agree with PyTorch in value and gradient")
struct LayerTests {
  let golden = try! Golden()
  let key = RandomKey(1)
  /// Sequences of 3, 1 and 4 tokens.
  let offsets = Tensor([Int32(0), 3, 4, 8])

  @Test("linear") func linear() throws {
    var layer = Linear(4, 5, key: key, dtype: .float64)
    try layer.load(golden.file, strict: false) { "linear/\($0)" }
    try golden.expectValueAndGradients("linear", layer) { $0($1) }
  }

  @Test("layer normalization") func layerNorm() throws {
    var layer = LayerNorm(6, dtype: .float64)
    try layer.load(golden.file, strict: false) { "layerNorm/\($0)" }
    try golden.expectValueAndGradients("layerNorm", layer) { $0($1) }
  }

  @Test("attention on packed sequences is that of each sequence on its own") func attention() throws {
    let layer = MultiHeadAttention(try joined("attention/"), key: key)
    let x = try golden.tensor("attention/x"), c = try golden.tensor("attention/c")
    try golden.expect(layer(x, offsets: offsets), "attention/y")
    let gradient = gradient(at: At(x: x, model: layer)) { ($0.model($0.x, offsets: offsets) * c).sum() }
    try golden.expect(gradient.x, "attention/gradient/x")
    try expectJoined(gradient.model, "attention/gradient/")
  }

  @Test("a post-norm block is transformers' BertLayer") func bert() throws {
    var block = TransformerBlock(width: 8, heads: 2, inner: 16, key: key, dtype: .float64)
    try block.load(SafeTensors(contentsOf: Fixtures.url("nn/bert.safetensors")), fileName: bertName)
    try golden.expectValueAndGradients("bert", block, fileName: bertName) { $0($1, offsets: offsets) }
  }

  @Test("a pre-norm block is torch.nn.TransformerEncoderLayer with norm_first") func preNorm() throws {
    var block = TransformerBlock(width: 8, heads: 2, inner: 16, normFirst: true, epsilon: 1e-5, key: key, dtype: .float64)
    let names = ["attentionNorm": "norm1", "outputNorm": "norm2", "intermediate": "linear1", "output": "linear2"]
    func name(_ own: String) -> String {
      let parts = own.split(separator: ".").map(String.init)
      return "\(names[parts[0]] ?? parts[0]).\(parts[1...].joined(separator: "."))"
    }
    try block.load(golden.file, strict: false) { "preNorm/\(name($0))" }
    block.attention = MultiHeadAttention(try joined("preNorm/self_attn."), key: key)

    let x = try golden.tensor("preNorm/x"), c = try golden.tensor("preNorm/c")
    try golden.expect(block(x, offsets: offsets), "preNorm/y")
    let gradient = gradient(at: At(x: x, model: block)) { ($0.model($0.x, offsets: offsets) * c).sum() }
    try golden.expect(gradient.x, "preNorm/gradient/x")
    try expectJoined(gradient.model.attention, "preNorm/gradient/self_attn.")
    for (own, tensor) in gradient.model.namedTensors where !own.hasPrefix("attention.") {
      try golden.expect(tensor, "preNorm/gradient/\(name(own))")
    }
  }

  @Test("a new layer's parameters have memory of their own, but where it is made while a function is traced") func parameters() throws {
    let block = TransformerBlock(width: 4, heads: 2, key: key)
    for (name, tensor) in block.namedTensors { #expect(tensor.view.layout == Layout(rowMajor: tensor.shape), "\(name)") }
    // The numbers of a large layer that is made there are not in the program.
    let normalized = compile { (x: Tensor) in LayerNorm(20_000)(x) }
    let y = normalized(Tensor.zeros([1, 20_000]))
    #expect(y.shape == [1, 20_000])
    #expect(try normalized.program!.code().count < 10_000)
  }

  @Test("an embedding's rows, and a gradient that adds up where an index repeats") func embedding() {
    let layer = Embedding(weight: Tensor([[1, 2], [3, 4], [5, 6]]))
    let indices = Tensor([Int32(2), 0, 2])
    #expect(layer(indices).doubles == [5, 6, 1, 2, 5, 6])
    #expect(gradient(at: layer) { $0(indices).sum() }.weight.doubles == [1, 1, 0, 0, 2, 2])
  }

  /// PyTorch keeps the three projections of its attention in one matrix.
  private func joined(_ prefix: String) throws -> [Linear] {
    let weights = try golden.tensor("\(prefix)in_proj_weight").split(into: 3)
    let biases = try golden.tensor("\(prefix)in_proj_bias").split(into: 3)
    return zip(weights, biases).map { Linear(weight: $0, bias: $1) }
      + [Linear(weight: try golden.tensor("\(prefix)out_proj.weight"), bias: try golden.tensor("\(prefix)out_proj.bias"))]
  }

  private func expectJoined(_ gradient: MultiHeadAttention, _ prefix: String) throws {
    let projections = [gradient.query, gradient.key, gradient.value]
    try golden.expect(concatenate(projections.map(\.weight)), "\(prefix)in_proj_weight")
    try golden.expect(concatenate(projections.map { $0.bias! }), "\(prefix)in_proj_bias")
    try golden.expect(gradient.output.weight, "\(prefix)out_proj.weight")
    try golden.expect(gradient.output.bias!, "\(prefix)out_proj.bias")
  }
}

extension MultiHeadAttention {
  fileprivate init(_ projections: [Linear], key: RandomKey) {
    self.init(width: 8, heads: 2, key: key)
    (query, self.key, value, output) = (projections[0], projections[1], projections[2], projections[3])
  }
}

/// The name that transformers gives to a part of a block.
private func bertName(_ own: String) -> String {
  let names = [
    ("attentionNorm", "attention.output.LayerNorm"), ("outputNorm", "output.LayerNorm"), ("intermediate", "intermediate.dense"),
    ("output", "output.dense"), ("attention.output", "attention.output.dense"), ("attention", "attention.self"),
  ]
  let (prefix, theirs) = names.first { own.hasPrefix($0.0 + ".") }!
  return theirs + own.dropFirst(prefix.count)
}

@Suite("Dropout and initial values")
struct RandomLayerTests {
  @Test("dropout does nothing in evaluation, and repeats with its key") func dropout() {
    let layer = Dropout(0.25)
    let x = Tensor.ones([100, 100])
    #expect(layer(x).doubles == x.doubles)
    let dropped = layer(x, .training(RandomKey(3)))
    #expect(dropped.doubles == layer(x, .training(RandomKey(3))).doubles)
    #expect(dropped.doubles != layer(x, .training(RandomKey(4))).doubles)
    #expect(Set(dropped.array(of: Float.self)) == [0, Float(1 / 0.75)])
    #expect(abs(dropped.mean().item() - 1) < 0.05)
  }

  @Test("each dropout of a stack draws its own numbers") func sites() {
    let both = Sequential(Dropout(0.5), Dropout(0.5))(Tensor.ones([10_000]), .training(RandomKey(5)))
    // Independent ones keep a quarter; equal ones would keep a half.
    #expect(abs((both .> 0).sum().item() / 10_000 - 0.25) < 0.03)
  }

  @Test("a block with dropout repeats with its key and differs without") func block() {
    let block = TransformerBlock(width: 8, heads: 2, dropout: 0.3, attentionDropout: 0.3, key: RandomKey(1))
    let x = RandomKey(2).normal([5, 8]), offsets = Tensor([Int32(0), 2, 5])
    let trained = block(x, offsets: offsets, .training(RandomKey(3)))
    #expect(trained.doubles == block(x, offsets: offsets, .training(RandomKey(3))).doubles)
    #expect(trained.doubles != block(x, offsets: offsets).doubles)
  }

  @Test("new weights are spread as PyTorch's and BERT's") func initializers() {
    let linear = Linear(100, 200, key: RandomKey(1))
    let values = linear.weight.doubles + linear.bias!.doubles
    #expect(values.allSatisfy { abs($0) <= 0.1 })
    #expect(values.max()! > 0.099 && values.min()! < -0.099)
    let bert = Linear(100, 200, key: RandomKey(1), initializer: .normal(standardDeviation: 0.02))
    #expect(abs(bert.weight.variance().item().squareRoot() - 0.02) < 0.0005)
    #expect(bert.bias!.doubles.allSatisfy { $0 == 0 })
    #expect(Linear(3, 2, bias: false, key: RandomKey(1)).bias == nil)
    #expect(abs(Embedding(100, 200, key: RandomKey(1)).weight.variance().item() - 1) < 0.05)
  }
}
