@_spi(Backend) import WengertCore

/// A block of the device's memory, or a slot for part of one.
final class CUDAStorage: Storage, @unchecked Sendable {
  private(set) var address: CUAddress
  /// Nil for a slot.
  private let owner: Context?

  convenience init(on backend: CUDABackend, byteCount: Int) { self.init(on: backend, byteCount: byteCount, at: backend.take(byteCount)) }

  /// The owner of a block that was taken.
  init(on backend: CUDABackend, byteCount: Int, at address: CUAddress) {
    self.address = address
    owner = backend.context
    super.init(backend: backend, byteCount: byteCount)
  }

  init(slotOn backend: CUDABackend, byteCount: Int) {
    address = 0
    owner = nil
    super.init(backend: backend, byteCount: byteCount)
  }

  /// The block goes back in its turn: what was asked for before may still use it.
  deinit {
    if let owner { owner.perform("freeing memory") { $0.free(address, owner.stream) } }
  }

  /// The storage as this backend's.
  static func of(_ storage: Storage) -> CUDAStorage {
    guard let storage = storage as? CUDAStorage else { unreachable("a CUDA kernel was handed memory of another device") }
    return storage
  }

  func bind(to storage: CUDAStorage?, at byteOffset: Int) {
    ensure(owner == nil, "only a slot can be bound")
    guard let storage else {
      address = 0
      return
    }
    ensure(byteOffset >= 0 && byteOffset + byteCount <= storage.byteCount, "a slot does not fit what it is bound to")
    address = storage.address + CUAddress(byteOffset)
  }
}

extension View {
  /// The address of the view's first element on the device, after a check that every element is inside its storage.
  var deviceAddress: CUAddress {
    ensure(isInBounds, "a kernel was handed a view outside its storage")
    return CUDAStorage.of(storage).address + CUAddress(layout.offset * dtype.byteCount)
  }
}

extension CUDABackend {
  /// Memory in the stream's order; there being none left ends the program.
  func take(_ byteCount: Int) -> CUAddress {
    if let address = takeIfAny(byteCount) { return address }
    Caller(#fileID, #line).fail(
      "allocate",
      "out of memory on \(context.deviceName): \(byteCount) bytes wanted, \(memoryStatistics.bytesInUse) of \(context.totalMemory) in use by this process"
    )
  }

  /// The same, nil if there is none left: what programs keep idle has gone back then.
  func takeIfAny(_ byteCount: Int) -> CUAddress? {
    // The device gives no empty blocks.
    let size = max(byteCount, 16)
    var address: CUAddress = 0
    var status = context.attempt { $0.allocate(&address, size, context.stream) }
    if status == CUDABackend.outOfMemory {
      trimAllMemory()
      status = context.attempt { $0.allocate(&address, size, context.stream) }
    }
    if status == CUDABackend.outOfMemory { return nil }
    if status != 0 { context.fail("allocating \(byteCount) bytes", status) }
    return address
  }

  static let outOfMemory: CUStatus = 2
}
