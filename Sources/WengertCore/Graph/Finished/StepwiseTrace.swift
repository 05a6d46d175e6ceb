/// A function that is traced operation by operation while its text is read: where one is a mistake, the reading goes on behind it.
///
/// Symbols are names of axes here: operations that ask two different ones to be equal are mistakes. What else they ask of the symbols' numbers, that 8 ≤ n, a program asks of
/// each call. Used by one thread at a time.
package final class StepwiseTrace: @unchecked Sendable {
  private let tracer: Tracer
  private let tape: Tape

  package init(on backend: any Backend) {
    tracer = Tracer(target: backend)
    tape = Tape()
  }

  deinit {
    tape.close()
    tape.removeAll()
    tracer.close()
  }

  /// An argument.
  ///
  /// - Parameter isVariable: whether there will be a derivative by it.
  package func argument(_ name: String, _ type: TensorType, isVariable: Bool) -> Tensor {
    let input = tracer.input(name, type)
    return isVariable ? tape.watch(input) : input
  }

  /// What `body` gives, and what is wrong in it: nil with the mistake at which it stopped; a value all the same if only names were to be equal that are not.
  package func attempt<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> (value: Value?, mistakes: [Mistake]) {
    let known = tracer.requirements.count
    let (value, stopped) = Self.attempt { [tracer] in Tracer.$current.withValue(tracer, operation: body) }
    if let stopped { return (nil, [stopped]) }
    let asked = tracer.requirements.dropFirst(known).filter(\.tellsNamesApart)
    let mistakes = asked.map { Mistake(operation: $0.operation, message: $0.message, caller: $0.caller, note: nil, place: nil) }
    return (value, mistakes)
  }

  /// What `body` gives, or the mistake at which it stopped; nobody looks for its line.
  package static func attempt<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> (value: Value?, mistake: Mistake?) {
    let value = Locked<Value?>(nil)
    let mistake = StoppingThread {
      let result = body()
      value.withLock { $0 = result }
    }.run().first
    return (value.withLock { $0 }, mistake)
  }

  /// Why a value that was computed from variables has no derivative by them: the number of the operation that cut it off among all of these, and whether numbers are lost
  /// with it, since it is no longer an index or a condition. Nil if it has one, or if none is meant.
  package func cut(_ tensor: Tensor) -> (number: Int, losesNumbers: Bool)? {
    guard tensor.index(on: tape) < 0, let cut = tensor.cut(at: tape.level), cut.reason == .discrete else { return nil }
    return (cut.number, tensor.dtype.isFloating)
  }
}

extension Requirement {
  /// Whether it is one between sums of products of names, which only some numbers fulfill.
  fileprivate var tellsNamesApart: Bool { relation == .equal && [a, b].allSatisfy(\.isMadeOfNames) }
}

extension Dimension {
  fileprivate var isMadeOfNames: Bool {
    polynomial.terms.allSatisfy { term in
      term.factors.allSatisfy { if case .symbol = $0.definition { true } else { false } }
    }
  }
}

extension Program {
  /// The program of a function of tensors as `compile` makes one, for no call.
  ///
  /// - Parameters:
  ///   - arguments: the tensors' names and types; a name begins with the number of its argument.
  ///   - f: gives the results with their names.
  package static func finishing(
    _ arguments: [(name: String, type: TensorType)], on backend: any Backend, _ f: ([Tensor]) -> [(name: String, tensor: Tensor)]
  ) -> Program {
    Compiler<[Tensor]>(CompileOptions()).program(ArgumentNames(arguments.map(\.name)), arguments.map(\.type), on: backend) { _, traced in
      let results = f(traced)
      return Compiler.Traced(output: results.map(\.tensor), results: results.map(\.tensor), names: results.map(\.name), updates: [])
    }.program
  }

  /// The same program with another file's name for the places that its operations were called at.
  package func naming(_ file: String, for standIn: StaticString) -> Program {
    func named(_ caller: Caller) -> Caller { caller.fileName == "\(standIn)" ? Caller(read: file, caller.line) : caller }
    var graph = graph
    for place in graph.nodes.indices { graph.nodes[place].caller = named(graph.nodes[place].caller) }
    let requirements = requirements.map {
      Requirement(a: $0.a, relation: $0.relation, b: $0.b, operation: $0.operation, message: $0.message, caller: named($0.caller))
    }
    return Program(graph, on: backend, requirements: requirements, resultNames: resultNames, settings: settings)
  }
}
