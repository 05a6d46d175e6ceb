/// A function of values that are carried from step to step, applied once for each step; the primitive of `scan`, `forLoop` and `whileLoop`.
///
/// Operands: the number of steps (`hasCount`), the initial carries, the elements with an axis of steps in front, what else the body uses, what else the condition uses. Results: the last
/// carries, the steps' outputs with an axis of steps in front, the number of steps (int32, with a `condition`). Outputs of steps that do not take place are zero.
struct Loop: Operation {
  /// carries, elements of one step, constants → carries, outputs of one step
  var body: Body
  /// carries (the first of them, if it asks for no more), constants of its own → bool []
  var condition: Body?
  var carryCount: Int
  var elementCount: Int
  /// Of the body's operands, and of the condition's.
  var constantCount: Int, conditionConstantCount: Int = 0
  /// How many steps there are, or are at most.
  var length: Dimension
  /// Whether the first step is that of the last elements.
  var isReversed: Bool
  var hasCount = false
  /// Whether the last of the outputs are each step's carries before it, which reverse mode needs.
  var stacksCarries = false
  /// The numbers of symbols in the functions' types, where they are known.
  var symbols: [String: Int] = [:]

  /// As many steps as a condition wants.
  static let unbounded: Dimension = Dimension(Int(Int32.max))

  var name: String { condition == nil ? "scan" : "whileLoop" }
  var outputCount: Int { body.outputs.count - carryCount }
  /// Whether there may be fewer steps than `length`.
  private var isDynamic: Bool { hasCount || condition != nil }

  /// Where each kind of operand begins.
  var firstCarry: Int { hasCount ? 1 : 0 }
  var firstElement: Int { firstCarry + carryCount }
  var firstConstant: Int { firstElement + elementCount }
  var firstOfCondition: Int { firstConstant + constantCount }
  var operandCount: Int { firstOfCondition + conditionConstantCount }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    func stacked(_ type: TensorType) -> TensorType { TensorType(shape: [length] + type.shape.unnamed, dtype: type.dtype) }
    let carries = body.outputs.prefix(carryCount).map(\.unnamed)
    var types = carries + body.outputs.dropFirst(carryCount).map(stacked)
    if condition != nil { types.append(TensorType(shape: [], dtype: .int32)) }
    return types
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let outs = results.map { $0.allocate(on: backend) }
    func rowMajor(_ tensor: Tensor) -> View { ViewKernels.contiguous(tensor.view) }
    func elements(_ tensor: Tensor) -> View {
      let view = tensor.view
      var step = view.layout
      step.shape.remove(at: 0)
      step.strides.remove(at: 0)
      return step.isContiguous ? view : ViewKernels.copied(view)
    }
    let carries = Array(outs[..<carryCount])
    for (out, operand) in zip(carries, operands[firstCarry..<firstElement]) { ViewKernels.copy(operand.view, into: out) }
    let outputs = Array(outs[carryCount..<body.outputs.count])
    if isDynamic { for out in outputs { ViewKernels.fill(out, with: 0) } }
    backend.run(
      LoopCall(
        body: body, condition: condition, symbols: symbols,
        count: hasCount ? rowMajor(operands[0]) : nil, carries: carries, elements: operands[firstElement..<firstConstant].map(elements),
        constants: operands[firstConstant..<firstOfCondition].map(rowMajor),
        conditionConstants: operands[firstOfCondition...].map(rowMajor),
        outputs: outputs, steps: condition == nil ? nil : outs[body.outputs.count],
        length: length.substituting(symbols), isReversed: isReversed))
    return outs.map { Tensor($0, node: nil) }
  }

  func substituting(_ symbols: [String: Int]) -> Loop {
    var new = self
    new.symbols.merge(symbols) { $1 }
    return new
  }

  func keeps(for wanted: [Bool]) -> Residuals { Residuals(operands: .max, results: stacksCarries || condition != nil) }

  /// The same loop with each step's carries before it as outputs.
  var stackingCarries: Loop {
    if stacksCarries { return self }
    var loop = self
    loop.body = body.givingCarries(carryCount)
    loop.stacksCarries = true
    return loop
  }

  // MARK: Examples

  /// All carries are of all examples. Where the condition, or the number of steps, differs among them, the steps go on until none has one left, and those that have none keep their carries.
  func batched(_ application: BatchedApplication) -> [Tensor] {
    let a = application, caller = a.caller
    let isSingle = condition.map { _ in false } ?? !(hasCount && a.isBatched[0])
    // With the axis of steps in front of that of the examples.
    var operands = a.operands
    for i in operands.indices {
      if (firstCarry..<firstElement).contains(i) { operands[i] = a.whole(i) }
      if (firstElement..<firstConstant).contains(i) && a.isBatched[i] { operands[i] = operands[i].moveAxis(0, to: 1) }
    }
    var isBatched = a.isBatched
    for i in firstCarry..<firstElement { isBatched[i] = true }
    var new = self
    let batchedBody = isBatched[firstCarry..<firstOfCondition]
    func examples(_ body: Body, _ values: [Tensor], _ isBatched: some Collection<Bool>) -> [Tensor] {
      body.examples(values, Array(isBatched), a.size, caller)
    }
    if isSingle {
      new.body = .closed(stepTypes(operands), on: operands[firstCarry].backend) { examples(body, $0, batchedBody) }
      return apply(new, operands, caller).enumerated().map { number, result in
        number < carryCount ? result : result.moveAxis(0, to: 1)
      }
    }
    return masked(operands, isBatched, new, a, examples)
  }

  /// The loop of examples of which each ends in its own time: `steps` [size] int32 are carried too.
  private func masked(
    _ operands: [Tensor], _ isBatched: [Bool], _ loop: Loop, _ a: BatchedApplication,
    _ examples: (Body, [Tensor], ArraySlice<Bool>) -> [Tensor]
  ) -> [Tensor] {
    let caller = a.caller, backend = operands[firstCarry].backend, beside = operands[firstCarry]
    var new = loop
    new.stacksCarries = false
    let conditionCarries = (condition?.inputs.count ?? 0) - conditionConstantCount
    let ofCondition = isBatched[firstCarry..<firstCarry + conditionCarries] + isBatched[firstOfCondition...]
    let constants = Array(operands[firstConstant..<firstOfCondition]), conditionConstants = Array(operands[firstOfCondition...])
    let ofBody = isBatched[firstCarry..<firstOfCondition]
    /// bool [size]: which examples have this step.
    func isActive(_ carries: [Tensor], _ more: [Tensor], count: Tensor?, _ step: Tensor?) -> Tensor {
      if let condition {
        return examples(condition, Array(carries.prefix(conditionCarries)) + more, ofCondition)[0]
      }
      // Of a reversed loop the first elements are those of the last steps.
      return step! .< count!
    }
    let count = hasCount ? a.whole(0).cast(to: .int32) : nil
    let usesIndex = condition == nil
    let index = usesIndex ? [Tensor.iota(length, beside: beside).cast(to: .int32)] : []
    new.hasCount = hasCount
    new.elementCount = elementCount + (usesIndex ? 1 : 0)
    new.constantCount = constantCount + (usesIndex ? 1 : conditionConstantCount)
    new.carryCount = carryCount + 1
    let steps = Tensor.full(0, Shape(dimensions: [a.size]), dtype: .int32, beside: beside)
    var all: [Tensor] = hasCount ? [count!.max(axes: [0])] : []
    all += operands[firstCarry..<firstElement] + [steps]
    all += operands[firstElement..<firstConstant] + index
    all += constants + (usesIndex ? [count!] : conditionConstants) + conditionConstants
    new.conditionConstantCount = conditionConstantCount
    new.body = .closed(new.stepTypes(all), on: backend) { values in
      var rest = values[...]
      func take(_ number: Int) -> [Tensor] {
        defer { rest = rest.dropFirst(number) }
        return Array(rest.prefix(number))
      }
      let carries = take(carryCount), steps = take(1)[0], elements = take(elementCount), step = usesIndex ? take(1)[0] : nil
      let constants = take(constantCount), more = Array(rest)
      let active = isActive(carries, more, count: usesIndex ? more[0] : nil, step)
      func chosen(_ new: Tensor, _ old: Tensor) -> Tensor {
        var condition = active
        for _ in 1..<max(new.rank, 1) { condition = condition.expandDims(-1) }
        return .select(condition, new, old, caller)
      }
      let results = examples(body, carries + elements + constants, ofBody)
      let outputs = results.dropFirst(carryCount).map { chosen($0, $0.constant(0, $0.shape)) }
      return zip(results, carries).map(chosen) + [steps + active.cast(to: .int32)] + outputs
    }
    if let condition {
      new.condition = .closed(
        Array(all[new.firstCarry..<new.firstElement].map(\.type)) + conditionConstants.map(\.type), on: backend
      ) { values in
        let carries = Array(values.prefix(carryCount)), more = Array(values.dropFirst(carryCount + 1))
        return [
          examples(condition, Array(carries.prefix(conditionCarries)) + more, ofCondition)[0].any(axes: [0])
        ]
      }
    }
    let results = apply(new, all, caller)
    let stacked = { (tensor: Tensor) in tensor.moveAxis(0, to: 1) }
    var mine = Array(results[..<carryCount]) + results[(carryCount + 1)..<(carryCount + 1 + outputCount)].map(stacked)
    if condition != nil { mine.append(results[carryCount]) }
    return mine
  }

  /// The types of one step's operands: carries, elements, constants.
  func stepTypes(_ operands: [Tensor]) -> [TensorType] {
    operands[firstCarry..<firstOfCondition].enumerated().map { number, operand in
      let isElement = (carryCount..<carryCount + elementCount).contains(number)
      return isElement ? TensorType(shape: operand.shape.dropFirst(), dtype: operand.dtype) : operand.type
    }
  }
}

extension Body {
  /// The function with each step's carries before it as further results.
  func givingCarries(_ count: Int) -> Body {
    var graph = graph
    graph.outputs += graph.inputs.prefix(count)
    return Body(graph)
  }
}

extension Loop {
  func write(to code: inout ProgramWriter) {
    code.values(
      body, condition != nil, carryCount, elementCount, constantCount, conditionConstantCount, length, isReversed, hasCount, stacksCarries)
    if let condition { code.values(condition) }
  }

  init(from code: inout ProgramReader) throws {
    let body: Body = try code.read(), hasCondition: Bool = try code.read()
    try self.init(
      body: body, condition: nil, carryCount: code.read(), elementCount: code.read(), constantCount: code.read(),
      conditionConstantCount: code.read(), length: code.read(), isReversed: code.read(), hasCount: code.read(), stacksCarries: code.read())
    if hasCondition { condition = try code.read() }
  }
}
