@_spi(Backend) import WengertCore

/// Prepared attention. The offsets are read by each run. Not thread-safe: run on one thread at a time.
final class AttentionKernel<Element: KernelElement>: PromptKernel, ParallelWork, @unchecked Sendable
where Element.Compute: AttentionNumber {
  typealias Number = Element.Compute

  private let work: AttentionWork
  private let scale: Number
  private let query: HeadMatrix<Element>, key: HeadMatrix<Element>, value: HeadMatrix<Element>
  private let out: HeadMatrix<Element>
  private let sums: LogSumExpView<Number>
  let outputs: [View]

  private let workspace: CPUStorage?

  init(_ call: AttentionCall, _ workspace: CPUStorage?) {
    self.workspace = workspace
    outputs = call.writes
    work = AttentionWork(call.operands)
    scale = Number(call.operands.scale)
    query = HeadMatrix(call.operands.query)
    key = HeadMatrix(call.operands.key)
    value = HeadMatrix(call.operands.value)
    out = HeadMatrix(call.out)
    sums = LogSumExpView(call.logSumExp)
  }

  func answer() -> Int? {
    if let wrong = work.read() { return wrong }
    let copies = PooledBuffer<Number>(query.copyCount + key.copyCount + value.copyCount + out.copyCount, in: workspace)
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
    let size = work.blockRows(tokens.count), length = AttentionWork.padded(tokens.count)
    let scratch = ScratchMemory.ofThread(.blocks, (keys.columns + size + 1) * length, of: Number.self)
    let keysAcross = Matrix(pointer: scratch, rows: keys.columns, columns: length, rowStride: length, columnStride: 1)
    keys.prefetch()
    query.head(head, of: work.heads, tokens).prefetch()
    values.prefetch()
    Number.transpose(keys, into: keysAcross)
    let block = scratch + keys.columns * length
    for start in stride(from: tokens.lowerBound, to: tokens.upperBound, by: size) {
      let rows = start..<min(start + size, tokens.upperBound)
      let scores = Matrix(pointer: block, rows: rows.count, columns: length, rowStride: length, columnStride: 1)
      let weights = scores.block(rows: 0..<rows.count, columns: 0..<tokens.count)
      let sum = block + size * length
      Number.product(query.head(head, of: work.heads, rows), keysAcross, into: scores, alpha: scale, accumulates: false)
      Number.softmax(weights, sum, work.dropout(rows, tokens, head))
      Number.product(weights, values, into: out.head(head, of: work.heads, rows), alpha: 1, accumulates: false)
      sums.write(sum, rows, head)
    }
  }
}

/// The prepared gradients of attention, likewise.
final class AttentionBackwardKernel<Element: KernelElement>: PromptKernel, ParallelWork, @unchecked Sendable
where Element.Compute: AttentionNumber {
  typealias Number = Element.Compute

  private let work: AttentionWork
  private let scale: Number
  private let query: HeadMatrix<Element>, key: HeadMatrix<Element>, value: HeadMatrix<Element>
  private let out: HeadMatrix<Element>, cotangent: HeadMatrix<Element>
  private let toQuery: HeadMatrix<Element>, toKey: HeadMatrix<Element>, toValue: HeadMatrix<Element>
  private let sums: LogSumExpView<Number>
  private let copyCount: Int
  let outputs: [View]

  private let workspace: CPUStorage?

  init(_ call: AttentionBackwardCall, _ workspace: CPUStorage?) {
    self.workspace = workspace
    outputs = call.writes
    work = AttentionWork(call.operands)
    scale = Number(call.operands.scale)
    query = HeadMatrix(call.operands.query)
    key = HeadMatrix(call.operands.key)
    value = HeadMatrix(call.operands.value)
    out = HeadMatrix(call.out)
    cotangent = HeadMatrix(call.cotangent)
    toQuery = HeadMatrix(call.query)
    toKey = HeadMatrix(call.key)
    toValue = HeadMatrix(call.value)
    sums = LogSumExpView(call.logSumExp)
    copyCount = [query, key, value, out, cotangent, toQuery, toKey, toValue].reduce(0) { $0 + $1.copyCount }
  }

  func answer() -> Int? {
    if let wrong = work.read() { return wrong }
    let copies = PooledBuffer<Number>(copyCount, in: workspace)
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
    let size = work.blockRows(tokens.count), length = AttentionWork.padded(tokens.count), width = keys.columns
    let scratch = ScratchMemory.ofThread(.blocks, 2 * (width + size + 1) * length, of: Number.self)
    let keysAcross = Matrix(pointer: scratch, rows: width, columns: length, rowStride: length, columnStride: 1)
    let valuesAcross = Matrix(pointer: scratch + width * length, rows: width, columns: length, rowStride: length, columnStride: 1)
    keys.prefetch()
    values.prefetch()
    query.head(head, of: heads, tokens).prefetch()
    cotangent.head(head, of: heads, tokens).prefetch()
    out.head(head, of: heads, tokens).prefetch()
    Number.transpose(keys, into: keysAcross)
    Number.transpose(values, into: valuesAcross)
    let block = scratch + 2 * width * length
    let (sum, inner) = (block + 2 * size * length, block + (2 * size + 1) * length)
    for start in stride(from: tokens.lowerBound, to: tokens.upperBound, by: size) {
      let rows = start..<min(start + size, tokens.upperBound)
      let scores = Matrix(pointer: block, rows: rows.count, columns: length, rowStride: length, columnStride: 1)
      var products = scores
      products.pointer += size * length
      let weights = scores.block(rows: 0..<rows.count, columns: 0..<tokens.count)
      let gradient = products.block(rows: 0..<rows.count, columns: 0..<tokens.count)
      sums.read(rows, head, into: sum)
      let (queries, outs) = (query.head(head, of: heads, rows), out.head(head, of: heads, rows))
      let cotangents = cotangent.head(head, of: heads, rows)

      Number.product(queries, keysAcross, into: scores, alpha: scale, accumulates: false)
      Number.product(cotangents, valuesAcross, into: products, alpha: 1, accumulates: false)
      Number.inner(cotangents, outs, inner)
      Number.softmaxGradient(weights, gradient, sum, inner, scale, work.dropout(rows, tokens, head))
      let isFirst = rows.lowerBound == tokens.lowerBound
      Number.product(weights.transposed, cotangents, into: toValue.head(head, of: heads, tokens), alpha: 1, accumulates: !isFirst)
      Number.product(gradient.transposed, queries, into: toKey.head(head, of: heads, tokens), alpha: 1, accumulates: !isFirst)
      Number.product(gradient, keys, into: toQuery.head(head, of: heads, rows), alpha: 1, accumulates: false)
    }
  }
}
