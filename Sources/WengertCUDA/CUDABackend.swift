@_spi(Backend) import WengertCore

/// Tensors in the memory of an NVIDIA GPU: row programs as kernels that are compiled when they are needed first, products by cuBLASLt, all in one stream.
///
/// Nothing waits but what reads: kernels and copies are asked for, and run in order.
@_spi(Backend) public final class CUDABackend: Backend {
  let context: Context
  /// Where libraries are looked for.
  let search: LibrarySearch
  let kernels: KernelCache
  let products: CUBLASLt
  private let ring: PinnedRing
  /// cuSOLVER; nil where it is not found, and kernels of our own serve.
  /// Or why it is not there.
  private let foundSolver: Result<CUSOLVER, DeviceUnavailable>
  var solver: CUSOLVER? { try? foundSolver.get() }
  let faults: FaultBoard
  private let copies: HostCopies

  /// The device name of the driver that runs kernels on the CPU, for tests.
  static let standInName = "Wengert stand-in"

  /// Opens a device.
  ///
  /// - Throws: why there is none, or which library is missing.
  package init(_ search: LibrarySearch = .ofProcess(), device number: Int = 0, cache: String? = KernelCache.folder())
    throws(DeviceUnavailable)
  {
    self.search = search
    context = try Context(search, device: number)
    name = number == 0 ? "cuda" : "cuda:\(number)"
    kernels = try KernelCache(context, RuntimeCompiler(search), folder: cache)
    products = try CUBLASLt(search, context)
    do throws(DeviceUnavailable) { foundSolver = .success(try CUSOLVER(search, context)) } catch { foundSolver = .failure(error) }
    ring = PinnedRing(context)
    faults = FaultBoard(context)
    copies = HostCopies(context, faults)
  }

  /// Why there is no cuSOLVER; nil: it is there.
  var missingSolver: String? {
    guard case .failure(let reason) = foundSolver else { return nil }
    return reason.description
  }

  /// Memory for whatever product runs: all run one after another. It is asked for once, at the first product; where there is none left, products do without.
  private let ofProducts = Locked<CUBLASLt.Workspace?>(nil)
  var productWorkspace: CUBLASLt.Workspace {
    ofProducts.withLock { known in
      if let known { return known }
      let made = takeIfAny(CUBLASLt.Workspace.wanted).map { CUBLASLt.Workspace(address: $0, byteCount: CUBLASLt.Workspace.wanted) }
      known = made ?? CUBLASLt.Workspace(address: 0, byteCount: 0)
      return known!
    }
  }

  public let name: String
  /// What the device's own allocations begin at.
  public var alignment: Int { 256 }

  public var hasFastHalfProducts: Bool { true }

  public var prefersRoundedSizes: Bool { true }

  public var isAsynchronous: Bool { true }

  public func allocate(byteCount: Int) -> Storage { CUDAStorage(on: self, byteCount: byteCount) }

  public func allocateForProgram(byteCount: Int, isArena: Bool) -> Storage? {
    takeIfAny(byteCount).map { CUDAStorage(on: self, byteCount: byteCount, at: $0) }
  }

  public func sequence(_ steps: [PreparedCall]) -> (any KernelSequence)? { CUDASequence(steps, on: self) }

  public func slot(byteCount: Int) -> Storage { CUDAStorage(slotOn: self, byteCount: byteCount) }

  public func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int) {
    CUDAStorage.of(slot).bind(to: storage.map(CUDAStorage.of), at: byteOffset)
  }

  public func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int) {
    ensure(byteOffset >= 0 && byteOffset + bytes.byteCount <= storage.byteCount, "write past the end of a storage")
    let target = CUDAStorage.of(storage).address + CUAddress(byteOffset)
    bytes.withUnsafeBytes { if $0.count > 0 { ring.write($0, to: target) } }
  }

  public func withBytes<Result>(of storage: Storage, in range: Range<Int>, _ body: (RawSpan) throws -> Result) rethrows -> Result {
    ensure(range.lowerBound >= 0 && range.upperBound <= storage.byteCount, "bytes outside of a storage are read")
    let source = CUDAStorage.of(storage).address + CUAddress(range.lowerBound)
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      if !range.isEmpty {
        context.perform("reading \(range.count) bytes") { $0.copyToHost(buffer.baseAddress, source, range.count, context.stream) }
      }
      count = range.count
    }
    tellFaults(waiting: true)
    return try body(bytes.span.bytes)
  }

  public func hostBytes(of storage: Storage, in range: Range<Int>) -> (any HostBytes)? {
    ensure(range.lowerBound >= 0 && range.upperBound <= storage.byteCount, "bytes outside of a storage are read")
    return copies.start(CUDAStorage.of(storage).address + CUAddress(range.lowerBound), byteCount: range.count)
  }

  public func tellFaults(waiting: Bool) {
    if !waiting { return }
    context.synchronize()
    faults.tell()
  }

  public var memoryStatistics: MemoryStatistics {
    var statistics = MemoryStatistics()
    statistics.bytesInUse = context.poolAttribute(.used)
    statistics.bytesPooled = context.poolAttribute(.reserved) - statistics.bytesInUse
    statistics.peakBytesInUse = context.poolAttribute(.mostUsed)
    return statistics
  }

  public func trimMemory() {
    kernels.removeAll()
    context.synchronize()
    context.trimPool()
  }
}

extension CUDABackend {
  public func workspace(for call: KernelCall) -> Int {
    switch call {
    case .rows(let call): RowParts(call).workspace
    case .matmul(let call): workspace(for: call)
    case .scatterAdd(let call): ScatterSum(call, nil).workspace
    case .scatterAddAlong(let call): ScatterSum(call, nil).workspace
    case .argSort(let call): RowSort(call).workspace
    case .linearAlgebra(let call): workspace(for: call)
    case .factorization(let call): workspace(for: call)
    case .convolution(let call): workspace(for: call)
    case .attention(let call): workspace(for: call)
    case .attentionBackward(let call): workspace(for: call)
    default: 0
    }
  }

  public func prepare(_ call: KernelCall, workspace: Storage?) -> any Kernel { launched(call, workspace) }

  func launched(_ call: KernelCall, _ workspace: Storage?) -> any LaunchedKernel {
    switch call {
    case .rows(let call): CUDARowKernel(call, workspace, on: self)
    case .matmul(let call): matMulKernel(call, workspace)
    case .gather(let call): gatherKernel(call)
    case .scatterAdd(let call): scatterAddKernel(ScatterSum(call, faults.word()), workspace)
    case .takeAlong(let call): takeAlongKernel(call)
    case .scatterAddAlong(let call): scatterAddKernel(ScatterSum(call, faults.word()), workspace)
    case .argSort(let call): argSortKernel(call, workspace)
    case .argReduce(let call): argReduceKernel(call)
    case .scan(let call): scanKernel(call)
    case .recurrence(let call): recurrenceKernel(call)
    case .linearAlgebra(let call): linearAlgebraKernel(call, workspace)
    case .factorization(let call): factorizationKernel(call, workspace)
    case .convolution(let call): convolutionKernel(call, workspace)
    case .attention(let call): attentionKernel(call, workspace)
    case .attentionBackward(let call): attentionBackwardKernel(call, workspace)
    case .loop(let call): SteppingKernel(kernel: call.kernel(on: self), backend: self)
    case .branch(let call): SteppingKernel(kernel: call.kernel(on: self), backend: self)
    }
  }

  /// A kernel of this backend.
  static func launched(_ kernel: any Kernel) -> any LaunchedKernel {
    guard let kernel = kernel as? any LaunchedKernel else { unreachable("a kernel of another device") }
    return kernel
  }

  /// Elements from one view to another of the same shape, converted to its dtype.
  static func copyCall(_ source: View, into target: View) -> RowCall {
    let b = RowBuilder("copy")
    b.store(b.row(source.dtype).cast(target.dtype), as: target.dtype)
    return RowCall(b.finish(), inputs: [source], outputs: [target], over: source.shape)
  }
}

/// Memory that a kernel needs while it runs, part by part.
struct Workspace {
  private(set) var byteCount = 0

  /// Room for row-major elements, behind what was given before.
  mutating func room(_ shape: Shape, _ dtype: DType, in memory: Storage) -> View {
    defer { byteCount += RowParts.rounded(shape.elementCount * dtype.byteCount) }
    return View(
      storage: memory, layout: Layout(shape: shape, strides: shape.rowMajorStrides, offset: byteCount / dtype.byteCount), dtype: dtype)
  }
}
