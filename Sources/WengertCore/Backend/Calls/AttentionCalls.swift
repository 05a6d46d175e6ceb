/// Attention over packed sequences: for each sequence s and head h, rows offsets[s]..<offsets[s+1] of softmax(scale · QₕKₕᵀ) · Vₕ. Its kernel reports the place of the first
/// wrong offset.
@_spi(Backend) public struct AttentionCall: KernelArguments {
  public var operands: AttentionOperands
  /// Of the query's shape.
  public var out: View
  /// Of the scaled scores: [tokens, heads], in the compute type.
  public var logSumExp: View

  public init(_ operands: AttentionOperands, into out: View, logSumExp: View) {
    (self.operands, self.out, self.logSumExp) = (operands, out, logSumExp)
  }

  public var call: KernelCall { .attention(self) }
  public var reads: [View] { operands.views }
  public var writes: [View] { [out, logSumExp] }
  public func mapViews(_ f: (View) -> View) -> AttentionCall {
    AttentionCall(operands.mapViews(f), into: f(out), logSumExp: f(logSumExp))
  }
  /// It depends on the sequences' lengths.
  public var flops: Double? { nil }
}

/// The gradients of attention with respect to query, key and value, from its results and the cotangent of `out`.
@_spi(Backend) public struct AttentionBackwardCall: KernelArguments {
  public var operands: AttentionOperands
  public var out: View, logSumExp: View, cotangent: View
  /// The views to which the gradients are written.
  public var query: View, key: View, value: View

  public init(
    _ operands: AttentionOperands, out: View, logSumExp: View, cotangent: View, intoQuery query: View, intoKey key: View,
    intoValue value: View
  ) {
    self.operands = operands
    (self.out, self.logSumExp, self.cotangent) = (out, logSumExp, cotangent)
    (self.query, self.key, self.value) = (query, key, value)
  }

  public var call: KernelCall { .attentionBackward(self) }
  public var reads: [View] { operands.views + [out, logSumExp, cotangent] }
  public var writes: [View] { [query, key, value] }
  public func mapViews(_ f: (View) -> View) -> AttentionBackwardCall {
    AttentionBackwardCall(
      operands.mapViews(f), out: f(out), logSumExp: f(logSumExp), cotangent: f(cotangent), intoQuery: f(query), intoKey: f(key),
      intoValue: f(value))
  }
  public var flops: Double? { nil }
}

/// What attention is computed from.
@_spi(Backend) public struct AttentionOperands: Sendable {
  /// [tokens, heads · head width] each; one dtype (float32, float64, float16 or bfloat16). Views of a joint projection are welcome (row stride > width).
  public var query: View, key: View, value: View
  /// [sequences + 1] int32 or int64, from 0 to tokens, not decreasing (the kernel looks).
  public var offsets: View
  public var heads: Int
  public var scale: Double
  /// Probability that a weight is set to zero (the others are divided by 1 − dropout); 0 means none.
  public var dropout: Double
  /// int64 [1] or [tokens]; used if dropout > 0: weight (h, i, j), i and j token rows of the packed tensor, is kept when the unit interval value of lane 0 of
  /// Philox with stream 0 is ≥ dropout: of one key at element (h · tokens + i) · tokens + j; of the tokens' own keys, under key i + h · `headSpread` at
  /// element j − the first token of the sequence.
  public var randomKey: View?
  /// Between the keys of a token's heads.
  public static let headSpread = Int64(bitPattern: 0xD1B5_4A32_D192_ED03)
  /// Whether each token has a key of its own.
  public var hasTokenKeys: Bool

  public init(
    query: View, key: View, value: View, offsets: View, heads: Int, scale: Double, dropout: Double, randomKey: View?,
    hasTokenKeys: Bool = false
  ) {
    self.query = query
    self.key = key
    self.value = value
    self.offsets = offsets
    self.heads = heads
    self.scale = scale
    self.dropout = dropout
    self.randomKey = randomKey
    self.hasTokenKeys = hasTokenKeys
  }

  fileprivate var views: [View] { [query, key, value, offsets] + (randomKey.map { [$0] } ?? []) }

  fileprivate func mapViews(_ f: (View) -> View) -> AttentionOperands {
    var result = self
    result.query = f(query)
    result.key = f(key)
    result.value = f(value)
    result.offsets = f(offsets)
    result.randomKey = randomKey.map(f)
    return result
  }
}
