@_spi(Backend) import WengertCore

/// A 64-byte-aligned block of host memory from the backend's pool, a slot for part of one, or memory that somebody else lends.
final class CPUStorage: Storage, @unchecked Sendable {
  private(set) var pointer: UnsafeMutableRawPointer
  /// Nil for a slot, and for what is lent.
  private let pool: MemoryPool?
  private let isPooled: Bool

  init(backend: CPUBackend, byteCount: Int, isPooled: Bool = true) {
    pointer = backend.memory.allocate(byteCount)
    pool = backend.memory
    self.isPooled = isPooled
    super.init(backend: backend, byteCount: byteCount)
  }

  init(slotOn backend: CPUBackend, byteCount: Int) {
    pointer = CPUStorage.nowhere
    pool = nil
    isPooled = false
    super.init(backend: backend, byteCount: byteCount)
  }

  init(on backend: CPUBackend, lent memory: UnsafeMutableRawPointer, byteCount: Int) {
    pointer = memory
    pool = nil
    isPooled = true
    super.init(backend: backend, byteCount: byteCount)
  }

  /// The storage as this backend's: nothing deeper could tell an address of another device from the host's.
  static func of(_ storage: Storage) -> CPUStorage {
    guard let storage = storage as? CPUStorage else { unreachable("a CPU kernel was handed memory of another device") }
    return storage
  }

  deinit { pool?.deallocate(pointer, byteCount, keeping: isPooled) }

  /// An address that no access survives, rather than one that could be somebody's.
  nonisolated(unsafe) static let nowhere = UnsafeMutableRawPointer(bitPattern: 64)!

  func bind(to storage: CPUStorage?, at byteOffset: Int) {
    ensure(pool == nil && !isPooled, "only a slot can be bound")
    guard let storage else {
      pointer = CPUStorage.nowhere
      return
    }
    ensure(byteOffset >= 0 && byteOffset + byteCount <= storage.byteCount, "a slot does not fit what it is bound to")
    pointer = storage.pointer + byteOffset
  }
}

extension CPUBackend {
  /// Memory that somebody else lends, for as long as tensors of it are used. Nothing is written to it; elements must be aligned as their type is.
  public func storage(lent memory: UnsafeMutableRawPointer, byteCount: Int) -> Storage {
    CPUStorage(on: self, lent: memory, byteCount: byteCount)
  }

  /// Where the bytes of a storage of this backend are.
  public func address(of storage: Storage) -> UnsafeMutableRawPointer { CPUStorage.of(storage).pointer }

  public func slot(byteCount: Int) -> Storage { CPUStorage(slotOn: self, byteCount: byteCount) }

  public func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int) {
    CPUStorage.of(slot).bind(to: storage.map(CPUStorage.of), at: byteOffset)
  }
}

extension View {
  /// The address of the view's first element, after a check that every element is inside its storage.
  var address: UnsafeMutableRawPointer {
    ensure(isInBounds, "a kernel was handed a view outside its storage")
    return CPUStorage.of(storage).pointer + layout.offset * dtype.byteCount
  }

  /// The same, for elements of a type that has the dtype's size.
  func pointer<Element>(as type: Element.Type) -> UnsafeMutablePointer<Element> {
    address.assumingMemoryBound(to: type)
  }
}
