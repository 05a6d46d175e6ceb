import CKernels
import WengertCore

extension CPUBackend {
  public func attention(_ call: AttentionCall, into out: View, logSumExp: View) {
    if out.shape.elementCount == 0 { return }
    switch out.dtype {
    case .float16: attention(call, out, logSumExp, Float16Element.self)
    case .bfloat16: attention(call, out, logSumExp, BFloat16Element.self)
    case .float32: attention(call, out, logSumExp, Float.self)
    case .float64: attention(call, out, logSumExp, Double.self)
    case .bool, .uint8, .int32, .int64: preconditionFailure("attention over \(out.dtype)")
    }
  }

  public func attentionBackward(
    _ call: AttentionCall, out: View, logSumExp: View, cotangent: View, intoQuery: View, intoKey: View, intoValue: View
  ) {
    if out.shape.elementCount == 0 { return }
    let views = (out: out, logSumExp: logSumExp, cotangent: cotangent, query: intoQuery, key: intoKey, value: intoValue)
    switch out.dtype {
    case .float16: backward(call, views, Float16Element.self)
    case .bfloat16: backward(call, views, BFloat16Element.self)
    case .float32: backward(call, views, Float.self)
    case .float64: backward(call, views, Double.self)
    case .bool, .uint8, .int32, .int64: preconditionFailure("attention over \(out.dtype)")
    }
  }

  private func attention<Element: KernelElement>(_ call: AttentionCall, _ out: View, _ logSumExp: View, _ type: Element.Type)
  where Element.Compute: AttentionNumber {
    typealias Number = Element.Compute
    let work = AttentionWork(call)
    let query = TokenRows(reading: call.query, type), key = TokenRows(reading: call.key, type), value = TokenRows(reading: call.value, type)
    let result = TokenRows(writing: out, type)
    let sums = logSumExp.pointer(as: Number.self)
    let (sumStep, headStep) = (logSumExp.layout.strides[0], logSumExp.layout.strides[1])

    ThreadPool.shared.parallel(work.taskCount, stepsEach: work.steps, scratch: work.scratch(blocks: 1, columns: 1), of: Number.self) {
      task, scratch in
      let (tokens, head) = work.task(task)
      let (keys, values) = (key.head(head, of: work.heads, tokens), value.head(head, of: work.heads, tokens))
      for rows in work.blocks(tokens) {
        let scores = Matrix(pointer: scratch, rows: rows.count, columns: tokens.count, rowStride: tokens.count, columnStride: 1)
        let sum = scratch + rows.count * tokens.count
        let dropout = work.dropout(rows, tokens, head)
        Number.multiply(query.head(head, of: work.heads, rows), keys.transposed, into: scores, alpha: Number(call.scale), beta: 0)
        Number.softmax(scores, sum, dropout)
        Number.multiply(scores, values, into: result.head(head, of: work.heads, rows), alpha: 1, beta: 0)
        for i in 0..<rows.count { sums[(rows.lowerBound + i) * sumStep + head * headStep] = sum[i] }
      }
    }
    result.finish(into: out, type)
    withExtendedLifetime((query, key, value)) {}
  }

  private func backward<Element: KernelElement>(
    _ call: AttentionCall, _ views: (out: View, logSumExp: View, cotangent: View, query: View, key: View, value: View), _ type: Element.Type
  ) where Element.Compute: AttentionNumber {
    typealias Number = Element.Compute
    let work = AttentionWork(call)
    let query = TokenRows(reading: call.query, type), key = TokenRows(reading: call.key, type), value = TokenRows(reading: call.value, type)
    let out = TokenRows(reading: views.out, type), cotangent = TokenRows(reading: views.cotangent, type)
    let toQuery = TokenRows(writing: views.query, type), toKey = TokenRows(writing: views.key, type)
    let toValue = TokenRows(writing: views.value, type)
    let sums = views.logSumExp.pointer(as: Number.self)
    let (sumStep, headStep) = (views.logSumExp.layout.strides[0], views.logSumExp.layout.strides[1])

    ThreadPool.shared.parallel(work.taskCount, stepsEach: work.steps, scratch: work.scratch(blocks: 2, columns: 2), of: Number.self) {
      task, scratch in
      let (tokens, head) = work.task(task)
      let (keys, values) = (key.head(head, of: work.heads, tokens), value.head(head, of: work.heads, tokens))
      for rows in work.blocks(tokens) {
        let size = rows.count * tokens.count
        let weights = Matrix(pointer: scratch, rows: rows.count, columns: tokens.count, rowStride: tokens.count, columnStride: 1)
        var gradient = weights
        gradient.pointer += size
        let (sum, inner) = (scratch + 2 * size, scratch + (2 * size + rows.count))
        for i in 0..<rows.count { sum[i] = sums[(rows.lowerBound + i) * sumStep + head * headStep] }
        let (queries, outs) = (query.head(head, of: work.heads, rows), out.head(head, of: work.heads, rows))
        let cotangents = cotangent.head(head, of: work.heads, rows)

        // With P the weights, M the dropout factors and dO the cotangent of O = (M ∘ P) V:
        // dV = (M ∘ P)ᵀ dO; dS = P ∘ (M ∘ (dO Vᵀ) − rowsum(dO ∘ O)); dQ = scale · dS K; dK = scale · dSᵀ Q.
        Number.multiply(queries, keys.transposed, into: weights, alpha: Number(call.scale), beta: 0)
        Number.multiply(cotangents, values.transposed, into: gradient, alpha: 1, beta: 0)
        Number.inner(cotangents, outs, inner)
        Number.softmaxGradient(weights, gradient, sum, inner, Number(call.scale), work.dropout(rows, tokens, head))
        let beta: Number = rows.lowerBound == tokens.lowerBound ? 0 : 1
        Number.multiply(weights.transposed, cotangents, into: toValue.head(head, of: work.heads, tokens), alpha: 1, beta: beta)
        Number.multiply(gradient.transposed, queries, into: toKey.head(head, of: work.heads, tokens), alpha: 1, beta: beta)
        Number.multiply(gradient, keys, into: toQuery.head(head, of: work.heads, rows), alpha: 1, beta: 0)
      }
    }
    toQuery.finish(into: views.query, type)
    toKey.finish(into: views.key, type)
    toValue.finish(into: views.value, type)
    withExtendedLifetime((query, key, value, out, cotangent)) {}
  }
}

/// The pieces into which attention falls: a head of a sequence each, the longest first so that the threads finish together.
private struct AttentionWork {
  let heads: Int
  private let sequences: [Range<Int>]
  private let tokenCount: Int
  private let rate: Double
  private let key: UInt64

  init(_ call: AttentionCall) {
    heads = call.heads
    tokenCount = call.query.shape[0]
    rate = call.dropout
    key =
      if rate > 0, let view = call.randomKey { UInt64(bitPattern: view.pointer(as: Int64.self).pointee) } else { 0 }
    let count = call.offsets.shape[0], step = call.offsets.layout.strides[0]
    let offsets: [Int] =
      call.offsets.dtype == .int32
      ? (0..<count).map { [p = call.offsets.pointer(as: Int32.self)] in Int(p[$0 * step]) }
      : (0..<count).map { [p = call.offsets.pointer(as: Int64.self)] in Int(p[$0 * step]) }
    sequences = zip(offsets, offsets.dropFirst()).map { $0..<$1 }.filter { !$0.isEmpty }.sorted { $0.count > $1.count }
  }

  var taskCount: Int { sequences.count * heads }

  /// About how many elementary steps the largest piece takes.
  var steps: Int { (sequences.first?.count ?? 0) * (sequences.first?.count ?? 0) * 8 }

  func task(_ index: Int) -> (tokens: Range<Int>, head: Int) {
    (sequences[index / heads], index % heads)
  }

  /// How many rows of scores against `length` keys are held at once: all of a short sequence, a few of a very long one.
  private func blockRows(_ length: Int) -> Int { min(length, max(32, (1 << 16) / length)) }

  func blocks(_ tokens: Range<Int>) -> some Sequence<Range<Int>> {
    let size = blockRows(tokens.count)
    return stride(from: tokens.lowerBound, to: tokens.upperBound, by: size).lazy.map { $0..<min($0 + size, tokens.upperBound) }
  }

  /// Numbers enough for `blocks` blocks of scores and as many columns of them, for every sequence.
  func scratch(blocks: Int, columns: Int) -> Int {
    sequences.reduce(0) { max($0, blockRows($1.count) * ($1.count * blocks + columns)) }
  }

  func dropout(_ rows: Range<Int>, _ tokens: Range<Int>, _ head: Int) -> ops_dropout? {
    if rate == 0 { return nil }
    let first = (head * tokenCount + rows.lowerBound) * tokenCount + tokens.lowerBound
    return ops_dropout(key: key, first: UInt64(first), step: UInt64(tokenCount), rate: rate)
  }
}

/// A [tokens, heads · head width] operand in the compute type, with rows that BLAS can use: the view itself where possible.
private struct TokenRows<Number: AttentionNumber> {
  private let pointer: UnsafeMutablePointer<Number>
  private let rowStride: Int
  private let width: Int
  private let copy: Temporary<Number>?

  init<Element: KernelElement>(writing view: View, _ type: Element.Type) where Element.Compute == Number {
    width = view.shape[1]
    let matrix = Matrix(
      pointer: UnsafeMutableRawPointer(view.pointer(as: Element.self)).assumingMemoryBound(to: Number.self), rows: view.shape[0],
      columns: width, rowStride: view.layout.strides[0], columnStride: view.layout.strides[1])
    if Element.self == Number.self, let leading = matrix.leadingDimension {
      (pointer, rowStride, copy) = (matrix.pointer, leading, nil)
    } else {
      let copy = Temporary<Number>(view.shape.elementCount)
      (pointer, rowStride, self.copy) = (copy.pointer, width, copy)
    }
  }

  init<Element: KernelElement>(reading view: View, _ type: Element.Type) where Element.Compute == Number {
    self.init(writing: view, type)
    if copy == nil { return }
    let source = view.pointer(as: Element.self)
    let (target, width, strides) = (pointer, width, view.layout.strides)
    ThreadPool.shared.parallelRanges(view.shape[0], stepsEach: width) { range in
      for i in range { Element.widen(source + i * strides[0], step: strides[1], into: target + i * width, count: width) }
    }
  }

  /// Writes the numbers to the view, where they are not there already.
  func finish<Element: KernelElement>(into view: View, _ type: Element.Type) where Element.Compute == Number {
    guard let copy else { return }
    let target = view.pointer(as: Element.self)
    let (source, width, strides) = (pointer, width, view.layout.strides)
    ThreadPool.shared.parallelRanges(view.shape[0], stepsEach: width) { range in
      for i in range { Element.round(source + i * width, into: target + i * strides[0], step: strides[1], count: width) }
    }
    withExtendedLifetime(copy) {}
  }

  func head(_ head: Int, of heads: Int, _ rows: Range<Int>) -> Matrix<Number> {
    let size = width / heads
    return Matrix(
      pointer: pointer + (rows.lowerBound * rowStride + head * size), rows: rows.count, columns: size, rowStride: rowStride, columnStride: 1
    )
  }
}

/// A number type with attention's inner loops; matrices of weights are contiguous.
private protocol AttentionNumber: BLASNumber {
  static func softmax(_ scores: Matrix<Self>, _ logSumExp: UnsafeMutablePointer<Self>, _ dropout: ops_dropout?)
  static func softmaxGradient(
    _ scores: Matrix<Self>, _ gradient: Matrix<Self>, _ logSumExp: UnsafePointer<Self>, _ inner: UnsafePointer<Self>, _ scale: Self,
    _ dropout: ops_dropout?)
  static func inner(_ a: Matrix<Self>, _ b: Matrix<Self>, _ result: UnsafeMutablePointer<Self>)
}

extension Float: AttentionNumber {
  static func softmax(_ scores: Matrix<Float>, _ logSumExp: UnsafeMutablePointer<Float>, _ dropout: ops_dropout?) {
    withOptional(dropout) { ops_softmax_f32(scores.pointer, scores.rows, scores.columns, logSumExp, $0) }
  }
  static func softmaxGradient(
    _ scores: Matrix<Float>, _ gradient: Matrix<Float>, _ logSumExp: UnsafePointer<Float>, _ inner: UnsafePointer<Float>, _ scale: Float,
    _ dropout: ops_dropout?
  ) {
    withOptional(dropout) {
      ops_softmax_gradient_f32(scores.pointer, gradient.pointer, scores.rows, scores.columns, logSumExp, inner, scale, $0)
    }
  }
  static func inner(_ a: Matrix<Float>, _ b: Matrix<Float>, _ result: UnsafeMutablePointer<Float>) {
    ops_inner_f32(a.pointer, a.rowStride, b.pointer, b.rowStride, a.rows, a.columns, result)
  }
}

extension Double: AttentionNumber {
  static func softmax(_ scores: Matrix<Double>, _ logSumExp: UnsafeMutablePointer<Double>, _ dropout: ops_dropout?) {
    withOptional(dropout) { ops_softmax_f64(scores.pointer, scores.rows, scores.columns, logSumExp, $0) }
  }
  static func softmaxGradient(
    _ scores: Matrix<Double>, _ gradient: Matrix<Double>, _ logSumExp: UnsafePointer<Double>, _ inner: UnsafePointer<Double>,
    _ scale: Double,
    _ dropout: ops_dropout?
  ) {
    withOptional(dropout) {
      ops_softmax_gradient_f64(scores.pointer, gradient.pointer, scores.rows, scores.columns, logSumExp, inner, scale, $0)
    }
  }
  static func inner(_ a: Matrix<Double>, _ b: Matrix<Double>, _ result: UnsafeMutablePointer<Double>) {
    ops_inner_f64(a.pointer, a.rowStride, b.pointer, b.rowStride, a.rows, a.columns, result)
  }
}

/// Lends the address of a value that may be missing.
private func withOptional<Value>(_ value: Value?, _ body: (UnsafePointer<Value>?) -> Void) {
  if let value { withUnsafePointer(to: value) { body($0) } } else { body(nil) }
}
