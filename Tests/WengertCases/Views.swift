@_spi(Backend) import Wengert

// Views of any backend from and to plain arrays, for tests that call a backend without tensors. Values are row-major.
extension View {
  /// Fresh memory with `values`, rounded (to integers: cut off, saturated) to `dtype`.
  public init(_ values: [Double], _ shape: Shape, _ dtype: DType, on backend: any Backend) {
    self.init(values.map { Number.real($0).cast(to: dtype.isFloating ? .float64 : dtype) }, shape, dtype, on: backend)
  }

  /// Fresh memory with `values`, wrapped (or rounded) to `dtype`.
  public init(whole values: [Int64], _ shape: Shape, _ dtype: DType = .int64, on backend: any Backend) {
    self.init(values.map(Number.whole), shape, dtype, on: backend)
  }

  /// Fresh memory without values.
  public init(emptyLike shape: Shape, _ dtype: DType, on backend: any Backend) {
    let storage = backend.allocate(byteCount: shape.elementCount * dtype.byteCount)
    self.init(storage: storage, layout: Layout(rowMajor: shape), dtype: dtype)
  }

  private init(_ numbers: [Number], _ shape: Shape, _ dtype: DType, on backend: any Backend) {
    precondition(numbers.count == shape.elementCount, "\(numbers.count) values for the shape \(shape)")
    self.init(emptyLike: shape, dtype, on: backend)
    var bytes: [UInt8] = []
    for number in numbers {
      let bits = dtype.bits(of: number)
      for byte in 0..<dtype.byteCount { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * UInt64(byte)))) }
    }
    if !bytes.isEmpty { backend.write(bytes.span.bytes, to: storage, at: 0) }
  }

  /// The elements in row-major order of the view's shape, whatever its strides.
  public var numbers: [Number] {
    precondition(isInBounds, "a view outside its storage")
    return storage.backend.withBytes(of: storage) { numbers($0) }
  }

  /// The same, read from the storage's bytes.
  func numbers(_ bytes: RawSpan) -> [Number] {
    let width = dtype.byteCount
    return layout.positions.map { position in
      var bits: UInt64 = 0
      for byte in 0..<width {
        bits |= UInt64(bytes.unsafeLoad(fromByteOffset: position * width + byte, as: UInt8.self)) << (8 * UInt64(byte))
      }
      return dtype.number(bits: bits)
    }
  }

  public var doubles: [Double] { numbers.map(\.double) }
  /// The elements of an integer or bool view.
  public var integers: [Int64] { numbers.map(\.integer) }

  /// The same elements with two axes exchanged.
  public func exchangingAxes(_ a: Int, _ b: Int) -> View {
    var axes = Shape(shape.indices)
    (axes[a], axes[b]) = (b, a)
    return with(layout.permuted(axes))
  }
}
