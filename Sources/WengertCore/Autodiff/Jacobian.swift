/// The order in which a Jacobian is computed.
public enum JacobianMode: Sendable {
  /// A forward pass for each element of the argument, all at once: for few arguments and many results.
  case forward
  /// A backward pass for each element of the result, all at once: for many arguments and few results.
  case reverse
}

/// The Jacobian ∂f/∂x: for each tensor of x, the derivatives of all elements of f(x) by all of its elements, [shape of f(x)] + [shape of the tensor].
///
/// The function is recorded once, and `vmap` takes all rows (or columns) of the matrix through it together; errors are those of `vjp` and `jvp`. A tensor of whole numbers
/// has a derivative of zero.
///
/// ```swift
/// let j = jacobian(at: Tensor([1.0, 2.0])) { square($0) }  // [[2, 0], [0, 4]]
/// ```
///
/// - Precondition: As for `vjp`, and f(x) is floating.
@_disfavoredOverload
public func jacobian<Input: TensorTree>(
  at x: Input, mode: JacobianMode = .reverse, _ f: (Input.Itself) throws -> Tensor, file: StaticString = #fileID, line: UInt = #line
) rethrows -> Input.Itself {
  try jacobian(at: x.itself, mode, f, Caller(file, line))
}

/// The Jacobian ∂f/∂x for several tensors.
///
/// - Precondition: As for `vjp`, and f(x) is floating.
public func jacobian(
  at x: [Tensor], mode: JacobianMode = .reverse, _ f: ([Tensor]) throws -> Tensor, file: StaticString = #fileID, line: UInt = #line
) rethrows -> [Tensor] {
  try jacobian(at: x, mode, f, Caller(file, line))
}

/// The Hessian ∂²f/∂x² of a scalar function: [shape of x] + [shape of x]. Forward over reverse, for all directions at once.
///
/// ```swift
/// let h = hessian(at: Tensor([1.0, 2.0])) { ($0 * $0 * $0).sum() }  // [[6, 0], [0, 12]]
/// ```
///
/// - Precondition: As for `gradient`.
public func hessian(at x: Tensor, _ f: (Tensor) throws -> Tensor, file: StaticString = #fileID, line: UInt = #line) rethrows -> Tensor {
  let caller = Caller(file, line)
  return try jacobian(at: x, .forward, { try valueAndGradient(at: $0, f, caller).gradient }, caller)
}

private func jacobian<Input: TensorTree>(
  at x: Input, _ mode: JacobianMode, _ f: (Input) throws -> Tensor, _ caller: Caller
) rethrows -> Input {
  let recording = try Recording("jacobian", x, needsUse: false, f, caller)
  let value = recording.value
  caller.require(value.dtype.isFloating, "jacobian", "the function must give floating numbers, it gave \(value.type)")
  switch mode {
  case .reverse:
    let batch = Batch(value.shape.elements)
    defer { batch.close() }
    let rows = recording.pullback(batch.example(of: value.directions(caller)), consuming: true, caller)
    return rows.map { _, row in
      let all = batch.whole(of: row, caller)
      return all.move(.reshape(value.shape + row.shape), caller)
    }
  case .forward:
    return x.replacingTensors(
      recording.inputs.indices.map { i in
        let input = recording.inputs[i]
        guard input.dtype.isFloating else { return input.constant(0, value.shape + input.shape) }
        let batch = Batch(input.shape.elements)
        defer { batch.close() }
        var tangents = recording.inputs.map { $0.constant(0, $0.shape) }
        tangents[i] = batch.example(of: input.directions(caller))
        let columns = batch.whole(of: recording.pushforward(x.replacingTensors(tangents), caller), caller)
        return columns.moveAxis(0, to: -1).move(.reshape(value.shape + input.shape), caller)
      })
  }
}

extension Tensor {
  /// The unit vectors of this tensor's space: [elements] + [shape].
  fileprivate func directions(_ caller: Caller) -> Tensor {
    let count = shape.elements
    let order = Tensor.iota(count, on: backend)
    return (order.expandDims(1) .== order).cast(to: dtype).move(.reshape([count] + shape), caller)
  }
}
