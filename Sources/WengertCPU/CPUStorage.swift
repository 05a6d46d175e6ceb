import WengertCore

/// A 64-byte-aligned block of host memory from the backend's pool.
final class CPUStorage: Storage, @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer
  private let pool: MemoryPool

  init(backend: CPUBackend, byteCount: Int) {
    pointer = backend.memory.allocate(byteCount)
    pool = backend.memory
    super.init(backend: backend, byteCount: byteCount)
  }

  deinit { pool.deallocate(pointer, byteCount) }
}

extension View {
  /// The address of the view's first element, after a check that every element lies inside its storage.
  var address: UnsafeMutableRawPointer {
    precondition(isInBounds, "a kernel was handed a view outside its storage")
    return unsafeDowncast(storage, to: CPUStorage.self).pointer + layout.offset * dtype.byteCount
  }

  /// The same, for elements of a type that has the dtype's size.
  func pointer<Element>(as type: Element.Type) -> UnsafeMutablePointer<Element> {
    address.assumingMemoryBound(to: type)
  }
}
