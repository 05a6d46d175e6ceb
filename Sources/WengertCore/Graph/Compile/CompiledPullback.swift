/// The value of a function and its pullback as one program in two halves: the first computes the value, the second, once the value's cotangent is known, adds the
/// gradient to what was added up before. Any number of threads may call it, also while earlier values wait for their cotangents.
public final class CompiledPullback<Model: TensorTree, each Input: TensorTree>: CompiledHandle, @unchecked Sendable {
  /// Nil: only finished programs run.
  private let body: ((Model, repeat each Input) -> Tensor)?
  let compiler: Compiler<Tensor>

  init(_ body: ((Model, repeat each Input) -> Tensor)?, _ compiler: Compiler<Tensor>) {
    self.body = body
    self.compiler = compiler
    super.init(compiler)
  }

  /// The value of the function, and what its backward pass needs. The program's memory is held until the pending half is finished or released; a second call before that takes memory of its own.
  ///
  /// - Precondition: No argument is a value of a graph, of a derivative or of `vmap` in progress.
  public func callAsFunction(_ model: Model, _ input: repeat each Input) -> Pending {
    var count = 0
    func read(_ contents: inout TreeContents) {
      contents.add(model)
      count = contents.count
      repeat contents.add(each input)
    }
    let arguments = compiler.read(read)
    if arguments.contents.areTransformed {
      Caller(#fileID, #line).fail(
        "compilePullback",
        "a compiled pullback cannot be part of a graph or of a derivative in progress, which would lose its gradient; call vjp there")
    }
    func names() -> ArgumentNames { self.names(model, repeat each input) }
    func trace(_ tracer: Tracer, _ traced: [Tensor]) -> Compiler<Tensor>.Traced { self.trace(tracer, traced, model, repeat each input) }
    // The structure of a finished program's results.
    func like(_ tracer: Tracer, _ traced: [Tensor]) -> Compiler<Tensor>.Traced {
      let late = (0...count).map { tracer.lateInput("\($0)", traced[0].type) }
      return Compiler.Traced(output: traced[0], results: late, names: [], updates: Self.updates(count, of: traced.count))
    }
    let (_, run) = compiler.begin(
      arguments, names: names, trace: trace, like: like, retrace: compiler.options.nanCheck ? trace : nil)
    return Pending(value: run.results[0]!, types: arguments.types.prefix(count).map(\.unnamed), run: run)
  }

  private func names(_ model: Model, _ input: repeat each Input) -> ArgumentNames {
    var names = ArgumentNames()
    names.add(model)
    repeat names.add(each input)
    return names
  }

  /// The sums that the gradient is added to are late arguments, behind the others.
  private static func updates(_ count: Int, of arguments: Int) -> [Graph.Update] {
    (0..<count).map { Graph.Update(input: arguments + $0, output: 1 + $0) }
  }

  private func trace(_ tracer: Tracer, _ traced: [Tensor], _ model: Model, _ input: repeat each Input) -> Compiler<Tensor>.Traced {
    var rest = traced[...]
    let variables = model.taking(&rest)
    let count = traced.count - rest.count
    let others = (repeat (each input).taking(&rest))
    let (value, pullback) = vjp(
      "compilePullback", at: variables, needsUse: true, { body!($0, repeat each others) }, Caller(#fileID, #line))
    let sums = tracer.graph.inputs.prefix(count).enumerated().map { number, input in
      tracer.lateInput("gradient.\(tracer.graph.inputNames[number])", tracer.graph.type(input))
    }
    let cotangent = tracer.lateInput("cotangent", value.type)
    let slopes = pullback(cotangent).tensors
    let new = zip(sums, slopes).map { sum, slope in sum.dtype.isFloating ? sum + slope : sum }
    return Compiler.Traced(output: value, results: [value] + new, names: [], updates: Self.updates(count, of: traced.count))
  }

  /// The program that a first call with arguments of this structure and these types would make; see `CompiledFunction.program`.
  package func program(_ model: Model, _ input: repeat each Input, types: [TensorType], on backend: any Backend) -> Program {
    compiler.program(names(model, repeat each input), types, on: backend) { tracer, traced in
      trace(tracer, traced, model, repeat each input)
    }.program
  }

  /// A run that waits for the value's cotangent.
  public final class Pending {
    /// The function's value.
    public let value: Tensor
    /// Those of the model's tensors.
    private let types: [TensorType]
    private let run: ProgramRun
    private var isAdded = false

    fileprivate init(value: Tensor, types: [TensorType], run: ProgramRun) {
      self.value = value
      self.types = types
      self.run = run
    }

    /// Adds the model's gradient for this cotangent of the value to `gradient`, which has the model's structure, in place if no other tensor shares its memory.
    /// The memory of the run is given back at the end.
    ///
    /// - Parameters:
    ///   - cotangent: what the value's derivative is multiplied by.
    ///   - gradient: what is added to.
    ///   - isComplete: called for each of the gradient's tensors, by its number, with the tensor, as soon as its sum is complete; the others follow.
    ///   - file: the caller's file, which messages name.
    ///   - line: the caller's line, likewise.
    /// - Precondition: The cotangent has the value's shape and dtype, `gradient` the model's structure, shapes and dtypes, none is a value of a graph, of a derivative or of `vmap` in progress, and
    ///   this is the first call.
    public func add(
      _ cotangent: Tensor, to gradient: inout Model, isComplete: ((Int, Tensor) -> Void)? = nil, file: StaticString = #fileID,
      line: UInt = #line
    ) {
      let caller = Caller(file, line)
      caller.require(
        cotangent.shape.agrees(with: value.shape) && cotangent.dtype == value.dtype, "pullback",
        "a cotangent \(cotangent.type) for a value \(value.type)")
      caller.require(
        !isAdded, "pullback", "the gradient of this value has been added already; call the compiled pullback again for another cotangent")
      requireSums(gradient.namedTensors, cotangent, caller)
      isAdded = true
      // What shares its memory with `old` is added to elsewhere.
      let old = DataFaultScope.current == nil ? nil : gradient
      defer { if let old, DataFaultScope.hasFault { gradient = old } }
      gradient.changeTensors { $0.own() }
      let tensors = gradient.tensors, cotangent = cotangent.rowMajor
      run.finish(
        (tensors + [cotangent]).map(\.place),
        isWritten: isComplete.map { tell in
          { number in if number < tensors.count { tell(number, tensors[number]) } }
        })
    }

    private func requireSums(_ sums: [(name: String, tensor: Tensor)], _ cotangent: Tensor, _ caller: Caller) {
      caller.require(
        sums.count == types.count, "pullback", "the gradient to add to has \(sums.count) tensors, the model \(types.count)")
      for (sum, type) in zip(sums, types) where sum.tensor.type.unnamed != type {
        caller.fail(
          "pullback", "\(sum.name.isEmpty ? "the gradient to add to" : sum.name) is \(sum.tensor.type), and the model's tensor \(type)")
      }
      let all = sums.map(\.tensor) + [cotangent]
      caller.require(
        !all.contains(where: \.isTransformed), "pullback",
        "a compiled pullback cannot be part of a graph or of a derivative in progress, which would lose its gradient; call vjp there")
      _ = ([value] + all).commonBackend("pullback", caller)
    }
  }
}

/// The value and the pullback of a function with respect to its first argument, compiled.
///
/// ```swift
/// let f = compilePullback { (w: Tensor, x: Tensor) in square(w * x).sum() }
/// let pending = f(Tensor([1.0, 2.0]), Tensor([1.0, 1.0]))  // pending.value is 5
/// var slope = Tensor.zeros([2])
/// pending.add(Tensor(1), to: &slope)  // slope is [2, 4]
/// ```
///
/// - Precondition: As for `compile`; the value depends on a floating tensor of the first argument (see `vjp`).
public func compilePullback<Model: TensorTree, each Input: TensorTree>(
  _ f: @escaping (Model, repeat each Input) -> Tensor, _ options: CompileOptions = CompileOptions()
) -> CompiledPullback<Model, repeat each Input> {
  CompiledPullback(f, Compiler(options))
}
