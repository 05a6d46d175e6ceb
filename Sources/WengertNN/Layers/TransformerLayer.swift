/// A block of a transformer's encoder or decoder: self-attention, attention to a memory if it has one, and a feed-forward network, each with dropout and a residual connection.
///
/// Pre-norm: x ← x + dropout(f(norm(x))); post-norm: x ← norm(x + dropout(f(x))). With ReLU, layer normalization and post-norm it is `torch.nn.TransformerEncoderLayer`, and, causal and
/// with `attendsToMemory`, `torch.nn.TransformerDecoderLayer`; with `rmsNorm`, rotary positions, grouped heads and a gated SiLU, without biases, it is Llama's.
///
/// ```swift
/// let block = TransformerLayer(
///   width: 8, heads: 4, keyHeads: 2, inner: 20, isCausal: true, function: .silu, isGated: true, norm: .rmsNorm,
///   rotary: .init(), bias: false, key: RandomKey(1))
/// let x = RandomKey(2).normal([1, 5, 8])  // a text of five tokens
/// let whole = block(x)  // [1, 5, 8]
/// var cache = block.attention.cache([1], capacity: 16)
/// let first = block(x[Axis.all, 0..<4], cache: &cache), last = block(x[Axis.all, 4..<5], cache: &cache)  // the rows of the whole
/// ```
public struct TransformerLayer: ParameterTree, Sendable {
  /// The self-attention.
  public var attention: MultiHeadAttention
  /// The normalization of the self-attention.
  public var attentionNorm: Norm
  /// The attention to a memory; nil: there is none.
  public var memoryAttention: MultiHeadAttention?
  /// The normalization of the attention to a memory.
  public var memoryNorm: Norm?
  /// The feed-forward network.
  public var feedForward: FeedForward
  /// The normalization of the feed-forward network.
  public var feedForwardNorm: Norm
  /// Dropout after each of them.
  public var dropout: Dropout
  /// Whether the block is pre-norm.
  public var normFirst: Bool
  /// Whether a token sees itself and those before it alone, as in a decoder.
  public var isCausal: Bool

  public static let fields: [Field<Self>] = [
    .init("attention", \.attention), .init("attentionNorm", \.attentionNorm), .init("memoryAttention", \.memoryAttention),
    .init("memoryNorm", \.memoryNorm), .init("feedForward", \.feedForward), .init("feedForwardNorm", \.feedForwardNorm),
    .init("dropout", \.dropout),
  ]

  public func read(into contents: inout TreeContents) {
    contents.add(attention)
    contents.add(attentionNorm)
    memoryAttention.read(into: &contents)
    memoryNorm.read(into: &contents)
    contents.add(feedForward)
    contents.add(feedForwardNorm)
    contents.add(dropout)
    contents.add(setting: normFirst)
    contents.add(setting: isCausal)
  }

  /// A new block.
  ///
  /// - Parameters:
  ///   - width: of tokens and results.
  ///   - heads: the number of heads of queries.
  ///   - keyHeads: heads of keys and values; nil: as many as of queries.
  ///   - headWidth: nil: `width` / `heads`.
  ///   - inner: the width inside of the feed-forward network; nil: 4 · width.
  ///   - isCausal: whether a token sees itself and those before it alone.
  ///   - attendsToMemory: whether there is a second attention, to an encoder's results, as in a decoder of two sequences.
  ///   - function: of the feed-forward network.
  ///   - isGated: whether that has a gate; a gated SiLU is SwiGLU.
  ///   - norm: which normalization.
  ///   - normFirst: whether each part normalizes what it reads, and not its sum with that.
  ///   - rotary: positions of the self-attention.
  ///   - bias: whether projections and the feed-forward network have biases.
  ///   - dropout: after each part and inside of the feed-forward network.
  ///   - attentionDropout: of attention weights.
  ///   - epsilon: of the normalizations; nil: 1e-5 of layer normalization, 1e-6 of root mean square normalization.
  ///   - key: of the initial values.
  ///   - initializer: of the weights.
  ///   - dtype: of all parameters.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  /// - Precondition: `heads` is above zero and divides `width` if there is no width of a head, `keyHeads` divides `heads`, and the rates of dropout are in 0..<1.
  public init(
    width: Int, heads: Int, keyHeads: Int? = nil, headWidth: Int? = nil, inner: Int? = nil, isCausal: Bool = false,
    attendsToMemory: Bool = false, function: FeedForward.Function = .gelu, isGated: Bool = false, norm: Norm.Kind = .layerNorm,
    normFirst: Bool = true, rotary: MultiHeadAttention.Rotary? = nil, bias: Bool = true, dropout: Double = 0, attentionDropout: Double = 0,
    epsilon: Double? = nil, key: RandomKey, initializer: Initializer = .normal(standardDeviation: 0.02), dtype: DType = .float32,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    let device = key.data.device
    func attention(_ site: Int, _ rotary: MultiHeadAttention.Rotary?) -> MultiHeadAttention {
      MultiHeadAttention(
        width: width, heads: heads, keyHeads: keyHeads, headWidth: headWidth, rotary: rotary, bias: bias, dropout: attentionDropout,
        key: key.fold(site), initializer: initializer, dtype: dtype, file: file, line: line)
    }
    func newNorm() -> Norm { Norm(norm, width, epsilon: epsilon, dtype: dtype, device: device) }
    self.attention = attention(0, rotary)
    attentionNorm = newNorm()
    memoryAttention = attendsToMemory ? attention(1, nil) : nil
    memoryNorm = attendsToMemory ? newNorm() : nil
    feedForward = FeedForward(
      width: width, inner: inner, function: function, isGated: isGated, bias: bias, dropout: dropout, key: key.fold(2),
      initializer: initializer, dtype: dtype, file: file, line: line)
    feedForwardNorm = newNorm()
    self.dropout = Dropout(dropout, file: file, line: line)
    self.normFirst = normFirst
    self.isCausal = isCausal
  }

  /// The block's value at padded sequences, [..., tokens, width] → [..., tokens, width].
  ///
  /// - Parameters:
  ///   - x: [..., tokens, width].
  ///   - memory: [..., keys, width].
  ///   - mask: bool, broadcast to [..., heads, tokens, keys]: which tokens a token sees. That of padded sequences, [batch, keys], is
  ///     `mask.expandDims(1).expandDims(1)`; PyTorch's says what is not seen.
  ///   - memoryMask: which keys of the memory a token sees, likewise.
  ///   - mode: training with its random key, for dropout, or evaluation.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  /// - Precondition: The shapes fit, and there is a memory if the block attends to one, and only then.
  public func callAsFunction(
    _ x: Tensor, memory: Tensor? = nil, mask: Tensor? = nil, memoryMask: Tensor? = nil, _ mode: Mode = .evaluation,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    value(x, memory, memoryMask, mode, Caller(file, line)) {
      attention($0, mask: mask, isCausal: isCausal, mode.fold(0), file: file, line: line)
    }
  }

  /// The block's value at the next tokens of sequences, of which the cache (`attention.cache`) knows those before.
  ///
  /// - Precondition: The block is causal; otherwise as without a cache.
  public func callAsFunction(
    _ x: Tensor, cache: inout KeyValueCache, memory: Tensor? = nil, mask: Tensor? = nil, memoryMask: Tensor? = nil,
    _ mode: Mode = .evaluation, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    caller.require(isCausal, "TransformerLayer", "a cache is for causal blocks: in this one a token sees those behind it")
    return value(x, memory, memoryMask, mode, caller) { attention($0, cache: &cache, mask: mask, mode.fold(0), file: file, line: line) }
  }

  /// The block's value at packed sequences, [tokens, width]; rows `offsets[s]..<offsets[s + 1]` of `x` are sequence s.
  ///
  /// - Precondition: The block is not causal and attends to no memory.
  public func callAsFunction(_ x: Tensor, offsets: Tensor, _ mode: Mode = .evaluation, file: StaticString = #fileID, line: UInt = #line)
    -> Tensor
  {
    let caller = Caller(file, line)
    caller.require(!isCausal, "TransformerLayer", "packed sequences are for encoders; a causal block takes padded ones")
    return value(x, nil, nil, mode, caller) { attention($0, offsets: offsets, mode.fold(0)) }
  }

  private func value(
    _ x: Tensor, _ memory: Tensor?, _ memoryMask: Tensor?, _ mode: Mode, _ caller: Caller, attend: (Tensor) -> Tensor
  ) -> Tensor {
    caller.require(
      (memory == nil) == (memoryAttention == nil), "TransformerLayer",
      memory == nil
        ? "the block attends to a memory, and there is none"
        : "there is a memory, to which the block has no attention: make it with attendsToMemory")
    func residual(_ x: Tensor, _ norm: Norm, _ site: Int, _ f: (Tensor) -> Tensor) -> Tensor {
      normFirst ? x + dropout(f(norm(x)), mode.fold(site)) : norm(x + dropout(f(x), mode.fold(site)))
    }
    var y = residual(x, attentionNorm, 1, attend)
    if let memory, let memoryAttention, let memoryNorm {
      y = residual(y, memoryNorm, 3) {
        memoryAttention($0, memory: memory, mask: memoryMask, mode.fold(2), file: caller.file, line: caller.line)
      }
    }
    return residual(y, feedForwardNorm, 5) { feedForward($0, mode.fold(4)) }
  }
}
