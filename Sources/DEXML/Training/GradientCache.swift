import WengertNN

/// Gradient caching (Gao et al. 2021): the exact gradient of a loss on many embeddings in the memory of one chunk.
///
/// All chunks are encoded; the loss is differentiated with respect to the embeddings alone, chunk by chunk of the labels; each chunk is then encoded again, its
/// dropout replayed by its key, and gone back through from its slice of the embedding gradient, which is given up with that. The result equals the gradient of the
/// unchunked loss to rounding. One chunk, the last of the documents or of the labels, waits half way, which saves encoding it twice.
///
/// Encoder and loss are compiled once; every chunk runs the same programs, whatever its number of texts and tokens.
public final class GradientCache<Model: TensorTree> {
  private let forward: CompiledFunction<Model, TokenTensors, Tensor?, Tensor>
  private let pullback: CompiledPullback<Model, TokenTensors, Tensor?>
  private let loss: StreamedLoss

  /// Texts in chunks, on their way to the loss and back.
  private struct Texts {
    let chunks: [(tokens: TokenTensors, key: Tensor?)]
    var embeddings: [Tensor] = []
    /// The last chunk, where it waits half way.
    var last: CompiledPullback<Model, TokenTensors, Tensor?>.Pending?

    init(_ chunks: [PackedTokens], _ key: RandomKey?, like model: Model) {
      let device = model.tensors.first.map { Device($0.backend) } ?? .current
      self.chunks = chunks.enumerated().map { ($1.tensors(on: device), key?.fold($0).data) }
    }
  }

  /// - Parameters:
  ///   - encode: one chunk to its embeddings [sequences, width], with dropout by a key unless it is nil.
  ///   - loss: of the embeddings.
  public init(encode: @escaping (Model, TokenTensors, RandomKey?) -> Tensor, loss: SimilarityLoss) {
    let options = CompileOptions(shapes: TokenTensors.symbolicShapes(argument: 1))
    forward = compile({ (model: Model, tokens: TokenTensors, key: Tensor?) in encode(model, tokens, key.map { RandomKey($0) }) }, options)
    pullback = compilePullback(
      { (model: Model, tokens: TokenTensors, key: Tensor?) in encode(model, tokens, key.map { RandomKey($0) }) }, options)
    self.loss = StreamedLoss(loss)
  }

  /// The loss, and its gradient with respect to the model.
  ///
  /// - Parameters:
  ///   - documents: the documents' tokens, in chunks.
  ///   - labels: the labels' tokens, in chunks.
  ///   - key: of this step's dropout; each chunk has its own below it. Nil: no dropout.
  public func valueAndGradient(
    at model: Model, documents: [PackedTokens], labels: [PackedTokens], key: RandomKey?, targets: LossTargets
  ) -> (value: Double, gradient: Model) {
    var documents = Texts(documents, key?.fold(0), like: model), labels = Texts(labels, key?.fold(1), like: model)
    // The larger of the last chunks waits half way, which saves encoding it twice, and is gone back through before any other. If that is the documents', the labels'
    // gradients must be kept until then: not where they might take more memory than the model (embeddings are seldom wider than 1,024).
    let size = model.tensors.reduce(0) { $0 + $1.shape.elementCount }
    let labelCount = labels.chunks.reduce(0) { $0 + $1.tokens.starts.shape[0] }
    let documentsWait =
      documents.chunks.last!.tokens.ids.shape[0] >= labels.chunks.last!.tokens.ids.shape[0] && labelCount * 1024 <= size
    if documentsWait {
      encode(&labels, model)
      encode(&documents, model, lastWaits: true)
    } else {
      encode(&documents, model)
      encode(&labels, model, lastWaits: true)
    }

    var gradient = zeros(like: model)
    var kept: [(number: Int, slice: Tensor)] = []
    let (value, slope) = loss.valueAndGradient(
      documents: concatenate(documents.embeddings), labels: labels.embeddings, targets: targets
    ) { number, slice in
      if documentsWait { kept.append((number, slice)) } else { goBack(labels, number, slice, model, &gradient) }
    }
    goBack(documents, slope, model, &gradient)
    for (number, slice) in kept { goBack(labels, number, slice, model, &gradient) }
    return (value, gradient)
  }

  /// The loss of documents against a classifier's labels, and its gradients with respect to model and classifier.
  ///
  /// The loss sees the labels block by block, and each block's gradient goes into the classifier's as soon as it is known.
  ///
  /// - Parameters:
  ///   - documents: the documents' tokens, in chunks.
  ///   - block: labels that are scored at once.
  ///   - key: of this step's dropout; each chunk has its own below it. Nil: no dropout.
  public func valueAndGradient(
    at model: Model, documents: [PackedTokens], classifier: LabelClassifier, block: Int, key: RandomKey?, targets: LossTargets
  ) -> (value: Double, gradient: Model, classifier: LabelClassifier) {
    var documents = Texts(documents, key?.fold(0), like: model)
    encode(&documents, model, lastWaits: true)
    let blocks = classifier.blocks(of: block)
    var ofClassifier = zeros(like: classifier)
    let (value, slope) = loss.valueAndGradient(
      documents: LabelClassifier.documents(concatenate(documents.embeddings)), labels: blocks.map(classifier.vectors), targets: targets
    ) { number, slice in ofClassifier.setVectors(blocks[number], slice) }
    var gradient = zeros(like: model)
    goBack(documents, slope[Axis.all, 0..<classifier.width], model, &gradient)
    return (value, gradient, ofClassifier)
  }

  /// The compiled programs and what each is for.
  public var programs: [(name: String, program: CompiledProgram)] {
    [("encoder forward", forward), ("encoder pullback", pullback)] + loss.programs
  }

  private func zeros<Tree: TensorTree>(like tree: Tree) -> Tree {
    tree.map { Tensor.zeros($1.shape, dtype: $1.dtype, device: Device($1.backend)) }
  }

  private func encode(_ texts: inout Texts, _ model: Model, lastWaits: Bool = false) {
    texts.embeddings = texts.chunks.dropLast(lastWaits ? 1 : 0).map { forward(model, $0.tokens, $0.key) }
    guard lastWaits, let chunk = texts.chunks.last else { return }
    let last = pullback(model, chunk.tokens, chunk.key)
    texts.embeddings.append(last.value)
    texts.last = last
  }

  /// Adds a chunk's gradient by the slope of its embeddings.
  private func goBack(_ texts: Texts, _ number: Int, _ slope: Tensor, _ model: Model, _ gradient: inout Model) {
    let chunk = texts.chunks[number]
    let waiting = number == texts.chunks.count - 1 ? texts.last : nil
    (waiting ?? pullback(model, chunk.tokens, chunk.key)).add(slope, to: &gradient)
  }

  /// Adds all chunks' gradients by the slope of all embeddings; the chunk that waits is the first.
  private func goBack(_ texts: Texts, _ slope: Tensor, _ model: Model, _ gradient: inout Model) {
    for (number, slice) in slope.split(texts.embeddings.map { $0.shape[0] }).enumerated().reversed() {
      goBack(texts, number, slice, model, &gradient)
    }
  }
}
