/// A backend that computes nothing and writes down what it is asked for: operations executed on it leave the list of kernel calls that a program consists of,
/// and which buffers they need.
final class KernelRecorder: Backend, @unchecked Sendable {
  /// A call that was noted. Planning a program looks through the list of them many times, for which nothing of a call should be copied.
  final class Call: Sendable {
    let call: KernelCall
    /// The operation that asked for it.
    let operation: String
    let caller: Caller
    /// What is said if there is no result for the numbers that the call is given.
    let report: FaultReport?
    /// The numbers of the buffers that it reads, and writes.
    let reads: [Int], writes: [Int]

    init(_ call: KernelCall, of operation: String, _ caller: Caller, _ report: FaultReport?) {
      self.call = call
      self.operation = operation
      self.caller = caller
      self.report = report
      let arguments = call.arguments
      reads = arguments.reads.map { RecordedStorage.of($0).number }
      writes = arguments.writes.map { RecordedStorage.of($0).number }
    }
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
    calls.append(Call(call, of: operation, caller, report))
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

  /// That of a view in a call that was noted.
  static func of(_ view: View) -> RecordedStorage { unsafeDowncast(view.storage, to: RecordedStorage.self) }
}
