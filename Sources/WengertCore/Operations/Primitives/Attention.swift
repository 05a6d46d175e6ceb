/// Scaled dot-product attention within each sequence of a packed batch (Vaswani et al. 2017).
///
/// Operands: query, key, value [tokens, width], offsets [sequences + 1], random key [] or keys [tokens]. Results: the attended values [tokens, width] and the
/// log-sum-exp of the scores [tokens, heads].
struct Attention: Operation {
  var heads: Int
  var scale: Scale
  var dropout: Double
  /// Whether each token has a random key of its own.
  var hasTokenKeys: Bool

  /// What scores are multiplied by.
  enum Scale: Hashable, Sendable {
    case number(Double)
    /// 1/√(width of a head), of which there are so many.
    case ofWidth(Dimension, heads: Int)
  }

  var name: String { "attention" }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    let q = operands[0]
    var sums = q.shape
    sums[1] = heads
    return [q, TensorType(shape: sums, dtype: q.dtype.computeType)]
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let outs = results.map { $0.allocate(on: backend) }
    if results[0].shape.elementCount > 0 {
      report(operands, caller).run(AttentionCall(views(operands), into: outs[0], logSumExp: outs[1]), on: backend)
    }
    return outs.map { Tensor($0, node: nil) }
  }

  /// The offsets are first seen when the kernel runs. Those of a program are not there any more when its fault is reported.
  func report(_ operands: [Tensor], _ caller: Caller) -> FaultReport {
    let tokens = operands[0].shape[dim: 0], offsets = operands[3].view.storage.hasNumbers ? operands[3] : nil
    return FaultReport(kind: .offsets, operation: name, shapes: operands.map(\.shape), caller: caller) { place in
      let found = offsets.map { Self.wrongOffsets($0.array(of: Int.self), tokens) }
      return (place, found ?? "offsets must rise from 0 to the \(tokens) tokens; offset number \(place) does not")
    }
  }

  fileprivate static func wrongOffsets(_ rows: [Int], _ tokens: Dimension) -> String {
    "offsets must rise from 0 to the \(tokens) tokens, got \(rows.prefix(8))\(rows.count > 8 ? "…" : "")"
  }

  func views(_ operands: [Tensor]) -> AttentionOperands {
    AttentionOperands(
      query: operands[0].view, key: operands[1].view, value: operands[2].view, offsets: operands[3].view, heads: heads,
      scale: scale.value([:]),
      dropout: dropout, randomKey: dropout > 0 ? (hasTokenKeys ? operands[4] : operands[4].reshape([1])).view : nil,
      hasTokenKeys: hasTokenKeys)
  }

  func substituting(_ symbols: [String: Int]) -> Attention {
    var result = self
    result.scale = .number(scale.value(symbols))
    return result
  }

  func batched(_ application: BatchedApplication) -> [Tensor] {
    guard let rows = rows(application) else { return application.each(self, advice: Self.advice) }
    return application.split(apply(self, rows, application.caller))
  }

  fileprivate static let advice = ", or give each token a random key of its own (RandomKey.keys(for:))"

  /// The operands with the examples' tokens one after another, as more sequences of one batch; nil if the random numbers depend on how many tokens there are.
  func rows(_ a: BatchedApplication) -> [Tensor]? {
    guard dropout == 0 || hasTokenKeys else { return nil }
    let tensors = a.operands.indices.filter { $0 != 3 && $0 != 4 }
    var rows = a.operands
    for i in tensors { rows[i] = a.rows(i) }
    let offsets = a.operands[3].cast(to: .int64), sequences = a.operandTypes[3].shape[dim: 0] - 1
    let examples = Tensor.iota(a.size, beside: offsets).expandDims(1)
    let starts: Tensor, tokens: Tensor
    if a.isBatched[3] {
      tokens = offsets.number(a.operandTypes[0].shape[dim: 0], .int64).move(.reshape([1]), a.caller)
      let first = offsets.narrow(1, 0, 1, a.caller), last = offsets.narrow(1, sequences, 1, a.caller)
      // Offsets that do not name all tokens of their example would name those of its neighbors; −1 is found.
      starts = .select(
        (first .== 0) .& (last .== tokens), offsets.narrow(1, 0, sequences, a.caller) + examples * tokens, offsets.constant(-1), a.caller)
    } else {
      // Counted in the tokens that the last offset names: one that does not name all of them is found as ever.
      tokens = offsets.narrow(0, sequences, 1, a.caller)
      starts = offsets.narrow(0, 0, sequences, a.caller) + examples * tokens
    }
    let all = starts.move(.reshape(Shape(dimensions: [a.size * sequences])), a.caller)
    rows[3] = apply1(Movement.concatenate(axis: 0), [all, tokens * tokens.number(a.size, .int64)], a.caller)
    rows[4] = dropout > 0 ? a.rows(4) : .full(0, [], dtype: .int64, beside: offsets)
    return rows
  }

  func keeps(for wanted: [Bool]) -> Residuals { .all }

  var derivative: Derivative {
    .rule(
      vjp: { a, ct in
        let operands = (0..<5).map { a.operand($0) }
        var gradients = [Tensor?](repeating: nil, count: 5)
        if let ct = ct[0] {
          let three = apply(AttentionBackward(attention: self), operands + [a.result(0), a.result(1), ct], a.caller)
          for i in 0..<3 { gradients[i] = three[i] }
        }
        if let ct = ct[1] {
          let more = vjpOfDense(operands, [nil, ct], a.caller)
          for i in 0..<3 { gradients[i] = gradients[i].map { $0 + more[i] } ?? more[i] }
        }
        return gradients
      },
      jvp: { a, t in
        let operands = (0..<5).map { a.operand($0) }
        let tape = Tape()
        defer { tape.close() }
        let watched = operands[..<3].map { tape.watch($0) }
        return tape.forward(Array(t[..<3]), to: dense(watched + operands[3...], a.caller))
      })
  }

  /// Gradients of the dense definition with respect to query, key and value.
  func vjpOfDense(_ operands: [Tensor], _ cotangents: [Tensor?], _ caller: Caller) -> [Tensor] {
    let tape = Tape()
    defer { tape.close() }
    let watched = operands[..<3].map { tape.watch($0) }
    let results = dense(watched + operands[3...], caller)
    let seeds = zip(results, cotangents).compactMap { result, ct in ct.map { (result.index(on: tape), $0) } }
    let gradients = tape.reverse(seeds, inputCount: 3, consuming: true)
    return gradients.enumerated().map { i, g in g ?? operands[i].constant(0, operands[i].shape) }
  }

  /// The definition by elementary operations over all pairs of tokens, pairs of different sequences masked: what derivatives of the kernels' derivatives
  /// are taken of. Memory grows with the square of the tokens.
  func dense(_ operands: [Tensor], _ caller: Caller) -> [Tensor] {
    let q = operands[0], offsets = operands[3]
    let tokens = q.shape[dim: 0], width = q.shape[dim: 1]
    let parts = Shape(dimensions: [tokens, Dimension(heads), width.share(of: heads)])
    func split(_ x: Tensor) -> Tensor { x.reshape(parts).transpose(0, 1) }
    let index = Tensor.iota(tokens, beside: q)
    let ends = offsets.narrow(0, 1, offsets.shape[dim: 0] - 1, caller).cast(to: .int64)
    let sequence = (index.expandDims(1) .>= ends).sum(axes: [1])
    let same = sequence.expandDims(1) .== sequence
    var scores = split(q).multiplied(by: split(operands[1]).transpose(), caller)
    switch scale {
    case .number(let scale): scores = scores * scale
    case .ofWidth(let width, let heads):
      scores = scores * rsqrt(q.number(width.share(of: heads), scores.dtype.computeType)).cast(to: scores.dtype)
    }
    scores = select(same, scores, scores.constant(-.infinity))
    var weights = scores.softmax()
    if dropout > 0 {
      let kept = uniform(operands[4], weights.shape, sequence, q.dtype.computeType) .>= dropout
      weights = select(kept, weights * (1 / (1 - dropout)), weights.constant(0))
    }
    let out = weights.multiplied(by: split(operands[2]), caller).transpose(0, 1).reshape(q.shape)
    return [out, scores.logSumExp(axes: [-1]).transpose(0, 1).cast(to: q.dtype.computeType)]
  }
}

extension Attention.Scale: CodeValue {
  func write(to code: inout ProgramWriter) {
    switch self {
    case .number(let number): code.form("number", number)
    case .ofWidth(let width, let heads): code.form("ofWidth", width, heads)
    }
  }

  init(from code: inout ProgramReader) throws {
    let word = try code.word()
    switch word {
    case "number": self = try .number(code.read())
    case "ofWidth": self = try .ofWidth(code.read(), heads: code.read())
    default: throw code.unknown(word, "scale")
    }
  }
}

extension Attention {
  func write(to code: inout ProgramWriter) { code.values(heads, scale, dropout, hasTokenKeys) }
  init(from code: inout ProgramReader) throws {
    try self.init(heads: code.read(), scale: code.read(), dropout: code.read(), hasTokenKeys: code.read())
  }
}

extension Attention {
  /// The random number of each weight [heads, tokens, tokens]; `sequence` [tokens] is the number of each token's sequence.
  private func uniform(_ key: Tensor, _ shape: Shape, _ sequence: Tensor, _ dtype: DType) -> Tensor {
    guard hasTokenKeys else { return RandomKey(key).unit(shape, dtype: dtype) }
    let spread = Tensor([AttentionOperands.headSpread], shape: [], backend: key.backend)
    let heads = Tensor.iota(shape[dim: 0], beside: key).reshape(Shape(dimensions: [shape[dim: 0], 1, 1])) * spread
    let drawn = RandomKey(key.reshape(Shape(dimensions: [1, shape[dim: 1], 1])) + heads).unit(shape, dtype: dtype)
    // A token's place in its sequence: how many of those before it are of the same.
    let index = Tensor.iota(shape[dim: 1], beside: key)
    let isBefore = (sequence.expandDims(1) .== sequence) .& (index.expandDims(1) .> index)
    let place = isBefore.cast(to: .int64).sum(axes: [1])
    return drawn.takeAlong(place.broadcast(to: shape), axis: 2)
  }
}

/// The gradients of `Attention` with respect to query, key and value. Operands: those of the attention, its two results, the cotangent of the first.
struct AttentionBackward: Operation {
  var attention: Attention

  var name: String { "attention pullback" }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] { Array(operands[..<3]) }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let outs = results.map { $0.allocate(on: backend) }
    if results[0].shape.elementCount > 0 {
      let call = AttentionBackwardCall(
        attention.views(operands), out: operands[5].view, logSumExp: operands[6].view, cotangent: operands[7].view,
        intoQuery: outs[0], intoKey: outs[1], intoValue: outs[2])
      attention.report(operands, caller).run(call, on: backend)
    }
    return outs.map { Tensor($0, node: nil) }
  }

  func substituting(_ symbols: [String: Int]) -> AttentionBackward { AttentionBackward(attention: attention.substituting(symbols)) }

  func batched(_ application: BatchedApplication) -> [Tensor] {
    guard let rows = attention.rows(application) else { return application.each(self, advice: Attention.advice) }
    return application.split(apply(self, rows, application.caller))
  }

  func keeps(for wanted: [Bool]) -> Residuals { .allOperands }

  // The attention's results count as functions of query, key and value, which the dense definition recomputes.
  var derivative: Derivative {
    .rule(
      vjp: { a, ct in
        let tape = Tape()
        defer { tape.close() }
        let seeds = zip(redone(a, on: tape), ct).compactMap { result, ct in ct.map { (result.index(on: tape), $0) } }
        let gradients = tape.reverse(seeds, inputCount: 4, consuming: true)
        return [gradients[0], gradients[1], gradients[2], nil, nil, nil, nil, gradients[3]]
      },
      jvp: { a, t in
        let tape = Tape()
        defer { tape.close() }
        return tape.forward([t[0], t[1], t[2], t[7]], to: redone(a, on: tape))
      })
  }

  private func redone(_ a: Application, on tape: Tape) -> [Tensor] {
    let watched = [0, 1, 2, 7].map { tape.watch(a.operand($0)) }
    return attention.vjpOfDense(Array(watched[..<3]) + [a.operand(3), a.operand(4)], [watched[3], nil], a.caller)
  }
}

extension AttentionBackward {
  func write(to code: inout ProgramWriter) { code.values(attention) }
  init(from code: inout ProgramReader) throws { try self.init(attention: code.read()) }
}

/// Attention within each sequence of a packed batch: rows offsets[s]..<offsets[s+1] of the three tensors are sequence s, and each of
/// `heads` equal parts of the width is a head with softmax(scale · QKᵀ) · V. No arithmetic is spent on padding.
///
/// ```swift
/// let tokens = Tensor([[1, 0], [0, 1], [2, 2]])
/// let offsets = Tensor([0, 2, 3])  // two sequences, of 2 tokens and of 1
/// let y = attention(query: tokens, key: tokens, value: tokens, offsets: offsets, heads: 1)  // the last row is [2, 2]
/// ```
///
/// - Parameters:
///   - query: [tokens, width]; columns of a joint projection may be given as slices.
///   - key: likewise.
///   - value: likewise.
///   - offsets: [sequences + 1] whole numbers that rise from 0 to the number of tokens; others are a `DataFault`.
///   - heads: the number of equal parts of the width.
///   - scale: 1/√(width of a head) by default.
///   - dropout: probability that an attention weight is set to zero; needs `randomKey`.
///   - randomKey: one, or one for each token [tokens, 1] (`RandomKey.keys(for:)`): then which of its weights are zero does not depend on the other sequences.
///   - file: the caller's file, which messages name.
///   - line: the caller's line, likewise.
/// - Precondition: `query`, `key` and `value` have one shape and one floating dtype, `heads` divides the width, `offsets` is int32 or int64, `dropout` is in 0..<1, and there is a random key if it is not 0.
/// - Returns: [tokens, width].
public func attention(
  query: Tensor, key: Tensor, value: Tensor, offsets: Tensor, heads: Int, scale: Double? = nil, dropout: Double = 0,
  randomKey: RandomKey? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line)
  let name = "attention"
  let (key, value) = (Autocast.lowered(key), Autocast.lowered(value))
  var query = Autocast.lowered(query)
  func shapes() -> String {
    "query, key and value must have one shape [tokens, width], got \(query.shape), \(key.shape), \(value.shape)"
  }
  caller.require(query.rank == 2, name, shapes())
  caller.expect(
    query.shape.agrees(with: key.shape) && key.shape.agrees(with: value.shape) && query.shape.agrees(with: value.shape),
    name, shapes(), of: [query, key, value])
  caller.expect(
    query.dtype.isFloating && query.dtype == key.dtype && key.dtype == value.dtype, name,
    "query, key and value must have one floating dtype, got \(query.dtype), \(key.dtype), \(value.dtype)", of: [query, key, value])
  let width = query.shape[dim: 1]
  let headWidth = caller.share(of: width, heads, name, "the width \(width) does not divide into \(heads) heads")
  caller.require(dropout >= 0 && dropout < 1, name, "the dropout \(dropout) is not in 0..<1")
  caller.require(dropout == 0 || randomKey != nil, name, "dropout needs a random key")
  caller.expect(
    offsets.rank == 1 && offsets.shape[dim: 0].number != 0 && (offsets.dtype == .int32 || offsets.dtype == .int64), name,
    "offsets must be int32 or int64 of shape [sequences + 1], got \(offsets.type)", of: [query, offsets])
  var offsets = offsets
  // The kernel looks at the offsets, unless it runs later and they are known now, nothing is to be computed, or each example of vmap has its own.
  if offsets.hasNumbers, let tokens = query.shape[dim: 0].number {
    if !query.hasNumbers || query.shape.hasNoElements || offsets.outermost.rank > 1, let wrong = firstWrong(offsets, tokens) {
      DataFaultScope.report(
        .offsets, name, Attention.wrongOffsets(offsets.outermost.array(of: Int.self), Dimension(tokens)), number: wrong,
        shapes: [query.shape, offsets.shape], caller)
      // Every weight is NaN, and so is all that comes of them.
      query = query * .nan
      offsets = Tensor([0, tokens], shape: [2], backend: query.backend)
    }
  } else if offsets.hasNumbers {
    requireOffsets(offsets, query.shape[dim: 0], caller)
  }
  var random = dropout > 0 ? randomKey!.data : .full(0, [], dtype: .int64, beside: query)
  let hasTokenKeys = random.rank > 0
  if hasTokenKeys {
    caller.require(
      random.rank == 2 && random.shape[dim: 1].number == 1, name,
      "needs one random key or one for each token [tokens, 1], got \(random.shape) for \(query.shape)")
    caller.require(
      random.shape[dim: 0], equals: query.shape[dim: 0], name,
      "needs one random key or one for each token [tokens, 1], got \(random.shape) for \(query.shape)")
    random = random.flatten()
  }
  let operation = Attention(
    heads: heads,
    scale: scale.map { .number($0) } ?? headWidth.number.map { .number(1 / Double($0).squareRoot()) }
      ?? .ofWidth(width.unnamed, heads: heads),
    dropout: dropout, hasTokenKeys: hasTokenKeys)
  return apply(operation, [query, key, value, offsets, random], caller)[0]
}

/// The place of the first offset that does not rise from 0 to the number of tokens.
private func firstWrong(_ offsets: Tensor, _ tokens: Int) -> Int? {
  for rows in batches(offsets) {
    if rows[0] != 0 { return 0 }
    if let place = rows.indices.dropFirst().first(where: { rows[$0] < rows[$0 - 1] || rows[$0] > tokens }) { return place }
    if rows.last! != tokens { return rows.count - 1 }
  }
  return nil
}

/// The offsets of every example.
private func batches(_ offsets: Tensor) -> [[Int]] {
  let all = offsets.outermost.array(of: Int.self), count = offsets.shape[0]
  return stride(from: 0, to: all.count, by: count).map { Array(all[$0..<$0 + count]) }
}

/// Ends the program unless the offsets rise from 0 to the number of tokens, which symbols say.
private func requireOffsets(_ offsets: Tensor, _ tokens: Dimension, _ caller: Caller) {
  for rows in batches(offsets) {
    let message = Attention.wrongOffsets(rows, tokens)
    caller.require(rows[0] == 0 && zip(rows, rows.dropFirst()).allSatisfy { $0 <= $1 }, "attention", message)
    caller.require(Dimension(rows.last!), equals: tokens, "attention", message)
  }
}

extension Attention.Scale {
  /// The number for given values of the symbols.
  func value(_ symbols: [String: Int]) -> Double {
    switch self {
    case .number(let number): number
    case .ofWidth(let width, let heads): 1 / Double(width.substituting(symbols) / heads).squareRoot()
    }
  }
}
