/// The programs of one compiled function: one for each structure, dtype and pattern of shapes that it met.
final class Compiler<Output>: Compilation {
  /// A traced and optimised function.
  struct Entry {
    let names: [String]
    let program: Program
    /// The function's result with traced tensors in it: its structure.
    let template: Output
  }
  /// How many are kept.
  private static var largestCache: Int { 8 }

  let options: CompileOptions
  private var entries: [Entry] = []
  init(_ options: CompileOptions) { self.options = options }

  override var lastProgram: Program? { entries.last?.program }

  /// What tracing the function gave.
  struct Traced {
    var output: Output
    /// All results, of which `updates` are written over arguments.
    var results: [Tensor]
    var updates: [Graph.Update]
  }

  /// Begins the program that fits the arguments, tracing one if there is none.
  ///
  /// - Parameters:
  ///   - arguments: the tensors of all arguments but the late ones; the first `updated` of them are written over, and must be row-major.
  ///   - trace: the function of its traced arguments.
  func begin(
    names: [String], _ arguments: [Tensor], updated: Int = 0, trace: (Tracer, [Tensor]) -> Traced
  ) -> (template: Output, run: ProgramRun) {
    statistics.calls += 1
    let types = arguments.map(\.type)
    let (entry, sizes) = known(names, types) ?? compiled(names, types, on: arguments.first?.backend, trace)
    let bound = bind(entry.program, sizes)
    let views = arguments.enumerated().map { i, tensor in i < updated ? tensor.view : RowPrograms.contiguous(tensor.view) }
    return (entry.template, bound.begin(views, observe: observer(bound)))
  }

  /// The same for a function without late arguments: its results.
  func run(
    names: [String], _ arguments: [Tensor], updated: Int = 0, trace: (Tracer, [Tensor]) -> Traced
  ) -> (template: Output, results: [Tensor]) {
    let (template, run) = begin(names: names, arguments, updated: updated, trace: trace)
    run.finish()
    return (template, run.results.compactMap { $0 })
  }

  /// The program last used that fits; it counts as the last one used.
  private func known(_ names: [String], _ types: [TensorType]) -> (Entry, [String: Int])? {
    for place in entries.indices.reversed() where entries[place].names == names {
      guard let sizes = entries[place].program.graph.symbolValues(types) else { continue }
      if place != entries.count - 1 { entries.append(entries.remove(at: place)) }
      return (entries[entries.count - 1], sizes)
    }
    return nil
  }

  private func compiled(
    _ names: [String], _ types: [TensorType], on backend: (any Backend)?, _ trace: (Tracer, [Tensor]) -> Traced
  ) -> (Entry, [String: Int]) {
    let clock = ContinuousClock()
    let start = clock.now
    let entry = compile(names: names, types, on: backend, trace)
    statistics.compilationTime += clock.now - start
    statistics.compilations += 1
    if entries.count >= Self.largestCache { entries.removeFirst() }
    entries.append(entry)
    guard let sizes = entry.program.graph.symbolValues(types) else {
      Caller(#fileID, #line).fail("compile", "the arguments \(types) do not fit the shapes \(options.shapes) with symbols of at least one")
    }
    statistics.lastCall = .compiled
    return (entry, sizes)
  }

  private func bind(_ program: Program, _ sizes: [String: Int]) -> BoundProgram {
    let wasCompiled = statistics.lastCall == .compiled && program === lastProgram && program.last == nil
    let clock = ContinuousClock()
    let start = clock.now
    let (bound, isNew) = program.bind(sizes)
    if isNew {
      statistics.bindings += 1
      statistics.bindingTime += clock.now - start
    }
    if !wasCompiled { statistics.lastCall = isNew ? .rebound : .reused }
    return bound
  }

  private func observer(_ bound: BoundProgram) -> ((BoundProgram.Step) -> Int?)? {
    if options.nanCheck { return NaNCheck.run }
    guard let profiler else { return nil }
    return { profiler.run($0) }
  }

  private func compile(
    names: [String], _ types: [TensorType], on backend: (any Backend)?, _ trace: (Tracer, [Tensor]) -> Traced
  ) -> Entry {
    let tracer = Tracer(target: backend, notesPlaces: options.nanCheck)
    let inputs = zip(names, types).map { name, type in tracer.input(name, pattern(name, type)) }
    let traced = Tracer.$current.withValue(tracer) { trace(tracer, inputs) }
    let results = traced.results.map { tracer.value(of: $0) }
    var graph = tracer.graph
    graph.outputs = results
    graph.updates = traced.updates
    for update in traced.updates {
      let (old, new) = (graph.type(graph.inputs[update.input]), graph.type(results[update.output]))
      if old != new {
        Caller(#fileID, #line).fail(
          "compile", "the new value of \(graph.inputNames[update.input]) is \(new), the old one \(old); an update in place needs one type")
      }
    }
    guard let target = tracer.target else {
      Caller(#fileID, #line).fail("compile", "the function uses no tensor, so nothing tells where it should run")
    }
    let simple = Passes.simplify(graph, options, on: target)
    var optimized = Passes.fuse(simple, options)
    if let budget = options.memoryBudget, options.optimizes, !options.nanCheck, let sizes = graph.symbolValues(types) {
      for requirement in tracer.requirements { requirement.check(sizes) }
      let outcome = MemoryBudget(bytes: budget, sizes: sizes).apply(simple, optimized) { Passes.fuse($0, options) }
      optimized = outcome.graph
      statistics.bytesOverBudget = max(0, outcome.byteCount - budget)
    }
    return Entry(names: names, program: Program(optimized, on: target, requirements: tracer.requirements), template: traced.output)
  }

  /// The type of an argument, with the symbols that the options give.
  private func pattern(_ name: String, _ type: TensorType) -> TensorType {
    guard let shape = options.shapes[name] else { return type }
    guard shape.count == type.shape.rank else {
      Caller(#fileID, #line).fail("compile", "\(name) has the shape \(type.shape), which the given shape \(shape) does not match")
    }
    var result = type
    for (axis, dimension) in shape.enumerated() where dimension.number != -1 { result.shape[dim: axis] = dimension }
    return result
  }
}
