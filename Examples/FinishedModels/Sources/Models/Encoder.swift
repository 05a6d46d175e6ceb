public import WengertNN

/// A small encoder of packed sequences: a table of tokens, blocks of attention, and the row of each sequence's first token.
public struct Encoder: ParameterTree, Sendable {
  public var tokens: Embedding
  public var blocks: [TransformerBlock]
  public var norm: LayerNorm

  public static let fields: [Field<Self>] = [.init("tokens", \.tokens), .init("blocks", \.blocks), .init("norm", \.norm)]

  public init(vocabulary: Int, width: Int, blocks count: Int, key: RandomKey) {
    let keys = key.split(count + 1)
    tokens = Embedding(vocabulary, width, key: keys[count])
    blocks = (0..<count).map { TransformerBlock(width: width, heads: 4, key: keys[$0]) }
    norm = LayerNorm(width)
  }

  /// [sequences, width] of [tokens] ids, whose sequences lie between `offsets`, [sequences + 1].
  public func callAsFunction(_ ids: Tensor, offsets: Tensor) -> Tensor {
    var x = tokens(ids, .evaluation)
    for block in blocks { x = block(x, offsets: offsets) }
    return firstRows(norm(x, .evaluation), offsets)
  }
}
