/// One application of an operation to all examples of `vmap`, as its batching rule sees it: all values one level further out.
struct BatchedApplication {
  /// How many examples there are.
  let size: Dimension
  /// With the batch as first axis where `isBatched` says so; the others are the same for all examples.
  let operands: [Tensor]
  let isBatched: [Bool]
  /// The types of one example's operands and results.
  let operandTypes: [TensorType]
  let resultTypes: [TensorType]
  let caller: Caller

  /// The shape of all examples of a value of this shape.
  func batch(_ shape: Shape) -> Shape { [size] + shape }

  /// An operand with the batch as first axis; one that is the same for all examples is repeated by a view.
  func whole(_ i: Int) -> Tensor { isBatched[i] ? operands[i] : operands[i].move(.broadcast(batch(operandTypes[i].shape)), caller) }

  /// All operands with the batch as first axis.
  var wholes: [Tensor] { operands.indices.map { whole($0) } }

  /// A batched operand with axes of extent one behind the batch, so that an example has `rank` axes.
  func padded(_ i: Int, rank: Int) -> Tensor {
    let shape = operandTypes[i].shape
    if shape.rank == rank { return operands[i] }
    return operands[i].move(.reshape(batch(Shape(repeating: 1, count: rank - shape.rank) + shape)), caller)
  }

  /// An operand with the batch as first axis, examples in one row after another: [size · rows, …].
  func rows(_ i: Int) -> Tensor { whole(i).move(.reshape(Self.joined(size, operandTypes[i].shape)), caller) }

  /// What has the examples' rows one after another as one tensor for each example.
  func split(_ rows: [Tensor]) -> [Tensor] { zip(rows, resultTypes).map { $0.move(.reshape(batch($1.shape)), caller) } }

  private static func joined(_ size: Dimension, _ shape: Shape) -> Shape { [size * shape[dim: 0]] + shape.dropFirst() }

  /// The operation on one example after another, if it has no form for all at once.
  ///
  /// - Parameter advice: how to do without.
  func each(_ operation: some Operation, advice: String = "") -> [Tensor] {
    guard let count = size.number else {
      caller.fail(
        operation.name,
        "vmap goes through the examples one by one here, and needs their number: \(size) is a symbol while the graph is traced; compile for a number of examples\(advice)"
      )
    }
    if count == 0 {
      return resultTypes.map { .full(0, batch($0.shape), dtype: $0.dtype, beside: operands[0]) }
    }
    let results = (0..<count).map { number in
      let example = operands.indices.map { i in
        isBatched[i] ? operands[i].narrow(0, number, 1, caller).move(.reshape(operandTypes[i].shape), caller) : operands[i]
      }
      return apply(operation, example, caller).map { $0.move(.reshape([1] + $0.shape), caller) }
    }
    return resultTypes.indices.map { i in apply1(Movement.concatenate(axis: 0), results.map { $0[i] }, caller) }
  }
}
