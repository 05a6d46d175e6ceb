/// What a device must be able to do. The core calls nothing else, and names no implementation.
///
/// It is memory, and kernels: `prepare` makes one of a call, whether the call runs once or in each run of a compiled program. Every view handed over is in bounds of its
/// storage and of a shape and dtype that the core has checked; outputs never overlap inputs, except that an output of a row program may be exactly one of its inputs
/// (in-place update). Kernels are complete when they return, or ordered so that a later one sees their results.
public protocol Backend: AnyObject, Sendable {
  /// A short name for messages: "cpu".
  var name: String { get }

  /// The bytes that a storage begins at a multiple of; buffers of a program's block of memory do too.
  var alignment: Int { get }

  /// Uninitialized memory.
  func allocate(byteCount: Int) -> Storage

  /// The same for memory that is so large, or so rarely asked for, that it goes back to the system when it is freed.
  func allocateUnpooled(byteCount: Int) -> Storage

  /// A storage without memory of its own, for the buffers and arguments of a compiled program: views of it may be handed to `prepare`.
  func slot(byteCount: Int) -> Storage

  /// Lets a slot stand for `storage` from `byteOffset` on, which must hold all its bytes, until it is bound anew; nil: for nothing. The slot does not
  /// keep the storage alive.
  func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int)

  /// A kernel that performs the call each time it runs, on the memory that the views' storages have then.
  func prepare(_ call: KernelCall) -> any Kernel

  /// Copies host bytes into a storage, starting at `byteOffset`.
  func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int)

  /// Lends a storage's bytes, read-only, in host memory.
  func withBytes<Result>(of storage: Storage, _ body: (RawSpan) throws -> Result) rethrows -> Result

  /// What its memory holds; zeros if it does not count.
  var memoryStatistics: MemoryStatistics { get }

  /// Gives memory that nothing uses back to the system, and drops what is kept to be quicker the next time.
  func trimMemory()
}

extension Backend {
  public func allocateUnpooled(byteCount: Int) -> Storage { allocate(byteCount: byteCount) }

  /// Runs a call once.
  ///
  /// - Returns: what `Kernel.run` returns.
  @discardableResult public func run(_ call: some KernelArguments) -> Int? { prepare(call.call).run() }
}
