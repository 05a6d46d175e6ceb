import WengertCore

/// Attention made ready. The offsets are read by each run. It must not run on two threads at a time.
final class PreparedAttention<Element: KernelElement>: Kernel, ParallelWork, @unchecked Sendable where Element.Compute: AttentionNumber {
  typealias Number = Element.Compute

  private let work: AttentionWork
  private let scale: Number
  private let query: TokenRows<Element>, key: TokenRows<Element>, value: TokenRows<Element>
  private let out: TokenRows<Element>
  private let sums: ScoreSums<Number>

  init(_ call: AttentionCall, _ out: View, _ logSumExp: View) {
    work = AttentionWork(call)
    scale = Number(call.scale)
    query = TokenRows(call.query)
    key = TokenRows(call.key)
    value = TokenRows(call.value)
    self.out = TokenRows(out)
    _ = logSumExp.address
    sums = ScoreSums(logSumExp)
  }

  func run() -> Int? {
    work.read()
    let copies = Temporary<Number>(query.copyCount + key.copyCount + value.copyCount + out.copyCount)
    var next = copies.pointer
    query.begin(&next, reads: true)
    key.begin(&next, reads: true)
    value.begin(&next, reads: true)
    out.begin(&next, reads: false)
    ThreadPool.shared.parallel(work.pieces, of: self)
    out.finish()
    withExtendedLifetime(copies) {}
    return nil
  }

  func perform(_ piece: Int) {
    for task in work.tasks(ofPiece: piece) {
      let (tokens, head) = work.task(task)
      attend(tokens, head)
    }
  }

  private func attend(_ tokens: Range<Int>, _ head: Int) {
    let (keys, values) = (key.head(head, of: work.heads, tokens), value.head(head, of: work.heads, tokens))
    let size = work.blockRows(tokens.count)
    let scratch = ScratchMemory.ofThread(.blocks, size * (tokens.count + 1), of: Number.self)
    for start in stride(from: tokens.lowerBound, to: tokens.upperBound, by: size) {
      let rows = start..<min(start + size, tokens.upperBound)
      let scores = Matrix(pointer: scratch, rows: rows.count, columns: tokens.count, rowStride: tokens.count, columnStride: 1)
      let sum = scratch + rows.count * tokens.count
      Number.multiply(query.head(head, of: work.heads, rows), keys.transposed, into: scores, alpha: scale, beta: 0)
      Number.softmax(scores, sum, work.dropout(rows, tokens, head))
      Number.multiply(scores, values, into: out.head(head, of: work.heads, rows), alpha: 1, beta: 0)
      sums.write(sum, rows, head)
    }
  }
}

/// The gradients of attention made ready, in the same way.
final class PreparedAttentionBackward<Element: KernelElement>: Kernel, ParallelWork, @unchecked Sendable
where Element.Compute: AttentionNumber {
  typealias Number = Element.Compute

  private let work: AttentionWork
  private let scale: Number
  private let query: TokenRows<Element>, key: TokenRows<Element>, value: TokenRows<Element>
  private let out: TokenRows<Element>, cotangent: TokenRows<Element>
  private let toQuery: TokenRows<Element>, toKey: TokenRows<Element>, toValue: TokenRows<Element>
  private let sums: ScoreSums<Number>
  private let copyCount: Int

  init(_ call: AttentionCall, _ views: AttentionBackwardViews) {
    work = AttentionWork(call)
    scale = Number(call.scale)
    query = TokenRows(call.query)
    key = TokenRows(call.key)
    value = TokenRows(call.value)
    out = TokenRows(views.out)
    cotangent = TokenRows(views.cotangent)
    toQuery = TokenRows(views.query)
    toKey = TokenRows(views.key)
    toValue = TokenRows(views.value)
    _ = views.logSumExp.address
    sums = ScoreSums(views.logSumExp)
    copyCount = [query, key, value, out, cotangent, toQuery, toKey, toValue].reduce(0) { $0 + $1.copyCount }
  }

  func run() -> Int? {
    work.read()
    let copies = Temporary<Number>(copyCount)
    var next = copies.pointer
    query.begin(&next, reads: true)
    key.begin(&next, reads: true)
    value.begin(&next, reads: true)
    out.begin(&next, reads: true)
    cotangent.begin(&next, reads: true)
    toQuery.begin(&next, reads: false)
    toKey.begin(&next, reads: false)
    toValue.begin(&next, reads: false)
    ThreadPool.shared.parallel(work.pieces, of: self)
    toQuery.finish()
    toKey.finish()
    toValue.finish()
    withExtendedLifetime(copies) {}
    return nil
  }

  func perform(_ piece: Int) {
    for task in work.tasks(ofPiece: piece) {
      let (tokens, head) = work.task(task)
      differentiate(tokens, head)
    }
  }

  /// With P the weights, M the dropout factors and dO the cotangent of O = (M ∘ P) V:
  /// dV = (M ∘ P)ᵀ dO; dS = P ∘ (M ∘ (dO Vᵀ) − rowsum(dO ∘ O)); dQ = scale · dS K; dK = scale · dSᵀ Q.
  private func differentiate(_ tokens: Range<Int>, _ head: Int) {
    let heads = work.heads
    let (keys, values) = (key.head(head, of: heads, tokens), value.head(head, of: heads, tokens))
    let blockRows = work.blockRows(tokens.count)
    let scratch = ScratchMemory.ofThread(.blocks, 2 * blockRows * (tokens.count + 1), of: Number.self)
    for start in stride(from: tokens.lowerBound, to: tokens.upperBound, by: blockRows) {
      let rows = start..<min(start + blockRows, tokens.upperBound)
      let size = rows.count * tokens.count
      let weights = Matrix(pointer: scratch, rows: rows.count, columns: tokens.count, rowStride: tokens.count, columnStride: 1)
      var gradient = weights
      gradient.pointer += size
      let (sum, inner) = (scratch + 2 * size, scratch + (2 * size + rows.count))
      sums.read(rows, head, into: sum)
      let (queries, outs) = (query.head(head, of: heads, rows), out.head(head, of: heads, rows))
      let cotangents = cotangent.head(head, of: heads, rows)

      Number.multiply(queries, keys.transposed, into: weights, alpha: scale, beta: 0)
      Number.multiply(cotangents, values.transposed, into: gradient, alpha: 1, beta: 0)
      Number.inner(cotangents, outs, inner)
      Number.softmaxGradient(weights, gradient, sum, inner, scale, work.dropout(rows, tokens, head))
      let beta: Number = rows.lowerBound == tokens.lowerBound ? 0 : 1
      Number.multiply(weights.transposed, cotangents, into: toValue.head(head, of: heads, tokens), alpha: 1, beta: beta)
      Number.multiply(gradient.transposed, queries, into: toKey.head(head, of: heads, tokens), alpha: 1, beta: beta)
      Number.multiply(gradient, keys, into: toQuery.head(head, of: heads, rows), alpha: 1, beta: 0)
    }
  }
}
