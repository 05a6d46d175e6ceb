/// A block of memory that a backend owns; freed with the last reference. Each backend has its own subclass.
@_spi(Backend) open class Storage: @unchecked Sendable {
  /// The backend that holds the memory, and so computes with it.
  public let backend: any Backend
  /// The length of the block in bytes.
  public let byteCount: Int
  /// Whether bytes can be written and read: not while a program is planned.
  var hasNumbers: Bool { true }

  /// A block of `byteCount` bytes of a backend.
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

  /// Elements of a storage under a layout.
  public init(storage: Storage, layout: Layout, dtype: DType) {
    self.storage = storage
    self.layout = layout
    self.dtype = dtype
  }

  /// The shape of the layout.
  public var shape: Shape { layout.shape }

  /// The same storage and dtype under another layout.
  public func with(_ layout: Layout) -> View { View(storage: storage, layout: layout, dtype: dtype) }

  /// Whether every element is inside the storage; backends check this before they touch a pointer.
  public var isInBounds: Bool {
    guard let extent = layout.extent else { return true }
    return extent.lowerBound >= 0 && (extent.upperBound + 1) * dtype.byteCount <= storage.byteCount
  }
}
