import Testing
import WengertCore
import WengertNN

/// What layers and optimizers tell calls of compiled functions of themselves. That they read the tensors that they visit is looked at whenever a function is traced.
@Suite("Layers and optimizers as arguments of compiled functions")
struct ReadingTests {
  /// How often a function is compiled for these, each of which comes twice.
  private func compilations<Tree: TensorTree>(_ trees: [Tree]) -> Int {
    let f = compile { (_: Tree, x: Tensor) in x + 1 }
    for tree in trees + trees { #expect(f(tree, Tensor([1.0])).item() == 2) }
    return f.statistics.compilations
  }

  /// The tree, and one more for each change.
  private func variants<Tree>(_ tree: Tree, _ changes: (inout Tree) -> Void...) -> [Tree] {
    [tree]
      + changes.map { change in
        var copy = tree
        change(&copy)
        return copy
      }
  }

  @Test("each setting of a layer is told, and equal layers are told alike") func layers() {
    let block = TransformerBlock(width: 4, heads: 2, key: RandomKey(1))
    #expect(compilations(variants(Linear(2, 2, key: RandomKey(1)), { $0.bias = nil })) == 2)
    #expect(compilations(variants(LayerNorm(2), { $0.epsilon = 1 })) == 2)
    #expect(compilations([Embedding(3, 2, key: RandomKey(1)), Embedding(3, 2, key: RandomKey(2))]) == 1)
    #expect(compilations(variants(Dropout(0.5), { $0.rate = 0.25 })) == 2)
    #expect(compilations(variants(block.attention, { $0.heads = 1 }, { $0.dropout = 0.5 })) == 3)
    #expect(
      compilations(
        variants(
          block, { $0.normFirst = true }, { $0.dropout.rate = 0.5 }, { $0.attention.heads = 1 }, { $0.outputNorm.epsilon = 1 },
          { $0.attentionNorm.epsilon = 1 }, { $0.output.bias = nil })) == 7)
    let layer = Linear(2, 2, key: RandomKey(1))
    #expect(
      compilations([
        Sequential(layer, Dropout(0.5)), Sequential(layer), Sequential(Dropout(0.5), layer), Sequential(layer, Activation(relu)),
        Sequential(layer, Dropout(0.25)), Sequential(),
      ]) == 6)
  }

  @Test("each setting of an optimizer is told, and the names of the parameters that it has moments of") func optimizers() {
    let group = ParameterGroup.noDecayOnBiasesAndNorms
    func named(_ names: String...) -> OptimizerState {
      var state = OptimizerState(bufferNames: ["momentum"])
      state.prepare(for: Dictionary(uniqueKeysWithValues: names.map { ($0, Tensor([1.0])) }))
      return state
    }
    #expect(
      compilations(
        variants(
          AdamW(), { $0.beta1 = 0.5 }, { $0.beta2 = 0.5 }, { $0.epsilon = 1 }, { $0.weightDecay = 1 }, { $0.groups = [group] },
          { $0.groups = [group, group] }, { $0.state = named("a") })) == 8)
    #expect(
      compilations(
        variants(
          Adam(), { $0.beta1 = 0.5 }, { $0.beta2 = 0.5 }, { $0.epsilon = 1 }, { $0.weightDecay = 1 }, { $0.groups = [group] },
          { $0.state = named("a") })) == 7)
    #expect(
      compilations([
        SGD(), SGD(momentum: 0.5), SGD(momentum: 0.25), SGD(momentum: 0.5, nesterov: true), SGD(weightDecay: 1), SGD(groups: [group]),
      ]) == 6)
    #expect(compilations([named("a", "b"), named("b", "a"), named("a", "c"), named("a")]) == 3)
  }

  @Test("an optimizer's moments come in the order of the parameters' names, however they were added") func order() {
    var state = OptimizerState(bufferNames: ["momentum"])
    for name in ["b", "c", "a"] { state.prepare(for: [name: Tensor([1.0])]) }
    #expect(state.namedTensors.map(\.name) == ["step", "a.momentum", "b.momentum", "c.momentum"])
    #expect(state.settings.contains("momentum") && !state.settings.contains("\"a\""))
  }
}
