@_spi(Backend) import WengertCore

extension Backend {
  /// Lends all bytes of a storage.
  public func withBytes<Result>(of storage: Storage, _ body: (RawSpan) throws -> Result) rethrows -> Result {
    try withBytes(of: storage, in: 0..<storage.byteCount, body)
  }
}

// Calls of one kernel, by their operands.
extension Backend {
  public func run(_ program: RowProgram, inputs: [View], outputs: [View], over shape: Shape) {
    run(RowCall(program, inputs: inputs, outputs: outputs, over: shape))
  }
  public func matmul(_ a: View, _ b: View, into out: View) { run(MatMulCall(a: a, b: b, out: out)) }
  public func gather(_ source: View, indices: View, into out: View) -> Int? { answer(GatherCall(source, indices: indices, into: out)) }
  public func scatterAdd(_ updates: View, indices: View, into out: View) -> Int? {
    answer(ScatterAddCall(updates, indices: indices, into: out))
  }
  public func takeAlong(_ source: View, indices: View, into out: View) -> Int? {
    answer(TakeAlongCall(source, indices: indices, into: out))
  }
  public func scatterAddAlong(_ updates: View, indices: View, into out: View) -> Int? {
    answer(ScatterAddAlongCall(updates, indices: indices, into: out))
  }
  public func argSort(_ x: View, descending: Bool, into out: View) { run(ArgSortCall(x, descending: descending, into: out)) }
  public func argReduce(_ x: View, _ op: ReduceOp, into out: View) { run(ArgReduceCall(x, op, into: out)) }
  public func scan(_ x: View, _ op: ReduceOp, reverse: Bool, into out: View) { run(ScanCall(x, op, reverse: reverse, into: out)) }
  public func recurrence(_ a: View, _ b: View, reverse: Bool, into out: View) {
    run(RecurrenceCall(a, b, reverse: reverse, into: out))
  }
  public func linearAlgebra(_ kernel: LinearAlgebraKernel, _ operands: [View], into out: View) -> Int? {
    answer(LinearAlgebraCall(kernel, operands, into: out))
  }
  public func attention(_ operands: AttentionOperands, into out: View, logSumExp: View) {
    run(AttentionCall(operands, into: out, logSumExp: logSumExp))
  }
  public func attentionBackward(
    _ operands: AttentionOperands, out: View, logSumExp: View, cotangent: View, intoQuery: View, intoKey: View, intoValue: View
  ) {
    run(
      AttentionBackwardCall(
        operands, out: out, logSumExp: logSumExp, cotangent: cotangent, intoQuery: intoQuery, intoKey: intoKey, intoValue: intoValue))
  }
}
