/// One of several functions, chosen by a number; the primitive of `cond`.
///
/// Operands: the index (int32 []), then those of each function. Results: the chosen function's. Functions that are not chosen do not run.
struct Branch: Operation {
  /// Their results have equal types.
  var branches: [Body]
  /// The numbers of symbols in the functions' types, where they are known.
  var symbols: [String: Int] = [:]

  var name: String { "cond" }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] { branches[0].outputs.map(\.unnamed) }

  /// Where the operands of each function are.
  private var ranges: [Range<Int>] {
    var first = 1
    return branches.map { branch in
      defer { first += branch.inputs.count }
      return first..<first + branch.inputs.count
    }
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let outs = results.map { $0.allocate(on: backend) }
    backend.run(
      BranchCall(
        branches: branches, symbols: symbols, index: operands[0].view,
        operands: ranges.map { operands[$0].map { ViewKernels.contiguous($0.view) } }, outputs: outs))
    return outs.map { Tensor($0, node: nil) }
  }

  func substituting(_ symbols: [String: Int]) -> Branch {
    var new = self
    new.symbols.merge(symbols) { $1 }
    return new
  }

  func keeps(for wanted: [Bool]) -> Residuals { .allOperands }

  /// One index for all examples chooses one function of all; of an index for each, all functions run.
  func batched(_ application: BatchedApplication) -> [Tensor] {
    let a = application, backend = a.operands[0].backend
    func examples(_ number: Int, _ operands: [Tensor]) -> [Tensor] {
      branches[number].examples(operands, Array(a.isBatched[ranges[number]]), a.size, a.caller)
    }
    if !a.isBatched[0] {
      let all = branches.indices.map { number in
        Body.closed(a.operands[ranges[number]].map(\.type), on: backend) { examples(number, $0) }
      }
      return apply(Branch(branches: all), a.operands, a.caller)
    }
    var chosen = examples(0, Array(a.operands[ranges[0]]))
    for number in branches.indices.dropFirst() {
      let other = examples(number, Array(a.operands[ranges[number]]))
      chosen = zip(chosen, other).map { old, new in
        var isNew = a.operands[0] .>= Double(number)
        for _ in 1..<max(new.rank, 1) { isNew = isNew.expandDims(-1) }
        return .select(isNew, new, old, a.caller)
      }
    }
    return chosen
  }

  /// The derivative is that of the chosen function; by the operands of the others it is zero.
  var derivative: Derivative { .rule(vjp: cotangents, jvp: tangents) }

  private func cotangents(_ a: Application, _ ct: [Tensor?]) -> [Tensor?] {
    let operands = a.operandTypes.indices.map { a.operand($0) }
    let wanted = operands.indices.dropFirst().filter { a.wanted[$0] && operands[$0].dtype.isFloating }
    let given = ct.indices.filter { ct[$0] != nil }, seeds = given.map { ct[$0]! }
    let new = branches.indices.map { number in
      let range = ranges[number], mine = Array(operands[range])
      return Body.closed((mine + seeds).map(\.type), on: operands[0].backend) { values in
        var cotangents = [Tensor?](repeating: nil, count: branches[number].outputs.count)
        for (place, i) in given.enumerated() { cotangents[i] = values[mine.count + place] }
        let found = branches[number].cotangents(
          at: Array(values.prefix(mine.count)), wanted: wanted.filter(range.contains).map { $0 - range.lowerBound }, cotangents)
        var next = found.makeIterator()
        return wanted.map { i in
          range.contains(i)
            ? next.next()! : Tensor.full(0, operands[i].shape.unnamed, dtype: operands[i].dtype, beside: values[0])
        }
      }
    }
    let all = [operands[0]] + ranges.flatMap { range in Array(operands[range]) + seeds }
    let found = apply(Branch(branches: new), all, a.caller)
    var cotangents = [Tensor?](repeating: nil, count: operands.count)
    for (i, cotangent) in zip(wanted, found) { cotangents[i] = cotangent }
    return cotangents
  }

  private func tangents(_ a: Application, _ t: [Tensor?]) -> [Tensor?] {
    let operands = a.operandTypes.indices.map { a.operand($0) }
    let ofResults = branches[0].outputs.indices.filter { branches[0].outputs[$0].dtype.isFloating }
    var all = [operands[0]]
    let new = branches.indices.map { number in
      let mine = Array(operands[ranges[number]]), moved = ranges[number].filter { t[$0] != nil }
      let types = mine + moved.map { t[$0]! }
      all += types
      return Body.closed(types.map(\.type), on: operands[0].backend) { values in
        var tangents: [Int: Tensor] = [:]
        for (place, i) in moved.enumerated() { tangents[i - ranges[number].lowerBound] = values[mine.count + place] }
        return branches[number].tangents(at: Array(values.prefix(mine.count)), tangents).tangents
      }
    }
    let found = apply(Branch(branches: new), all, a.caller)
    var tangents = [Tensor?](repeating: nil, count: a.resultTypes.count)
    for (i, tangent) in zip(ofResults, found) { tangents[i] = tangent }
    return tangents
  }
}

extension Branch {
  func write(to code: inout ProgramWriter) {
    code.count(branches.count)
    for branch in branches { code.values(branch) }
  }

  init(from code: inout ProgramReader) throws {
    branches = []
    for _ in 0..<(try code.count("functions of a branch")) { branches.append(try code.read()) }
  }
}
