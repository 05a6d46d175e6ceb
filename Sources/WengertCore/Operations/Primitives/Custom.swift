/// A function of tensors with a derivative given by the user.
struct Custom: Operation {
  let name: String
  private let rules: Rules
  private let keepsResults: Bool

  private final class Rules: @unchecked Sendable {
    let forward: ([Tensor]) -> [Tensor]
    let vjp: (_ operands: [Tensor], _ results: [Tensor], _ cotangents: [Tensor]) -> [Tensor?]
    let jvp: ((_ operands: [Tensor], _ tangents: [Tensor]) -> [Tensor?])?

    init(
      _ forward: @escaping ([Tensor]) -> [Tensor], _ vjp: @escaping ([Tensor], [Tensor], [Tensor]) -> [Tensor?],
      _ jvp: (([Tensor], [Tensor]) -> [Tensor?])?
    ) {
      self.forward = forward
      self.vjp = vjp
      self.jvp = jvp
    }
  }

  static func == (a: Custom, b: Custom) -> Bool { a.rules === b.rules }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(rules)) }

  init(
    _ name: String, forward: @escaping ([Tensor]) -> [Tensor], vjp: @escaping ([Tensor], [Tensor], [Tensor]) -> [Tensor?],
    jvp: (([Tensor], [Tensor]) -> [Tensor?])? = nil, keepsResults: Bool = true
  ) {
    self.name = name
    rules = Rules(forward, vjp, jvp)
    self.keepsResults = keepsResults
  }

  // Found by running the function; `execute` is what gives the results their types.
  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] { [] }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    run(operands, caller)
  }

  func run(_ operands: [Tensor], _ caller: Caller) -> [Tensor] {
    let results = rules.forward(operands)
    if results.contains(where: { $0.openTape != nil }) {
      caller.fail(
        name, "its function uses a traced tensor that is not one of its arguments, and that gradient would be lost. Pass it as an argument")
    }
    if results.contains(where: \.isExample) {
      caller.fail(name, "its function uses an example of vmap that is not one of its arguments. Pass it as an argument")
    }
    // What is cut off at some level is not that level's business here.
    return results.map(\.withoutDerivatives)
  }

  // Never in a graph: its function is traced through.
  func substituting(_ symbols: [String: Int]) -> Custom { self }

  /// The functions see one example each, as they do without `vmap`.
  func batched(_ application: BatchedApplication) -> [Tensor] {
    let a = application, rules = rules
    let isBatched = a.isBatched
    func onExamples(_ wholes: [Tensor], _ isBatched: [Bool], _ f: ([Tensor]) -> [Tensor?]) -> [Tensor?] {
      let batch = Batch(a.size)
      defer { batch.close() }
      let examples = zip(wholes, isBatched).map { $1 ? batch.example(of: $0) : $0 }
      return f(examples).map { $0.map { batch.whole(of: $0, a.caller) } }
    }
    let vjp = { (operands: [Tensor], results: [Tensor], cotangents: [Tensor]) -> [Tensor?] in
      let all = operands + results + cotangents, count = operands.count
      let gradients = onExamples(all, isBatched + [Bool](repeating: true, count: all.count - count)) { all in
        self.gradients(
          Array(all[..<count]), Array(all[count..<count + results.count]), Array(all[(count + results.count)...]), a.caller)
      }
      // What is one for all examples gets the sum of what each asks for.
      return gradients.enumerated().map { i, gradient in
        i < count && !isBatched[i] ? gradient?.sum(axes: [0]) : gradient
      }
    }
    let jvp = rules.jvp.map { jvp in
      { (operands: [Tensor], tangents: [Tensor]) in
        onExamples(operands + tangents, isBatched + isBatched) { all in
          jvp(Array(all[..<operands.count]), Array(all[operands.count...]))
        }
      }
    }
    let forward = { (operands: [Tensor]) in onExamples(operands, isBatched) { rules.forward($0) }.map { $0! } }
    return apply(Custom(name, forward: forward, vjp: vjp, jvp: jvp, keepsResults: keepsResults), a.operands, a.caller)
  }

  func keeps(for wanted: [Bool]) -> Residuals { Residuals(operands: .max, results: keepsResults) }

  var derivative: Derivative {
    .rule(
      vjp: { a, ct in
        let operands = a.operandTypes.indices.map { a.operand($0) }
        let cotangents = ct.enumerated().map { i, c in c ?? zero(a.resultTypes[i], operands) }
        let gradients = gradients(operands, a.results, cotangents, a.caller)
        return zip(gradients, operands).map { gradient, operand in gradient?.unnamed().cast(to: operand.dtype) }
      },
      jvp: { a, t in
        guard let jvp = rules.jvp else { a.caller.fail(name, "has no jvp, and forward mode needs one") }
        let operands = a.operandTypes.indices.map { a.operand($0) }
        return jvp(operands, t.enumerated().map { i, t in t ?? operands[i].constant(0, operands[i].shape) }).map { $0?.unnamed() }
      })
  }

  /// What the vjp gives: a cotangent, or none, for each operand, of its shape. Inside of `vmap` the shapes are those of one example.
  private func gradients(_ operands: [Tensor], _ results: [Tensor], _ cotangents: [Tensor], _ caller: Caller) -> [Tensor?] {
    let gradients = rules.vjp(operands, results, cotangents)
    caller.require(
      gradients.count == operands.count, name, "its vjp gave \(gradients.count) cotangents for \(operands.count) arguments")
    for case (let gradient?, let operand) in zip(gradients, operands) {
      caller.require(
        gradient.shape.agrees(with: operand.shape), name,
        "its vjp gave a cotangent of shape \(gradient.shape) for an argument of shape \(operand.shape)")
      _ = [operand, gradient].commonBackend(name, caller)
    }
    return gradients
  }

  private func zero(_ type: TensorType, _ like: [Tensor]) -> Tensor {
    .full(0, type.shape, dtype: type.dtype, beside: like[0])
  }
}

extension Custom {
  func write(to code: inout ProgramWriter) { code.refuse("\(name) is a Swift function") }
  init(from code: inout ProgramReader) throws { throw ProgramError("it has a Swift function") }
}

/// `forward(inputs)` with a derivative that the caller gives.
///
/// ```swift
/// let slope = gradient(at: Tensor([1.5])) { x in
///   customDerivative([x], forward: { floor($0[0]) }, vjp: { _, _, cotangent in [cotangent] }).sum()
/// }  // [1], and not 0 as that of floor
/// ```
///
/// - Parameters:
///   - inputs: what `forward` is applied to.
///   - forward: must use no traced tensor but its arguments.
///   - vjp: inputs, result and the result's cotangent to one cotangent per input (nil for none). It may be differentiated again, as it is written in tensor operations.
///   - jvp: inputs and their tangents to the result's tangent; needed for forward mode only.
///   - file: the caller's file, which messages name.
///   - line: the caller's line, likewise.
/// - Precondition: `vjp` gives one cotangent (or nil) for each input, of its shape; forward mode has a `jvp`.
public func customDerivative(
  _ inputs: [Tensor], forward: @escaping ([Tensor]) -> Tensor,
  vjp: @escaping (_ inputs: [Tensor], _ result: Tensor, _ cotangent: Tensor) -> [Tensor?],
  jvp: ((_ inputs: [Tensor], _ tangents: [Tensor]) -> Tensor)? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let operation = Custom(
    "customDerivative", forward: { [forward($0)] }, vjp: { vjp($0, $1[0], $2[0]) }, jvp: jvp.map { jvp in { [jvp($0, $1)] } })
  return apply1(operation, inputs, Caller(file, line))
}
