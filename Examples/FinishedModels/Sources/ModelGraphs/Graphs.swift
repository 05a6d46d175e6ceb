import Models
import WengertGraphTool

@main struct Graphs: FinishedGraphs {
  static var graphs: [FinishedGraph] {
    let model = tree { Classifier(key: RandomKey(0)) }
    let ids = tensor(["tokens"], .int64), offsets = tensor([Dimension("sequences") + 1], .int64)
    let classes = tensor(["sequences"], .int64)
    return [
      .function("logits", logits, model, ids, offsets),
      .gradient("lossAndGradient", of: loss, model, ids, offsets, classes),
      .update("step", step, tree { trainingState(key: RandomKey(0)) }, ids, offsets, classes, tensor([])),
    ]
  }
}
