import Models
import WengertNN

// The finished programs beside the functions that they were made of, run as they are and compiled here: what is printed is the largest difference.
let model = Classifier(key: RandomKey(7))
let ids = RandomKey(1).integers(0..<100, [12]), offsets = Tensor([Int64(0), 5, 12]), classes = Tensor([Int64(3), 1])

func difference(_ a: some TensorTree, _ b: some TensorTree) -> Double {
  zip(a.tensors, b.tensors).map { abs($0 - $1).array(of: Double.self).max() ?? 0 }.max() ?? 0
}

let finished = Graphs.lossAndGradient(model, ids, offsets, classes)
let eager = Pair(valueAndGradient(at: model) { loss($0, ids, offsets, classes) })
let compiled = compile { (model: Classifier, ids: Tensor, offsets: Tensor, classes: Tensor) in
  valueAndGradient(at: model) { loss($0, ids, offsets, classes) }
}(model, ids, offsets, classes)
print("loss", finished.first.item())
print("logits: against eager", difference(Graphs.logits(model, ids, offsets), logits(model, ids, offsets)))
print("loss and gradient: against eager", difference(finished, eager), "against compile", difference(finished, compiled))

var state = trainingState(key: RandomKey(7)), expected = state
let rate = Tensor(0.01)
for _ in 0..<3 {
  _ = Graphs.step(&state, ids, offsets, classes, rate)
  _ = step(&expected, ids, offsets, classes, rate)
}
print("three steps: against eager", difference(state.first, expected.first))
