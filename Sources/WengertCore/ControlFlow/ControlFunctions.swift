/// Which steps' carries a loop keeps for its derivative from the results back; the others are computed again from these.
public enum LoopCheckpoints: Sendable, Hashable {
  /// Those of all steps: n carries, and each step is computed twice.
  case allSteps
  /// Those of each `every`-th step: n / every + every carries, and each step is computed three times. The number of steps is a number, no symbol.
  case every(Int)
  /// Those of each √n-th step: 2 √n carries (Griewank & Walther, Evaluating Derivatives, 12.3, with two levels).
  case squareRoot
}

/// Applies `step` to one element after another, carrying a state along: c ← step(c, elements[i]), for i = 0, 1, … along the first axis of all of the elements' tensors. Returns the last state, and
/// what the steps give besides, stacked along a new first axis.
///
/// ```swift
/// let (sum, sums) = scan(Tensor(0.0), over: Tensor([1.0, 2, 3])) { total, x in (total + x, total + x) }
/// // sum is 6, sums is [1, 3, 6]
/// ```
/// The step is traced once and compiled, whatever the number of steps is: it becomes one operation, in a compiled function too. It may use any tensors of its surroundings, also such that a
/// derivative, `vmap` or `compile` is in progress on; values cannot be read inside. Differentiable in both modes, to every order; `vmap` runs all examples' steps together. Reverse mode keeps
/// the states that `checkpoints` says and computes each step again from them.
///
/// - Parameters:
///   - initial: the state before the first step.
///   - elements: a tree of tensors, each with the steps along its first axis.
///   - reversed: whether the first step is that of the last elements; outputs keep their element's place.
///   - checkpoints: which states reverse mode keeps.
///   - file: the caller's file, which messages name.
///   - line: the caller's line, likewise.
///   - step: the next state, and what a step gives besides, of a state and an element.
/// - Precondition: The elements hold a tensor, all have equally many steps, and a step gives a state of the types that it was given.
public func scan<Carry: TensorTree, Elements: TensorTree, Outputs: TensorTree>(
  _ initial: Carry, over elements: Elements, reversed: Bool = false, checkpoints: LoopCheckpoints = .allSteps,
  file: StaticString = #fileID, line: UInt = #line, _ step: (Carry, Elements) -> (Carry, Outputs)
) -> (carry: Carry, outputs: Outputs) {
  let caller = Caller(file, line)
  let stacked = elements.namedTensors
  guard let first = stacked.first, first.tensor.rank > 0 else {
    caller.fail("scan", "the elements hold no tensor with an axis of steps; forLoop takes a number of steps instead")
  }
  let length = first.tensor.shape[dim: 0]
  for (name, tensor) in stacked {
    caller.require(tensor.rank > 0, "scan", "the elements\(name.isEmpty ? "" : "' \(name)") of shape \(tensor.shape) have no axis of steps")
    caller.require(
      tensor.shape[dim: 0], equals: length, "scan",
      "the elements' \(name) has \(tensor.shape[dim: 0]) steps, \(first.name.isEmpty ? "another" : first.name) has \(length)")
  }
  var output: Outputs?
  let (carries, outputs) = Loop.run(
    "scan", initial, elements.tensors, length, reversed, checkpoints, caller
  ) { carry, element in
    let (next, given) = step(carry, elements.replacingTensors(element))
    output = given
    return (next, given.tensors)
  }
  return (carries, output!.replacingTensors(outputs))
}

/// Applies `step` `count` times to a state: c ← step(0, c), step(1, c), … The number of the step is an int32 tensor.
///
/// ```swift
/// let power = forLoop(Tensor(1.0), count: 10) { _, x in x * 2 }  // 1024
/// ```
/// As `scan` in all else.
///
/// - Precondition: `count` is not below zero, the state holds a tensor, and a step gives a state of the types that it was given.
public func forLoop<Carry: TensorTree>(
  _ initial: Carry, count: Dimension, checkpoints: LoopCheckpoints = .allSteps, file: StaticString = #fileID, line: UInt = #line,
  _ step: (_ number: Tensor, _ state: Carry) -> Carry
) -> Carry {
  let caller = Caller(file, line)
  guard let beside = initial.tensors.first else { caller.fail("forLoop", "the state holds no tensor") }
  caller.require(0, atMost: count.unnamed, "forLoop", "there cannot be \(count) steps")
  let count = count.unnamed, numbers = Tensor.iota(count, beside: beside).cast(to: .int32)
  return Loop.run("forLoop", initial, [numbers], count, false, checkpoints, caller) { (step($1[0], $0), []) }.carry
}

/// Applies `step` to a state as long as `condition` of it is true: a bool tensor of one element.
///
/// ```swift
/// let power = whileLoop(Tensor(1.0), while: { $0 .< 1000 }) { $0 * 2 }  // 1024
/// ```
/// Whether there is one more step is asked when the last one has run: on a device that computes later, each step waits. Both functions are traced once and may use any tensors of their surroundings.
/// Forward mode and `vmap` (steps go on until no example wants one; those that want none keep their state) need no bound. A derivative from the results back keeps the states of all steps: it needs
/// `maximumSteps`, which is how much memory they have, and where the loop ends at the latest.
///
/// - Parameters:
///   - initial: the state before the first step.
///   - maximumSteps: after how many steps the loop ends whatever the condition says; nil: never.
///   - file: the caller's file, which messages name.
///   - line: the caller's line, likewise.
///   - condition: whether there is one more step, of the state: bool[].
///   - step: the next state.
/// - Precondition: The state holds a tensor, a step gives a state of the types that it was given, and the condition gives one truth value.
public func whileLoop<Carry: TensorTree>(
  _ initial: Carry, maximumSteps: Int? = nil, file: StaticString = #fileID, line: UInt = #line, while condition: (Carry) -> Tensor,
  _ step: (Carry) -> Carry
) -> Carry {
  let caller = Caller(file, line), carries = initial.tensors
  guard let beside = carries.first else { caller.fail("whileLoop", "the state holds no tensor") }
  let backend = carries.commonBackend("whileLoop", caller)
  let most = maximumSteps.map { Dimension($0) } ?? Loop.unbounded
  caller.require((0...Loop.unbounded.number!).contains(most.number ?? -1), "whileLoop", "there cannot be at most \(most) steps")
  let (body, constants) = Loop.body("whileLoop", initial, [], on: beside.backend, caller) { carry, _ in (step(carry), []) }
  let (question, others) = Body.tracing(carries.map(\.type), on: backend) { [condition(initial.replacingTensors($0))] }
  let answer = question.outputs[0]
  caller.require(
    answer.dtype == .bool && answer.shape.rank == 0, "whileLoop",
    "the condition gives \(answer), and one truth value is needed: bool[]")
  var loop = Loop(
    body: body, condition: question, carryCount: carries.count, elementCount: 0, constantCount: constants.count,
    conditionConstantCount: others.count, length: most, isReversed: false)
  let operands = carries + constants + others
  if maximumSteps != nil, operands.contains(where: { $0.openTape != nil }) { loop = loop.stackingCarries }
  return loop.carry(of: apply(loop, operands, caller), like: initial)
}

/// The value of one of two functions: of `then` if `predicate` is true, and of `otherwise` if not. Only that one runs, and only it has a derivative.
///
/// ```swift
/// let root = cond(x.sum() .> 0) {
///   sqrt(x)
/// } otherwise: {
///   x * 0
/// }
/// ```
/// Both are traced once; they take all that they need from their surroundings. On a device that computes later the choice waits for the predicate. Under `vmap` with a predicate for each example
/// both run, and `select` chooses; a NaN in the derivative of the one that is not chosen shows then. Where both are cheap, `select` is quicker.
///
/// - Parameters:
///   - predicate: one truth value.
///   - file: the caller's file, which messages name.
///   - line: the caller's line, likewise.
///   - then: the value if the predicate is true.
///   - otherwise: the value if it is false.
/// - Precondition: The predicate is bool[], and both functions give trees of the same structure and types.
public func cond<Result: TensorTree>(
  _ predicate: Tensor, file: StaticString = #fileID, line: UInt = #line, _ then: () -> Result, otherwise: () -> Result
) -> Result {
  let caller = Caller(file, line)
  caller.require(
    predicate.dtype == .bool && predicate.rank == 0, "cond", "the predicate is \(predicate.type), and one truth value is needed: bool[]")
  let index = predicate.cast(to: .int32)
  // A function has one operand at least: the index.
  func traced(_ function: () -> Result) -> (result: Result, body: Body, captures: [Tensor]) {
    var result: Result?
    let (body, captures) = Body.tracing([index.type], on: index.backend, mayNotRun: true) { _ in
      result = function()
      return result!.tensors
    }
    return (result!, body, captures)
  }
  let branches = [traced(otherwise), traced(then)]
  let (no, yes) = (branches[0].body.outputs, branches[1].body.outputs)
  caller.require(
    no.count == yes.count, "cond", "`then` gives \(yes.count) tensors, and `otherwise` \(no.count); both give trees of the same structure")
  for (name, (yes, no)) in zip(branches[1].result.namedTensors.map(\.name), zip(yes, no)) {
    caller.require(
      yes.agrees(with: no), "cond", "`then` gives \(name.isEmpty ? "" : "\(name) ")\(yes), and `otherwise` \(no); both give the same types")
  }
  let operands = [index] + branches.flatMap { [index] + $0.captures }
  let found = apply(Branch(branches: branches.map(\.body)), operands, caller)
  return branches[1].result.replacingTensors(zip(found, yes).map { $0.taking(namesOf: $1.shape) })
}

extension Loop {
  /// The function of a step, and what it uses of its surroundings.
  static func body<Carry: TensorTree>(
    _ name: String, _ initial: Carry, _ elements: [TensorType], on backend: any Backend, _ caller: Caller,
    _ step: (Carry, [Tensor]) -> (Carry, [Tensor])
  ) -> (body: Body, captures: [Tensor]) {
    let carries = initial.namedTensors
    let (body, captures) = Body.tracing(carries.map(\.tensor.type) + elements, on: backend) { values in
      let (next, outputs) = step(initial.replacingTensors(Array(values.prefix(carries.count))), Array(values.dropFirst(carries.count)))
      let tensors = next.tensors
      caller.require(
        tensors.count == carries.count, name, "a step gives a state of \(tensors.count) tensors, and was given \(carries.count)")
      for ((name:part, tensor:old), new) in zip(carries, tensors) {
        caller.require(
          old.type.agrees(with: new.type), name,
          "a step makes \(new.type) of the state\(part.isEmpty ? "" : "'s \(part)") \(old.type); it must keep shape and dtype")
      }
      return tensors + outputs
    }
    for output in body.outputs.dropFirst(carries.count) {
      caller.require(
        output.shape.rank < Shape.maximumRank, name, "an output of shape \(output.shape) has no room for an axis of steps")
    }
    return (body, captures)
  }

  /// The state in a loop's results.
  func carry<Carry: TensorTree>(of results: [Tensor], like initial: Carry) -> Carry {
    initial.replacingTensors(zip(results, initial.tensors).map { $0.taking(namesOf: $1.shape) })
  }

  /// Runs a loop of so many steps.
  fileprivate static func run<Carry: TensorTree>(
    _ name: String, _ initial: Carry, _ elements: [Tensor], _ length: Dimension, _ reversed: Bool, _ checkpoints: LoopCheckpoints,
    _ caller: Caller, _ step: (Carry, [Tensor]) -> (Carry, [Tensor])
  ) -> (carry: Carry, outputs: [Tensor]) {
    let carries = initial.tensors
    let backend = (carries + elements).commonBackend(name, caller)
    let types = elements.map { TensorType(shape: $0.shape.dropFirst(), dtype: $0.dtype) }
    let (body, constants) = body(name, initial, types, on: backend, caller, step)
    var loop = Loop(
      body: body, carryCount: carries.count, elementCount: elements.count, constantCount: constants.count, length: length.unnamed,
      isReversed: reversed)
    func finished(_ results: [Tensor]) -> (Carry, [Tensor]) {
      let outputs = zip(results.dropFirst(carries.count), body.outputs.dropFirst(carries.count))
      return (loop.carry(of: results, like: initial), outputs.map { $0.taking(namesOf: [length] + $1.shape) })
    }
    if let segment = loop.segment(checkpoints, name, caller) {
      return finished(loop.segmented(by: segment, carries, elements, constants, caller))
    }
    let operands = carries + elements + constants
    if operands.contains(where: { $0.openTape != nil }) { loop = loop.stackingCarries }
    return finished(apply(loop, operands, caller))
  }

  /// How many steps lie between two checkpoints; nil: all are kept.
  private func segment(_ checkpoints: LoopCheckpoints, _ name: String, _ caller: Caller) -> Int? {
    if checkpoints == .allSteps { return nil }
    guard let count = length.number else {
      caller.fail(name, "checkpoints need a number of steps, and \(length) is a symbol; keep all steps, or compile for a number of them")
    }
    switch checkpoints {
    case .allSteps: return nil
    case .every(let steps):
      caller.require(steps > 0, name, "checkpoints every \(steps) steps: the number must be above zero")
      return steps < count ? steps : nil
    case .squareRoot: return count < 4 ? nil : Int(Double(count).squareRoot().rounded(.up))
    }
  }

  /// The loop as one over segments of so many steps, each of which is a loop whose inside is computed again, and one over the steps that are left.
  private func segmented(
    by size: Int, _ carries: [Tensor], _ elements: [Tensor], _ constants: [Tensor], _ caller: Caller
  ) -> [Tensor] {
    let count = length.number!, whole = count / size, rest = count % size
    func inner(_ length: Int) -> Loop {
      var loop = self
      loop.length = Dimension(length)
      return loop
    }
    func part(_ first: Int, _ count: Int) -> [Tensor] { elements.map { $0.narrow(0, first, count, caller) } }
    /// The segments begin behind the steps that are left if those come first.
    let start = isReversed ? rest : 0
    func left(_ carries: [Tensor]) -> [Tensor] {
      var loop = inner(rest)
      let operands = carries + part(isReversed ? 0 : whole * size, rest) + constants
      if operands.contains(where: { $0.openTape != nil }) { loop = loop.stackingCarries }
      return Array(apply(loop, operands, caller).prefix(body.outputs.count))
    }
    func segments(_ carries: [Tensor]) -> [Tensor] {
      let rows = part(start, whole * size).map { $0.move(.reshape([Dimension(whole), Dimension(size)] + $0.shape.dropFirst()), caller) }
      let types = carries.map(\.type) + rows.map { TensorType(shape: $0.shape.dropFirst(), dtype: $0.dtype) } + constants.map(\.type)
      let outer = Body.closed(types, on: carries[0].backend) { apply(inner(size), $0, caller) }
      var loop = Loop(
        body: outer, carryCount: carryCount, elementCount: elementCount, constantCount: constantCount, length: Dimension(whole),
        isReversed: isReversed)
      let operands = carries + rows + constants
      if operands.contains(where: { $0.openTape != nil }) { loop = loop.stackingCarries }
      let results = apply(loop, operands, caller)
      return results.prefix(carryCount)
        + results[carryCount..<body.outputs.count].map { $0.move(.reshape([Dimension(whole * size)] + $0.shape.dropFirst(2)), caller) }
    }
    if rest == 0 { return segments(carries) }
    // The segments and then what is left, or, from the end, the segments too: what is left is always behind them.
    let first = segments(carries)
    let second = left(Array(first.prefix(carryCount)))
    let outputs = zip(first.dropFirst(carryCount), second.dropFirst(carryCount)).map { a, b in
      apply1(Movement.concatenate(axis: 0), isReversed ? [b, a] : [a, b], caller)
    }
    return second.prefix(carryCount) + outputs
  }
}
