/// A product that is only copied into a part of another buffer, as concatenation does, is written there at once, and the copy left out.
struct PlacedProducts {
  private(set) var calls: [Recorder.Call]
  private let outputs: [View]

  /// - Parameter outputs: of the program; they are read at its end.
  init(_ calls: [Recorder.Call], outputs: [View]) {
    self.calls = calls
    self.outputs = outputs
    var dropped = Set<Int>()
    for copy in calls.indices {
      guard let (source, target) = calls[copy].call.copied, let product = product(of: source, before: copy),
        isFree(target, from: product, to: copy)
      else { continue }
      guard case .matmul(var call) = self.calls[product].call else { continue }
      call.out = target
      self.calls[product].call = .matmul(call)
      dropped.insert(copy)
    }
    self.calls = self.calls.indices.filter { !dropped.contains($0) }.map { self.calls[$0] }
  }

  /// The product that makes the whole of `source`, which is read at `copy` alone.
  private func product(of source: View, before copy: Int) -> Int? {
    guard source.layout == Layout(rowMajor: source.shape), source.shape.elementCount * source.dtype.byteCount == source.storage.byteCount,
      !outputs.contains(where: { $0.storage === source.storage })
    else { return nil }
    var found: Int?
    for (number, call) in calls.enumerated() {
      if number != copy && call.call.reads.contains(where: { $0.storage === source.storage }) { return nil }
      guard call.call.writes.contains(where: { $0.storage === source.storage }) else { continue }
      guard found == nil, number < copy, case .matmul(let product) = call.call, product.epilogue == nil, !product.accumulates,
        product.out?.layout == source.layout
      else { return nil }
      found = number
    }
    return found
  }

  /// Whether nothing between two calls touches what lies in `target`, a matrix of rows of adjacent elements in a buffer of the program's own.
  private func isFree(_ target: View, from first: Int, to last: Int) -> Bool {
    guard target.layout.shape.rank == 2, target.layout.strides[1] == 1,
      case .temporary = unsafeDowncast(target.storage, to: RecordedStorage.self).kind
    else { return false }
    return calls[first..<last].allSatisfy { call in
      call.call.reads.allSatisfy { $0.storage !== target.storage }
        && call.call.writes.allSatisfy { $0.storage !== target.storage || $0.layout.isBeside(target.layout) }
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
