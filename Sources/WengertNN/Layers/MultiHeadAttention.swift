/// Self-attention with several heads over packed sequences (Vaswani et al. 2017): [tokens, width] → [tokens, width].
///
/// ```swift
/// let attention = MultiHeadAttention(width: 8, heads: 2, key: RandomKey(1))
/// let tokens = RandomKey(2).normal([5, 8])  // two sequences, of 2 and of 3 tokens
/// let y = attention(tokens, offsets: Tensor([Int32(0), 2, 5]))  // [5, 8]
/// ```
public struct MultiHeadAttention: ParameterTree, Sendable {
  /// The projection to queries.
  public var query: Linear
  /// The projection to keys.
  public var key: Linear
  /// The projection to values.
  public var value: Linear
  /// The projection of the heads' results.
  public var output: Linear
  /// The number of heads, which divides the width.
  public var heads: Int
  /// Probability that an attention weight is set to zero in training.
  public var dropout: Double

  public static let fields: [Field<Self>] = [
    .init("query", \.query), .init("key", \.key), .init("value", \.value), .init("output", \.output),
  ]

  public func read(into contents: inout TreeContents) {
    contents.add(query)
    contents.add(key)
    contents.add(value)
    contents.add(output)
    contents.add(setting: heads)
    contents.add(setting: dropout)
  }

  /// New projections of `width` to itself, `width` being a multiple of `heads`.
  ///
  /// - Precondition: `heads` is above zero and divides `width`.
  public init(
    width: Int, heads: Int, dropout: Double = 0, key: RandomKey, initializer: Initializer = .normal(standardDeviation: 0.02),
    dtype: DType = .float32, file: StaticString = #fileID, line: UInt = #line
  ) {
    Caller(file, line).require(
      heads > 0 && width % heads == 0, "MultiHeadAttention", "the width \(width) does not divide into \(heads) heads")
    func projection(_ site: Int) -> Linear { Linear(width, width, key: key.fold(site), initializer: initializer, dtype: dtype) }
    query = projection(0)
    self.key = projection(1)
    value = projection(2)
    output = projection(3)
    self.heads = heads
    self.dropout = dropout
  }

  /// Each token attends to the tokens of its own sequence; rows `offsets[s]..<offsets[s + 1]` of `x` are sequence s.
  public func callAsFunction(_ x: Tensor, offsets: Tensor, _ mode: Mode = .evaluation) -> Tensor {
    let keys = dropout > 0 ? mode.keys : nil
    let attended = attention(
      query: query(x), key: key(x), value: value(x), offsets: offsets, heads: heads, dropout: keys == nil ? 0 : dropout,
      randomKey: keys)
    return output(attended)
  }
}
