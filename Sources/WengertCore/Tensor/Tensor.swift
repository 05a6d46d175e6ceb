/// An n-dimensional array of numbers of one dtype: a value, though views of one storage share its memory until one of them changes.
///
/// Slices, transposes and broadcasts are views without copies. Shapes, dtypes and indices are checked when an operation is called: a violation ends
/// the program with the operation, the shapes and the caller's line, as an array index out of range does.
public struct Tensor: Sendable {
  /// Storage, layout and dtype: of an example inside of `vmap`, as its shape is known there; of a traced tensor without memory.
  var face: View
  /// What the innermost level knows of this value; nil for a constant.
  var node: Node?

  /// The elements: storage, layout, dtype.
  ///
  /// - Precondition: The tensor is not one example of `vmap`, and not of a function that is being compiled: there are no elements that could be read.
  @_spi(Backend) public var view: View {
    if let node = abstractNode { node.failForNumbers() }
    return face.layout.shape.isMarked ? face.with(face.layout.unnamed) : face
  }

  /// A tensor over existing storage.
  ///
  /// - Precondition: The view is inside its storage.
  @_spi(Backend) public init(_ view: View) {
    Caller(#fileID, #line).require(
      view.isInBounds, "Tensor",
      "elements of shape \(view.shape) with strides \(view.layout.strides) from place \(view.layout.offset) are outside of memory of \(view.storage.byteCount) bytes"
    )
    self.face = view
  }

  init(_ view: View, node: Node?) {
    self.face = view
    self.node = node
  }

  /// The extents, outermost axis first.
  public var shape: Shape { face.layout.shape }
  /// The type of its elements.
  public var dtype: DType { face.dtype }
  /// How many axes there are.
  public var rank: Int { face.layout.shape.rank }
  /// How many elements there are.
  public var count: Int { face.layout.shape.elementCount }
  /// The distance in elements between neighbors along each axis; zero along a broadcast axis.
  public var strides: Strides { face.layout.strides }
  /// Whether the elements are in row-major order without gaps.
  public var isContiguous: Bool { face.layout.isContiguous }
  /// The backend that holds and computes this tensor, or will when the program runs.
  @_spi(Backend) public var backend: any Backend { face.storage.backend }

  package var type: TensorType { TensorType(shape: shape, dtype: dtype) }
}

/// A tensor's shape and dtype, which is all that a shape rule looks at.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
  /// The extents.
  public var shape: Shape
  /// The type of the elements.
  public var dtype: DType

  /// A type of this shape and dtype.
  public init(shape: Shape, dtype: DType) {
    self.shape = shape
    self.dtype = dtype
  }

  public var description: String { "\(dtype)\(shape)" }

  /// The same without names of axes.
  var unnamed: TensorType { TensorType(shape: shape.unnamed, dtype: dtype) }

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
  ///
  /// - Precondition: `bytes` has the length of these elements, and no extent is negative.
  @_spi(Backend) public init(
    bytes: RawSpan, shape: Shape, dtype: DType, backend: any Backend, file: StaticString = #fileID, line: UInt = #line
  ) {
    let caller = Caller(file, line)
    caller.requireExtents(shape, "Tensor")
    let view = TensorType(shape: shape, dtype: dtype).allocate(on: backend)
    let expected = shape.elementCount * dtype.byteCount
    caller.require(
      bytes.byteCount == expected, "Tensor(bytes:)", "\(dtype)\(shape) takes \(expected) bytes, got \(bytes.byteCount)")
    if expected > 0 { backend.write(bytes, to: view.storage, at: 0) }
    self.init(view, node: nil)
  }

  /// A row-major tensor with the elements of `values`, whose count must be that of `shape`.
  ///
  /// - Precondition: There are as many values as `shape` has elements.
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
  /// NaN in one, end the program.
  ///
  /// - Precondition: No extent is negative, and a whole `dtype` holds the value.
  @_spi(Backend) public static func full(_ value: Double, _ shape: Shape, dtype: DType, backend: any Backend) -> Tensor {
    let caller = Caller(#fileID, #line)
    caller.requireExtents(shape, "full")
    return create(.fill(dtype.element(value, "full", caller), shape, dtype), on: backend, caller)
  }

  /// The same for an operation on `other`, where that is: in the graph that is traced, if it is a value of one.
  @inline(never) package static func full(_ value: Double, _ shape: Shape, dtype: DType, beside other: Tensor) -> Tensor {
    let caller = Caller(#fileID, #line)
    return create(.fill(dtype.element(value, "full", caller), shape, dtype), beside: other, caller)
  }

  /// A constant of this tensor's dtype beside it that broadcasts against it.
  func constant(_ value: Double, _ shape: Shape = []) -> Tensor { .full(value, shape, dtype: dtype, beside: self) }

  /// An extent as a number of the given dtype: one that is known when the program runs, where it is not a number yet.
  func number(_ extent: Dimension, _ dtype: DType) -> Tensor { .extent(extent, dtype: dtype, beside: self, Caller(#fileID, #line)) }

  package static func extent(_ extent: Dimension, dtype: DType, backend: any Backend, file: StaticString, line: UInt) -> Tensor {
    if let number = extent.number { return .full(Double(number), [], dtype: dtype, backend: backend) }
    let caller = Caller(file, line)
    guard let tracer = Tracer.current else {
      caller.fail("extent", "\(extent) has a number only in calls of a compiled function whose arguments' shapes name its symbols")
    }
    return tracer.create(.extent(extent.unnamed, dtype), on: backend, caller)
  }

  package static func extent(_ extent: Dimension, dtype: DType, beside other: Tensor, _ caller: Caller) -> Tensor {
    if let number = extent.number { return .full(Double(number), [], dtype: dtype, beside: other) }
    if let tracer = other.tracer { return tracer.create(.extent(extent.unnamed, dtype), on: other.backend, caller) }
    return .extent(extent, dtype: dtype, backend: other.backend, file: caller.file, line: caller.line)
  }

  /// The number of elements along an axis as a scalar, by which a sum can be divided also if the extent is a symbol: `x.sum() / x.extent(0)`.
  ///
  /// - Parameters:
  ///   - axis: negative from the end.
  ///   - dtype: by default the tensor's own, int64 for bool and whole numbers.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  /// - Precondition: The axis exists.
  public func extent(_ axis: Int, dtype: DType? = nil, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "extent", shape)
    return .extent(shape[dim: axis], dtype: dtype ?? (self.dtype.isFloating ? self.dtype : .int64), beside: self, caller)
  }

  /// 0, 1, 2, … as int64.
  package static func iota(_ count: Dimension, on backend: any Backend) -> Tensor {
    create(.iota(count), on: backend, Caller(#fileID, #line))
  }

  package static func iota(_ count: Dimension, beside other: Tensor) -> Tensor {
    create(.iota(count), beside: other, Caller(#fileID, #line))
  }

  /// Lends the elements in row-major order as bytes of `dtype`.
  ///
  /// - Precondition: The values exist already: the tensor is not one of a function that is being compiled, or one example of `vmap`.
  public func withBytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
    if count == 0 { return try body(RawSpan()) }
    StoppingThread.haltIfMistaken()
    let dense = ViewKernels.contiguous(view)
    let start = dense.layout.offset * dtype.byteCount
    let length = count * dtype.byteCount
    return try dense.storage.backend.withBytes(of: dense.storage, in: start..<start + length, body)
  }

  /// All elements in row-major order, converted to `Element`.
  ///
  /// ```swift
  /// let numbers: [Float] = Tensor([[1, 2], [3, 4]]).array()  // 1, 2, 3, 4
  /// ```
  ///
  /// - Precondition: The values exist already; see `withBytes`.
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
  ///
  /// - Precondition: There is exactly one element, and its value exists already; see `withBytes`.
  public func item(file: StaticString = #fileID, line: UInt = #line) -> Double {
    Caller(file, line).require(count == 1, "item", "needs exactly one element, the shape is \(shape)")
    return array(of: Double.self)[0]
  }
}
