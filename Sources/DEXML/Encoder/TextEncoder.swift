import WengertNN

/// The encoder that both towers share: hidden states, pooling, layers behind it, dropout, L2 normalization.
///
/// ```swift
/// let shape = BertConfiguration(vocabularySize: 8, hiddenSize: 4, layers: 1, heads: 2, intermediateSize: 8)
/// let encoder = TextEncoder(BertEncoder(shape, key: RandomKey(1)), pooling: .mean)
/// let vectors = encoder.embed(PackedTokens([[2, 5, 3], [2, 7, 3]]))  // [2, 4], rows of length 1
/// ```
public struct TextEncoder: ParameterTree, Sendable {
  /// The encoder of tokens.
  public var encoder: BertEncoder
  /// How the hidden states of a text become one vector.
  public var pooling: Pooling
  /// What the pooled vectors go through, in order.
  public var layers: [EmbeddingLayer]
  /// Dropout of the embedding, in training.
  public var dropout: Dropout
  /// Whether embeddings have length one.
  public var normalizes: Bool

  public static let fields: [Field<Self>] = [
    .init("encoder", \.encoder), .init("layers", \.layers), .init("dropout", \.dropout), .setting(\.pooling), .setting(\.normalizes),
  ]

  /// An encoder of texts of these parts.
  public init(_ encoder: BertEncoder, pooling: Pooling, layers: [EmbeddingLayer] = [], dropout: Double = 0, normalizes: Bool = true) {
    self.encoder = encoder
    self.pooling = pooling
    self.layers = layers
    self.dropout = Dropout(dropout)
    self.normalizes = normalizes
  }

  /// The only layer behind pooling if that is a linear one, to a smaller embedding; otherwise nil. Setting it replaces all layers.
  public var bottleneck: Linear? {
    get {
      guard layers.count == 1, case .dense(let dense) = layers[0], dense.activation == .identity, !dense.isResidual else { return nil }
      return dense.linear
    }
    set { layers = newValue.map { [.dense(Dense($0))] } ?? [] }
  }

  /// The pooled vectors' width.
  var pooledWidth: Int { encoder.configuration.hiddenSize * pooling.parts }

  /// The embeddings' width.
  public var width: Int { layers.reduce(pooledWidth) { $1.width(of: $0) ?? $0 } }

  /// One row per sequence, [sequences, width]. The key is that of training's dropout; nil evaluates.
  public func embed(_ tokens: TokenTensors, key: RandomKey? = nil) -> Tensor {
    func mode(_ site: Int, _ rows: Tensor) -> Mode { key.map { Mode(dropoutKey: $0.fold(site), rows: rows) } ?? .evaluation }
    let states = encoder.hiddenStates(tokens, mode(0, tokens.tokenNumbers), last: pooling.stateCount)
    var x = pooling(states, tokens, encoder)
    var numbers = tokens.sequenceNumbers
    if tokens.fillers > 0 { (x, numbers) = (x[..<(-tokens.fillers)], numbers[..<(-tokens.fillers)]) }
    for layer in layers { x = layer(x) }
    x = dropout(x, mode(1, numbers))
    return normalizes ? x.l2Normalize() : x
  }

  /// One row per sequence, [sequences, width].
  public func embed(_ tokens: PackedTokens, key: RandomKey? = nil) -> Tensor {
    embed(tokens.tensors(on: encoder.wordEmbeddings.weight.device), key: key)
  }

  /// One row per text, in chunks of `chunk` texts, by a program compiled for this call; `EmbeddingProgram` keeps one for many calls.
  public func embed(_ sequences: [[Int32]], chunk: Int, progress: (Int) -> Void = { _ in }) -> Tensor {
    EmbeddingProgram(self).embed(sequences, chunk: chunk, progress: progress)
  }
}
