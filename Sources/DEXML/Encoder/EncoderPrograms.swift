import WengertNN

/// Finished programs of encoders, which run instead of being traced where they fit: those that a build has made of the functions here. Encoders of which there are none are
/// compiled at their first call.
public struct EncoderPrograms: Sendable {
  /// Of `evaluate`.
  public var evaluation: [CompiledFunction<TextEncoder, TokenTensors, Tensor>]
  /// Of `train`.
  public var training: [CompiledFunction<TextEncoder, TokenTensors, Tensor?, Tensor>]
  /// Of `train` and its pullback.
  public var pullbacks: [CompiledPullback<TextEncoder, TokenTensors, Tensor?>]

  /// Programs of these functions.
  public init(
    evaluation: [CompiledFunction<TextEncoder, TokenTensors, Tensor>] = [],
    training: [CompiledFunction<TextEncoder, TokenTensors, Tensor?, Tensor>] = [],
    pullbacks: [CompiledPullback<TextEncoder, TokenTensors, Tensor?>] = []
  ) {
    self.evaluation = evaluation
    self.training = training
    self.pullbacks = pullbacks
  }

  private static let shared = Locked(EncoderPrograms())

  /// The programs that encoders take which are opened from now on; none at first. An executable sets them when it starts.
  public static var current: EncoderPrograms {
    get { shared.withLock { $0 } }
    set { shared.withLock { $0 = newValue } }
  }

  /// The embeddings of an encoder in evaluation, [sequences, width].
  public static func evaluate(_ encoder: TextEncoder, _ tokens: TokenTensors) -> Tensor { encoder.embed(tokens) }

  /// The embeddings of an encoder in training, [sequences, width], with dropout by the data of a key, or none for nil.
  public static func train(_ encoder: TextEncoder, _ tokens: TokenTensors, _ key: Tensor?) -> Tensor {
    encoder.embed(tokens, key: key.map { RandomKey($0) })
  }
}
