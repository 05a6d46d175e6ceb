import Testing
@_spi(Backend) import WengertNN

@Suite("Compiled training steps")
struct CompiledStepTests {
  struct Model: ParameterTree, Sendable {
    var embedding: Embedding
    var block: TransformerBlock
    var head: Linear
    static let fields: [Field<Self>] = [.init("embedding", \.embedding), .init("block", \.block), .init("head", \.head)]

    init(key: RandomKey) {
      embedding = Embedding(20, 16, key: key.fold(0))
      block = TransformerBlock(width: 16, heads: 2, dropout: 0.1, attentionDropout: 0.1, key: key.fold(1))
      head = Linear(16, 3, key: key.fold(2))
    }

    func loss(_ ids: Tensor, _ offsets: Tensor, _ key: RandomKey) -> Tensor {
      let x = block(embedding(ids), offsets: offsets, .training(key))
      return square(head(x)).mean()
    }
  }

  struct Batch: TensorTree {
    var ids: Tensor, offsets: Tensor, key: Tensor
    mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
      body(dotted(prefix, "ids"), &ids)
      body(dotted(prefix, "offsets"), &offsets)
      body(dotted(prefix, "key"), &key)
    }
  }

  private func batch(_ step: Int) -> Batch {
    let lengths = [3, 1 + step % 4, 5 + step]
    let tokens = lengths.reduce(0, +)
    let offsets = lengths.reduce(into: [0]) { $0.append($0.last! + $1) }
    return Batch(
      ids: RandomKey(step).integers(0..<20, [tokens]), offsets: Tensor(offsets), key: Tensor([Int64(100 + step)], shape: []))
  }

  private static let shapes: [String: [Dimension]] = ["1.ids": ["tokens"], "1.offsets": [Dimension(symbol: "sequences") + 1]]

  @Test("loss, backward, clipping and AdamW as one program give the parameters of the eager step, for every number of tokens")
  func step() throws {
    var model = Model(key: RandomKey(1))
    var optimizer = AdamW(groups: [.noDecayOnBiasesAndNorms])
    var state = Pair(model, optimizer)
    state.second.state.prepare(for: model)
    let compiled = compileUpdate(
      { (state: inout Pair<Model, AdamW>, batch: Batch, rate: Tensor) -> Tensor in
        let (loss, gradient) = valueAndGradient(at: state.first) { $0.loss(batch.ids, batch.offsets, RandomKey(batch.key)) }
        state.second.update(&state.first, clippedByGlobalNorm(gradient, 0.5).gradient, learningRate: rate)
        return loss
      }, CompileOptions(shapes: Self.shapes))
    for number in 0..<5 {
      let batch = batch(number)
      let rate = 0.01 * Double(number + 1)
      let (loss, gradient) = valueAndGradient(at: model) { $0.loss(batch.ids, batch.offsets, RandomKey(batch.key)) }
      optimizer.update(&model, try clipByGlobalNorm(gradient, 0.5).gradient, learningRate: rate)
      let value = compiled(&state, batch, Tensor([rate], shape: []))
      #expect(abs(value.item() - loss.item()) < 1e-5 * abs(loss.item()))
      // The loss does not depend on the key's bias: its gradient is rounding, which Adam blows up.
      for ((name, a), b) in zip(model.namedTensors, state.first.tensors) where name != "block.attention.key.bias" {
        let distance = (a - b).norm().item() / max(a.norm().item(), 1e-3)
        #expect(distance < 1e-5, "step \(number): \(name)")
      }
    }
    #expect(state.second.state.step == 5)
    #expect(compiled.statistics.compilations == 1)
  }

  @Test("a compiled step writes over the parameters' memory")
  func inPlace() {
    var state = Pair(Linear(4, 4, key: RandomKey(3)), SGD(momentum: 0.9))
    state.second.state.prepare(for: state.first)
    let compiled = compileUpdate({ (state: inout Pair<Linear, SGD>, x: Tensor) -> Tensor in
      let (loss, gradient) = valueAndGradient(at: state.first) { square($0(x)).sum() }
      state.second.update(&state.first, gradient, learningRate: Tensor(0.01))
      return loss
    })
    let x = Tensor.ones([2, 4])
    _ = compiled(&state, x)
    let before = ObjectIdentifier(state.first.weight.view.storage)
    let first = compiled(&state, x).item()
    #expect(ObjectIdentifier(state.first.weight.view.storage) == before)
    #expect(compiled(&state, x).item() < first)
  }
}
