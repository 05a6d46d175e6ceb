import WengertNN

/// Gradient caching (Gao et al. 2021): the exact gradient of a loss on many embeddings in the memory of one chunk.
///
/// All chunks are encoded; the loss is differentiated with respect to the embeddings alone, chunk by chunk of the labels; each chunk is then encoded again, its
/// dropout replayed by its key, and gone back through from its slice of the embedding gradient, which is given up with that. The result equals the gradient of the
/// unchunked loss to rounding. The chunk encoded last, the first to be gone back through, waits half way, which saves encoding it twice.
///
/// Encoder and loss are compiled once; every chunk runs the same programs, whatever its number of texts and tokens.
public final class GradientCache<Model: TensorTree> {
  private let forward: CompiledFunction<Model, TokenTensors, Tensor?, Tensor>
  private let pullback: CompiledPullback<Model, TokenTensors, Tensor?>
  private let loss: StreamedLoss

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
    let device = model.tensors.first.map { Device($0.backend) } ?? .current
    func tensors(_ chunks: [PackedTokens], _ key: RandomKey?) -> [(tokens: TokenTensors, key: Tensor?)] {
      chunks.enumerated().map { ($1.tensors(on: device), key?.fold($0).data) }
    }
    let documents = tensors(documents, key?.fold(0)), labels = tensors(labels, key?.fold(1))
    func encoded(_ chunks: ArraySlice<(tokens: TokenTensors, key: Tensor?)>) -> [Tensor] {
      chunks.map { forward(model, $0.tokens, $0.key) }
    }
    let documentEmbeddings = encoded(documents[...])
    var labelEmbeddings = encoded(labels.dropLast())
    let last = pullback(model, labels.last!.tokens, labels.last!.key)
    labelEmbeddings.append(last.value)

    var gradient = model.map { Tensor.zeros($1.shape, dtype: $1.dtype, device: device) }
    let (value, slope) = loss.valueAndGradient(
      documents: concatenate(documentEmbeddings), labels: labelEmbeddings, targets: targets
    ) { block, slice in
      let part = block == labels.count - 1 ? last : pullback(model, labels[block].tokens, labels[block].key)
      part.add(slice, to: &gradient)
    }
    for (chunk, slice) in zip(documents, slope.split(documentEmbeddings.map { $0.shape[0] })) {
      pullback(model, chunk.tokens, chunk.key).add(slice, to: &gradient)
    }
    return (value, gradient)
  }

  /// The compiled programs and what each is for.
  public var programs: [(name: String, program: CompiledProgram)] {
    [("encoder forward", forward), ("encoder pullback", pullback)] + loss.programs
  }
}
