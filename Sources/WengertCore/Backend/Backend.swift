/// What a device offers. The core calls nothing else, and names no implementation.
///
/// It is memory, and kernels: `prepare` makes one of a call, whether the call runs once or in each run of a compiled program. Every view handed over is in bounds of its
/// storage and of a shape and dtype that the core has checked; outputs never overlap inputs, except that an output of a row program may be exactly one of its inputs
/// (in-place update).
///
/// Kernels are complete when they return, or run later in the order in which they were asked for, on the memory that their storages had then; what is read and written from
/// outside has its place in that order.
@_spi(Backend) public protocol Backend: AnyObject, Sendable {
  /// A short name for messages: "cpu".
  var name: String { get }

  /// The bytes that a storage begins at a multiple of; buffers of a program's block of memory do too.
  var alignment: Int { get }

  /// Uninitialized memory.
  func allocate(byteCount: Int) -> Storage

  /// The same for a run of a compiled program; nil if there is no memory left.
  ///
  /// - Parameter isArena: whether it is the program's block, so large, or so rarely asked for, that it goes back to the system when it is freed.
  func allocateForProgram(byteCount: Int, isArena: Bool) -> Storage?

  /// A storage without memory of its own, for the buffers and arguments of a compiled program: views of it may be handed to `prepare`.
  func slot(byteCount: Int) -> Storage

  /// Lets a slot stand for `storage` from `byteOffset` on, which must hold all its bytes, until it is bound anew; nil: for nothing. The slot does not
  /// keep the storage alive.
  func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int)

  /// Bytes that the call's kernel needs besides its operands while it runs, so far as they follow from dtypes and layouts. The views' storages may belong to any backend.
  func workspace(for call: KernelCall) -> Int

  /// A kernel that performs the call each time it runs, on the memory that the views' storages have then.
  ///
  /// Storages and a program's buffers begin at multiples of `alignment`. Arguments of a program begin at any element: `bind` says where before each run.
  ///
  /// - Parameter workspace: a slot of `workspace(for: call)` bytes, for nothing else while the kernel runs; nil: none was planned, and the kernel finds memory itself.
  func prepare(_ call: KernelCall, workspace: Storage?) -> any Kernel

  /// The kernels of a compiled program as one thing to run, if that costs less than running each; nil: each is run by itself.
  func sequence(_ steps: [PreparedCall]) -> (any KernelSequence)?

  /// Whether a product of this type may end in this row program (`MatMulCall.epilogue`): whether that is worth more to the backend than a kernel of its own.
  func canFuse(epilogue: RowProgram, ofProduct dtype: DType) -> Bool

  /// Whether products of half types are worth a loss of precision: several times as fast as those of float32.
  var hasFastHalfProducts: Bool { get }

  /// Why matrices cannot be taken apart so, and what to do instead; nil if they can.
  func refusal(of kernel: FactorizationKernel) -> String?

  /// Whether programs should rather run at a few sizes, with some padding, than at each size that comes: it takes long to prepare one for another.
  var prefersRoundedSizes: Bool { get }

  /// Whether calls return before their results are there, so that whoever reads results later waits less.
  var isAsynchronous: Bool { get }

  /// Copies host bytes into a storage, starting at `byteOffset`. Often these are few, and the call should not wait for kernels.
  func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int)

  /// Lends some of a storage's bytes, read-only, in host memory, when all kernels asked for before have run. The faults of these are reported first.
  func withBytes<Result>(of storage: Storage, in range: Range<Int>, _ body: (RawSpan) throws -> Result) rethrows -> Result

  /// Has some of a storage's bytes copied to host memory when all kernels asked for before have run, without waiting for it; nil: they are better read when they are wanted.
  func hostBytes(of storage: Storage, in range: Range<Int>) -> (any HostBytes)?

  /// Reports the faults of kernels that have run since; a backend whose kernels report them before they return has none.
  ///
  /// - Parameter waiting: whether all kernels that were asked for must have run when this returns. Otherwise nothing is waited for: a program's run has ended.
  func tellFaults(waiting: Bool)

  /// What its memory holds; zeros if it does not count.
  var memoryStatistics: MemoryStatistics { get }

  /// Gives memory that nothing uses back to the system, and drops what is kept to be quicker the next time.
  func trimMemory()
}

extension Backend {
  public func allocateForProgram(byteCount: Int, isArena: Bool) -> Storage? { allocate(byteCount: byteCount) }

  public func sequence(_ steps: [PreparedCall]) -> (any KernelSequence)? { nil }

  public var hasFastHalfProducts: Bool { false }

  public func refusal(of kernel: FactorizationKernel) -> String? { nil }

  public var prefersRoundedSizes: Bool { false }

  public var isAsynchronous: Bool { false }

  public func hostBytes(of storage: Storage, in range: Range<Int>) -> (any HostBytes)? { nil }

  public func tellFaults(waiting: Bool) {}

  public func workspace(for call: KernelCall) -> Int { 0 }

  /// A kernel without a planned workspace.
  public func prepare(_ call: KernelCall) -> any Kernel { prepare(call, workspace: nil) }

  public func canFuse(epilogue: RowProgram, ofProduct dtype: DType) -> Bool { false }

  /// Runs a call once.
  public func run(_ call: some KernelArguments, _ faults: FaultNote? = nil) { prepare(call.call).run(faults) }

  /// Runs a call once and waits for it: what its kernel reports, nil if it has a result.
  public func answer(_ call: some KernelArguments) -> Int? { answer(prepare(call.call)) }

  /// Runs a kernel and waits for it.
  ///
  /// - Returns: what it reports, nil if it has a result.
  public func answer(_ kernel: any Kernel) -> Int? {
    let answer = Answer()
    kernel.run(FaultNote { fault in answer.fault.withLock { $0 = fault } })
    tellFaults(waiting: true)
    return answer.fault.withLock { $0 }
  }
}

/// Bytes on their way from a device to host memory.
@_spi(Backend) public protocol HostBytes: AnyObject, Sendable {
  /// Waits until they are there, but for nothing that was asked for later, and lends them, read-only. The faults of kernels asked for before are reported first.
  func withBytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result
}

/// What a kernel has reported.
private final class Answer: Sendable {
  let fault = Locked<Int?>(nil)
}
