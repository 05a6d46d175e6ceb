/// A product that is only copied into a part of another buffer, as concatenation does, is written there at once, and the copy left out.
struct PlacedProducts {
  private(set) var calls: [KernelRecorder.Call]
  private let outputs: Set<Int>
  /// The calls that read and that write each buffer, by its number.
  private var readers: [[Int]], writers: [[Int]]

  /// - Parameter outputs: of the program; they are read at its end.
  init(_ calls: [KernelRecorder.Call], bufferCount: Int, outputs: [View]) {
    self.calls = calls
    self.outputs = Set(outputs.map(Self.number))
    readers = Array(repeating: [], count: bufferCount)
    writers = readers
    for (position, call) in calls.enumerated() {
      for view in call.call.reads { readers[Self.number(view)].append(position) }
      for view in call.call.writes { writers[Self.number(view)].append(position) }
    }
    var dropped = Set<Int>()
    for copy in calls.indices {
      guard let (source, target) = calls[copy].call.copied, let product = product(of: source, before: copy),
        isFree(target, from: product, to: copy)
      else { continue }
      guard case .matmul(var call) = self.calls[product].call else { continue }
      call.out = target
      self.calls[product].call = .matmul(call)
      let (made, filled) = (Self.number(source), Self.number(target))
      writers[made].removeAll { $0 == product }
      writers[filled] = writers[filled].map { $0 == copy ? product : $0 }
      dropped.insert(copy)
    }
    if !dropped.isEmpty { self.calls = self.calls.indices.filter { !dropped.contains($0) }.map { self.calls[$0] } }
  }

  private static func number(_ view: View) -> Int { unsafeDowncast(view.storage, to: RecordedStorage.self).number }

  /// The product that makes the whole of `source`, which is read at `copy` alone.
  private func product(of source: View, before copy: Int) -> Int? {
    let number = Self.number(source)
    guard source.layout == Layout(rowMajor: source.shape), source.shape.elementCount * source.dtype.byteCount == source.storage.byteCount,
      !outputs.contains(number), readers[number].allSatisfy({ $0 == copy }), writers[number].count == 1, let found = writers[number].first,
      found < copy, case .matmul(let product) = calls[found].call, product.epilogue == nil, !product.accumulates,
      product.out?.layout == source.layout
    else { return nil }
    return found
  }

  /// Whether nothing between two calls touches what is in `target`, a matrix of rows of adjacent elements in a buffer of the program's own.
  private func isFree(_ target: View, from first: Int, to last: Int) -> Bool {
    guard target.layout.shape.rank == 2, target.layout.strides[1] == 1,
      case .temporary = unsafeDowncast(target.storage, to: RecordedStorage.self).kind
    else { return false }
    let number = Self.number(target)
    if readers[number].contains(where: { $0 >= first && $0 < last }) { return false }
    return writers[number].allSatisfy { position in
      position < first || position >= last
        || calls[position].call.writes.allSatisfy { $0.storage !== target.storage || $0.layout.isBeside(target.layout) }
    }
  }
}

extension Layout {
  /// Whether two matrices in a larger one of the same rows have no element in common.
  fileprivate func isBeside(_ other: Layout) -> Bool {
    guard shape.rank == 2, other.shape.rank == 2, strides[0] == other.strides[0], strides[1] == 1, other.strides[1] == 1, strides[0] > 0
    else { return false }
    let width = strides[0], (row, column) = (offset / width, offset % width),
      (otherRow, otherColumn) = (other.offset / width, other.offset % width)
    guard column + shape[1] <= width, otherColumn + other.shape[1] <= width else { return false }
    return column + shape[1] <= otherColumn || otherColumn + other.shape[1] <= column || row + shape[0] <= otherRow
      || otherRow + other.shape[0] <= row
  }
}

extension KernelCall {
  /// From where and to where elements are copied, where the call does nothing else.
  fileprivate var copied: (source: View, target: View)? {
    guard case .rows(let call) = self, call.inputs.count == 1, call.outputs.count == 1, call.program.instructions == [.load(0)],
      call.program.outputs[0].accumulate == nil, call.inputs[0].dtype == call.outputs[0].dtype,
      call.inputs[0].shape == call.outputs[0].shape
    else { return nil }
    return (call.inputs[0], call.outputs[0])
  }
}
