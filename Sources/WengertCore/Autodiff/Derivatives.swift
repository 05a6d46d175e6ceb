// What the functions of Gradient.swift and GradientOfArrays.swift do.

func vjp<Input: TensorTree, Output: TensorTree>(
  _ name: String, at x: Input, needsUse: Bool, _ f: (Input) throws -> Output, _ caller: Caller
) rethrows -> (value: Output, pullback: (Output) -> Input) {
  let recording = try Recording(name, x, needsUse: needsUse, f, caller)
  return (recording.value, { recording.pullback($0, consuming: false, caller) })
}

func jvp<Input: TensorTree, Output: TensorTree>(
  _ name: String, at x: Input, along tangent: Input, _ f: (Input) throws -> Output, _ caller: Caller
) rethrows -> (value: Output, tangent: Output) {
  let recording = try Recording(name, x, needsUse: false, f, caller)
  return (recording.value, recording.pushforward(tangent, caller))
}

func valueAndGradient<Input: TensorTree>(
  at x: Input, _ f: (Input) throws -> Tensor, _ caller: Caller
) rethrows -> (value: Tensor, gradient: Input) {
  let recording = try Recording("gradient", x, needsUse: true, f, caller)
  let value = recording.value
  caller.require(
    value.shape.elements.number == 1 && value.dtype.isFloating, "gradient",
    "the function must give one floating number, it gave \(value.type)")
  return (value, recording.pullback(value.constant(1, value.shape), consuming: true, caller))
}

func hessianVectorProduct<Input: TensorTree>(
  at x: Input, along v: Input, _ f: (Input) -> Tensor, _ caller: Caller
) -> Input {
  jvp("hessianVectorProduct", at: x, along: v, { valueAndGradient(at: $0, f, caller).gradient }, caller).tangent
}

func checkpoint<Input: TensorTree>(_ x: Input, _ f: @escaping (Input) -> Tensor, _ caller: Caller) -> Tensor {
  let operation = Custom(
    "checkpoint", forward: { [f(x.replacingTensors($0))] },
    vjp: { operands, _, cotangents in
      // In a graph too the values are computed again, and not found to be there already.
      let operands = operands.map { $0.hasNumbers ? $0 : $0.move(.barrier(Graph.newBarrier()), caller) }
      return vjp("checkpoint", at: x.replacingTensors(operands), needsUse: false, f, caller).pullback(cotangents[0]).tensors
    },
    jvp: { operands, tangents in
      [jvp("checkpoint", at: x.replacingTensors(operands), along: x.replacingTensors(tangents), f, caller).tangent]
    }, keepsResults: false)
  return apply1(operation, x.tensors, caller)
}
