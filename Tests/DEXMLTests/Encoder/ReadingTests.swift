import Testing
import WengertNN

@testable import DEXML

/// What encoders and optimizers tell calls of compiled functions of themselves.
@Suite("Encoders as arguments of compiled functions")
struct ReadingTests {
  /// How often a function is compiled for these, each of which comes twice.
  private func compilations<Tree: TensorTree>(_ trees: [Tree]) -> Int {
    let f = compile { (_: Tree, x: Tensor) in x + 1 }
    for tree in trees + trees { #expect(f(tree, Tensor([1.0])).item() == 2) }
    return f.statistics.compilations
  }

  private func encoder(_ change: (inout BertConfiguration) -> Void = { _ in }) -> BertEncoder {
    var shape = BertConfiguration(vocabularySize: 8, hiddenSize: 4, layers: 1, heads: 2, intermediateSize: 8)
    change(&shape)
    return BertEncoder(shape, key: RandomKey(1))
  }

  @Test("each setting of an encoder is told, and equal encoders are told alike") func encoders() {
    #expect(compilations([encoder(), encoder(), encoder { $0.attentionDropout = 0.5 }, encoder { $0.padID = 1 }]) == 3)
    var changed = TextEncoder(encoder(), pooling: .mean)
    var all = [changed]
    for change: (inout TextEncoder) -> Void in [
      { $0.pooling = .cls }, { $0.normalizes = false }, { $0.dropout.rate = 0.5 }, { $0.layers = [.normalize] },
      { $0.layers = [.truncate(2)] }, { $0.layers = [.truncate(3)] }, { $0.layers = [.normalize, .normalize] },
      { $0.layers = [.norm(LayerNorm(4))] }, { $0.layers = [.dense(Dense(Linear(4, 4, key: RandomKey(1))))] },
    ] {
      changed = all[0]
      change(&changed)
      all.append(changed)
    }
    all.append(TextEncoder(encoder { $0.heads = 1 }, pooling: .mean))
    #expect(compilations(all) == all.count)
    let text = all[0]
    let classifier = LabelClassifier(labels: 3, width: 4, key: RandomKey(1))
    #expect(compilations([DualEncoder(text), DualEncoder(text, classifier: classifier), DualEncoder(all[1])]) == 3)
  }

  @Test("so is each setting of a layer behind pooling") func layers() {
    let linear = Linear(4, 4, key: RandomKey(1))
    let all: [EmbeddingLayer] = [
      .dense(Dense(linear)), .dense(Dense(linear, activation: .tanh)), .dense(Dense(linear, isResidual: true)),
      .dense(Dense(linear, isResidual: true, residual: linear)), .norm(LayerNorm(4)), .norm(LayerNorm(4, epsilon: 1)), .normalize,
      .truncate(2), .truncate(3),
    ]
    #expect(compilations(all) == all.count)
  }

  @Test("so is an optimizer's kind, with its settings") func optimizers() {
    let all: [any Optimizer] = [AdamW(), AdamW(weightDecay: 0.5), Adam(), SGD(), SGD(momentum: 0.5)]
    #expect(compilations(all.map { AnyOptimizer(base: $0) }) == all.count)
  }
}
