/// A backend that computes nothing and writes down what it is asked for: operations executed on it leave the list of kernel calls that a program consists of,
/// and which buffers they need.
final class KernelRecorder: Backend, @unchecked Sendable {
  struct Call {
    var call: KernelCall
    /// The operation that asked for it.
    var operation: String
    var caller: Caller
    /// What is said where there is no result for the numbers that the call is given.
    var report: FaultReport?
  }

  private(set) var calls: [Call] = []
  private(set) var buffers: [RecordedStorage] = []
  /// What calls are noted under.
  var operation = ""
  var caller = Caller(#fileID, #line)
  var report: FaultReport?

  var name: String { "plan" }

  /// A buffer of the program.
  func allocate(byteCount: Int) -> Storage { buffer(byteCount, .temporary) }

  func buffer(_ byteCount: Int, _ kind: RecordedStorage.Kind) -> RecordedStorage {
    let storage = RecordedStorage(self, number: buffers.count, byteCount: byteCount, kind: kind)
    buffers.append(storage)
    return storage
  }

  func forget() {
    calls = []
    buffers = []
  }

  func prepare(_ call: KernelCall) -> any Kernel {
    note(call)
    return Noted()
  }

  /// What stands in for a kernel that was noted instead of run.
  private struct Noted: Kernel {
    func run() -> Int? { nil }
  }

  private func note(_ call: KernelCall) { calls.append(Call(call: call, operation: operation, caller: caller, report: report)) }

  private func fail() -> Never { caller.fail(operation, "asks for numbers while a program is planned, where there are none") }

  func slot(byteCount: Int) -> Storage { fail() }
  func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int) { fail() }
  func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int) { fail() }
  func withBytes<Result>(of storage: Storage, _ body: (RawSpan) throws -> Result) rethrows -> Result { fail() }

  func run(_ program: RowProgram, inputs: [View], outputs: [View], over shape: Shape) {
    note(.rows(RowCall(program, inputs: inputs, outputs: outputs, over: shape)))
  }
  func matmul(_ a: View, _ b: View, into out: View) { note(.matmul(MatMulCall(a: a, b: b, out: out))) }
  func gather(_ source: View, indices: View, into out: View) -> Int? {
    note(.gather(source, indices: indices, into: out))
    return nil
  }
  func scatterAdd(_ updates: View, indices: View, into out: View) -> Int? {
    note(.scatterAdd(updates, indices: indices, into: out))
    return nil
  }
  func takeAlong(_ source: View, indices: View, into out: View) -> Int? {
    note(.takeAlong(source, indices: indices, into: out))
    return nil
  }
  func scatterAddAlong(_ updates: View, indices: View, into out: View) -> Int? {
    note(.scatterAddAlong(updates, indices: indices, into: out))
    return nil
  }
  func argSort(_ x: View, descending: Bool, into out: View) { note(.argSort(x, descending: descending, into: out)) }
  func argReduce(_ x: View, _ op: ReduceOp, into out: View) { note(.argReduce(x, op, into: out)) }
  func scan(_ x: View, _ op: ReduceOp, reverse: Bool, into out: View) { note(.scan(x, op, reverse: reverse, into: out)) }
  func recurrence(_ a: View, _ b: View, reverse: Bool, into out: View) { note(.recurrence(a, b, reverse: reverse, into: out)) }
  func linearAlgebra(_ kernel: LinearAlgebraKernel, _ operands: [View], into out: View) -> Int? {
    note(.linearAlgebra(kernel, operands, into: out))
    return nil
  }
  func attention(_ call: AttentionCall, into out: View, logSumExp: View) { note(.attention(call, into: out, logSumExp: logSumExp)) }
  func attentionBackward(
    _ call: AttentionCall, out: View, logSumExp: View, cotangent: View, intoQuery: View, intoKey: View, intoValue: View
  ) {
    note(
      .attentionBackward(
        call, out: out, logSumExp: logSumExp, cotangent: cotangent, intoQuery: intoQuery, intoKey: intoKey, intoValue: intoValue))
  }
}

/// A buffer of a program under construction.
final class RecordedStorage: Storage, @unchecked Sendable {
  enum Kind {
    /// Lives between kernels.
    case temporary
    /// The caller's argument of this number.
    case input(Int)
    /// A tensor that the program refers to.
    case constant(Storage)
  }
  let number: Int
  let kind: Kind

  init(_ recorder: KernelRecorder, number: Int, byteCount: Int, kind: Kind) {
    self.number = number
    self.kind = kind
    super.init(backend: recorder, byteCount: byteCount)
  }
}
