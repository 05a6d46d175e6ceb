import WengertNN

/// Gradient caching (Gao et al. 2021): the exact gradient of a loss on many embeddings in the memory of one chunk.
///
/// All chunks are encoded; the loss is differentiated with respect to the embeddings alone, chunk by chunk of the labels; each chunk is then encoded again, its
/// dropout replayed, and gone back through from its slice of the embedding gradient, which is given up with that. The result equals the gradient of the
/// unchunked loss to rounding. One chunk, the last of the documents or of the labels, waits half way, which saves encoding it twice.
///
/// Encoder and loss are compiled once; every chunk runs the same programs, whatever its number of texts and tokens.
public final class GradientCache<Model: TensorTree> {
  private let forward: CompiledFunction<Model, TokenTensors, Tensor?, Tensor>
  private let pullback: CompiledPullback<Model, TokenTensors, Tensor?>
  private let loss: StreamedLoss
  private typealias Waiting = CompiledPullback<Model, TokenTensors, Tensor?>.Pending

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
  ///   - key: of this step's dropout, whatever the chunks. Nil: no dropout.
  public func valueAndGradient(
    at model: Model, documents: [PackedTokens], labels: [PackedTokens], key: RandomKey?, targets: LossTargets
  ) -> (value: Double, gradient: Model) {
    let device = model.tensors.first.map { Device($0.backend) } ?? .current
    func tensors(_ chunks: [PackedTokens], _ key: RandomKey?) -> [(tokens: TokenTensors, key: Tensor?)] {
      chunks.map { ($0.tensors(on: device), key?.data) }
    }
    let documents = tensors(documents, key?.fold(0)), labels = tensors(labels, key?.fold(1))
    func encoded(_ chunks: ArraySlice<(tokens: TokenTensors, key: Tensor?)>) -> [Tensor] {
      chunks.map { forward(model, $0.tokens, $0.key) }
    }
    // The larger of the last chunks waits half way, which saves encoding it twice, and is gone back through before any other. If that is the documents', the labels'
    // gradients must be kept until then: not where they might take more memory than the model (embeddings are seldom wider than 1,024).
    let size = model.tensors.reduce(0) { $0 + $1.shape.elementCount }, labelCount = labels.reduce(0) { $0 + $1.tokens.starts.shape[0] }
    let documentsWait =
      documents.last!.tokens.ids.shape[0] >= labels.last!.tokens.ids.shape[0] && labelCount * 1024 <= size
    func encodedHalfWay(_ chunks: [(tokens: TokenTensors, key: Tensor?)], waits: Bool) -> (embeddings: [Tensor], last: Waiting?) {
      guard waits, let chunk = chunks.last else { return (encoded(chunks[...]), nil) }
      let rest = encoded(chunks.dropLast()), last = pullback(model, chunk.tokens, chunk.key)
      return (rest + [last.value], last)
    }
    let early = documentsWait ? encodedHalfWay(labels, waits: false) : encodedHalfWay(documents, waits: false)
    let late = encodedHalfWay(documentsWait ? documents : labels, waits: true)
    let (ofDocuments, ofLabels) = documentsWait ? (late, early) : (early, late)

    var gradient = model.map { Tensor.zeros($1.shape, dtype: $1.dtype, device: device) }
    func goBack(_ chunks: [(tokens: TokenTensors, key: Tensor?)], _ number: Int, _ last: Waiting?, _ slice: Tensor) {
      let chunk = chunks[number]
      let waiting = number == chunks.count - 1 ? last : nil
      (waiting ?? pullback(model, chunk.tokens, chunk.key)).add(slice, to: &gradient)
    }
    var kept: [(number: Int, slice: Tensor)] = []
    let (value, slope) = loss.valueAndGradient(
      documents: concatenate(ofDocuments.embeddings), labels: ofLabels.embeddings, targets: targets
    ) { number, slice in
      if documentsWait { kept.append((number, slice)) } else { goBack(labels, number, ofLabels.last, slice) }
    }
    for (number, slice) in slope.split(ofDocuments.embeddings.map { $0.shape[0] }).enumerated().reversed() {
      goBack(documents, number, ofDocuments.last, slice)
    }
    for (number, slice) in kept { goBack(labels, number, nil, slice) }
    return (value, gradient)
  }

  /// The compiled programs and what each is for.
  public var programs: [(name: String, program: CompiledProgram)] {
    [("encoder forward", forward), ("encoder pullback", pullback)] + loss.programs
  }
}
