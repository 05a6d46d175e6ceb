/// The programs of one compiled function: one for each structure, dtype, device and pattern of shapes that it met.
final class Compiler<Output>: Compilation, @unchecked Sendable {
  /// A traced and optimized function.
  final class Entry: @unchecked Sendable {
    /// What distinguishes the arguments' structure, settings and names of axes from others.
    let key: Int
    let program: Program
    /// The function's result with traced tensors in it: its structure.
    let template: Output
    /// The results' shapes as traced, if an axis of one has a name.
    let named: [Shape]

    init(key: Int, program: Program, _ traced: Traced) {
      (self.key, self.program, template) = (key, program, traced.output)
      let shapes = traced.results.map(\.shape)
      named = shapes.contains(where: \.hasNames) ? shapes : []
    }

    /// What a run gave, with the names of its axes.
    func results(of run: ProgramRun) -> [Tensor] {
      if named.isEmpty { return run.results.compactMap { $0 } }
      return zip(run.results, named).compactMap { $0?.taking(namesOf: $1) }
    }
  }

  let options: CompileOptions
  /// What runs, if one of them fits the arguments, instead of a program that is traced.
  let finished: [FinishedProgram]
  /// Whether there is a function to be traced; else a finished program must fit.
  let hasFunction: Bool
  /// The one last used is the last.
  private let entries = Locked<Entries>(Entries())

  private struct Entries: Sendable {
    var list: [Entry] = []
    /// The calls that found their program, the last one at the end: the same again need look no further.
    var calls: [KnownCall] = []
    /// How many of them are kept.
    static var mostCalls: Int { 16 }

    /// Notes that an entry was used last.
    mutating func use(_ entry: Entry) {
      if list.last === entry { return }
      guard let place = list.lastIndex(where: { $0 === entry }) else { return }
      list.append(list.remove(at: place))
    }

    mutating func note(_ call: KnownCall) {
      // Nobody keeps what the cache has given up.
      if !list.contains(where: { $0 === call.entry }) { return }
      if calls.count == Self.mostCalls { calls.removeFirst() }
      calls.append(call)
    }
  }

  /// What a call's arguments were, and what ran for them.
  final class KnownCall: Sendable {
    let key: Int
    let types: [TensorType]
    let backend: any Backend
    let entry: Entry
    let sizes: [Int]

    init(key: Int, types: [TensorType], backend: any Backend, entry: Entry, sizes: [Int]) {
      self.key = key
      self.types = types
      self.backend = backend
      self.entry = entry
      self.sizes = sizes
    }
  }

  /// What the arguments of a call hold: all but the late ones.
  struct Arguments {
    let contents: TreeContents
    /// The call before, if the arguments are as those were.
    let known: KnownCall?

    var types: [TensorType] { known?.types ?? contents.tensors.map(\.type) }
  }

  init(_ options: CompileOptions, finished: [FinishedProgram] = [], hasFunction: Bool = true) {
    self.options = options
    self.finished = finished
    self.hasFunction = hasFunction
  }

  /// Ends the program at a call that is to be a part of a graph or of a derivative, and has no function for it.
  func failWithoutFunction() -> Never {
    Caller(#fileID, #line).fail(
      "finished program",
      "it takes no value of a graph, of a derivative or of vmap in progress; call the function that it was made of there, or the program of its gradient"
    )
  }

  override var lastProgram: Program? { entries.withLock { $0.list.last?.program } }

  /// What tracing the function gave.
  struct Traced {
    var output: Output
    /// All results, of which `updates` are written over arguments.
    var results: [Tensor]
    /// Of the results; empty if they have none.
    var names: [String]
    var updates: [Graph.Update]
  }

  /// A function of traced arguments.
  typealias Trace = (Tracer, [Tensor]) -> Traced

  /// Begins the program that fits the arguments: one that is known, one that is finished, or a traced one.
  ///
  /// - Parameters:
  ///   - arguments: the first `updated` of their tensors are written over, and must be row-major.
  ///   - names: the tensors' names, needed only when a function is traced or a message is due.
  ///   - trace: the function of its traced arguments, called only if there is one.
  ///   - like: gives the structure of a finished program's result.
  ///   - retrace: the same as `trace`, if places of operations are looked up by tracing once more.
  func begin(
    _ arguments: Arguments, names: () -> ArgumentNames, updated: Int = 0, trace: Trace, like: Trace, retrace: Trace?
  ) -> (entry: Entry, run: ProgramRun) {
    func begin(_ call: KnownCall, _ places: [TensorPlace], isCompiled: Bool) -> (Entry, ProgramRun) {
      (call.entry, self.begin(call, places, isCompiled: isCompiled, names: names, trace: trace, retrace: retrace))
    }
    if let known = arguments.known { return begin(known, arguments.contents.places, isCompiled: false) }
    let tensors = arguments.contents.tensors, types = arguments.types, key = arguments.contents.key
    let places = tensors.enumerated().map { number, tensor in (number < updated ? tensor : tensor.rowMajor).place }
    let backend = tensors.isEmpty ? nil : tensors.commonBackend("compile", Caller(#fileID, #line))
    let known = entries.withLock { entries -> KnownCall? in
      guard let place = entries.calls.lastIndex(where: { $0.key == key && $0.backend === backend && $0.types == types }) else { return nil }
      entries.calls.append(entries.calls.remove(at: place))
      entries.use(entries.calls[entries.calls.count - 1].entry)
      return entries.calls[entries.calls.count - 1]
    }
    if let known { return begin(known, places, isCompiled: false) }
    // Arguments of other names are traced anew: so they are checked.
    var hasher = Hasher()
    hasher.combine(key)
    for (number, tensor) in tensors.enumerated() where tensor.shape.isMarked {
      hasher.combine(number)
      hasher.combine(tensor.axisNames)
    }
    let (entry, sizes, isNew) = entry(hasher.finalize(), names, tensors, types, on: backend, trace, like)
    let call = KnownCall(key: key, types: types, backend: entry.program.backend, entry: entry, sizes: sizes)
    let begun = begin(call, places, isCompiled: isNew)
    // It is known now that the numbers of the symbols fulfil what the program requires.
    entries.withLock { $0.note(call) }
    return begun
  }

  /// Reads the arguments of a call: without their tensors' types if they are those of the call before.
  func read(_ read: (inout TreeContents) -> Void) -> Arguments {
    if let last = entries.withLock({ $0.calls.last }) {
      var contents = TreeContents(expecting: last.types, on: last.backend)
      read(&contents)
      if contents.isAsExpected && contents.key == last.key {
        entries.withLock { $0.use(last.entry) }
        return Arguments(contents: contents, known: last)
      }
    }
    var contents = TreeContents()
    read(&contents)
    return Arguments(contents: contents, known: nil)
  }

  /// Begins a program on row-major arguments.
  private func begin(
    _ call: KnownCall, _ places: [TensorPlace], isCompiled: Bool, names: () -> ArgumentNames, trace: Trace, retrace: Trace?
  ) -> ProgramRun {
    let clock = ContinuousClock()
    var start: ContinuousClock.Instant?
    let program = call.entry.program
    let (plan, isNewPlan) = program.checkOut(call.sizes) { number, requirement, values in
      requirement.fail(values) {
        guard hasFunction else { return Failure.callerNow() }
        // The message is out, and the program ends when the function asks for the same again.
        func stop(_ next: Int) { if next == number { Failure.end(at: Failure.callerNow()) } }
        _ = self.trace(names().list, call.types, on: program.backend, willRequire: stop, trace)
        return nil
      }
    } willBind: {
      start = clock.now
    }
    let time = start.map { clock.now - $0 } ?? .zero
    note { statistics in
      statistics.calls += 1
      statistics.lastCall = isCompiled ? .compiled : isNewPlan ? .rebound : .reused
      if isNewPlan {
        statistics.bindings += 1
        statistics.bindingTime += time
      }
    }
    let observe = observer {
      guard let retrace, hasFunction else { return nil }
      let names = names().list
      return NaNCheck { willRecord in _ = self.trace(names, call.types, on: program.backend, willRecord: willRecord, retrace) }
    }
    return plan.begin(places, of: program, observe: observe)
  }

  /// The same for a function without late arguments: its results, as no derivative sees them.
  func run(
    _ arguments: Arguments, names: () -> ArgumentNames, updated: Int = 0, trace: Trace, like: Trace, retrace: Trace?
  ) -> (template: Output, results: [Tensor]) {
    let (entry, run) = begin(arguments, names: names, updated: updated, trace: trace, like: like, retrace: retrace)
    run.finish()
    let results = entry.results(of: run)
    return (entry.template, arguments.contents.haveNodes ? results.cut(like: arguments.contents.tensors) : results)
  }

  /// The program for arguments of these names and types, traced and optimized for no call, and a result without numbers.
  func program(_ names: ArgumentNames, _ types: [TensorType], on backend: any Backend, _ trace: Trace)
    -> (program: Program, result: Output)
  {
    let entry = tracing { compile(key: 0, names: names, types, on: backend, trace) }
    return (entry.program, entry.template)
  }

  /// The program for these arguments, the numbers of its symbols, and whether it is new.
  private func entry(
    _ key: Int, _ names: () -> ArgumentNames, _ arguments: [Tensor], _ types: [TensorType], on backend: (any Backend)?, _ trace: Trace,
    _ like: Trace
  ) -> (Entry, [Int], isNew: Bool) {
    if let (entry, sizes) = known(key, types, on: backend) { return (entry, sizes, false) }
    return tracing {
      // Another thread may have been faster.
      if let (entry, sizes) = known(key, types, on: backend) { return (entry, sizes, false) }
      let names = names()
      names.requireOrder(of: arguments)
      if let (entry, sizes) = read(key, names, types, on: backend, like) { return (entry, sizes, false) }
      let (entry, sizes) = compiled(key, names, types, on: backend, trace)
      return (entry, sizes, true)
    }
  }

  /// The program last used that fits; it counts as the last one used.
  private func known(_ key: Int, _ types: [TensorType], on backend: (any Backend)?) -> (Entry, [Int])? {
    entries.withLock { entries in
      for entry in entries.list.reversed() where entry.key == key {
        if let backend, entry.program.backend !== backend { continue }
        guard let sizes = entry.program.sizes(types) else { continue }
        entries.use(entry)
        return (entry, sizes)
      }
      return nil
    }
  }

  /// The first finished program that fits the arguments and the structure of the result. The one that runs in place of a function must fit.
  private func read(_ key: Int, _ names: ArgumentNames, _ types: [TensorType], on backend: (any Backend)?, _ like: Trace) -> (
    Entry, [Int]
  )? {
    let mayBeFinished = !options.nanCheck && options.optimizes && options.memoryBudget == nil && Autocast.dtype == nil
    if finished.isEmpty || hasFunction && !mayBeFinished { return nil }
    let fingerprint = names.fingerprint
    for candidate in finished where !hasFunction || candidate.fingerprint == fingerprint {
      guard let backend else {
        Caller(#fileID, #line).fail("finished program", "there is no tensor among its arguments, so it is not known where it should run")
      }
      let clock = ContinuousClock()
      let start = clock.now
      let program = candidate.program(on: backend)
      let time = clock.now - start
      note { $0.readingTime += time }
      func refuse(_ fault: String) { if !hasFunction { Caller(#fileID, #line).fail("finished program", fault) } }
      if let fault = Self.misfit(program, names, types) {
        refuse(fault)
        continue
      }
      // Nothing is traced: `like` only says which tensors the result has, of arguments that fit.
      let (tracer, traced) = trace(names.list, types, on: backend, like)
      if let fault = Self.misfit(program, traced, tracer.graph.lateInputCount) {
        refuse(fault)
        continue
      }
      let entry = Entry(key: key, program: program, traced)
      entries.withLock { $0.list.append(entry) }
      return (entry, program.sizes(types)!)
    }
    return nil
  }

  /// Why arguments are not those of a finished program; nil if they are.
  private static func misfit(_ program: Program, _ names: ArgumentNames, _ types: [TensorType]) -> String? {
    let graph = program.graph, expected = Array(graph.inputNames.dropLast(graph.lateInputCount))
    if names.list != expected {
      return "its arguments' tensors are \(difference(names.list, expected)); make it again for arguments of this structure"
    }
    // Those of a function whose source was read are constants there.
    if let number = zip(names.settings, program.settings).enumerated().first(where: { $1.0 != $1.1 })?.offset {
      return
        "argument \(number) is \(names.settings[number]), and the program was made for \(program.settings[number]); make it again for these settings"
    }
    if graph.symbolValues(types) != nil { return nil }
    let wanted = graph.inputs.prefix(expected.count).map { graph.type($0) }
    if let place = types.indices.first(where: { !types[$0].unnamed.mayBe(wanted[$0]) }) {
      return "argument \(names.list[place]) is \(types[place]), and the program was made for \(wanted[place])"
    }
    return graph.symbolFault(types) ?? "the arguments \(types) do not fit those that the program was made for, \(wanted)"
  }

  /// Why a result's structure is not that of a finished program; nil if it is.
  private static func misfit(_ program: Program, _ traced: Traced, _ lateInputCount: Int) -> String? {
    let graph = program.graph
    if traced.updates != graph.updates || lateInputCount != graph.lateInputCount {
      return "it is that of another kind of compiled function: one of compile, of compileUpdate or of compilePullback"
    }
    if traced.results.count == graph.outputs.count && (program.resultNames.isEmpty || traced.names == program.resultNames) { return nil }
    return "its result's tensors are \(difference(traced.names, program.resultNames)); give `like` the structure of its result"
  }

  /// Where two lists of names differ.
  private static func difference(_ names: [String], _ expected: [String]) -> String {
    for (name, other) in zip(names, expected) where name != other {
      return "\(name.debugDescription) where the program has \(other.debugDescription)"
    }
    return "\(names.count), and the program has \(expected.count)"
  }

  private func compiled(
    _ key: Int, _ names: ArgumentNames, _ types: [TensorType], on backend: (any Backend)?, _ trace: Trace
  ) -> (Entry, [Int]) {
    let clock = ContinuousClock()
    let start = clock.now
    let faults = DataFaultScope.current?.faultCount
    let entry = compile(key: key, names: names, types, on: backend, trace)
    let time = clock.now - start
    guard let sizes = entry.program.sizes(types) else {
      Caller(#fileID, #line).fail(
        "compile",
        entry.program.graph.symbolFault(types) ?? "the arguments \(types) do not fit the shapes with symbols that the options name")
    }
    // What was computed at compile time of numbers without a result is not kept.
    let keeps = faults == DataFaultScope.current?.faultCount
    let dropped = entries.withLock { entries in
      if keeps { entries.list.append(entry) }
      let excess = entries.list.count - options.largestCache
      if excess > 0 {
        let old = entries.list.prefix(excess)
        entries.calls.removeAll { call in old.contains { $0 === call.entry } }
        entries.list.removeFirst(excess)
      }
      return max(excess, 0)
    }
    // One thread at a time comes here.
    if dropped > 0 && statistics.dropped == 0 {
      Failure.say(
        "compile: a function met more than \(options.largestCache) patterns of shapes or settings (the last one \(types)), and each new one is compiled anew while the oldest is dropped. Give the axes that vary symbols (CompileOptions.shapes), or keep more programs (CompileOptions.largestCache)."
      )
    }
    note { statistics in
      statistics.compilationTime += time
      statistics.compilations += 1
      statistics.dropped += dropped
    }
    return (entry, sizes)
  }

  private func observer(_ nanCheck: () -> NaNCheck?) -> ((BoundProgram.Step) -> Void)? {
    if options.nanCheck {
      guard let check = nanCheck() else { return nil }
      return { check.run($0) }
    }
    guard let profiler else { return nil }
    return { profiler.run($0) }
  }

  private func trace(
    _ names: [String], _ types: [TensorType], on backend: (any Backend)?, willRecord: ((Int) -> Void)? = nil,
    willRequire: ((Int) -> Void)? = nil, _ trace: Trace
  ) -> (Tracer, Traced) {
    let tracer = Tracer(target: backend, willRecord: willRecord, willRequire: willRequire)
    let inputs = zip(names, types).map { name, type in tracer.input(name, pattern(name, type)) }
    defer { tracer.close() }
    return (tracer, Tracer.$current.withValue(tracer) { trace(tracer, inputs) })
  }

  /// The graph of the function before any pass, and where it runs.
  private func graph(_ names: [String], _ types: [TensorType], on backend: (any Backend)?, _ trace: Trace) -> (
    graph: Graph, traced: Traced, requirements: [Requirement], target: any Backend
  ) {
    if let unknown = options.shapes.keys.filter({ !names.contains($0) }).min() {
      Caller(#fileID, #line).fail(
        "compile",
        "CompileOptions.shapes names \(unknown.debugDescription), which no argument is called; there are \(names.joined(separator: ", "))")
    }
    let (tracer, traced) = self.trace(names, types, on: backend, trace)
    StoppingThread.haltIfMistaken()
    let results = traced.results.map { tracer.value(of: $0) }
    var graph = tracer.graph
    graph.outputs = results
    graph.updates = traced.updates
    for update in traced.updates {
      let (old, new) = (graph.type(graph.inputs[update.input]), graph.type(results[update.output]))
      if !old.agrees(with: new) {
        Caller(#fileID, #line).fail(
          "compile", "the new value of \(graph.inputNames[update.input]) is \(new), the old one \(old); an update in place needs one type")
      }
    }
    guard let target = tracer.target else {
      Caller(#fileID, #line).fail(
        "compile", "the function uses no tensor, so it is not known where it should run; give it one as an argument")
    }
    return (graph, traced, tracer.requirements, target)
  }

  private func compile(
    key: Int, names arguments: ArgumentNames, _ types: [TensorType], on backend: (any Backend)?, _ trace: Trace
  ) -> Entry {
    let (graph, traced, requirements, target) = graph(arguments.list, types, on: backend, trace)
    let simple = Passes.simplify(graph, options, on: target)
    var optimized = Passes.fuse(simple, options, on: target)
    if let budget = options.memoryBudget, options.optimizes, !options.nanCheck, let sizes = graph.symbolValues(types),
      requirements.allSatisfy({ $0.holds(sizes) })
    {
      let outcome = MemoryBudget(bytes: budget, sizes: sizes, backend: target).apply(simple, optimized) {
        Passes.fuse($0, options, on: target)
      }
      optimized = outcome.graph
      note { $0.bytesOverBudget = max(0, outcome.byteCount - budget) }
    }
    let program = Program(optimized, on: target, requirements: requirements, resultNames: traced.names, settings: arguments.settings)
    return Entry(key: key, program: program, traced)
  }

  /// The graph in plain operations of a function with these arguments.
  func plainGraph(_ names: ArgumentNames, _ tensors: [Tensor], _ trace: Trace) -> PlainGraph {
    let backend = tensors.isEmpty ? nil : tensors.commonBackend("compile", Caller(#fileID, #line))
    if !hasFunction, let backend {
      let program = finished[0].program(on: backend)
      return PlainGraph(program.graph, names: program.resultNames, on: backend)
    }
    let (graph, traced, _, target) = tracing { self.graph(names.list, tensors.map(\.type), on: backend, trace) }
    return PlainGraph(graph, names: traced.names, on: target)
  }

  /// Where the operator of this caller is called while the function is traced; nil if that is not known, or no operator's.
  func place(of caller: Caller, _ names: ArgumentNames, _ tensors: [Tensor], _ trace: Trace) -> String? {
    guard caller.isOwn, hasFunction, let node = caller.node else { return nil }
    var place: String?
    tracing {
      _ = self.trace(
        names.list, tensors.map(\.type), on: tensors.first?.backend, willRecord: { if $0 == node { place = Failure.callerNow() } }, trace)
    }
    return place
  }

  /// The type of an argument, with the symbols that the options give.
  private func pattern(_ name: String, _ type: TensorType) -> TensorType {
    guard let shape = options.shapes[name] else { return type }
    guard shape.count == type.shape.rank else {
      Caller(#fileID, #line).fail(
        "compile",
        "argument \(name) has the shape \(type.shape), and CompileOptions.shapes gives it another number of axes, [\(shape.map(\.description).joined(separator: ", "))]"
      )
    }
    var result = type
    for (axis, dimension) in shape.enumerated() where dimension.number != -1 {
      result.shape[dim: axis] = dimension.named(at: type.shape[dim: axis].namePlace)
    }
    return result
  }
}

extension TensorType {
  /// Whether an argument of this type may be one of another type with symbols, whatever their numbers.
  fileprivate func mayBe(_ other: TensorType) -> Bool {
    dtype == other.dtype && shape.rank == other.shape.rank
      && shape.indices.allSatisfy { other.shape[dim: $0].isSymbolic || other.shape[dim: $0] == shape[dim: $0] }
  }
}
