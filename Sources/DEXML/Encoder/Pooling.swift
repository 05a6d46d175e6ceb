import WengertNN

/// How the hidden states of a text's tokens become one vector.
public enum Pooling: String, ConfigurationChoice {
  /// The first token's.
  case cls
  /// The mean over the tokens.
  case mean
  /// BERT's dense layer and tanh on the first token.
  case pooler
  /// The first token's of the last five states, side by side (Jiang et al. 2021).
  case lightxml

  /// How many hidden states it looks at.
  var stateCount: Int { self == .lightxml ? 5 : 1 }

  /// [sequences, width] from hidden states [tokens, width].
  func callAsFunction(_ states: [Tensor], _ tokens: TokenTensors, _ encoder: BertEncoder) -> Tensor {
    func first(_ state: Tensor) -> Tensor { state.gather(tokens.starts) }
    switch self {
    case .cls: return first(states[0])
    case .mean: return states[0].scatterAdd(tokens.sequences, extent: tokens.starts.shape[dim: 0]) * tokens.shares
    case .pooler:
      guard let pooler = encoder.pooler else { preconditionFailure("a model without a pooler is refused when it is loaded") }
      return tanh(pooler(first(states[0])))
    case .lightxml: return concatenate(states.reversed().map(first), axis: 1)
    }
  }
}
