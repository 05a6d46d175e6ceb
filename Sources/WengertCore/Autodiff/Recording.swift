/// A function recorded at one point, for the derivative of this name.
struct Recording<Input: TensorTree, Output: TensorTree> {
  let name: String
  private let kept: KeptTape
  let input: Input
  let inputs: [Tensor]
  /// Numbers on the tape of the result's tensors, −1 for constants.
  let resultIndices: [Int]
  /// The result as the levels outside see it.
  let value: Output

  /// - Parameter needsUse: whether a result that uses no variable at all is refused; its derivative is zero otherwise.
  init(_ name: String, _ x: Input, needsUse: Bool, _ f: (Input) throws -> Output, _ caller: Caller) rethrows {
    let tape = Tape()
    (self.name, kept) = (name, KeptTape(tape))
    input = x
    inputs = x.tensors
    Self.requireFloating(name, x, caller)
    defer { tape.close() }
    let result = try f(x.map { tape.watch($1) })
    let tensors = result.tensors
    resultIndices = tensors.map { $0.index(on: tape) }
    value = result.map { $1.lowered(below: tape.level) }
    // A derivative by no elements is one of no elements.
    let hasElements = inputs.contains { $0.dtype.isFloating && !$0.shape.hasNoElements }
    if hasElements, !resultIndices.contains(where: { $0 >= 0 }), !tensors.isEmpty, !Self.isZeroMeant(tensors, tape, needsUse) {
      let cut = Self.cut(of: tensors, tape)
      Self.failForNoDerivative(name, x, cut, caller) { willCut in
        let again = Tape(willCut: willCut)
        _ = try? f(x.map { again.watch($1) })
      }
    }
  }

  /// The cotangent of the argument from one of the value.
  func pullback(_ cotangent: Output, consuming: Bool, _ caller: Caller) -> Input {
    StoppingThread.haltIfMistaken()
    let given = cotangent.tensors, results = value.tensors
    caller.require(given.count == results.count, "pullback", "the cotangent has \(given.count) tensors, the value \(results.count)")
    var seeds: [(index: Int, cotangent: Tensor)] = []
    for (i, index) in resultIndices.enumerated() where index >= 0 {
      caller.require(
        given[i].shape.agrees(with: results[i].shape), "pullback",
        "a cotangent of shape \(given[i].shape) for a value of shape \(results[i].shape)")
      _ = [results[i], given[i]].commonBackend("pullback", caller)
      seeds.append((index, given[i].unnamed().cast(to: results[i].dtype)))
    }
    let watched = inputs.lazy.filter(\.dtype.isFloating).count
    let found = withExtendedLifetime(kept) { kept.tape.reverse(seeds, inputCount: watched, consuming: consuming) }
    var gradients = found.makeIterator()
    let (levels, ofArgument) = levels(given)
    return input.replacingTensors(
      inputs.map { x in
        let gradient = x.dtype.isFloating ? gradients.next()! : nil
        return (gradient ?? x.constant(0, x.shape)).taking(namesOf: x.shape).asConstantFunction(at: ofArgument).known(
          at: levels, as: asDerivative)
      })
  }

  /// The tangent of the value from one of the argument.
  func pushforward(_ tangent: Input, _ caller: Caller) -> Output {
    StoppingThread.haltIfMistaken()
    let given = tangent.tensors
    caller.require(given.count == inputs.count, name, "the tangent has \(given.count) tensors, the argument \(inputs.count)")
    var seeds: [Tensor?] = []
    for (x, t) in zip(inputs, given) where x.dtype.isFloating {
      caller.require(x.shape.agrees(with: t.shape), name, "a tangent of shape \(t.shape) for an argument of shape \(x.shape)")
      _ = [x, t].commonBackend(name, caller)
      seeds.append(t.unnamed().cast(to: x.dtype))
    }
    let tangents = withExtendedLifetime(kept) { kept.tape.forward(seeds) }
    let (levels, ofArgument) = levels(given)
    return value.replacingTensors(
      zip(resultIndices, value.tensors).map { index, value in
        let tangent = (index >= 0 ? tangents[index] : nil) ?? value.constant(0, value.shape)
        return tangent.taking(namesOf: value.shape).asConstantFunction(at: ofArgument).known(at: levels, as: asDerivative)
      })
  }

  /// The levels outside that the function or its derivative along `given` depends on: where a derivative does not depend on a variable of theirs, it is because its own
  /// derivative is zero, as that of a linear function's. And those of them at which the argument is a variable: a derivative that depends on it through comparisons and
  /// positions alone, as that of `max`, is constant piece by piece there, and has a derivative of zero.
  private func levels(_ given: [Tensor]) -> (all: [Level], ofArgument: [Level]) {
    var all: [Level] = [], ofArgument: [Level] = []
    func add(_ level: Level, to levels: inout [Level]) {
      if !levels.contains(where: { $0 === level }) { levels.append(level) }
    }
    for (i, tensor) in (inputs + value.tensors + given).enumerated() where tensor.node != nil {
      for node in tensor.openNodes {
        add(node.level, to: &all)
        if i < inputs.count && node.tape != nil { add(node.level, to: &ofArgument) }
      }
    }
    return (all, ofArgument)
  }

  /// Why a derivative has none itself.
  private var asDerivative: Cut { Cut(reason: .derivative, operation: name, caller: Caller(#fileID, #line)) }
}

/// Ends a tape when the derivative is no longer wanted. A rule on it may hold values that are recorded on it, as `checkpoint`'s does in a derivative of a derivative: the two
/// would keep each other for ever.
private final class KeptTape {
  let tape: Tape
  init(_ tape: Tape) { self.tape = tape }
  deinit { tape.removeAll() }
}

// What is differentiable, and what is said if nothing is.
extension Recording {
  private static func requireFloating(_ name: String, _ x: Input, _ caller: Caller) {
    let named = x.namedTensors
    if named.contains(where: \.tensor.dtype.isFloating) { return }
    if named.isEmpty { caller.fail(name, "the argument holds no tensor, and there is nothing to differentiate by") }
    caller.fail(
      name,
      "the argument has no floating tensor, and whole numbers have no derivative: it is \(list(named)). Convert it with cast(to: .float32) first"
    )
  }

  /// `weight float32[2, 3], bias float32[3] and 4 more`
  private static func list(_ named: [(name: String, tensor: Tensor)]) -> String {
    let shown = named.prefix(4).map { $0.name.isEmpty ? "\($0.tensor.type)" : "\($0.name) \($0.tensor.type)" }
    return shown.joined(separator: ", ") + (named.count > 4 ? " and \(named.count - 4) more" : "")
  }

  /// The strongest reason for which one of `results` has no derivative; nil if they do not use the tape's variables at all.
  private static func cut(of results: [Tensor], _ tape: Tape) -> Cut? {
    results.lazy.compactMap { $0.cut(at: tape.level) ?? $0.cut(at: DerivativeLevel.all) }.max { $0.reason < $1.reason }
  }

  /// Whether results without a derivative have one of zero because the program says so.
  private static func isZeroMeant(_ results: [Tensor], _ tape: Tape, _ needsUse: Bool) -> Bool {
    switch cut(of: results, tape)?.reason {
    case .derivative, .stopped, .constant: true
    case .discrete: false
    case nil: !needsUse
    }
  }

  /// - Parameter again: runs the function once more, passing on the number of each cut before it is noted.
  private static func failForNoDerivative(
    _ name: String, _ x: Input, _ cut: Cut?, _ caller: Caller, again: (@escaping (Int) -> Void) -> Void
  ) -> Never {
    let advice = "stopGradient of the result says that a derivative of zero is meant"
    guard let cut, cut.reason == .discrete else {
      caller.fail(
        name,
        "the result does not depend on the argument: \(list(x.namedTensors.filter(\.tensor.dtype.isFloating))). Compute it from the tensors that the function is given, and not from numbers read out of them; \(advice)"
      )
    }
    let message =
      "the result depends on the argument only through \(cut.operation), which has no derivative. Use a function that has one; \(advice)"
    caller.fail(name, message, about: cut.operation) {
      if !cut.caller.isOwn { return "\(cut.caller.fileName):\(cut.caller.line)" }
      // The message is out, and the program ends when the function calls the operation again.
      again { number in
        if number == cut.number { Failure.end(at: Failure.callerNow(), about: cut.operation) }
      }
      return nil
    }
  }
}

extension [Tensor] {
  /// Results of a computation that no derivative sees: where an argument is cut at some level, so are they.
  func cut(like arguments: [Tensor]) -> [Tensor] {
    var results = self
    for level in arguments.flatMap(\.openLevels) {
      guard let cut = arguments.lazy.compactMap({ $0.cut(at: level) }).max(by: { $0.reason < $1.reason }) else { continue }
      results = results.map { $0.known(at: [level], as: cut) }
    }
    return results
  }
}
