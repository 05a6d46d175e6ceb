import WengertNN

/// How the hidden states of a text's tokens become one vector: one way, or several side by side.
public struct Pooling: ConfigurationValue, Hashable {
  /// One way; n tokens have the states h_1 … h_n.
  public enum Mode: String, CaseIterable, Sendable {
    /// h_1, the first token's.
    case cls
    /// Σ h_t / n
    case mean
    /// The greatest of each component.
    case max
    /// Σ h_t / √n
    case meanSqrtLength = "mean_sqrt_len_tokens"
    /// Σ t h_t / Σ t
    case weightedMean = "weightedmean"
    /// h_n
    case lastToken = "lasttoken"
    /// BERT's dense layer and tanh on the first token.
    case pooler
    /// The first token's of the last five states, side by side (Jiang et al. 2021).
    case lightxml
  }

  /// The ways, in the order of their vectors side by side.
  public let modes: [Mode]
  /// Whether the tokens of a prompt take part; if not, sums and choices begin behind them, and `weightedMean` still counts t from the text's start.
  public var includesPrompt = true

  /// One way of pooling.
  public init(_ mode: Mode) { modes = [mode] }

  /// Several ways; nil if there are none, or one occurs twice.
  public init?(_ modes: [Mode], includesPrompt: Bool = true) {
    guard !modes.isEmpty, Set(modes).count == modes.count else { return nil }
    self.modes = modes
    self.includesPrompt = includesPrompt
  }

  /// `Mode.cls` alone.
  public static let cls = Pooling(.cls)
  /// `Mode.mean` alone.
  public static let mean = Pooling(.mean)
  /// `Mode.max` alone.
  public static let max = Pooling(.max)
  /// `Mode.meanSqrtLength` alone.
  public static let meanSqrtLength = Pooling(.meanSqrtLength)
  /// `Mode.weightedMean` alone.
  public static let weightedMean = Pooling(.weightedMean)
  /// `Mode.lastToken` alone.
  public static let lastToken = Pooling(.lastToken)
  /// `Mode.pooler` alone.
  public static let pooler = Pooling(.pooler)
  /// `Mode.lightxml` alone.
  public static let lightxml = Pooling(.lightxml)

  // MARK: as text

  public static var expectation: String { Mode.allCases.map(\.rawValue).joined(separator: " | ") + ", or several joined by +" }

  public init?(configurationText text: String) {
    let modes = text.split(separator: "+", omittingEmptySubsequences: false).map { Mode(rawValue: String($0)) }
    guard !modes.contains(nil) else { return nil }
    self.init(modes.compactMap(\.self))
  }

  public var configurationText: String { modes.map(\.rawValue).joined(separator: "+") }

  // MARK: computing

  /// How many of the last hidden states it looks at.
  var stateCount: Int { modes.contains(.lightxml) ? 5 : 1 }

  /// How many vectors of the encoder's width are side by side.
  var parts: Int { modes.reduce(0) { $0 + ($1 == .lightxml ? 5 : 1) } }

  /// Whether sentence-transformers has all of it.
  var isInSentenceTransformers: Bool { !modes.contains(.pooler) && !modes.contains(.lightxml) }

  /// [sequences, parts · width] from hidden states [tokens, width].
  func callAsFunction(_ states: [Tensor], _ tokens: TokenTensors, _ encoder: BertEncoder) -> Tensor {
    let parts = modes.map { pooled($0, states, tokens, encoder) }
    return parts.count == 1 ? parts[0] : concatenate(parts, axis: 1)
  }

  private func pooled(_ mode: Mode, _ states: [Tensor], _ tokens: TokenTensors, _ encoder: BertEncoder) -> Tensor {
    let last = states[states.count - 1]
    func first(_ state: Tensor) -> Tensor { state.gather(tokens.starts) }
    func sum(_ rows: Tensor) -> Tensor { rows.scatterAdd(tokens.sequences, extent: tokens.starts.shape[dim: 0]) }
    switch mode {
    case .cls: return last.gather(tokens.firstPooled)
    case .mean where includesPrompt: return sum(last) * tokens.shares
    case .mean: return sum(last * tokens.pooled) / tokens.pooledCounts
    case .meanSqrtLength: return sum(last * tokens.pooled) / sqrt(tokens.pooledCounts)
    case .max: return maximum(last, tokens, encoder.configuration.maximumPositions)
    case .weightedMean:
      let weights = (tokens.positions.cast(to: .float32) + 1).expandDims(1) * tokens.pooled
      return sum(last * weights) / clip(sum(weights), 1e-9, .infinity)
    case .lastToken: return last.gather(tokens.lasts)
    case .pooler:
      guard let pooler = encoder.pooler else { unreachable("a model without a pooler is refused when it is loaded") }
      return tanh(pooler(first(last)))
    case .lightxml: return concatenate(states.reversed().map(first), axis: 1)
    }
  }

  /// The greatest of each component over each sequence's tokens. Each row takes the maximum with rows 1, 2, 4 … further on, or its sequence's last, until it has seen all
  /// of them: so few programs serve any lengths.
  private func maximum(_ states: Tensor, _ tokens: TokenTensors, _ longest: Int) -> Tensor {
    let lasts = tokens.lasts.gather(tokens.sequences), places = tokens.starts.gather(tokens.sequences) + tokens.positions
    var x = states, reach = 1
    while reach < longest {
      x = WengertNN.maximum(x, x.gather(minimum(places + .full(Double(reach), [], dtype: .int32, beside: places), lasts)))
      reach *= 2
    }
    return x.gather(tokens.firstPooled)
  }
}
