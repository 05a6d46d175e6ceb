import WengertNN

/// Packed token sequences as the encoder reads them; an argument of compiled functions.
public struct TokenTensors: ParameterTree, Sendable {
  /// Token ids, int32 [tokens].
  public var ids: Tensor
  /// Each token's place in its sequence, int32 [tokens].
  public var positions: Tensor
  /// Where each sequence begins, and the number of tokens: int32 [sequences + 1].
  public var offsets: Tensor
  /// Each token's sequence, int32 [tokens].
  public var sequences: Tensor
  /// Where each sequence begins and ends, int32 [sequences]: the first token's place and the last's.
  public var starts: Tensor, lasts: Tensor
  /// One divided by each sequence's number of tokens, float32 [sequences, 1].
  public var shares: Tensor
  /// The first token of each sequence that a pooling without the prompt looks at, int32 [sequences]; how many it looks at, float32 [sequences, 1]; and 1 for each of
  /// them and 0 for the prompt's, float32 [tokens, 1].
  public var firstPooled: Tensor, pooledCounts: Tensor, pooled: Tensor
  /// A number for each sequence, int64 [sequences, 1], and for each token, int64 [tokens, 1], that dropout goes by: the same in any division into chunks.
  public var sequenceNumbers: Tensor, tokenNumbers: Tensor
  /// How many sequences at the end only fill up the tokens to a number at which programs are prepared: they have no embeddings.
  public let fillers: Int

  public static let fields: [Field<Self>] = [
    .init("ids", \.ids), .init("positions", \.positions), .init("offsets", \.offsets), .init("sequences", \.sequences),
    .init("starts", \.starts), .init("lasts", \.lasts), .init("shares", \.shares), .init("firstPooled", \.firstPooled),
    .init("pooledCounts", \.pooledCounts), .init("pooled", \.pooled), .init("sequenceNumbers", \.sequenceNumbers),
    .init("tokenNumbers", \.tokenNumbers), .setting(\.fillers),
  ]

  /// Shapes for `CompileOptions`, where these tensors are argument number `argument`: one program serves any number of `tokens` and `sequences`.
  public static func symbolicShapes(argument: Int) -> [String: [Dimension]] {
    let tokens: Dimension = "tokens", sequences: Dimension = "sequences"
    return [
      "\(argument).ids": [tokens], "\(argument).positions": [tokens], "\(argument).offsets": [sequences + 1],
      "\(argument).sequences": [tokens], "\(argument).starts": [sequences], "\(argument).lasts": [sequences],
      "\(argument).shares": [sequences, 1], "\(argument).firstPooled": [sequences], "\(argument).pooledCounts": [sequences, 1],
      "\(argument).pooled": [tokens, 1], "\(argument).sequenceNumbers": [sequences, 1], "\(argument).tokenNumbers": [tokens, 1],
    ]
  }
}
