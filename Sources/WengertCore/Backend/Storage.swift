/// A block of memory that a backend owns; freed with the last reference. Each backend has its own subclass.
@_spi(Backend) open class Storage: @unchecked Sendable {
  /// Who holds the memory, and so who computes with it.
  public let backend: any Backend
  public let byteCount: Int

  public init(backend: any Backend, byteCount: Int) {
    self.backend = backend
    self.byteCount = byteCount
  }
}

/// What a kernel reads or writes: elements of a storage under a layout. The shape is the kernel's view, not necessarily the tensor's.
@_spi(Backend) public struct View: Sendable {
  public var storage: Storage
  public var layout: Layout
  public var dtype: DType

  public init(storage: Storage, layout: Layout, dtype: DType) {
    self.storage = storage
    self.layout = layout
    self.dtype = dtype
  }

  public var shape: Shape { layout.shape }

  public func with(_ layout: Layout) -> View { View(storage: storage, layout: layout, dtype: dtype) }

  /// Whether every element lies inside the storage; backends check this before they touch a pointer.
  public var isInBounds: Bool {
    guard let extent = layout.extent else { return true }
    return extent.lowerBound >= 0 && (extent.upperBound + 1) * dtype.byteCount <= storage.byteCount
  }
}
