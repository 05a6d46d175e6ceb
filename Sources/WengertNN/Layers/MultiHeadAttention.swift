/// Attention with several heads (Vaswani et al. 2017), over packed sequences or padded batches, to themselves or to a memory, with grouped heads (Ainslie et al. 2023) and rotary
/// positions (Su et al. 2021) if asked for.
///
/// ```swift
/// let attention = MultiHeadAttention(width: 8, heads: 2, key: RandomKey(1))
/// let tokens = RandomKey(2).normal([5, 8])  // two sequences, of 2 and of 3 tokens
/// let y = attention(tokens, offsets: Tensor([Int32(0), 2, 5]))  // [5, 8]
/// ```
public struct MultiHeadAttention: ParameterTree, Sendable {
  /// The projection to queries, [width] → [heads · head width].
  public var query: Linear
  /// The projection to keys, [width] → [key heads · head width].
  public var key: Linear
  /// The projection to values, [width] → [key heads · head width].
  public var value: Linear
  /// The projection of the heads' results, [heads · head width] → [width].
  public var output: Linear
  /// The number of heads, which divides the width of queries.
  public var heads: Int
  /// The number of heads of keys and values, each of which serves as many neighboring heads of queries.
  public var keyHeads: Int
  /// How queries and keys are turned by their positions; nil: they are not, and know of none.
  public var rotary: Rotary?
  /// Probability that an attention weight is set to zero in training.
  public var dropout: Double

  /// Rotary positions, as `Tensor.rotary` has them.
  public struct Rotary: Hashable, Sendable {
    /// The base of the angles.
    public var base: Double
    /// Whether pairs are neighbors, and not number i and number i + width/2.
    public var isInterleaved: Bool

    /// Llama's, with its first base.
    public init(base: Double = 10_000, isInterleaved: Bool = false) { (self.base, self.isInterleaved) = (base, isInterleaved) }
  }

  public static let fields: [Field<Self>] = [
    .init("query", \.query), .init("key", \.key), .init("value", \.value), .init("output", \.output),
  ]

  public func read(into contents: inout TreeContents) {
    contents.add(query)
    contents.add(key)
    contents.add(value)
    contents.add(output)
    contents.add(setting: heads)
    contents.add(setting: keyHeads)
    contents.add(setting: rotary)
    contents.add(setting: dropout)
  }

  /// New projections.
  ///
  /// - Parameters:
  ///   - width: of tokens and results.
  ///   - heads: the number of heads of queries.
  ///   - keyHeads: the number of heads of keys and values; nil: as many as of queries.
  ///   - headWidth: nil: `width` / `heads`.
  ///   - rotary: positions of queries and keys; nil: none.
  ///   - bias: whether the projections have biases.
  ///   - dropout: probability that an attention weight is set to zero in training.
  ///   - key: of the initial values.
  ///   - initializer: of the projections' weights.
  ///   - dtype: of weights and biases.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  /// - Precondition: `heads` is above zero and divides `width` if there is no width of a head, and `keyHeads` divides `heads`.
  public init(
    width: Int, heads: Int, keyHeads: Int? = nil, headWidth: Int? = nil, rotary: Rotary? = nil, bias: Bool = true, dropout: Double = 0,
    key: RandomKey, initializer: Initializer = .normal(standardDeviation: 0.02), dtype: DType = .float32, file: StaticString = #fileID,
    line: UInt = #line
  ) {
    let caller = Caller(file, line), name = "MultiHeadAttention", keyHeads = keyHeads ?? heads
    caller.require(heads > 0 && (headWidth != nil || width % heads == 0), name, "the width \(width) does not divide into \(heads) heads")
    caller.require(keyHeads > 0 && heads % keyHeads == 0, name, "the \(heads) heads do not divide into \(keyHeads) groups")
    let headWidth = headWidth ?? width / heads
    caller.require(
      rotary == nil || headWidth % 2 == 0, name, "the width \(headWidth) of a head does not divide into pairs, which rotary positions turn")
    func projection(_ site: Int, _ inputs: Int, _ outputs: Int) -> Linear {
      Linear(inputs, outputs, bias: bias, key: key.fold(site), initializer: initializer, dtype: dtype)
    }
    query = projection(0, width, heads * headWidth)
    self.key = projection(1, width, keyHeads * headWidth)
    value = projection(2, width, keyHeads * headWidth)
    output = projection(3, heads * headWidth, width)
    self.heads = heads
    self.keyHeads = keyHeads
    self.rotary = rotary
    self.dropout = dropout
  }

  // MARK: Packed sequences

  /// Each token attends to the tokens of its own sequence, [tokens, width] → [tokens, width]; rows `offsets[s]..<offsets[s + 1]` of `x` are sequence s. Positions count from each
  /// sequence's begin.
  public func callAsFunction(_ x: Tensor, offsets: Tensor, _ mode: Mode = .evaluation) -> Tensor {
    let keys = dropout > 0 ? mode.keys : nil
    var (q, k, v) = (query(x), key(x), value(x))
    if let rotary {
      let places = Tensor.iota(x.shape[dim: 0], device: x.device), starts = offsets.cast(to: .int64)
      let positions = places - starts.gather(starts.searchSorted(places, right: true) - 1)
      func turned(_ x: Tensor, _ heads: Int) -> Tensor { joined(rotary(split(x, heads), positions)) }
      (q, k) = (turned(q, heads), turned(k, keyHeads))
    }
    if keyHeads < heads {
      func repeated(_ x: Tensor) -> Tensor { joined(split(x, keyHeads).repeated(heads / keyHeads, axis: 0)) }
      (k, v) = (repeated(k), repeated(v))
    }
    let attended = attention(
      query: q, key: k, value: v, offsets: offsets, heads: heads, dropout: keys == nil ? 0 : dropout, randomKey: keys)
    return output(attended)
  }

  // MARK: Padded batches

  /// Each token of x [..., tokens, width] attends to those of its own sequence or, if there is one, to the memory's: [..., tokens, width].
  ///
  /// ```swift
  /// let attention = MultiHeadAttention(width: 8, heads: 4, keyHeads: 2, rotary: .init(), key: RandomKey(1))
  /// let y = attention(RandomKey(2).normal([3, 5, 8]), isCausal: true)  // three sequences of five tokens: [3, 5, 8]
  /// ```
  ///
  /// - Parameters:
  ///   - x: [..., tokens, width].
  ///   - memory: [..., keys, width], what the tokens attend to; has no positions, so that there is none with rotary ones.
  ///   - mask: bool, broadcast to [..., heads, tokens, keys]: which keys a token sees. That of padded sequences, [batch, keys], is `mask.expandDims(1).expandDims(1)`.
  ///   - isCausal: whether a token sees itself and those before it alone.
  ///   - mode: training with its random key, for dropout, or evaluation.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  /// - Precondition: The shapes fit.
  public func callAsFunction(
    _ x: Tensor, memory: Tensor? = nil, mask: Tensor? = nil, isCausal: Bool = false, _ mode: Mode = .evaluation,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line), source = memory ?? x
    caller.require(
      x.rank >= 2 && source.rank == x.rank, "MultiHeadAttention", "needs tokens [..., tokens, width], got \(x.type) and \(source.type)")
    caller.require(
      memory == nil || rotary == nil, "MultiHeadAttention", "rotary positions are those of one sequence, and the memory is another")
    var (q, k) = (split(query(x), heads), split(key(source), keyHeads))
    if let rotary {
      let positions = Tensor.iota(x.shape[dim: x.rank - 2], device: x.device)
      (q, k) = (rotary(q, positions), rotary(k, positions))
    }
    return attended(q, k, split(value(source), keyHeads), mask, isCausal, mode, caller)
  }

  /// An empty cache for sequences of at most `capacity` tokens of a batch [..., tokens, width].
  public func cache(_ batch: Shape, capacity: Int) -> KeyValueCache {
    let width = key.weight.shape[0] / keyHeads
    return KeyValueCache(
      Shape(Array(batch) + [keyHeads]), capacity: capacity, width: width, dtype: Autocast.lowered(key.weight).dtype,
      device: key.weight.device)
  }

  /// The next tokens of sequences, x [..., tokens, width], of which the cache knows those before: each attends to itself and all before it, and the cache knows them from then on.
  ///
  /// - Parameters:
  ///   - x: [..., tokens, width].
  ///   - cache: keys and values of the tokens before.
  ///   - mask: bool, broadcast to [..., heads, tokens, capacity]: which of those a token sees; nil: all.
  ///   - mode: training with its random key, for dropout, or evaluation.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  public func callAsFunction(
    _ x: Tensor, cache: inout KeyValueCache, mask: Tensor? = nil, _ mode: Mode = .evaluation, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    caller.require(x.rank >= 2, "MultiHeadAttention", "needs tokens [..., tokens, width], got \(x.type)")
    var (q, k) = (split(query(x), heads), split(key(x), keyHeads))
    if let rotary {
      let positions = Tensor.iota(x.shape[dim: x.rank - 2], device: x.device) + cache.count
      (q, k) = (rotary(q, positions), rotary(k, positions))
    }
    let seen = cache.append(keys: k, values: split(value(x), keyHeads), file: file, line: line)
    return attended(q, cache.keys, cache.values, mask.map { $0 .& seen } ?? seen, false, mode, caller)
  }

  private func attended(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ mask: Tensor?, _ isCausal: Bool, _ mode: Mode, _ caller: Caller
  ) -> Tensor {
    let keys = dropout > 0 ? mode.dropoutKey : nil
    let result = dotProductAttention(
      query: q, key: k, value: v, mask: mask, isCausal: isCausal, dropout: keys == nil ? 0 : dropout, randomKey: keys, file: caller.file,
      line: caller.line)
    return output(joined(result))
  }

  /// [..., tokens, heads · width] → [..., heads, tokens, width]
  private func split(_ x: Tensor, _ heads: Int) -> Tensor {
    let dimensions = x.shape.dimensions, count = Dimension(heads)
    return x.reshape(Shape(dimensions: dimensions.dropLast() + [count, dimensions.last!.divided(by: count)])).moveAxis(-2, to: -3)
  }

  /// [..., heads, tokens, width] → [..., tokens, heads · width]
  private func joined(_ x: Tensor) -> Tensor {
    let moved = x.moveAxis(-3, to: -2), dimensions = moved.shape.dimensions
    return moved.reshape(Shape(dimensions: dimensions.dropLast(2) + [dimensions[dimensions.count - 2] * dimensions.last!]))
  }
}

extension MultiHeadAttention.Rotary {
  fileprivate func callAsFunction(_ x: Tensor, _ positions: Tensor) -> Tensor {
    x.rotary(positions, base: base, isInterleaved: isInterleaved)
  }
}
