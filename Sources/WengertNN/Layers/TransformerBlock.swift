/// Attention and a feed-forward network of GELU (exact), each with dropout and a residual connection: [tokens, width] → [tokens, width].
///
/// Post-norm, as in the original transformer and BERT: x ← norm(x + dropout(f(x))). Pre-norm: x ← x + dropout(f(norm(x))).
///
/// ```swift
/// let block = TransformerBlock(width: 8, heads: 2, key: RandomKey(1))
/// let tokens = RandomKey(2).normal([5, 8])  // two sequences, of 2 and of 3 tokens
/// let y = block(tokens, offsets: Tensor([Int32(0), 2, 5]))  // [5, 8]
/// ```
public struct TransformerBlock: ParameterTree, Sendable {
  /// The self-attention.
  public var attention: MultiHeadAttention
  /// The normalization of the attention.
  public var attentionNorm: LayerNorm
  /// The first layer of the feed-forward network, [width] → [inner].
  public var intermediate: Linear
  /// The second layer of the feed-forward network, [inner] → [width].
  public var output: Linear
  /// The normalization of the feed-forward network.
  public var outputNorm: LayerNorm
  /// Dropout after attention and after the feed-forward network.
  public var dropout: Dropout
  /// Whether the block is pre-norm.
  public var normFirst: Bool

  public static let fields: [Field<Self>] = [
    .init("attention", \.attention), .init("attentionNorm", \.attentionNorm), .init("intermediate", \.intermediate),
    .init("output", \.output), .init("outputNorm", \.outputNorm), .init("dropout", \.dropout),
  ]

  public func read(into contents: inout TreeContents) {
    contents.add(attention)
    contents.add(attentionNorm)
    contents.add(intermediate)
    contents.add(output)
    contents.add(outputNorm)
    contents.add(dropout)
    contents.add(setting: normFirst)
  }

  /// A new block; `inner` is the width between the two layers of the feed-forward network, 4 · width by default.
  ///
  /// - Precondition: `heads` is above zero and divides `width`; the rates of dropout are in 0..<1.
  public init(
    width: Int, heads: Int, inner: Int? = nil, dropout: Double = 0, attentionDropout: Double = 0, normFirst: Bool = false,
    epsilon: Double = 1e-12, key: RandomKey, initializer: Initializer = .normal(standardDeviation: 0.02), dtype: DType = .float32
  ) {
    let inner = inner ?? 4 * width
    let device = key.data.device
    attention = MultiHeadAttention(
      width: width, heads: heads, dropout: attentionDropout, key: key.fold(0), initializer: initializer, dtype: dtype)
    attentionNorm = LayerNorm(width, epsilon: epsilon, dtype: dtype, device: device)
    intermediate = Linear(width, inner, key: key.fold(1), initializer: initializer, dtype: dtype)
    output = Linear(inner, width, key: key.fold(2), initializer: initializer, dtype: dtype)
    outputNorm = LayerNorm(width, epsilon: epsilon, dtype: dtype, device: device)
    self.dropout = Dropout(dropout)
    self.normFirst = normFirst
  }

  /// The block's value at packed sequences; rows `offsets[s]..<offsets[s + 1]` of `x` are sequence s.
  public func callAsFunction(_ x: Tensor, offsets: Tensor, _ mode: Mode = .evaluation) -> Tensor {
    func attend(_ x: Tensor) -> Tensor { dropout(attention(x, offsets: offsets, mode.fold(0)), mode.fold(1)) }
    func feedForward(_ x: Tensor) -> Tensor { dropout(output(gelu(intermediate(x))), mode.fold(2)) }
    if normFirst {
      let attended = x + attend(attentionNorm(x))
      return attended + feedForward(outputNorm(attended))
    }
    let attended = attentionNorm(x + attend(x))
    return outputNorm(attended + feedForward(attended))
  }
}
