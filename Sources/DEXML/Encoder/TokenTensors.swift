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
  /// Where each sequence begins, int32 [sequences].
  public var starts: Tensor
  /// One divided by each sequence's number of tokens, float32 [sequences, 1].
  public var shares: Tensor
  /// A number for each sequence, int64 [sequences, 1], and for each token, int64 [tokens, 1], that dropout goes by: the same in any division into chunks.
  public var sequenceNumbers: Tensor, tokenNumbers: Tensor

  public static let fields: [Field<Self>] = [
    .init("ids", \.ids), .init("positions", \.positions), .init("offsets", \.offsets), .init("sequences", \.sequences),
    .init("starts", \.starts), .init("shares", \.shares), .init("sequenceNumbers", \.sequenceNumbers),
    .init("tokenNumbers", \.tokenNumbers),
  ]

  /// Shapes for `CompileOptions`, where these tensors are argument number `argument`: one program serves any number of `tokens` and `sequences`.
  public static func symbolicShapes(argument: Int) -> [String: [Dimension]] {
    let tokens: Dimension = "tokens", sequences: Dimension = "sequences"
    return [
      "\(argument).ids": [tokens], "\(argument).positions": [tokens], "\(argument).offsets": [sequences + 1],
      "\(argument).sequences": [tokens], "\(argument).starts": [sequences], "\(argument).shares": [sequences, 1],
      "\(argument).sequenceNumbers": [sequences, 1], "\(argument).tokenNumbers": [tokens, 1],
    ]
  }
}
