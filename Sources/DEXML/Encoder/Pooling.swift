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
  func callAsFunction(_ states: [Tensor], _ tokens: PackedTokens, _ encoder: BertEncoder) -> Tensor {
    let device = Device(states[0].backend)
    func first(_ state: Tensor) -> Tensor { state.gather(Tensor(Array(tokens.offsets.dropLast()), device: device)) }
    switch self {
    case .cls: return first(states[0])
    case .mean:
      let sums = states[0].scatterAdd(Tensor(tokens.sequenceIndices, device: device), extent: tokens.sequenceCount)
      let shares = Tensor(tokens.lengths.map { 1 / Float(max($0, 1)) }, shape: [tokens.sequenceCount, 1], device: device)
      return sums * shares
    case .pooler:
      guard let pooler = encoder.pooler else { preconditionFailure("a model without a pooler is refused when it is loaded") }
      return tanh(pooler(first(states[0])))
    case .lightxml: return concatenate(states.reversed().map(first), axis: 1)
    }
  }
}
