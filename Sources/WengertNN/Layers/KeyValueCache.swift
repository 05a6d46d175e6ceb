/// Keys and values of the tokens so far, so that a text that grows by a token costs a token: with room for a number of tokens, so that one compiled program serves all of them.
///
/// ```swift
/// var cache = KeyValueCache([1, 2], capacity: 8, width: 4)  // one text, two heads
/// let new = RandomKey(1).normal([1, 2, 3, 4])  // three tokens
/// let seen = cache.append(keys: new, values: new)
/// let y = dotProductAttention(query: new, key: cache.keys, value: cache.values, mask: seen)  // causal, of three tokens
/// ```
public struct KeyValueCache: ParameterTree, Sendable {
  /// [..., heads, capacity, width], zeros behind the last token.
  public private(set) var keys: Tensor, values: Tensor
  /// The number of tokens, int64 [].
  public private(set) var count: Tensor

  public static let fields: [Field<Self>] = [.init("keys", \.keys), .init("values", \.values), .init("count", \.count)]

  /// An empty cache for tensors [..., heads, tokens, width].
  ///
  /// - Parameters:
  ///   - lead: all extents before the tokens'.
  ///   - capacity: how many tokens it holds at most.
  ///   - width: of a key of one head.
  ///   - valueWidth: of a value of one head; nil: as `width`.
  ///   - dtype: of keys and values.
  ///   - device: where they lie.
  public init(_ lead: Shape, capacity: Int, width: Int, valueWidth: Int? = nil, dtype: DType = .float32, device: Device = .current) {
    func room(_ width: Int) -> Tensor { .zeros(Shape(Array(lead) + [capacity, width]), dtype: dtype, device: device) }
    keys = room(width)
    values = room(valueWidth ?? width)
    count = .zeros([], dtype: .int64, device: device)
  }

  /// Adds the next tokens; gives the mask of what each of them sees, itself and all before it: bool [tokens, capacity]. More tokens than there is room for are a `DataFault`.
  ///
  /// - Precondition: The shapes are those of the cache but for the number of tokens.
  public mutating func append(keys new: Tensor, values newValues: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let tokens = new.shape[new.rank - 2], capacity = keys.shape[keys.rank - 2]
    keys = keys.replacing(-2, from: count, with: new, file: file, line: line)
    values = values.replacing(-2, from: count, with: newValues, file: file, line: line)
    let places = Tensor.iota(tokens, device: count.device).expandDims(1) + count
    count = count + Double(tokens)
    return Tensor.iota(capacity, device: count.device) .<= places
  }
}
