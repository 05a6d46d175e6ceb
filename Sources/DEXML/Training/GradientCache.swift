import Collectives
import WengertNN

/// Gradient caching (Gao et al. 2021): the exact gradient of a loss on many embeddings in the memory of one chunk.
///
/// All chunks are encoded; the loss is differentiated with respect to the embeddings alone, chunk by chunk of the labels; each chunk is then encoded again, its
/// dropout replayed, with a backward pass from its slice of the embedding gradient, which is given up with that. The result equals the gradient of the
/// unchunked loss to rounding. One chunk, the last of the documents or of the labels, waits half way, which saves encoding it twice.
///
/// Several workers each encode their part of the documents and of the labels and have all documents' embeddings; gradients are added up while the last chunk's is
/// still computed.
///
/// Encoder and loss are compiled once; every chunk runs the same programs, whatever its number of texts and tokens.
public final class GradientCache<Model: TensorTree> {
  private let forward: CompiledFunction<Model, TokenTensors, Tensor?, Tensor>
  private let pullback: CompiledPullback<Model, TokenTensors, Tensor?>
  private let loss: StreamedLoss
  private let workers: any Workers
  /// What the loss is multiplied by while gradients go back through the encoder (`LossScale`); they are divided by it in the end.
  package var lossScale = 1.0

  /// Texts in chunks, on their way to the loss and back.
  private struct Texts {
    let chunks: [(tokens: TokenTensors, key: Tensor?)]
    var embeddings: [Tensor] = []
    /// The last chunk, if it waits half way.
    var last: CompiledPullback<Model, TokenTensors, Tensor?>.Pending?

    var lastTokenCount: Int { chunks.last?.tokens.ids.shape[0] ?? 0 }

    init(_ chunks: [PackedTokens], _ key: RandomKey?, like model: Model) {
      let device = model.tensors.first.map { $0.device } ?? .current
      self.chunks = chunks.map { ($0.tensors(on: device), key?.data) }
    }
  }

  /// - Parameters:
  ///   - encode: one chunk to its embeddings [sequences, width], with dropout by a key's data unless it is nil.
  ///   - loss: of the embeddings.
  ///   - workers: those that share the documents and the labels.
  ///   - finished: finished programs of `encode` and of its pullback.
  public init(
    encode: @escaping (Model, TokenTensors, Tensor?) -> Tensor, loss: SimilarityLoss, workers: any Workers = OneWorker(),
    finished: (
      forward: [CompiledFunction<Model, TokenTensors, Tensor?, Tensor>], pullback: [CompiledPullback<Model, TokenTensors, Tensor?>]
    ) =
      ([], [])
  ) {
    let options = CompileOptions(shapes: TokenTensors.symbolicShapes(argument: 1))
    forward = compile(encode, options, finished: finished.forward)
    pullback = compilePullback(encode, options, finished: finished.pullback)
    self.loss = StreamedLoss(loss)
    self.workers = workers
  }

  /// The loss, a float64 scalar, and its gradient with respect to the model.
  ///
  /// - Parameters:
  ///   - model: what the gradient is by.
  ///   - documents: the tokens of this worker's documents, in chunks: `workers.part(of:)` of all.
  ///   - labels: the tokens of this worker's labels, in chunks, likewise.
  ///   - key: of this step's dropout, whatever the chunks. Nil: no dropout.
  ///   - targets: of all documents and all labels.
  public func valueAndGradient(
    at model: Model, documents: [PackedTokens], labels: [PackedTokens], key: RandomKey?, targets: LossTargets
  ) -> (value: Tensor, gradient: Model) {
    var documents = Texts(documents, key?.fold(0), like: model), labels = Texts(labels, key?.fold(1), like: model)
    // The larger of the last chunks waits half way, which saves encoding it twice, and its backward pass precedes all others. If that is the documents', the labels'
    // gradients must be kept until then: not where they might take more memory than the model (embeddings are seldom wider than 1,024).
    let size = model.tensors.reduce(0) { $0 + $1.shape.elementCount }
    let labelCount = labels.chunks.reduce(0) { $0 + $1.tokens.starts.shape[0] }
    let documentsWait =
      documents.lastTokenCount >= labels.lastTokenCount && labelCount * 1024 <= size
    if documentsWait {
      encode(&labels, model)
      encode(&documents, model, lastWaits: true)
    } else {
      encode(&documents, model)
      encode(&labels, model, lastWaits: true)
    }

    var gradient = zeros(like: model)
    var kept: [Slope] = []
    let (value, slope) = loss.valueAndGradient(
      documents: workers.gathered(documents.embeddings, targets.documentCount), labels: labels.embeddings, targets: targets,
      workers: workers
    ) { number, slice in
      if documentsWait {
        kept.append((labels, number, slice))
      } else {
        goBack((labels, number, slice), model, &gradient)
      }
    }
    goBack(slopes(documents, slope) + kept, model, &gradient)
    return (value, unscaled(gradient))
  }

  /// The loss of documents against a classifier's labels, a float64 scalar, and its gradients with respect to model and classifier.
  ///
  /// The loss sees the labels block by block, and each block's gradient goes into the classifier's as soon as it is known.
  ///
  /// - Parameters:
  ///   - model: the encoder, by which there is a gradient.
  ///   - documents: the tokens of this worker's documents, in chunks: `workers.part(of:)` of all.
  ///   - classifier: the labels' rows, by which there is another.
  ///   - block: labels that are scored at once; each worker scores its part of them.
  ///   - key: of this step's dropout, whatever the chunks. Nil: no dropout.
  ///   - targets: of all documents and all labels.
  public func valueAndGradient(
    at model: Model, documents: [PackedTokens], classifier: LabelClassifier, block: Int, key: RandomKey?, targets: LossTargets
  ) -> (value: Tensor, gradient: Model, classifier: LabelClassifier) {
    var documents = Texts(documents, key?.fold(0), like: model)
    encode(&documents, model, lastWaits: true)
    let part = workers.part(of: classifier.labelCount), blocks = classifier.blocks(of: block, in: part)
    var ofClassifier = zeros(like: classifier)
    let (value, slope) = loss.valueAndGradient(
      documents: LabelClassifier.documents(workers.gathered(documents.embeddings, targets.documentCount)),
      labels: blocks.map(classifier.vectors),
      targets: targets, workers: workers
    ) { number, slice in ofClassifier.setVectors(blocks[number], slice) }
    if workers.count > 1 {
      ofClassifier = LabelClassifier(
        weight: workers.gathered([ofClassifier.weight[part]], classifier.labelCount),
        bias: workers.gathered([ofClassifier.bias[part]], classifier.labelCount).flatten())
    }
    var gradient = zeros(like: model)
    goBack(slopes(documents, slope[Axis.all, 0..<classifier.width]), model, &gradient)
    return (value, unscaled(gradient), ofClassifier)
  }

  private func unscaled(_ gradient: Model) -> Model { lossScale == 1 ? gradient : gradient.map { $1 * (1 / lossScale) } }

  /// The compiled programs and what each is for.
  public var programs: [(name: String, program: CompiledHandle)] {
    [("encoder forward", forward), ("encoder pullback", pullback)] + loss.programs
  }

  private func zeros<Tree: TensorTree>(like tree: Tree) -> Tree {
    tree.map { Tensor.zeros($1.shape, dtype: $1.dtype, device: $1.device) }
  }

  private func encode(_ texts: inout Texts, _ model: Model, lastWaits: Bool = false) {
    texts.embeddings = texts.chunks.dropLast(lastWaits ? 1 : 0).map { forward(model, $0.tokens, $0.key) }
    guard lastWaits, let chunk = texts.chunks.last else { return }
    let last = pullback(model, chunk.tokens, chunk.key)
    texts.embeddings.append(last.value)
    texts.last = last
  }

  /// The gradient of a chunk's embeddings.
  private typealias Slope = (texts: Texts, number: Int, values: Tensor)

  /// This worker's chunks by the gradient of all documents' embeddings; the chunk that waits is the first.
  private func slopes(_ texts: Texts, _ all: Tensor) -> [Slope] {
    let part = workers.part(of: all.shape[0])
    if part.isEmpty { return [] }
    return all[part].split(texts.embeddings.map { $0.shape[0] }).enumerated().reversed().map { (texts, $0, $1) }
  }

  private func goBack(_ slope: Slope, _ model: Model, _ gradient: inout Model, isComplete: ((Int, Tensor) -> Void)? = nil) {
    let chunk = slope.texts.chunks[slope.number]
    let waiting = slope.number == slope.texts.chunks.count - 1 ? slope.texts.last : nil
    (waiting ?? pullback(model, chunk.tokens, chunk.key)).add(
      lossScale == 1 ? slope.values : slope.values * lossScale, to: &gradient, isComplete: isComplete)
  }

  /// Adds what is left to the gradient, and the other workers' gradients.
  private func goBack(_ slopes: [Slope], _ model: Model, _ gradient: inout Model) {
    for slope in slopes.dropLast() { goBack(slope, model, &gradient) }
    guard workers.count > 1 else {
      if let last = slopes.last { goBack(last, model, &gradient) }
      return
    }
    if workers is DeviceWorkers {
      if let last = slopes.last { goBack(last, model, &gradient) }
      var sums = workers.summed(gradient.tensors)[...]
      gradient = gradient.map { _, _ in sums.removeFirst() }
      return
    }
    let sum = GradientSum(gradient.tensors.map(\.shape.elementCount), workers)
    func tell(_ number: Int, _ tensor: Tensor) { sum.add(number, tensor.array(of: Float.self)) }
    if let last = slopes.last {
      goBack(last, model, &gradient, isComplete: tell)
    } else {
      for (number, tensor) in gradient.tensors.enumerated() { tell(number, tensor) }
    }
    var number = -1
    gradient = gradient.map { _, tensor in
      number += 1
      return Tensor(sum.value(number), shape: tensor.shape, device: tensor.device)
    }
  }
}
