/// The programs of one compiled function: one for each structure, dtype and pattern of shapes that it met.
final class Compiler<Output> {
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
  private(set) var statistics = CompileStatistics()
  var profiler: Profiler?

  init(_ options: CompileOptions) { self.options = options }

  var lastProgram: Program? { entries.last?.program }

  func noteInlined() {
    statistics.calls += 1
    statistics.lastCall = .inlined
  }

  /// Runs the program that fits the arguments, tracing one if there is none.
  ///
  /// - Parameters:
  ///   - arguments: the tensors of all arguments; the first `updated` of them are written over, and must be row-major.
  ///   - trace: the function, from its traced arguments to its results (those that are written over arguments last, in their order).
  func run(
    names: [String], _ arguments: [Tensor], updated: Int, trace: ([Tensor]) -> (output: Output, tensors: [Tensor])
  ) -> (template: Output, results: [Tensor]) {
    statistics.calls += 1
    let types = arguments.map(\.type)
    var found: (entry: Entry, sizes: [String: Int])?
    if let place = entries.lastIndex(where: { entry in
      guard entry.names == names, let sizes = entry.program.graph.symbolValues(types) else { return false }
      found = (entry, sizes)
      return true
    }), place != entries.count - 1 {
      entries.append(entries.remove(at: place))
    }
    if found == nil {
      let clock = ContinuousClock()
      let start = clock.now
      let entry = compile(names: names, types, on: arguments.first?.backend, updated: updated, trace)
      statistics.compilationTime += clock.now - start
      statistics.compilations += 1
      if entries.count >= Self.largestCache { entries.removeFirst() }
      entries.append(entry)
      guard let sizes = entry.program.graph.symbolValues(types) else {
        fatalError("compile: the arguments \(types) do not fit the shapes \(options.shapes) with symbols of at least one")
      }
      found = (entry, sizes)
      statistics.lastCall = .compiled
    }
    let (entry, sizes) = found!
    let bound = bind(entry.program, sizes)
    let contiguous = arguments.enumerated().map { i, tensor in i < updated ? tensor.view : RowPrograms.contiguous(tensor.view) }
    let results = withExtendedLifetime(contiguous) { bound.run(contiguous, observe: observer(bound)) }
    return (entry.template, results.compactMap { $0 })
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
    names: [String], _ types: [TensorType], on backend: (any Backend)?, updated: Int,
    _ trace: ([Tensor]) -> (output: Output, tensors: [Tensor])
  ) -> Entry {
    let tracer = Tracer(target: backend, notesPlaces: options.nanCheck)
    let inputs = zip(names, types).map { name, type in tracer.input(name, pattern(name, type)) }
    let (output, tensors) = trace(inputs)
    let results = tensors.map { tracer.value(of: $0) }
    var graph = tracer.graph
    graph.outputs = results
    let first = results.count - updated
    for i in 0..<updated {
      let (old, new) = (graph.type(graph.inputs[i]), graph.type(results[first + i]))
      if old != new { fatalError("compile: the new value of \(names[i]) is \(new), the old one \(old); an update in place needs one type") }
    }
    graph.updates = (0..<updated).map { Graph.Update(input: $0, output: first + $0) }
    guard let target = tracer.target else { fatalError("compile: the function uses no tensor, so nothing tells where it should run") }
    let simple = Passes.simplify(graph, options, on: target)
    var optimized = Passes.fuse(simple, options)
    if let budget = options.memoryBudget, options.optimizes, !options.nanCheck, let sizes = graph.symbolValues(types) {
      let outcome = MemoryBudget(bytes: budget, sizes: sizes).apply(simple, optimized) { Passes.fuse($0, options) }
      optimized = outcome.graph
      statistics.bytesOverBudget = max(0, outcome.byteCount - budget)
    }
    return Entry(names: names, program: Program(optimized, on: target), template: output)
  }

  /// The type of an argument, with the symbols that the options give.
  private func pattern(_ name: String, _ type: TensorType) -> TensorType {
    guard let shape = options.shapes[name] else { return type }
    guard shape.count == type.shape.rank else {
      fatalError("compile: \(name) has the shape \(type.shape), which the given shape \(shape) does not match")
    }
    var result = type
    for (axis, dimension) in shape.enumerated() where dimension.number != -1 { result.shape[dim: axis] = dimension }
    return result
  }
}
