import Testing
import WengertNN
import WengertTestSupport

/// Layers, losses and optimizers compiled for symbolic batches, tokens and sequences: one program, the eager results at every size.
@Suite("Layers, losses and optimizers with symbols")
struct SymbolicLayerTests {
  struct Batch: TensorTree {
    var x: Tensor, target: Tensor, offsets = Tensor([0] as [Int])
    mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
      body(dotted(prefix, "x"), &x)
      body(dotted(prefix, "target"), &target)
      body(dotted(prefix, "offsets"), &offsets)
    }
  }

  /// One step of an optimizer on a loss, compiled and eager, at several sizes: losses and parameters agree.
  private func check<Model: ParameterTree, Rule: Optimizer>(
    _ model: Model, _ optimizer: Rule, _ shapes: [String: [Dimension]], _ batches: [Batch], tolerance: Double = 1e-4,
    sourceLocation: SourceLocation = #_sourceLocation, _ loss: @escaping (Model, Batch) -> Tensor
  ) {
    let train = { (state: inout Pair<Model, Rule>, batch: Batch) -> Tensor in
      let (loss, gradient) = valueAndGradient(at: state.first) { loss($0, batch) }
      state.second.update(&state.first, gradient, learningRate: Tensor(0.05))
      return loss
    }
    var eager = Pair(model, optimizer)
    eager.second.state.prepare(for: model)
    var state = eager
    let step = compileUpdate(train, CompileOptions(shapes: shapes))
    for (number, batch) in batches.enumerated() {
      let a = step(&state, batch).item(), e = train(&eager, batch).item()
      #expect(abs(a - e) <= 1e-5 * max(1, abs(e)), "step \(number)", sourceLocation: sourceLocation)
      for ((name, a), e) in zip(state.first.namedTensors, eager.first.tensors) {
        let distance = (a - e).norm().item() / max(e.norm().item(), 1)
        #expect(distance < tolerance, "step \(number): \(name)", sourceLocation: sourceLocation)
      }
    }
    #expect(step.statistics.compilations == 1, sourceLocation: sourceLocation)
  }

  private static let rows: [String: [Dimension]] = ["1.x": ["batch", -1], "1.target": ["batch"]]

  private func classified(_ sizes: [Int] = [6, 3, 11]) -> [Batch] {
    sizes.map { Batch(x: RandomKey($0).normal([$0, 5]), target: RandomKey($0 + 1).integers(0..<4, [$0])) }
  }

  @Test("cross-entropy of a batch of any size, with every optimizer")
  func crossEntropies() {
    let model = Linear(5, 4, key: RandomKey(1))
    check(model, SGD(momentum: 0.9, nesterov: true), Self.rows, classified()) { crossEntropy($0($1.x), $1.target) }
    check(model, Adam(weightDecay: 0.01), Self.rows, classified()) { crossEntropy($0($1.x), $1.target, labelSmoothing: 0.1) }
    check(model, AdamW(groups: [.noDecayOnBiasesAndNorms]), Self.rows, classified()) { crossEntropy($0($1.x), $1.target) }
  }

  @Test("clipping by the global norm of a batch of any size")
  func clipping() {
    let model = Linear(5, 4, key: RandomKey(2))
    let train = { (state: inout Pair<Linear, SGD>, batch: Batch) -> Tensor in
      let (loss, gradient) = valueAndGradient(at: state.first) { crossEntropy($0(batch.x), batch.target) }
      let (clipped, norm) = clippedByGlobalNorm(gradient, 0.1)
      state.second.update(&state.first, clipped, learningRate: Tensor(0.1))
      return loss + norm
    }
    var state = Pair(model, SGD()), eager = state
    state.second.state.prepare(for: model)
    eager.second.state.prepare(for: model)
    let step = compileUpdate(train, CompileOptions(shapes: Self.rows))
    for batch in classified() { #expect(abs(step(&state, batch).item() - train(&eager, batch).item()) < 1e-5) }
    #expect(step.statistics.compilations == 1)
  }

  @Test("the other losses of a batch of any size")
  func losses() {
    let model = Linear(5, 4, key: RandomKey(3))
    let shapes: [String: [Dimension]] = ["1.x": ["batch", -1], "1.target": ["batch", -1]]
    let batches = [6, 2, 9].map { Batch(x: RandomKey($0).normal([$0, 5]), target: RandomKey($0 + 1).uniform([$0, 4])) }
    check(model, SGD(), shapes, batches) { meanSquaredError($0($1.x), $1.target) }
    check(model, SGD(), shapes, batches) { binaryCrossEntropyWithLogits($0($1.x), $1.target) }
  }

  struct Tower: ParameterTree, Sendable {
    var layers: Sequential
    var norm: LayerNorm
    static let fields: [Field<Self>] = [.init("layers", \.layers), .init("norm", \.norm)]
  }

  @Test("linear layers, dropout, activations and layer norm of a batch of sequences of any length")
  func tower() {
    let model = Tower(
      layers: Sequential(Linear(5, 8, key: RandomKey(4)), Activation { gelu($0) }, Dropout(0.3), Linear(8, 6, key: RandomKey(5))),
      norm: LayerNorm(6))
    let shapes: [String: [Dimension]] = ["1.x": ["batch", "length", -1], "1.target": ["batch", "length", -1]]
    let batches = [(2, 3), (4, 1), (1, 7)].map { batch, length in
      Batch(x: RandomKey(batch).normal([batch, length, 5]), target: RandomKey(length).normal([batch, length, 6]))
    }
    check(model, SGD(), shapes, batches) { model, batch in
      square(model.norm(model.layers(batch.x, .training(RandomKey(6)))) - batch.target).mean()
    }
  }

  struct Encoder: ParameterTree, Sendable {
    var embedding: Embedding
    var block: TransformerBlock
    var head: Linear
    static let fields: [Field<Self>] = [.init("embedding", \.embedding), .init("block", \.block), .init("head", \.head)]
  }

  @Test("embedding, attention and transformer of packed sequences, any number of tokens and sequences", arguments: [false, true])
  func encoder(normFirst: Bool) {
    let model = Encoder(
      embedding: Embedding(20, 8, key: RandomKey(7)),
      block: TransformerBlock(
        width: 8, heads: 2, dropout: 0.1, attentionDropout: 0.1, normFirst: normFirst, key: RandomKey(8),
        initializer: .normal(standardDeviation: 0.5)),
      head: Linear(8, 3, key: RandomKey(9)))
    let shapes: [String: [Dimension]] = [
      "1.x": ["tokens"], "1.target": ["tokens"], "1.offsets": [Dimension(symbol: "sequences") + 1],
    ]
    let batches = [[3, 2, 4], [5], [1, 1, 6, 2]].map { lengths -> Batch in
      let tokens = lengths.reduce(0, +)
      return Batch(
        x: RandomKey(tokens).integers(0..<20, [tokens]), target: RandomKey(tokens + 1).integers(0..<3, [tokens]),
        offsets: Tensor(lengths.reduce(into: [0]) { $0.append($0.last! + $1) }))
    }
    check(model, SGD(momentum: 0.9), shapes, batches) { model, batch in
      let x = model.block(model.embedding(batch.x), offsets: batch.offsets, .training(RandomKey(10)))
      return crossEntropy(model.head(x), batch.target)
    }
  }

  @Test("widths may be symbols too: a layer norm, a linear layer and attention of parameters that are arguments")
  func widths() {
    let f: @Sendable ([Tensor]) -> [Tensor] = { x in
      let loss: @Sendable ([Tensor]) -> Tensor = { x in
        let h = LayerNorm(weight: x[1], bias: x[2])(x[0])
        let y = Linear(weight: x[3], bias: x[1])(h)
        return square(attention(query: y, key: h, value: y, offsets: Tensor([0, 2, 6] as [Int]), heads: 2)).sum()
      }
      let (value, gradient) = valueAndGradient(at: x, loss)
      return [value] + gradient + hessianVectorProduct(at: x, along: x, loss)
    }
    let w: Dimension = "width"
    let compiled = compile(f, CompileOptions(shapes: ["0.0": [-1, w], "0.1": [w], "0.2": [w], "0.3": [w, w]]))
    for width in [6, 4, 10] {
      let key = RandomKey(width)
      let x = [
        key.fold(0).normal([6, width], dtype: .float64), key.fold(1).normal([width], dtype: .float64),
        key.fold(2).normal([width], dtype: .float64), key.fold(3).normal([width, width], standardDeviation: 0.3, dtype: .float64),
      ]
      for (a, e) in zip(compiled(x), f(x)) {
        expectClose(
          a.array(of: Double.self), e.array(of: Double.self),
          Tolerance(.float64, unitsInLastPlace: 0, absolute: 1e-9 * max(1, abs(e).max().item())), "width \(width)")
      }
    }
    #expect(compiled.statistics.compilations == 1)
  }

  @Test("a loss of rows that do not belong together names both shapes and the line")
  func mismatch() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = crossEntropy(Tensor.ones([3, 4]), Tensor([0, 1] as [Int]))
    }
    .expectsText("SymbolicLayerTests.swift:\(#line - 3)", "crossEntropy: needs [rows, classes] and [rows], got [3, 4] and [2]")
  }
}

extension Optional where Wrapped == ExitTest.Result {
  fileprivate func expectsText(_ parts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
    guard let self else { return }
    let text = String(decoding: self.standardErrorContent, as: UTF8.self)
    for part in parts where !text.contains(part) {
      Issue.record("\"\(part)\" is not in the message: \(text)", sourceLocation: sourceLocation)
    }
  }
}
