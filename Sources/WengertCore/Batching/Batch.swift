/// `vmap` in progress: the function sees one example, and each operation is applied to all of them at once.
final class Batch: Level, @unchecked Sendable {
  /// How many examples there are.
  let size: Dimension
  /// The same with the name of the arguments' axis, if it has one.
  let axis: Dimension

  init(_ size: Dimension) {
    axis = size
    self.size = size.unnamed
    super.init()
  }

  /// One example of `whole`, whose first axis is the batch.
  func example(of whole: Tensor) -> Tensor {
    var layout = whole.face.layout
    layout.shape.remove(at: 0)
    layout.strides.remove(at: 0)
    let face = View(storage: whole.face.storage, layout: layout, dtype: whole.dtype)
    return Tensor(face, node: Node(self, .batched(whole.unnamed()), outer: nil))
  }

  /// All examples of a value, with the batch as first axis; a value that is the same for all of them is repeated by a view.
  func whole(of value: Tensor, _ caller: Caller) -> Tensor {
    let lowered = value.lowered(below: self)
    return value.isExample(of: self) ? lowered : lowered.move(.broadcast([size] + value.shape), caller)
  }

  override func process(_ operation: some Operation, _ operands: [Tensor], _ caller: Caller) -> [Tensor] {
    // A mistake is reported with one example's shapes.
    let types = operands.map(\.type)
    let application = BatchedApplication(
      size: size, operands: operands.map { $0.lowered(below: self) }, isBatched: operands.map { $0.isExample(of: self) },
      operandTypes: types, resultTypes: operation.countableResults(types, caller), caller: caller)
    return operation.batched(application).map { example(of: $0) }
  }
}

extension Shape {
  /// A list of one extent, which may be a symbol, in front of others.
  static func + (a: [Dimension], b: Shape) -> Shape { Shape(dimensions: a).appending(b) }
}
