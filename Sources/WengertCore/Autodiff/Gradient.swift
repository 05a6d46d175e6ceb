/// The value of a function of a tree, and its pullback: from a cotangent of the value to one of the argument, as often as wanted.
///
/// - Returns: f(x) and v ↦ vᵀ ∂f/∂x. Tensors of whole numbers have the gradient zero.
public func vjp<Input: TensorTree, Output: TensorTree>(
  at x: Input, _ f: (Input) throws -> Output, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Output, pullback: (Output) -> Input) {
  let recording = try Recording(x, f)
  return (
    recording.value,
    { cotangent in
      recording.pullback(cotangent, consuming: false, Caller(file, line))
    }
  )
}

/// The value of a function and its derivative along `tangent`, which has the argument's structure: f(x) and ∂f/∂x · tangent.
public func jvp<Input: TensorTree, Output: TensorTree>(
  at x: Input, along tangent: Input, _ f: (Input) throws -> Output, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Output, tangent: Output) {
  let caller = Caller(file, line)
  let recording = try Recording(x, f)
  let given = tangent.tensors
  caller.require(
    given.count == recording.inputs.count, "jvp", "the tangent has \(given.count) tensors, the argument \(recording.inputs.count)")
  var seeds: [Tensor?] = []
  for (x, t) in zip(recording.inputs, given) where x.dtype.isFloating {
    caller.require(x.shape == t.shape, "jvp", "a tangent of shape \(t.shape) for an argument of shape \(x.shape)")
    seeds.append(t.cast(to: x.dtype))
  }
  let tangents = recording.tape.forward(seeds)
  return (recording.value, recording.mapResults { index, value in (index >= 0 ? tangents[index] : nil) ?? value.constant(0, value.shape) })
}

/// f(x), a scalar, and its gradient, which has x's structure.
public func valueAndGradient<Input: TensorTree>(
  at x: Input, _ f: (Input) throws -> Tensor, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Tensor, gradient: Input) {
  let caller = Caller(file, line)
  let recording = try Recording(x, f)
  let value = recording.value
  caller.require(
    value.shape.elements.number == 1 && value.dtype.isFloating, "gradient",
    "the function must give one floating number, it gave \(value.type)")
  return (value, recording.pullback(value.constant(1, value.shape), consuming: true, caller))
}

/// The gradient of a scalar function at x, with x's structure.
public func gradient<Input: TensorTree>(
  at x: Input, _ f: (Input) throws -> Tensor, file: StaticString = #fileID, line: UInt = #line
) rethrows -> Input {
  try valueAndGradient(at: x, f, file: file, line: line).gradient
}

/// ∂²f/∂x² · v, forward over reverse: the cost of a few gradients, no matrix.
public func hessianVectorProduct<Input: TensorTree>(
  at x: Input, along v: Input, _ f: (Input) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Input {
  jvp(at: x, along: v, { gradient(at: $0, f, file: file, line: line) }, file: file, line: line).tangent
}

/// `f(x)` whose inner values are not kept for the gradient but computed again when it is wanted: memory for time (Griewank & Walther 2000). All
/// parameters that `f` uses must come through `x`.
public func checkpoint<Input: TensorTree>(
  _ x: Input, _ f: @escaping (Input) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let operation = Custom(
    "checkpoint", forward: { [f(x.replacingTensors($0))] },
    vjp: { operands, _, cotangents in
      // In a graph too the values are computed again, and not found to be there already.
      let operands = operands.map { $0.isTraced ? $0.move(.barrier(Graph.newBarrier()), Caller(file, line)) : $0 }
      return vjp(at: x.replacingTensors(operands), f, file: file, line: line).pullback(cotangents[0]).tensors
    },
    jvp: { operands, tangents in
      [jvp(at: x.replacingTensors(operands), along: x.replacingTensors(tangents), f, file: file, line: line).tangent]
    }, keepsResults: false)
  return apply1(operation, x.tensors, Caller(file, line))
}

/// A function recorded at one point.
private struct Recording<Input: TensorTree, Output: TensorTree> {
  let tape = Tape()
  let input: Input
  let inputs: [Tensor]
  /// Numbers on the tape of the result's tensors, −1 for constants.
  let resultIndices: [Int]
  /// The result as the levels outside see it.
  let value: Output

  init(_ x: Input, _ f: (Input) throws -> Output) rethrows {
    let tape = tape
    input = x
    inputs = x.tensors
    defer { tape.close() }
    let result = try f(x.map { tape.watch($1) })
    resultIndices = result.tensors.map { $0.index(on: tape) }
    value = result.map { $1.lowered(below: tape) }
  }

  func pullback(_ cotangent: Output, consuming: Bool, _ caller: Caller) -> Input {
    let given = cotangent.tensors, results = value.tensors
    caller.require(given.count == results.count, "pullback", "the cotangent has \(given.count) tensors, the value \(results.count)")
    var seeds: [(index: Int, cotangent: Tensor)] = []
    for (i, index) in resultIndices.enumerated() where index >= 0 {
      caller.require(
        given[i].shape == results[i].shape, "pullback", "a cotangent of shape \(given[i].shape) for a value of shape \(results[i].shape)")
      seeds.append((index, given[i].cast(to: results[i].dtype)))
    }
    let watched = inputs.lazy.filter(\.dtype.isFloating).count
    var gradients = tape.reverse(seeds, inputCount: watched, consuming: consuming).makeIterator()
    return input.replacingTensors(
      inputs.map { x in
        let gradient = x.dtype.isFloating ? gradients.next()! : nil
        return gradient ?? x.constant(0, x.shape)
      })
  }

  func mapResults(_ transform: (_ index: Int, _ value: Tensor) -> Tensor) -> Output {
    value.replacingTensors(zip(resultIndices, value.tensors).map(transform))
  }
}
