/// Scaled dot-product attention of padded batches (Vaswani et al. 2017), softmax(scale · QKᵀ + bias) · V, as `torch.nn.functional.scaled_dot_product_attention`; packed sequences have `attention`.
///
/// ```swift
/// let q = Tensor([1.0, 0.0]).reshape([1, 1, 2]), v = Tensor([10.0, 20.0]).reshape([1, 2, 1])  // one head, a query, two keys
/// let k = Tensor([[1.0, 0.0], [0.0, 1.0]]).expandDims(0)
/// let y = dotProductAttention(query: q, key: k, value: v, mask: Tensor([true, false]))  // [[[10]]]
/// ```
///
/// - Parameters:
///   - query: [..., heads, queries, width].
///   - key: [..., heads, keys, width]; with fewer heads, a divisor of the queries', each is for as many neighboring heads of the queries (grouped-query attention,
///     Ainslie et al. 2023).
///   - value: [..., heads, keys, value width], with as many heads as `key`.
///   - mask: bool, broadcast to [..., heads, queries, keys]: which keys a query sees. A query that sees none gets zeros.
///   - bias: what is added to the scores, broadcast likewise.
///   - isCausal: whether a query sees no key behind it. The last query is beside the last key: with fewer queries than keys, those are the keys of before, as with a cache (PyTorch
///     has the first beside the first).
///   - scale: 1/√width by default.
///   - dropout: probability that an attention weight is set to zero; needs `randomKey`.
///   - randomKey: of the weights that dropout sets to zero.
///   - file: the caller's file, which messages name.
///   - line: the caller's line, likewise.
/// - Precondition: the shapes fit, all are of one floating dtype, `dropout` is in 0..<1, and there is a random key if it is not 0.
/// - Returns: [..., heads, queries, value width].
public func dotProductAttention(
  query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil, bias: Tensor? = nil, isCausal: Bool = false, scale: Double? = nil,
  dropout: Double = 0, randomKey: RandomKey? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line)
  func attend(_ q: Tensor, _ k: Tensor, _ v: Tensor, _ mask: Tensor?, _ bias: Tensor?, _ randomKey: RandomKey?) -> Tensor {
    dotProducts(q, k, v, mask, bias, isCausal, scale, dropout, randomKey, caller)
  }
  // The half of the scores that no query sees is left out, block by block, where blocks are large enough to be worth their kernels.
  guard isCausal, [query, key, value].allSatisfy({ $0.rank >= 3 }), let queries = query.shape[dim: query.rank - 2].number,
    let keys = key.shape[dim: key.rank - 2].number, value.shape[dim: value.rank - 2].number == keys, queries >= 256, keys >= queries
  else {
    return attend(query, key, value, mask, bias, randomKey)
  }
  let blockCount = min(queries / 128, 8), randomKeys = randomKey?.split(blockCount)
  let blocks = (0..<blockCount).map { number in
    let rows = (queries * number / blockCount)..<(queries * (number + 1) / blockCount), columns = 0..<rows.upperBound + keys - queries
    return attend(
      query.part(rows: rows), key.part(rows: columns), value.part(rows: columns), mask?.part(rows: rows, columns: columns),
      bias?.part(rows: rows, columns: columns), randomKeys?[number])
  }
  return concatenate(blocks, axis: -2, file: file, line: line)
}

private func dotProducts(
  _ query: Tensor, _ key: Tensor, _ value: Tensor, _ mask: Tensor?, _ bias: Tensor?, _ isCausal: Bool, _ scale: Double?, _ dropout: Double,
  _ randomKey: RandomKey?, _ caller: Caller
) -> Tensor {
  let name = "dotProductAttention", file = caller.file, line = caller.line
  let (q, k, v) = (Autocast.lowered(query), Autocast.lowered(key), Autocast.lowered(value))
  let all = [q, k, v], shapes = "query, key and value are \(q.type), \(k.type), \(v.type)"
  caller.require(all.allSatisfy { $0.rank >= 3 && $0.rank == q.rank }, name, "needs three tensors [..., heads, tokens, width], \(shapes)")
  caller.require(q.dtype.isFloating && k.dtype == q.dtype && v.dtype == q.dtype, name, "needs one floating dtype, \(shapes)")
  caller.require(dropout >= 0 && dropout < 1, name, "the dropout \(dropout) is not in 0..<1")
  caller.require(dropout == 0 || randomKey != nil, name, "dropout needs a random key")
  caller.require(
    mask == nil || mask!.dtype == .bool, name, "the mask must be bool, it is \(mask?.dtype ?? .bool); what is added to scores is a bias")
  let rank = q.rank, lead = (0..<rank - 3).map { q.shape[dim: $0] }
  let (heads, keyHeads) = (q.shape[rank - 3], k.shape[rank - 3])
  let (queries, keys) = (q.shape[dim: rank - 2], k.shape[dim: rank - 2]), width = q.shape[dim: rank - 1]
  caller.require(
    keyHeads > 0 && heads % keyHeads == 0 && v.shape[rank - 3] == keyHeads, name,
    "the heads of keys and values must be as many, and divide those of the queries: \(shapes)")
  caller.require(k.shape[dim: rank - 1], equals: width, name, "queries and keys must be as wide: \(shapes)")
  caller.require(v.shape[dim: rank - 2], equals: keys, name, "there must be as many values as keys: \(shapes)")

  let group = heads / keyHeads
  func shape(_ heads: Int, _ rows: Dimension, _ columns: Dimension) -> Shape {
    Shape(dimensions: lead + [Dimension(heads), rows, columns])
  }
  // The heads of a group are more queries of one head.
  let grouped = group == 1 ? q : q.reshape(shape(keyHeads, queries * Dimension(group), width), file: file, line: line)
  var scores = grouped.matmul(k.transpose(), file: file, line: line)
  if group > 1 { scores = scores.reshape(shape(heads, queries, keys)) }
  if let scale {
    scores = scores * scale
  } else {
    scores =
      width.number.map { scores * (1 / Double($0).squareRoot()) } ?? scores
      * rsqrt(q.number(width, q.dtype.computeType)).cast(to: scores.dtype)
  }
  if let bias { scores = scores + bias.cast(to: scores.dtype) }
  var seen = mask
  if isCausal {
    let place = Tensor.iota(queries, beside: q).expandDims(1) + (q.number(keys, .int64) - q.number(queries, .int64))
    let isBefore = place .>= Tensor.iota(keys, beside: q)
    seen = seen.map { $0 .& isBefore } ?? isBefore
  }
  // Not −∞, with which the derivative of a row without keys would be NaN; e to the power of this is 0 beside any score.
  let lowest = scores.constant(scores.dtype == DType.float16 ? -65504.0 : -1e30)
  if let seen { scores = select(seen, scores, lowest, file: file, line: line) }
  var weights = scores.softmax()
  if dropout > 0 { weights = weights.dropout(dropout, key: randomKey!) }
  if group > 1 { weights = weights.reshape(shape(keyHeads, queries * Dimension(group), keys)) }
  var result = weights.matmul(v)
  if group > 1 { result = result.reshape(shape(heads, queries, v.shape[dim: rank - 1])) }
  // A causal query sees the key beside it.
  let seesOne = mask == nil && (queries.number ?? .max) <= (keys.number ?? 0)
  guard let seen, !seesOne else { return result }
  let seesAny = seen.any(axes: [-1], keepDims: true)
  return select(seesAny, result, result.constant(0))
}

extension Tensor {
  /// Some rows, and columns, of a stack of matrices, or of what is broadcast to one.
  fileprivate func part(rows: Range<Int>, columns: Range<Int>? = nil) -> Tensor {
    var part = self
    for (axis, range) in [(rank - 2, rows), (rank - 1, columns)] {
      if let range, axis >= 0, shape[dim: axis] != 1 { part = part.narrow(axis, from: range.lowerBound, count: range.count) }
    }
    return part
  }

  /// Rotary position embedding (Su et al. 2021): pairs of numbers of each token turned by the angle p · base^(−2i / width), p being the token's position and i the pair's number;
  /// products of queries and keys then depend on the distance of their positions alone.
  ///
  /// - Parameters:
  ///   - positions: [tokens] or [..., tokens] whole numbers.
  ///   - base: 10,000 by default; larger for longer texts.
  ///   - isInterleaved: whether pairs are neighbors, as the paper has them; otherwise number i goes with number i + width / 2, as in GPT-NeoX and Llama.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  /// - Precondition: The tensor is [..., tokens, width] and floating, the width known and even.
  public func rotary(
    _ positions: Tensor, base: Double = 10_000, isInterleaved: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    caller.require(rank >= 2 && dtype.isFloating, "rotary", "needs a floating tensor [..., tokens, width], got \(type)")
    let width = shape[rank - 1], half = width / 2
    caller.require(width % 2 == 0, "rotary", "the width \(width) does not divide into pairs")
    let compute = dtype.computeType, x = cast(to: compute)
    let exponents = Tensor.iota(Dimension(half), beside: self).cast(to: .float64) * (-2 / Double(width))
    let angles = positions.cast(to: .float64).expandDims(-1) * pow(exponents.constant(base), exponents)
    let (c, s) = (cos(angles).cast(to: compute), sin(angles).cast(to: compute))
    func pairs() -> (Tensor, Tensor) {
      guard isInterleaved else { return (x.narrow(-1, from: 0, count: half), x.narrow(-1, from: half, count: half)) }
      let split = x.reshape(Shape(dimensions: x.shape.dimensions.dropLast() + [Dimension(half), 2]))
      return (split.narrow(-1, from: 0, count: 1).squeeze(-1), split.narrow(-1, from: 1, count: 1).squeeze(-1))
    }
    let (a, b) = pairs()
    let turned = (a * c - b * s, a * s + b * c)
    let result =
      isInterleaved
      ? stack([turned.0, turned.1], axis: -1).reshape(x.shape) : concatenate([turned.0, turned.1], axis: -1)
    return result.cast(to: dtype)
  }
}
