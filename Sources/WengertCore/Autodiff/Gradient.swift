/// The value of a function of a tree, and its pullback: from a cotangent of the value to one of the argument, as often as wanted.
///
/// - Returns: f(x) and v ↦ vᵀ ∂f/∂x. Tensors of whole numbers beside floating ones (indices, random keys) have the gradient zero, and so have floating ones that f does
///   not use.
///
/// The program ends where no tensor of `x` is floating, and where f(x) depends on them only through whole numbers or truth values (argMax, comparisons, casts): there is
/// nothing to differentiate. `stopGradient` of the result says that a derivative of zero is meant; functions that are constant almost everywhere (floor, round, sign) have
/// one without it. The same holds for all functions here; `gradient` and `valueAndGradient` also refuse an f(x) that uses no tensor of `x` at all.
@_disfavoredOverload
public func vjp<Input: TensorTree, Output: TensorTree>(
  at x: Input, _ f: (Input) throws -> Output, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Output, pullback: (Output) -> Input) {
  try vjp("vjp", at: x, needsUse: false, f, Caller(file, line))
}

func vjp<Input: TensorTree, Output: TensorTree>(
  _ name: String, at x: Input, needsUse: Bool, _ f: (Input) throws -> Output, _ caller: Caller
) rethrows -> (value: Output, pullback: (Output) -> Input) {
  let recording = try Recording(name, x, needsUse: needsUse, f, caller)
  return (recording.value, { recording.pullback($0, consuming: false, caller) })
}

/// The value of a function and its derivative along `tangent`, which has the argument's structure: f(x) and ∂f/∂x · tangent.
@_disfavoredOverload
public func jvp<Input: TensorTree, Output: TensorTree>(
  at x: Input, along tangent: Input, _ f: (Input) throws -> Output, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Output, tangent: Output) {
  try jvp("jvp", at: x, along: tangent, f, Caller(file, line))
}

private func jvp<Input: TensorTree, Output: TensorTree>(
  _ name: String, at x: Input, along tangent: Input, _ f: (Input) throws -> Output, _ caller: Caller
) rethrows -> (value: Output, tangent: Output) {
  let recording = try Recording(name, x, needsUse: false, f, caller)
  let given = tangent.tensors
  caller.require(
    given.count == recording.inputs.count, name, "the tangent has \(given.count) tensors, the argument \(recording.inputs.count)")
  var seeds: [Tensor?] = []
  for (x, t) in zip(recording.inputs, given) where x.dtype.isFloating {
    caller.require(x.shape == t.shape, name, "a tangent of shape \(t.shape) for an argument of shape \(x.shape)")
    seeds.append(t.cast(to: x.dtype))
  }
  let tangents = recording.tape.forward(seeds)
  let levels = recording.levels(given)
  return (
    recording.value,
    recording.mapResults { index, value in
      let tangent = (index >= 0 ? tangents[index] : nil) ?? value.constant(0, value.shape)
      return tangent.known(at: levels, as: recording.asDerivative)
    }
  )
}

/// f(x), a scalar, and its gradient, which has x's structure.
@_disfavoredOverload
public func valueAndGradient<Input: TensorTree>(
  at x: Input, _ f: (Input) throws -> Tensor, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Tensor, gradient: Input) {
  let caller = Caller(file, line)
  let recording = try Recording("gradient", x, needsUse: true, f, caller)
  let value = recording.value
  caller.require(
    value.shape.elements.number == 1 && value.dtype.isFloating, "gradient",
    "the function must give one floating number, it gave \(value.type)")
  return (value, recording.pullback(value.constant(1, value.shape), consuming: true, caller))
}

/// The gradient of a scalar function at x, with x's structure.
@_disfavoredOverload
public func gradient<Input: TensorTree>(
  at x: Input, _ f: (Input) throws -> Tensor, file: StaticString = #fileID, line: UInt = #line
) rethrows -> Input {
  try valueAndGradient(at: x, f, file: file, line: line).gradient
}

/// ∂²f/∂x² · v, forward over reverse: the cost of a few gradients, no matrix.
@_disfavoredOverload
public func hessianVectorProduct<Input: TensorTree>(
  at x: Input, along v: Input, _ f: (Input) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Input {
  jvp("hessianVectorProduct", at: x, along: v, { gradient(at: $0, f, file: file, line: line) }, Caller(file, line)).tangent
}

/// `f(x)` whose inner values are not kept for the gradient but computed again when it is wanted: memory for time (Griewank & Walther 2000). All
/// parameters that `f` uses must come through `x`.
@_disfavoredOverload
public func checkpoint<Input: TensorTree>(
  _ x: Input, _ f: @escaping (Input) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line)
  let operation = Custom(
    "checkpoint", forward: { [f(x.replacingTensors($0))] },
    vjp: { operands, _, cotangents in
      // In a graph too the values are computed again, and not found to be there already.
      let operands = operands.map { $0.isTraced ? $0.move(.barrier(Graph.newBarrier()), caller) : $0 }
      return vjp("checkpoint", at: x.replacingTensors(operands), needsUse: false, f, caller).pullback(cotangents[0]).tensors
    },
    jvp: { operands, tangents in
      [jvp("checkpoint", at: x.replacingTensors(operands), along: x.replacingTensors(tangents), f, caller).tangent]
    }, keepsResults: false)
  return apply1(operation, x.tensors, caller)
}
