import WengertNN

/// Gradient caching (Gao et al. 2021): the exact gradient of a loss on many embeddings in the memory of one chunk.
///
/// All chunks are encoded; the loss is differentiated with respect to the embeddings alone; each chunk is then encoded again, its dropout replayed by its key, and
/// gone back through from its slice of the embedding gradient. The result equals the gradient of the unchunked loss to rounding. The chunk encoded last waits for
/// its slice half way, which saves encoding it twice.
///
/// Encoder and loss are compiled once; every chunk runs the same programs, whatever its number of texts and tokens.
public final class GradientCache<Model: TensorTree, Targets: TensorTree> {
  private let forward: CompiledFunction<Model, TokenTensors, Tensor?, Tensor>
  private let pullback: CompiledPullback<Model, TokenTensors, Tensor?>
  private let loss: CompiledFunction<Tensor, Tensor, Targets, Pair<Tensor, [Tensor]>>

  /// - Parameters:
  ///   - encode: one chunk to its embeddings [sequences, width], with dropout by a key unless it is nil.
  ///   - loss: a scalar from all document embeddings [B, width], all label embeddings [L, width] and what they should be.
  public init(
    encode: @escaping (Model, TokenTensors, RandomKey?) -> Tensor,
    loss: @escaping (_ documents: Tensor, _ labels: Tensor, _ targets: Targets) -> Tensor
  ) {
    let options = CompileOptions(shapes: TokenTensors.symbolicShapes(argument: 1))
    forward = compile({ (model: Model, tokens: TokenTensors, key: Tensor?) in encode(model, tokens, key.map { RandomKey($0) }) }, options)
    pullback = compilePullback(
      { (model: Model, tokens: TokenTensors, key: Tensor?) in encode(model, tokens, key.map { RandomKey($0) }) }, options)
    self.loss = compile { (documents: Tensor, labels: Tensor, targets: Targets) in
      WengertNN.valueAndGradient(at: [documents, labels]) { loss($0[0], $0[1], targets) }
    }
  }

  /// The loss, and its gradient with respect to the model.
  ///
  /// - Parameters:
  ///   - documents: the documents' tokens, in chunks.
  ///   - labels: the labels' tokens, in chunks.
  ///   - key: of this step's dropout; each chunk has its own below it. Nil: no dropout.
  public func valueAndGradient(
    at model: Model, documents: [PackedTokens], labels: [PackedTokens], key: RandomKey?, targets: Targets
  ) -> (value: Tensor, gradient: Model) {
    let device = model.tensors.first.map { Device($0.backend) } ?? .current
    let chunks = (keyed(labels, key?.fold(1)) + keyed(documents, key?.fold(0))).map { ($0.tokens.tensors(on: device), $0.key?.data) }
    let (lastTokens, lastKey) = chunks.last!
    var embeddings = chunks.dropLast().map { forward(model, $0.0, $0.1) }
    let last = pullback(model, lastTokens, lastKey)
    embeddings.append(last.value)

    let (value, cotangents) = loss(
      concatenate(Array(embeddings[labels.count...])), concatenate(Array(embeddings[..<labels.count])), targets
    ).values
    let slices = cotangents[1].split(labels.map(\.sequenceCount)) + cotangents[0].split(documents.map(\.sequenceCount))

    var gradient = model.map { Tensor.zeros($1.shape, dtype: $1.dtype, device: device) }
    last.add(slices.last!, to: &gradient)
    for ((tokens, key), slice) in zip(chunks, slices).dropLast() { pullback(model, tokens, key).add(slice, to: &gradient) }
    return (value, gradient)
  }

  /// The chunks as the step encodes them, each with its own key.
  private func keyed(_ chunks: [PackedTokens], _ key: RandomKey?) -> [(tokens: PackedTokens, key: RandomKey?)] {
    chunks.enumerated().map { ($1, key?.fold($0)) }
  }

  /// The compiled programs and what each is for.
  public var programs: [(name: String, program: CompiledProgram)] {
    [("encoder forward", forward), ("encoder pullback", pullback), ("loss", loss)]
  }
}
