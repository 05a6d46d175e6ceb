public import WengertNN

/// An encoder and a layer that gives each sequence a number for each class.
public struct Classifier: ParameterTree, Sendable {
  public var encoder: Encoder
  public var output: Linear

  public static let fields: [Field<Self>] = [.init("encoder", \.encoder), .init("output", \.output)]

  public init(key: RandomKey) {
    encoder = Encoder(vocabulary: 100, width: 32, blocks: 2, key: key.fold(0))
    output = Linear(32, 5, key: key.fold(1))
  }
}

/// A helper as any other.
func firstRows(_ x: Tensor, _ offsets: Tensor) -> Tensor { x.gather(offsets[..<(-1)]) }

/// [sequences, classes].
public func logits(_ model: Classifier, _ ids: Tensor, _ offsets: Tensor) -> Tensor {
  model.output(model.encoder(ids, offsets: offsets), .evaluation)
}

/// The mean cross-entropy of the sequences' classes.
public func loss(_ model: Classifier, _ ids: Tensor, _ offsets: Tensor, _ classes: Tensor) -> Tensor {
  crossEntropy(logits(model, ids, offsets), classes)
}

/// A step of AdamW; gives the loss before it.
public func step(_ state: inout Pair<Classifier, AdamW>, _ ids: Tensor, _ offsets: Tensor, _ classes: Tensor, _ rate: Tensor) -> Tensor {
  let (value, gradient) = valueAndGradient(at: state.first) { loss($0, ids, offsets, classes) }
  state.second.update(&state.first, gradient, learningRate: rate)
  return value
}

/// A model and an optimizer that holds its moments.
public func trainingState(key: RandomKey) -> Pair<Classifier, AdamW> {
  var state = Pair(Classifier(key: key), AdamW())
  state.second.state.prepare(for: state.first)
  return state
}
