// The derivatives of a loop are loops: forward mode carries tangents beside the carries, reverse mode goes through the steps backwards and carries cotangents.

extension Loop {
  /// Reverse mode keeps no step's inside: each step is computed once more from its carries, which are kept for all steps (`stacksCarries`), or computed by running the loop once more.
  ///
  /// x̄ᵢ, c̄ᵢ = pullback of the body at (cᵢ, xᵢ) of (c̄ᵢ₊₁, ȳᵢ), from the last step to the first; what the body uses besides gets the sum over the steps.
  var derivative: Derivative { .rule(vjp: cotangents, jvp: tangents) }

  private func cotangents(_ a: Application, _ ct: [Tensor?]) -> [Tensor?] {
    let caller = a.caller, operands = a.operandTypes.indices.map { a.operand($0) }
    caller.require(
      condition == nil || length.number != Loop.unbounded.number, name,
      "a derivative from its results back needs a bound for the number of steps, since it keeps the carries of all: give maximumSteps")
    let carries = Array(operands[firstCarry..<firstElement]), elements = Array(operands[firstElement..<firstConstant])
    let constants = Array(operands[firstConstant..<firstOfCondition])
    let count = condition != nil ? a.result(body.outputs.count) : hasCount ? operands[0] : nil
    let stacks = stacksCarries ? stack(of: a.results) : stack(of: stacked(operands, count, caller))

    // Which of the body's operands and results take part.
    let ofCarries = carries.indices.filter { carries[$0].dtype.isFloating }
    func wanted(_ first: Int, _ values: [Tensor]) -> [Int] {
      values.indices.filter { a.wanted[first + $0] && values[$0].dtype.isFloating }
    }
    let ofElements = wanted(firstElement, elements), ofConstants = wanted(firstConstant, constants)
    let ofOutputs = (0..<outputCount).filter { ct[carryCount + $0] != nil && body.outputs[carryCount + $0].dtype.isFloating }

    let seeds = ofCarries.map { ct[$0]?.cast(to: carries[$0].dtype) ?? carries[$0].constant(0, carries[$0].shape) }
    // Sums over many steps are rounded once.
    let sums = ofConstants.map { constants[$0].cast(to: constants[$0].dtype.computeType).constant(0, constants[$0].shape) }
    let stackedCotangents = ofOutputs.map { ct[carryCount + $0]! }
    var reverse = Loop(
      body: body, carryCount: seeds.count + sums.count, elementCount: carryCount + elementCount + ofOutputs.count,
      constantCount: constantCount, length: length, isReversed: !isReversed)
    reverse.hasCount = count != nil
    let all = (count.map { [$0] } ?? []) + seeds + sums + stacks + elements + stackedCotangents + constants
    reverse.body = .closed(reverse.stepTypes(all), on: all[all.count - 1].backend) { values in
      var rest = values[...]
      func take(_ number: Int) -> [Tensor] {
        defer { rest = rest.dropFirst(number) }
        return Array(rest.prefix(number))
      }
      let seeds = take(ofCarries.count), sums = take(ofConstants.count)
      let carries = take(carryCount), elements = take(elementCount), outputs = take(ofOutputs.count), constants = Array(rest)
      var cotangents = [Tensor?](repeating: nil, count: body.outputs.count)
      for (i, seed) in zip(ofCarries, seeds) { cotangents[i] = seed }
      for (i, output) in zip(ofOutputs, outputs) { cotangents[carryCount + i] = output }
      let wanted = ofCarries + ofElements.map { carryCount + $0 } + ofConstants.map { carryCount + elementCount + $0 }
      let found = body.cotangents(at: carries + elements + constants, wanted: wanted, cotangents)
      let carried = found.prefix(ofCarries.count), element = found.dropFirst(ofCarries.count).prefix(ofElements.count)
      let constant = zip(sums, found.suffix(ofConstants.count)).map { $0 + $1.cast(to: $0.dtype) }
      return carried + constant + element
    }
    let found = apply(reverse, all, caller)
    var cotangents = [Tensor?](repeating: nil, count: operands.count)
    for (i, cotangent) in zip(ofCarries, found) { cotangents[firstCarry + i] = cotangent }
    for (i, cotangent) in zip(ofConstants, found.dropFirst(ofCarries.count)) {
      cotangents[firstConstant + i] = cotangent.cast(to: constants[i].dtype)
    }
    for (i, cotangent) in zip(ofElements, found.suffix(ofElements.count)) { cotangents[firstElement + i] = cotangent }
    return cotangents
  }

  /// The results with each step's carries before it, by running the loop once more.
  private func stacked(_ operands: [Tensor], _ count: Tensor?, _ caller: Caller) -> [Tensor] {
    var loop = stackingCarries
    loop.condition = nil
    loop.conditionConstantCount = 0
    loop.hasCount = count != nil
    let all = (count.map { [$0] } ?? []) + operands[firstCarry..<firstOfCondition]
    return apply(loop, all, caller)
  }

  /// Those of a loop's results that are its steps' carries.
  private func stack(of results: [Tensor]) -> [Tensor] {
    let end = carryCount + (stacksCarries ? outputCount : outputCount + carryCount)
    return Array(results[end - carryCount..<end])
  }

  private func tangents(_ a: Application, _ t: [Tensor?]) -> [Tensor?] {
    let operands = a.operandTypes.indices.map { a.operand($0) }
    let carries = Array(operands[firstCarry..<firstElement]), ofCarries = carries.indices.filter { carries[$0].dtype.isFloating }
    func moved(_ range: Range<Int>) -> [Int] { range.filter { t[$0] != nil }.map { $0 - range.lowerBound } }
    let ofElements = moved(firstElement..<firstConstant), ofConstants = moved(firstConstant..<firstOfCondition)
    var loop = self
    loop.stacksCarries = false
    loop.carryCount += ofCarries.count
    loop.elementCount += ofElements.count
    loop.constantCount += ofConstants.count
    var all = Array(operands[..<firstElement])
    all += ofCarries.map { t[firstCarry + $0]?.cast(to: carries[$0].dtype) ?? carries[$0].constant(0, carries[$0].shape) }
    all += operands[firstElement..<firstConstant] + ofElements.map { t[firstElement + $0]! }
    all += operands[firstConstant..<firstOfCondition] + ofConstants.map { t[firstConstant + $0]! } + operands[firstOfCondition...]
    let ofOutputs = (0..<outputCount).filter { body.outputs[carryCount + $0].dtype.isFloating }
    loop.body = .closed(loop.stepTypes(all), on: all[all.count - 1].backend) { values in
      var rest = values[...]
      func take(_ number: Int) -> [Tensor] {
        defer { rest = rest.dropFirst(number) }
        return Array(rest.prefix(number))
      }
      let carries = take(carryCount), carried = take(ofCarries.count), elements = take(elementCount), element = take(ofElements.count)
      let constants = take(constantCount), constant = Array(rest)
      var tangents: [Int: Tensor] = [:]
      for (i, tangent) in zip(ofCarries, carried) { tangents[i] = tangent }
      for (i, tangent) in zip(ofElements, element) { tangents[carryCount + i] = tangent }
      for (i, tangent) in zip(ofConstants, constant) { tangents[carryCount + elementCount + i] = tangent }
      let (results, found) = body.tangents(at: carries + elements + constants, tangents)
      let next = Array(results.prefix(carryCount)) + Array(found.prefix(ofCarries.count))
      return next + Array(results.dropFirst(carryCount)) + Array(found.dropFirst(ofCarries.count))
    }
    let results = apply(loop, all, a.caller)
    var tangents = [Tensor?](repeating: nil, count: a.resultTypes.count)
    for (place, i) in ofCarries.enumerated() { tangents[i] = results[carryCount + place] }
    let firstOutput = carryCount + ofCarries.count + outputCount
    for (place, i) in ofOutputs.enumerated() { tangents[carryCount + i] = results[firstOutput + place] }
    return tangents
  }
}
