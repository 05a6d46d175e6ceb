/// An n-dimensional array of numbers of one dtype: a value, though views of one storage share its memory until one of them changes.
///
/// Slices, transposes and broadcasts are views without copies. Shapes, dtypes and indices are checked when an operation is called: a violation ends
/// the program with the operation, the shapes and the caller's line, as an array index out of range does.
public struct Tensor: Sendable {
  /// Storage, layout and dtype: of an example inside of `vmap`, as its shape is known there.
  var face: View
  /// What the innermost level knows of this value; nil for a constant.
  var node: Node?

  /// The elements: storage, layout, dtype. Inside of `vmap` there is no example whose elements could be read: that ends the program.
  @_spi(Backend) public var view: View {
    if let example = exampleNode {
      if !example.level.isOpen { example.failForEscape() }
      Caller(#fileID, #line).fail(
        "vmap",
        "the numbers of a tensor are asked for inside of vmap, where it stands for all examples at once; compute with tensors, or return it from the function"
      )
    }
    return face
  }

  /// A tensor over existing storage; the view must lie inside it.
  @_spi(Backend) public init(_ view: View) {
    Caller(#fileID, #line).require(
      view.isInBounds, "Tensor",
      "elements of shape \(view.shape) with strides \(view.layout.strides) from place \(view.layout.offset) lie outside of memory of \(view.storage.byteCount) bytes"
    )
    self.face = view
  }

  init(_ view: View, node: Node?) {
    self.face = view
    self.node = node
  }

  /// The extents, outermost axis first.
  public var shape: Shape { face.layout.shape }
  public var dtype: DType { face.dtype }
  /// How many axes there are.
  public var rank: Int { face.layout.shape.rank }
  /// How many elements there are.
  public var count: Int { face.layout.shape.elementCount }
  public var strides: Strides { face.layout.strides }
  /// Whether the elements lie in row-major order without gaps.
  public var isContiguous: Bool { face.layout.isContiguous }
  /// Whether this tensor stands for a value of a graph under construction.
  package var isTraced: Bool { face.storage is TracedStorage }
  /// Who computes with this tensor.
  @_spi(Backend) public var backend: any Backend { face.storage.backend }

  package var type: TensorType { TensorType(shape: shape, dtype: dtype) }
}

/// A tensor's shape and dtype, which is all that a shape rule looks at.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
  public var shape: Shape
  public var dtype: DType

  public init(shape: Shape, dtype: DType) {
    self.shape = shape
    self.dtype = dtype
  }

  public var description: String { "\(dtype)\(shape)" }

  /// Fresh row-major memory for a value of this type.
  func allocate(on backend: any Backend) -> View {
    let count = shape.elementCount
    // No processor addresses 2⁴⁷ bytes.
    if count < 0 || count > (1 << 47) / dtype.byteCount {
      Caller(#fileID, #line).fail("Tensor", "\(self) takes more memory than a process can have")
    }
    return View(storage: backend.allocate(byteCount: count * dtype.byteCount), layout: Layout(rowMajor: shape), dtype: dtype)
  }
}

extension Tensor {
  /// A row-major tensor with a copy of `bytes`, which must hold exactly the elements of `shape`.
  @_spi(Backend) public init(
    bytes: RawSpan, shape: Shape, dtype: DType, backend: any Backend, file: StaticString = #fileID, line: UInt = #line
  ) {
    let caller = Caller(file, line)
    caller.requireExtents(shape, "Tensor")
    // Numbers that a graph's function makes are constants on the device where it will run.
    let backend = (backend as? Tracer)?.target ?? backend
    let view = TensorType(shape: shape, dtype: dtype).allocate(on: backend)
    let expected = shape.elementCount * dtype.byteCount
    caller.require(
      bytes.byteCount == expected, "Tensor(bytes:)", "\(dtype)\(shape) takes \(expected) bytes, got \(bytes.byteCount)")
    if expected > 0 { backend.write(bytes, to: view.storage, at: 0) }
    self.init(view, node: nil)
  }

  /// A row-major tensor with the elements of `values`, whose count must be that of `shape`.
  @_spi(Backend) public init<Element: TensorElement>(
    _ values: [Element], shape: Shape, backend: any Backend, file: StaticString = #fileID, line: UInt = #line
  ) {
    let caller = Caller(file, line)
    caller.requireExtents(shape, "Tensor")
    caller.require(
      values.count == shape.elementCount, "Tensor", "shape \(shape) has \(shape.elementCount) elements, got \(values.count)")
    self.init(bytes: values.span.bytes, shape: shape, dtype: Element.dtype, backend: backend, file: file, line: line)
  }

  /// `value` in every element, rounded to `dtype`: to a whole number by cutting it off, to bool as "not zero". A number beyond the range of a whole dtype, and
  /// NaN in one, are errors.
  @_spi(Backend) public static func full(_ value: Double, _ shape: Shape, dtype: DType, backend: any Backend) -> Tensor {
    let caller = Caller(#fileID, #line)
    let value = dtype.element(value, "full", caller)
    caller.requireExtents(shape, "full")
    let type = TensorType(shape: shape, dtype: dtype)
    if let tracer = backend as? Tracer ?? Tracer.needed(for: [type], "full", caller) {
      return tracer.record(Creation.fill(value, shape, dtype), [], caller)[0]
    }
    let view = ViewKernels.scalar(value, dtype, on: backend)
    return Tensor(view.with(view.layout.broadcast(to: shape)), node: nil)
  }

  /// A constant of this tensor's dtype and backend that broadcasts against it.
  func constant(_ value: Double, _ shape: Shape = []) -> Tensor {
    .full(value, shape, dtype: dtype, backend: backend)
  }

  /// An extent as a number of the given dtype: one that is known when the program runs, where it is not a number yet.
  func number(_ extent: Dimension, _ dtype: DType) -> Tensor { .extent(extent, dtype: dtype, backend: backend, Caller(#fileID, #line)) }

  package static func extent(_ extent: Dimension, dtype: DType, backend: any Backend, file: StaticString, line: UInt) -> Tensor {
    .extent(extent, dtype: dtype, backend: backend, Caller(file, line))
  }

  static func extent(_ extent: Dimension, dtype: DType, backend: any Backend, _ caller: Caller) -> Tensor {
    if let number = extent.number { return .full(Double(number), [], dtype: dtype, backend: backend) }
    guard let tracer = backend as? Tracer ?? Tracer.current else {
      caller.fail("extent", "\(extent) has a number only in calls of a compiled function whose arguments' shapes name its symbols")
    }
    return tracer.record(Creation.extent(extent, dtype), [], caller)[0]
  }

  /// The number of elements along an axis as a scalar, by which a sum can be divided where the extent is a symbol: `x.sum() / x.extent(0)`.
  ///
  /// - Parameter dtype: by default the tensor's own, int64 for bool and whole numbers.
  public func extent(_ axis: Int, dtype: DType? = nil, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "extent", shape)
    return .extent(shape[dim: axis], dtype: dtype ?? (self.dtype.isFloating ? self.dtype : .int64), backend: backend, caller)
  }

  /// 0, 1, 2, … as int64.
  package static func iota(_ count: Dimension, on backend: any Backend) -> Tensor {
    apply1(Creation.iota(count), on: backend, Caller(#fileID, #line))
  }

  /// Lends the elements in row-major order as bytes of `dtype`.
  public func withBytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
    if count == 0 { return try body(RawSpan()) }
    let dense = ViewKernels.contiguous(view)
    let start = dense.layout.offset * dtype.byteCount
    let length = count * dtype.byteCount
    return try dense.storage.backend.withBytes(of: dense.storage, in: start..<start + length, body)
  }

  /// All elements in row-major order, converted to `Element`.
  public func array<Element: TensorElement>(of type: Element.Type = Element.self) -> [Element] {
    // All empty arrays are one object, to which the closure below would write that it is empty.
    if count == 0 { return [] }
    let converted = dtype == Element.dtype ? self : Tensor(view, node: nil).cast(to: Element.dtype)
    return converted.withBytes { bytes in
      [Element](unsafeUninitializedCapacity: count) { buffer, filled in
        bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
        filled = count
      }
    }
  }

  /// The one element of a tensor that has one.
  public func item(file: StaticString = #fileID, line: UInt = #line) -> Double {
    Caller(file, line).require(count == 1, "item", "needs exactly one element, the shape is \(shape)")
    return array(of: Double.self)[0]
  }
}
