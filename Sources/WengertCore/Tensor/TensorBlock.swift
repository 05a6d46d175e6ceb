/// Lists of numbers that become tensors in one block of memory, which is written at once.
package struct TensorBlock {
  private var bytes: [UInt8] = []
  private var parts: [(start: Int, shape: Shape, dtype: DType)] = []
  private let backend: any Backend

  package init(on backend: any Backend) { self.backend = backend }

  /// - Parameter shape: of as many elements as `values` has; by default a vector.
  package mutating func add<Element: TensorElement>(_ values: [Element], shape: Shape? = nil) {
    let shape = shape ?? [values.count]
    ensure(shape.elementCount == values.count, "\(values.count) values for the shape \(shape)")
    let alignment = backend.alignment
    let start = (bytes.count + alignment - 1) / alignment * alignment
    bytes.append(contentsOf: repeatElement(0, count: start - bytes.count))
    parts.append((start, shape, Element.dtype))
    values.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  /// What was added, in order.
  package var tensors: [Tensor] {
    let storage = backend.allocate(byteCount: bytes.count)
    if !bytes.isEmpty { backend.write(bytes.span.bytes, to: storage, at: 0) }
    return parts.map { part in
      var layout = Layout(rowMajor: part.shape)
      layout.offset = part.start / part.dtype.byteCount
      return Tensor(View(storage: storage, layout: layout, dtype: part.dtype), node: nil)
    }
  }
}
