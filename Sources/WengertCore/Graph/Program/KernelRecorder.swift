/// A backend that computes nothing and writes down what it is asked for: operations executed on it leave the list of kernel calls that a program consists of,
/// and which buffers they need.
final class KernelRecorder: Backend, @unchecked Sendable {
  struct Call {
    var call: KernelCall
    /// The operation that asked for it.
    var operation: String
    var caller: Caller
    /// What is said if there is no result for the numbers that the call is given.
    var report: FaultReport?
  }

  private(set) var calls: [Call] = []
  private(set) var buffers: [RecordedStorage] = []
  /// What calls are noted under.
  var operation = ""
  var caller = Caller(#fileID, #line)
  var report: FaultReport?

  var name: String { "plan" }
  var alignment: Int { 1 }

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

  func prepare(_ call: KernelCall, workspace: Storage?) -> any Kernel {
    calls.append(Call(call: call, operation: operation, caller: caller, report: report))
    return FunctionKernel { nil }
  }

  private func fail() -> Never { caller.fail(operation, "needs a tensor's values while a program is planned, when there are none") }

  func slot(byteCount: Int) -> Storage { fail() }
  func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int) { fail() }
  func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int) { fail() }
  func withBytes<Result>(of storage: Storage, in range: Range<Int>, _ body: (RawSpan) throws -> Result) rethrows -> Result { fail() }
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
  override var hasNumbers: Bool { false }

  init(_ recorder: KernelRecorder, number: Int, byteCount: Int, kind: Kind) {
    self.number = number
    self.kind = kind
    super.init(backend: recorder, byteCount: byteCount)
  }
}
