import WengertCore

/// A 64-byte-aligned block of host memory.
final class CPUStorage: Storage, @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer

  init(backend: CPUBackend, byteCount: Int) {
    pointer = .allocate(byteCount: max(byteCount, 1), alignment: 64)
    super.init(backend: backend, byteCount: byteCount)
  }

  deinit { pointer.deallocate() }
}

extension View {
  /// The address of the view's first element, after a check that every element lies inside its storage.
  func pointer<Element>(as type: Element.Type) -> UnsafeMutablePointer<Element> {
    precondition(isInBounds, "a kernel was handed a view outside its storage")
    return unsafeDowncast(storage, to: CPUStorage.self).pointer.assumingMemoryBound(to: type) + layout.offset
  }
}
