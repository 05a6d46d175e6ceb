import Glibc
@_spi(Backend) import WengertCore

/// NCCL, by which GPUs exchange what they hold, found by name.
struct NCCL: @unchecked Sendable {
  typealias Out<Value> = UnsafeMutablePointer<Value>
  /// What all processes of a group must have from one of them: 128 bytes, which C hands over by value. The C library has a type of this size.
  typealias Identifier = sigset_t

  let uniqueID: @convention(c) (Out<Identifier>) -> Int32
  let join: @convention(c) (Out<CUHandle?>, Int32, Identifier, Int32) -> Int32
  let leave: @convention(c) (CUHandle?) -> Int32
  let startGroup: @convention(c) () -> Int32
  let endGroup: @convention(c) () -> Int32
  let allReduce: @convention(c) (CUAddress, CUAddress, Int, Int32, Int32, CUHandle?, CUHandle?) -> Int32
  let broadcast: @convention(c) (CUAddress, CUAddress, Int, Int32, Int32, CUHandle?, CUHandle?) -> Int32
  let errorString: @convention(c) (Int32) -> UnsafePointer<CChar>?
  let library: DynamicLibrary

  static let libraryNames = ["libnccl.so.2", "libnccl.so"]
  static let identifierSize = MemoryLayout<Identifier>.size

  init(_ search: LibrarySearch) throws(DeviceUnavailable) {
    library = try search.open(NCCL.libraryNames, for: "several GPUs by NCCL")
    uniqueID = try library.function("ncclGetUniqueId")
    join = try library.function("ncclCommInitRank")
    leave = try library.function("ncclCommDestroy")
    startGroup = try library.function("ncclGroupStart")
    endGroup = try library.function("ncclGroupEnd")
    allReduce = try library.function("ncclAllReduce")
    broadcast = try library.function("ncclBroadcast")
    errorString = try library.function("ncclGetErrorString")
  }

  func describe(_ status: Int32) -> String { errorString(status).map { String(cString: $0) } ?? "\(status)" }

  /// The number of a dtype there; nil if it has none.
  static func number(_ dtype: DType) -> Int32? {
    switch dtype {
    case .bool: nil
    case .uint8: 1
    case .int32: 2
    case .int64: 4
    case .float16: 6
    case .float32: 7
    case .float64: 8
    case .bfloat16: 9
    }
  }
}

/// The GPUs of several processes, one each, that exchange tensors directly. All processes make the same calls in the same order.
@_spi(Backend) public final class NCCLGroup: @unchecked Sendable {
  private let nccl: NCCL
  private let backend: CUDABackend
  private let handle: CUHandle?
  private let rank: Int, count: Int

  /// What one process makes and hands to the others.
  ///
  /// - Throws: what is missing.
  public static func newIdentifier(for backend: any Backend) throws(DeviceUnavailable) -> [UInt8] {
    let backend = try cuda(backend), nccl = try NCCL(backend.search)
    var id = NCCL.Identifier()
    let status = backend.context.attempt { _ in nccl.uniqueID(&id) }
    if status != 0 { throw DeviceUnavailable("NCCL at \(nccl.library.path) does not start: \(nccl.describe(status))") }
    return withUnsafeBytes(of: &id) { Array($0) }
  }

  /// Joins the others; returns when all have.
  ///
  /// - Throws: what is missing, or why the group does not meet.
  public init(_ identifier: [UInt8], rank: Int, count: Int, on backend: any Backend) throws(DeviceUnavailable) {
    ensure(identifier.count == NCCL.identifierSize, "a group's identifier of \(identifier.count) bytes")
    let backend = try NCCLGroup.cuda(backend)
    nccl = try NCCL(backend.search)
    (self.backend, self.rank, self.count) = (backend, rank, count)
    var id = NCCL.Identifier(), handle: CUHandle?
    withUnsafeMutableBytes(of: &id) { $0.copyBytes(from: identifier) }
    let nccl = nccl
    let status = backend.context.attempt { _ in nccl.join(&handle, Int32(count), id, Int32(rank)) }
    if status != 0 { throw DeviceUnavailable("the \(count) GPUs of NCCL's group do not meet: \(nccl.describe(status))") }
    self.handle = handle
  }

  deinit { _ = backend.context.attempt { _ in nccl.leave(handle) } }

  private static func cuda(_ backend: any Backend) throws(DeviceUnavailable) -> CUDABackend {
    guard let backend = backend as? CUDABackend else {
      throw DeviceUnavailable("NCCL connects NVIDIA GPUs, not the device \(backend.name)")
    }
    return backend
  }

  /// Has calls run together, and in their turn.
  private func together(_ what: String, _ body: () -> Int32) {
    let status = backend.context.attempt { _ in
      let started = nccl.startGroup(), status = started == 0 ? body() : started, ended = nccl.endGroup()
      return status == 0 ? ended : status
    }
    if status != 0 { Failure.end("cuda: \(what): NCCL says \(nccl.describe(status))") }
  }

  /// The sums of all processes' row-major views, view by view: the same bits for all.
  public func sums(_ views: [View]) -> [View] {
    let sums = views.map { room($0.shape, $0.dtype) }
    together("adding up \(views.count) tensors of \(count) GPUs") {
      for (view, sum) in zip(views, sums) where view.shape.elementCount > 0 {
        let number = number(view, "added up")
        let status = nccl.allReduce(
          view.deviceAddress, sum.deviceAddress, view.shape.elementCount, number, 0, handle, backend.context.stream)
        if status != 0 { return status }
      }
      return 0
    }
    return sums
  }

  /// The rows of all processes' row-major views, one's after the other's.
  ///
  /// - Parameter counts: how many rows each process has.
  public func gathered(_ view: View, counts: [Int]) -> View {
    var shape = view.shape
    ensure(counts.count == count && counts[rank] == shape[0], "gathering \(shape[0]) rows as part \(rank) of \(counts)")
    shape[0] = counts.reduce(0, +)
    let all = room(shape, view.dtype), number = number(view, "gathered")
    let rowSize = shape.dropFirst().reduce(1, *)
    together("gathering the rows of \(count) GPUs") {
      var next = all.deviceAddress
      for (process, rows) in counts.enumerated() where rows * rowSize > 0 {
        let own = process == rank ? view.deviceAddress : next
        let status = nccl.broadcast(own, next, rows * rowSize, number, Int32(process), handle, backend.context.stream)
        if status != 0 { return status }
        next += CUAddress(rows * rowSize * view.dtype.byteCount)
      }
      return 0
    }
    return all
  }

  private func room(_ shape: Shape, _ dtype: DType) -> View {
    View(storage: backend.allocate(byteCount: shape.elementCount * dtype.byteCount), layout: Layout(rowMajor: shape), dtype: dtype)
  }

  private func number(_ view: View, _ done: String) -> Int32 {
    guard let number = NCCL.number(view.dtype) else { Failure.end("cuda: tensors of \(view.dtype) are not \(done) by NCCL") }
    return number
  }
}
