/// A function of tensors that a loop or a branch runs: its graph, which is traced once and has no constants, as what it takes from its surroundings are arguments too.
final class Body: Hashable, Sendable {
  let graph: Graph
  /// The arguments' and the results' types, those of arguments without names of axes.
  let inputs: [TensorType], outputs: [TensorType]

  private let executables = Locked<[(backend: ObjectIdentifier, carryCount: Int, graph: Graph)]>([])

  /// Whether both are the same operations on the same arguments.
  static func == (a: Body, b: Body) -> Bool {
    if a === b { return true }
    func types(_ body: Body) -> [TensorType] { body.graph.values.map(\.type) }
    func key(_ node: Graph.Node) -> AnyHashable { AnyHashable(node.operation) }
    guard a.graph.inputs == b.graph.inputs, a.graph.outputs == b.graph.outputs, a.graph.nodes.count == b.graph.nodes.count,
      types(a) == types(b)
    else { return false }
    return zip(a.graph.nodes, b.graph.nodes).allSatisfy {
      $0.operands == $1.operands && key($0) == key($1)
    }
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(graph.nodes.count)
    hasher.combine(graph.inputs.count)
  }

  /// - Parameter outputs: the results' types with names of axes, if they have any.
  init(_ graph: Graph, outputs: [TensorType]? = nil) {
    self.graph = graph
    inputs = graph.inputs.map { graph.type($0) }
    self.outputs = outputs ?? graph.outputs.map { graph.type($0) }
  }

  /// The function `f` of arguments of these types, and the tensors of its surroundings that it uses: arguments behind those.
  ///
  /// - Parameter mayNotRun: whether what it computes of its surroundings alone belongs to it too, and not to these.
  static func tracing(
    _ types: [TensorType], on backend: any Backend, mayNotRun: Bool = false, _ f: ([Tensor]) -> [Tensor]
  ) -> (body: Body, captures: [Tensor]) {
    let tracer = Tracer(capturingFor: backend, takesAll: mayNotRun)
    let inputs = types.enumerated().map { tracer.input("\($0)", $1) }
    let results = tracer.tracing { f(inputs) }
    let values = results.map { tracer.value(of: $0) }
    var graph = tracer.graph
    graph.outputs = values
    return (Body(Passes.deadCode(graph), outputs: results.map(\.type)), tracer.captures!)
  }

  /// The same of a function that uses its arguments alone.
  static func closed(_ types: [TensorType], on backend: any Backend, _ f: ([Tensor]) -> [Tensor]) -> Body {
    let (body, captures) = tracing(types, on: backend, f)
    ensure(captures.isEmpty, "a rule of a loop uses a tensor that is not its argument")
    return body
  }

  /// The function's results, operation by operation, as whatever levels are in progress see them.
  func callAsFunction(_ operands: [Tensor]) -> [Tensor] {
    var values = [Tensor?](repeating: nil, count: graph.values.count)
    for (value, operand) in zip(graph.inputs, operands) { values[value] = operand }
    func tensor(_ value: Graph.Value) -> Tensor {
      guard let known = values[value] else { unreachable("a value of a body is used before it is made") }
      return known
    }
    for node in graph.nodes {
      let results: [Tensor]
      if let creation = node.operation as? Creation {
        results = [create(creation, beside: operands[0], node.caller)]
      } else {
        results = apply(node.operation, node.operands.map { tensor($0) }, node.caller)
      }
      for (value, result) in zip(node.results, results) { values[value] = result }
    }
    return graph.outputs.map { tensor($0) }
  }

  /// The graph as it runs, after all passes: every result is written over an argument, the first `carryCount` over the first arguments, the others over arguments that are added
  /// for them at the end.
  func executable(on backend: any Backend, carryCount: Int) -> Graph {
    executables.withLock { known in
      let key = ObjectIdentifier(backend)
      if let found = known.first(where: { $0.backend == key && $0.carryCount == carryCount }) { return found.graph }
      var graph = graph
      for number in outputs.indices {
        if number >= carryCount { _ = graph.addInput("result \(number)", outputs[number].unnamed) }
        graph.updates.append(Graph.Update(input: number < carryCount ? number : inputs.count + number - carryCount, output: number))
      }
      let options = CompileOptions()
      graph = Passes.fuse(Passes.simplify(graph, options, on: backend), options, on: backend)
      known.append((key, carryCount, graph))
      return graph
    }
  }
}

// Derivatives and examples of a body's results, where its operands are values of some other function.
extension Body {
  /// Cotangents of the wanted operands (zeros where a result does not depend on one) from those of the results, nil for zero.
  func cotangents(at operands: [Tensor], wanted: [Int], _ cotangents: [Tensor?]) -> [Tensor] {
    let tape = Tape()
    defer {
      tape.close()
      tape.removeAll()
    }
    var inputs = operands
    for i in wanted { inputs[i] = tape.watch(operands[i]) }
    let seeds = zip(self(inputs), cotangents).compactMap { result, cotangent in
      cotangent.map { (index: result.index(on: tape), cotangent: $0.cast(to: result.dtype)) }
    }
    let found = tape.reverse(seeds, inputCount: wanted.count, consuming: true)
    return zip(found, wanted).map { $0?.lowered(below: tape.level) ?? operands[$1].constant(0, operands[$1].shape) }
  }

  /// The results, and the tangents of those that are floating, from the tangents of some operands.
  func tangents(at operands: [Tensor], _ tangents: [Int: Tensor]) -> (results: [Tensor], tangents: [Tensor]) {
    let tape = Tape()
    defer {
      tape.close()
      tape.removeAll()
    }
    var inputs = operands, seeds: [Tensor?] = []
    for i in tangents.keys.sorted() {
      inputs[i] = tape.watch(operands[i])
      seeds.append(tangents[i])
    }
    let results = self(inputs)
    let found = tape.forward(seeds, to: results)
    let plain = results.map { $0.lowered(below: tape.level) }
    return (
      plain,
      plain.indices.filter { plain[$0].dtype.isFloating }.map { found[$0] ?? plain[$0].constant(0, plain[$0].shape) }
    )
  }

  /// The results of all examples, with the batch as first axis, of operands that have it where `isBatched` says so.
  func examples(_ operands: [Tensor], _ isBatched: [Bool], _ size: Dimension, _ caller: Caller) -> [Tensor] {
    let batch = Batch(size)
    defer { batch.close() }
    return self(zip(operands, isBatched).map { $1 ? batch.example(of: $0) : $0 }).map { batch.whole(of: $0, caller) }
  }
}

extension Body: CodeValue {
  /// How deep functions of loops and branches are within each other, of a program that is read.
  @TaskLocal private static var depth = 0
  private static var greatestDepth: Int { 16 }

  func write(to code: inout ProgramWriter) {
    do {
      let bytes = try ProgramCode(graph: graph).bytes(largestConstant: 0)
      _ = try Self.graph(of: bytes)
      code.count(bytes.count)
      code.raw(bytes.span.bytes)
    } catch let error as ProgramError {
      code.refuse("the function that it runs has no code: \(error)")
    } catch {
      code.refuse("\(error)")
    }
  }

  convenience init(from code: inout ProgramReader) throws {
    try self.init(Self.graph(of: Array(code.raw(code.count("bytes of a function")))))
  }

  /// The graph that the code holds. What it asks of symbols must follow from its arguments' types, since nobody asks again when these have their numbers.
  private static func graph(of bytes: [UInt8]) throws -> Graph {
    guard depth < greatestDepth else { throw ProgramError("it has more than \(greatestDepth) loops or branches within each other") }
    let code = try $depth.withValue(depth + 1) { try ProgramCode(bytes, on: KernelRecorder()) }
    let hasConstants = code.graph.values.contains { if case .constant = $0.origin { true } else { false } }
    guard !hasConstants, code.graph.updates.isEmpty, code.graph.lateInputCount == 0, code.requirements.isEmpty else {
      throw ProgramError("the function of a loop or branch has constants or requirements, or overwrites arguments")
    }
    guard code.openNodes.isEmpty, code.openExtents.isEmpty else {
      throw ProgramError(
        "whether the function of a loop or branch fits its arguments depends on the symbols' numbers; make the program for numbers")
    }
    return code.graph
  }
}
