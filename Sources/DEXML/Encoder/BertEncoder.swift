import WengertNN

/// A BERT or DistilBERT encoder over packed tokens (Devlin et al. 2019; Sanh et al. 2019).
public struct BertEncoder: ParameterTree, Sendable {
  /// The embeddings of tokens, [vocabulary, width].
  public var wordEmbeddings: Embedding
  /// The embeddings of positions, [positions, width].
  public var positionEmbeddings: Embedding
  /// The embeddings of segments, [types, width]; nil for DistilBERT.
  public var typeEmbeddings: Embedding?
  /// The normalization of the embeddings.
  public var embeddingNorm: LayerNorm
  /// The transformer blocks, first to last.
  public var blocks: [TransformerBlock]
  /// BERT's dense layer on the first token; nil if the file has none.
  public var pooler: Linear?
  /// The shape of the encoder.
  public let configuration: BertConfiguration

  public static let fields: [Field<Self>] = [
    .init("wordEmbeddings", \.wordEmbeddings), .init("positionEmbeddings", \.positionEmbeddings), .init("typeEmbeddings", \.typeEmbeddings),
    .init("embeddingNorm", \.embeddingNorm), .init("blocks", \.blocks), .init("pooler", \.pooler),
    .setting(\.configuration),
  ]

  /// A new encoder: weights normal with standard deviation 0.02, biases zero.
  public init(_ configuration: BertConfiguration, key: RandomKey) {
    let c = configuration
    self.configuration = c
    func embedding(_ count: Int, _ site: Int) -> Embedding {
      Embedding(count, c.hiddenSize, standardDeviation: 0.02, key: key.fold(site))
    }
    wordEmbeddings = embedding(c.vocabularySize, 0)
    positionEmbeddings = embedding(c.maximumPositions, 1)
    typeEmbeddings = c.typeCount > 0 ? embedding(c.typeCount, 2) : nil
    embeddingNorm = LayerNorm(c.hiddenSize, epsilon: c.normEpsilon, device: key.data.device)
    blocks = (0..<c.layers).map {
      TransformerBlock(
        width: c.hiddenSize, heads: c.heads, inner: c.intermediateSize, dropout: c.hiddenDropout, attentionDropout: c.attentionDropout,
        epsilon: c.normEpsilon, key: key.fold(4 + $0))
    }
    pooler =
      c.architecture == .bert
      ? Linear(c.hiddenSize, c.hiddenSize, key: key.fold(3), initializer: .normal(standardDeviation: 0.02)) : nil
  }

  /// The hidden states [tokens, width] after the embeddings and after each block.
  ///
  /// - Parameters:
  ///   - tokens: a packed batch.
  ///   - mode: training with its random key, for dropout, or evaluation.
  ///   - last: only the last of these are kept; 1 gives the final state alone.
  public func hiddenStates(_ tokens: TokenTensors, _ mode: Mode = .evaluation, last: Int = 1) -> [Tensor] {
    var x = wordEmbeddings(tokens.ids) + positionEmbeddings(tokens.positions)
    // One segment: every token is of type 0.
    if let types = typeEmbeddings { x = x + types.weight[0] }
    x = Dropout(configuration.hiddenDropout)(embeddingNorm(x), mode.fold(0))
    var states = [x]
    for (i, block) in blocks.enumerated() {
      x = block(x, offsets: tokens.offsets, mode.fold(1 + i))
      states.append(x)
      if states.count > last { states.removeFirst() }
    }
    return states
  }
}
