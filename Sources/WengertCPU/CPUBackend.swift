@_spi(Backend) import WengertCore

/// Tensors in host memory: row programs on vector instructions, products by OpenBLAS, all on our own threads.
@_spi(Backend) public final class CPUBackend: Backend {
  /// The backend of this process.
  public static let shared = CPUBackend()

  let memory = MemoryPool()
  let plans = RowPlanCache(capacity: 1024)

  private init() { KernelTable.isChecked }

  public var name: String { "cpu" }
  /// A line of the cache.
  public var alignment: Int { 64 }

  public func allocate(byteCount: Int) -> Storage {
    CPUStorage(backend: self, byteCount: byteCount)
  }

  public func allocateForProgram(byteCount: Int, isArena: Bool) -> Storage? {
    if !isArena { return allocate(byteCount: byteCount) }
    // What waits in the pool makes room for a large block.
    if byteCount >= 64 << 20 { memory.trim() }
    return CPUStorage(backend: self, byteCount: byteCount, isPooled: false)
  }

  public func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int) {
    ensure(byteOffset >= 0 && byteOffset + bytes.byteCount <= storage.byteCount, "write past the end of a storage")
    let target = CPUStorage.of(storage).pointer + byteOffset
    bytes.withUnsafeBytes { if let source = $0.baseAddress { target.copyMemory(from: source, byteCount: $0.count) } }
  }

  public func withBytes<Result>(of storage: Storage, in range: Range<Int>, _ body: (RawSpan) throws -> Result) rethrows -> Result {
    ensure(range.lowerBound >= 0 && range.upperBound <= storage.byteCount, "bytes outside of a storage are read")
    let pointer = UnsafeRawPointer(CPUStorage.of(storage).pointer) + range.lowerBound
    return try body(RawSpan(_unsafeStart: pointer, byteCount: range.count))
  }
}
