/// Gradient caching (Gao et al. 2021): the exact gradient of a loss on many embeddings in the memory of one chunk's tape.
///
/// All chunks are encoded without a tape; the loss is differentiated with respect to the embeddings alone; each chunk is then encoded again with a tape, its
/// dropout replayed by its key, and the tape walked back from the chunk's slice of the embedding gradient. The result equals the gradient of the unchunked loss
/// to rounding. The chunk encoded last keeps its tape, which saves encoding it twice.
public enum GradientCache {
  /// - Parameters:
  ///   - documents: the documents' tokens, in chunks.
  ///   - labels: the labels' tokens, in chunks.
  ///   - key: of this step's dropout; each chunk has its own below it. Nil: no dropout.
  ///   - encode: one chunk to its embeddings [sequences, width]; may use no traced tensor but the model's.
  ///   - loss: a scalar from all document embeddings [B, width] and all label embeddings [L, width].
  /// - Returns: the loss, and its gradient with respect to the model.
  public static func valueAndGradient<Model: TensorTree>(
    at model: Model, documents: [PackedTokens], labels: [PackedTokens], key: RandomKey?,
    encode: (Model, PackedTokens, RandomKey?) -> Tensor, loss: (_ documents: Tensor, _ labels: Tensor) -> Tensor
  ) -> (value: Tensor, gradient: Model) {
    let chunks = keyed(labels, key?.fold(1)) + keyed(documents, key?.fold(0))
    var embeddings = chunks.dropLast().map { encode(model, $0.tokens, $0.key) }
    let last = vjp(at: model) { encode($0, chunks.last!.tokens, chunks.last!.key) }
    embeddings.append(last.value)

    let (value, cotangent) = WengertNN.valueAndGradient(
      at: [concatenate(Array(embeddings[labels.count...])), concatenate(Array(embeddings[..<labels.count]))]
    ) { loss($0[0], $0[1]) }
    let slices =
      cotangent[1].split(labels.map(\.sequenceCount)) + cotangent[0].split(documents.map(\.sequenceCount))

    var gradient = last.pullback(slices.last!)
    for (chunk, slice) in zip(chunks, slices).dropLast() {
      let part = vjp(at: model) { encode($0, chunk.tokens, chunk.key) }.pullback(slice)
      var parts = part.tensors.makeIterator()
      gradient.visit("") { $1 += parts.next()! }
    }
    return (value, gradient)
  }

  /// The chunks as the step encodes them, each with its own key.
  static func keyed(_ chunks: [PackedTokens], _ key: RandomKey?) -> [(tokens: PackedTokens, key: RandomKey?)] {
    chunks.enumerated().map { ($1, key?.fold($0)) }
  }
}
