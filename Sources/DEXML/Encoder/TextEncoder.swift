import WengertNN

/// The encoder that both towers share: hidden states, pooling, an optional linear bottleneck, dropout, L2 normalisation.
public struct TextEncoder: ParameterTree, Sendable {
  public var encoder: BertEncoder
  /// To a smaller embedding; nil keeps the pooled width.
  public var bottleneck: Linear?
  public var pooling: Pooling
  /// Of the embedding, in training.
  public var dropout: Dropout
  /// Whether embeddings have length one.
  public var normalizes: Bool

  public static let fields: [Field<Self>] = [
    .init("encoder", \.encoder), .init("bottleneck", \.bottleneck), .init("dropout", \.dropout),
  ]

  public init(_ encoder: BertEncoder, pooling: Pooling, bottleneck: Linear? = nil, dropout: Double = 0, normalizes: Bool = true) {
    self.encoder = encoder
    self.pooling = pooling
    self.bottleneck = bottleneck
    self.dropout = Dropout(dropout)
    self.normalizes = normalizes
  }

  /// The embeddings' width.
  public var width: Int { bottleneck?.weight.shape[0] ?? encoder.configuration.hiddenSize * pooling.stateCount }

  /// One row per sequence, [sequences, width]. The key is that of training's dropout; nil evaluates.
  public func embed(_ tokens: TokenTensors, key: RandomKey? = nil) -> Tensor {
    func mode(_ site: Int, _ rows: Tensor) -> Mode { key.map { Mode(dropoutKey: $0.fold(site), rows: rows) } ?? .evaluation }
    let states = encoder.hiddenStates(tokens, mode(0, tokens.tokenNumbers), last: pooling.stateCount)
    var x = pooling(states, tokens, encoder)
    if let bottleneck { x = bottleneck(x) }
    x = dropout(x, mode(1, tokens.sequenceNumbers))
    return normalizes ? x.l2Normalize() : x
  }

  /// One row per sequence, [sequences, width].
  public func embed(_ tokens: PackedTokens, key: RandomKey? = nil) -> Tensor {
    embed(tokens.tensors(on: Device(encoder.wordEmbeddings.weight.backend)), key: key)
  }

  /// One row per text, in chunks of `chunk` texts, by a program compiled for this call; `EmbeddingProgram` keeps one for many calls.
  public func embed(_ sequences: [[Int32]], chunk: Int, progress: (Int) -> Void = { _ in }) -> Tensor {
    EmbeddingProgram(self).embed(sequences, chunk: chunk, progress: progress)
  }
}
