/// A function that is traced and compiled at its first call, and at calls with arguments of other structures, dtypes or shapes (`CompileOptions.shapes` makes one
/// program serve many).
///
/// Any number of threads may call it at the same time; each call that runs beside others has buffers of its own. The function itself is traced by one thread at a time.
public final class CompiledFunction<each Input: TensorTree, Output: TensorTree>: CompiledHandle, @unchecked Sendable {
  /// Nil: only finished programs run.
  let body: ((repeat each Input) -> Output)?
  /// Gives the structure of a finished program's result; nil if there is none.
  private let like: ((repeat each Input) -> Output)?
  let compiler: Compiler<Output>

  init(_ body: ((repeat each Input) -> Output)?, like: ((repeat each Input) -> Output)? = nil, _ compiler: Compiler<Output>) {
    self.body = body
    self.like = like
    self.compiler = compiler
    super.init(compiler)
  }

  /// A function some of whose programs are finished.
  init(_ body: @escaping (repeat each Input) -> Output, _ options: CompileOptions, finished: [CompiledFunction]) {
    // Plain loops: closures over a pack of types are more than the compiler of Swift 6.3 bears here.
    var programs: [FinishedProgram] = [], last: CompiledFunction?
    for function in finished where !function.compiler.hasFunction {
      programs += function.compiler.finished
      last = function
    }
    self.body = body
    if let last { like = last.like } else { like = nil }
    compiler = Compiler(options, finished: programs)
    super.init(compiler)
  }

  /// The function's result for these arguments; inside of a graph, a derivative or `vmap` the function itself is called.
  ///
  /// - Precondition: As for `compile`.
  public func callAsFunction(_ input: repeat each Input) -> Output {
    func read(_ contents: inout TreeContents) { repeat contents.add(each input) }
    let arguments = compiler.read(read)
    if arguments.contents.areTransformed {
      guard let body else { compiler.failWithoutFunction() }
      compiler.noteInlined()
      return body(repeat each input)
    }
    func names() -> ArgumentNames { self.names(repeat each input) }
    func trace(_: Tracer, _ traced: [Tensor]) -> Compiler<Output>.Traced { self.trace(body, traced, repeat each input) }
    func like(_: Tracer, _ traced: [Tensor]) -> Compiler<Output>.Traced { self.trace(self.like, traced, repeat each input) }
    let (template, results) = compiler.run(
      arguments, names: names, trace: trace, like: like, retrace: compiler.options.nanCheck ? trace : nil)
    return template.replacingTensors(results)
  }

  func names(_ input: repeat each Input) -> ArgumentNames {
    var names = ArgumentNames()
    repeat names.add(each input)
    return names
  }

  func trace(_ f: ((repeat each Input) -> Output)?, _ traced: [Tensor], _ input: repeat each Input) -> Compiler<Output>.Traced {
    var rest = traced[...]
    let output = f!(repeat (each input).taking(&rest))
    return Compiler.Traced(output: output, results: output.tensors, names: output.namedTensors.map(\.name), updates: [])
  }

  /// The program that a first call with arguments of this structure and these types would make, and a result without numbers. Nothing is run; the types may name symbols.
  package func program(_ input: repeat each Input, types: [TensorType], on backend: any Backend) -> (program: Program, result: Output) {
    compiler.program(names(repeat each input), types, on: backend) { _, traced in trace(body, traced, repeat each input) }
  }
}

/// A function that changes its first argument, compiled: the new values are written over the old ones if no other tensor shares their memory. Inside of
/// `catchingDataFaults` they are written elsewhere, and the old ones stay if an operation has met a fault.
public final class CompiledUpdate<State: TensorTree, each Input: TensorTree, Output: TensorTree>: CompiledHandle, @unchecked Sendable {
  /// Nil: only finished programs run.
  private let body: ((inout State, repeat each Input) -> Output)?
  /// Gives the structure of a finished program's result; nil if there is none.
  private let like: ((inout State, repeat each Input) -> Output)?
  private let compiler: Compiler<Output>

  init(
    _ body: ((inout State, repeat each Input) -> Output)?, like: ((inout State, repeat each Input) -> Output)? = nil,
    _ compiler: Compiler<Output>
  ) {
    self.body = body
    self.like = like
    self.compiler = compiler
    super.init(compiler)
  }

  /// The function's result, with `state` changed; inside of a graph, a derivative or `vmap` the function itself is called.
  ///
  /// - Precondition: The function leaves the same tensors in its first argument, of the same shapes and dtypes; see `compile`.
  public func callAsFunction(_ state: inout State, _ input: repeat each Input) -> Output {
    // What shares its memory with `old` is not written over.
    let old = DataFaultScope.current == nil ? nil : state
    defer { if let old, DataFaultScope.hasFault { state = old } }
    state.changeTensors { $0.own() }
    var updated = 0
    func read(_ contents: inout TreeContents) {
      contents.add(state)
      updated = contents.count
      repeat contents.add(each input)
    }
    let arguments = compiler.read(read)
    if arguments.contents.areTransformed {
      guard let body else { compiler.failWithoutFunction() }
      compiler.noteInlined()
      return body(&state, repeat each input)
    }
    let structure = state
    func names() -> ArgumentNames { self.names(structure, repeat each input) }
    func trace(_: Tracer, _ traced: [Tensor]) -> Compiler<Output>.Traced { self.trace(body, traced, structure, repeat each input) }
    func like(_: Tracer, _ traced: [Tensor]) -> Compiler<Output>.Traced { self.trace(self.like, traced, structure, repeat each input) }
    let (template, results) = compiler.run(
      arguments, names: names, updated: updated, trace: trace, like: like, retrace: compiler.options.nanCheck ? trace : nil)
    return template.replacingTensors(results)
  }

  private func names(_ state: State, _ input: repeat each Input) -> ArgumentNames {
    var names = ArgumentNames()
    names.add(state)
    repeat names.add(each input)
    return names
  }

  private func trace(
    _ f: ((inout State, repeat each Input) -> Output)?, _ traced: [Tensor], _ state: State, _ input: repeat each Input
  ) -> Compiler<Output>.Traced {
    var rest = traced[...]
    var new = state.taking(&rest)
    let updated = traced.count - rest.count
    let output = f!(&new, repeat (each input).taking(&rest))
    Self.requireSameTensors(state, new)
    let results = output.tensors
    return Compiler.Traced(
      output: output, results: results + new.tensors, names: (output.namedTensors + new.namedTensors).map(\.name),
      updates: (0..<updated).map { Graph.Update(input: $0, output: results.count + $0) })
  }

  /// The program that a first call with arguments of this structure and these types would make; see `CompiledFunction.program`.
  package func program(_ state: State, _ input: repeat each Input, types: [TensorType], on backend: any Backend)
    -> (program: Program, result: Output)
  {
    compiler.program(names(state, repeat each input), types, on: backend) { _, traced in
      trace(body, traced, state, repeat each input)
    }
  }

  private static func requireSameTensors(_ old: State, _ new: State) {
    let (before, after) = (old.namedTensors.map(\.name), new.namedTensors.map(\.name))
    if before == after { return }
    let known = Set(before)
    let added = after.filter { !known.contains($0) }, lost = known.subtracting(after).sorted()
    func list(_ names: [String]) -> String { names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " …" : "") }
    let changes = [(added, "adds"), (lost, "removes")].filter { !$0.0.isEmpty }.map { "\($1) \($0.count) tensors (\(list($0)))" }
    Caller(#fileID, #line).fail(
      "compileUpdate",
      "the function \(changes.isEmpty ? "changes the order of the tensors" : changes.joined(separator: " and ")) in its first argument, which must hold the same tensors before and after. An optimizer holds its own from the start after `optimizer.state.prepare(for: model)`"
    )
  }
}

/// A compiled form of a function, traced when it is first called.
///
/// The function must be one of tensors: what else it reads outside of its arguments (numbers, random keys) is read once, while it is traced. For arguments of other settings, numbers and
/// words and flags beside the tensors of a model or optimizer, it is traced anew; functions that they hold, as an `Activation` does, cannot be compared.
///
/// ```swift
/// let f = compile { (x: Tensor) in square(x) + 1 }
/// let y = f(Tensor([1.0, 2.0]))  // [2, 5]
/// ```
///
/// - Precondition: The calls' arguments fit `CompileOptions.shapes`, the tensors are on one device, and the function reads no tensor's values while it is traced. That is checked at each call, for `compileUpdate` and `compilePullback` too.
public func compile<each Input: TensorTree, Output: TensorTree>(
  _ f: @escaping (repeat each Input) -> Output, _ options: CompileOptions = CompileOptions()
) -> CompiledFunction<repeat each Input, Output> {
  CompiledFunction(f, Compiler(options))
}

/// A function with two results, as `valueAndGradient` has, compiled.
public func compile<each Input: TensorTree, First: TensorTree, Second: TensorTree>(
  _ f: @escaping (repeat each Input) -> (First, Second), _ options: CompileOptions = CompileOptions()
) -> CompiledFunction<repeat each Input, Pair<First, Second>> {
  CompiledFunction({ (input: repeat each Input) in Pair(f(repeat each input)) }, Compiler(options))
}

/// A function that changes its first argument, compiled: a whole training step, say, in place on model and optimizer.
///
/// ```swift
/// let step = compileUpdate { (w: inout Tensor, slope: Tensor) in
///   w -= 0.5 * slope
///   return w.sum()
/// }
/// var w = Tensor([1.0, 2.0])
/// let sum = step(&w, Tensor([2.0, 2.0]))  // 1, and w is [0, 1]
/// ```
///
/// - Precondition: As for `compile`; the first argument holds the same tensors before and after, of the same shapes and dtypes.
public func compileUpdate<State: TensorTree, each Input: TensorTree, Output: TensorTree>(
  _ f: @escaping (inout State, repeat each Input) -> Output, _ options: CompileOptions = CompileOptions()
) -> CompiledUpdate<State, repeat each Input, Output> {
  CompiledUpdate(f, Compiler(options))
}

extension TensorTree {
  /// The same structure with the first tensors of `rest`, which are removed from it.
  func taking(_ rest: inout ArraySlice<Tensor>) -> Self { map { _, _ in rest.removeFirst() } }
}

extension Tensor {
  /// Moves what shares its memory with another tensor to memory of its own, so that it can be written over. Where there is none left it stays, which is a fault; inside
  /// of `catchingDataFaults` no program runs then.
  mutating func own() {
    if isTransformed || ownsMemory() { return }
    let backend = view.storage.backend, byteCount = shape.elementCount * dtype.byteCount
    guard let storage = backend.allocateForProgram(byteCount: byteCount, isArena: false) else {
      return DataFaultScope.report(
        .outOfMemory, "compileUpdate",
        "out of memory on \(backend.name): \(byteCount) bytes are wanted to copy a tensor of \(shape), which shares its memory or must outlast a fault",
        number: byteCount, shapes: [shape], Caller(#fileID, #line))
    }
    let target = View(storage: storage, layout: Layout(rowMajor: shape), dtype: dtype)
    ViewKernels.copy(view, into: target)
    self = Tensor(target, node: nil).taking(namesOf: shape)
  }

  /// What a parameter begins with: each element has a place of its own, as compiled functions want their arguments. What is made while a function is
  /// traced, or is being differentiated, stays as it is.
  package var materialized: Tensor { isTransformed || Tracer.current != nil ? self : rowMajor }

  /// The same elements in row-major order.
  var rowMajor: Tensor { isContiguous ? self : Tensor(ViewKernels.copied(view), node: nil).taking(namesOf: shape) }
}

/// What distinguishes arguments but for their tensors' types: made when a function is traced, a finished program is looked for, or a message is due.
struct ArgumentNames {
  /// The names of the tensors, in order, each with its argument's number first.
  private(set) var list: [String] = []
  /// Of each argument; none if they are constants of the function.
  private(set) var settings: [String] = []
  /// The tensors that have these names.
  private var tensors: [Tensor] = []

  init() {}

  /// Names alone.
  init(_ names: [String]) { list = names }

  mutating func add(_ tree: some TensorTree) {
    var copy = tree
    copy.visit("\(settings.count)") { name, tensor in
      list.append(name)
      tensors.append(tensor)
    }
    settings.append(tree.settings)
  }

  /// Ends the program if a tree's own `read` gives other tensors than its `visit`, or in another order: a program would take one for the other. What a tree makes anew each time
  /// is known by its type alone.
  func requireOrder(of read: [Tensor]) {
    func place(_ tensor: Tensor) -> [Int] { [ObjectIdentifier(tensor.face.storage).hashValue, tensor.face.layout.offset] }
    let places = Dictionary(grouping: read.indices) { place(read[$0]) }
    let wrong = zip(tensors.indices, read).first { number, tensor in
      tensors[number].type != tensor.type || places[place(tensors[number])].map { !$0.contains(number) } ?? false
    }
    if wrong == nil && tensors.count == read.count { return }
    let what = wrong.map { "differ in tensor \($0.0), \(list[$0.0])" } ?? "give \(read.count) and \(tensors.count) tensors"
    Caller(#fileID, #line).fail(
      "compile", "`read` and `visit` of an argument \(what); they must give the same tensors in the same order")
  }

  /// What all this comes to in one number.
  var fingerprint: UInt64 { Self.fingerprint(list, settings) }

  static func fingerprint(_ names: [String], _ settings: [String]) -> UInt64 {
    ProgramCode.checksum(Array((names + [""] + settings).joined(separator: "\n").utf8)[...])
  }
}
