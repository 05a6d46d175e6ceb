/// A program that was traced, differentiated and optimized before, as code: it is read at the first call, no function is traced for it, and no pass runs.
///
/// The code is that of a compiled function's program (`Program.literal`, `Program.code`): in source a string literal, or the bytes of a file. One code serves every size of the
/// symbols that the function was compiled with. It holds the operations, settings and small tensors of the function, but no Swift: the derivatives are
/// those that the function itself took. `CompiledFunction.init(finished:like:)` calls it.
///
/// ```swift
/// let compiled = compile { (x: Tensor) in square(x) + 1 }
/// _ = compiled(Tensor([1.0, 2.0]))
/// let finished = try FinishedProgram(code: compiled.program!.code())
/// let f = CompiledFunction<Tensor, Tensor>(finished: finished)
/// let y = f(Tensor([3.0, 4.0]))  // [10, 17], and nothing was traced
/// ```
public final class FinishedProgram: Sendable {
  private let code: Code
  /// Where the literal is.
  private let caller: Caller
  /// One for each device that it ran on.
  private let programs = Locked<[Program]>([])

  private enum Code: Sendable {
    case literal(StaticString)
    case bytes([UInt8])

    var bytes: [UInt8] {
      get throws {
        switch self {
        case .literal(let text): try Base64.bytes(text.description)
        case .bytes(let bytes): bytes
        }
      }
    }
  }

  /// The program of a literal in source, which a tool has written (`Program.literal`). It is read at the first call.
  ///
  /// - Precondition: The literal is the whole text of a program that this version of the library has written.
  public init(_ literal: StaticString, file: StaticString = #fileID, line: UInt = #line) {
    code = .literal(literal)
    caller = Caller(file, line)
  }

  /// The program of bytes that `Program.code` has given; they are read at once.
  ///
  /// - Parameter backend: where its tensors are put; it runs wherever its arguments are.
  /// - Throws: `ProgramError` if the bytes are damaged, or not those of a program that this version of the library can run.
  @_spi(Backend) public init(code bytes: [UInt8], backend: any Backend) throws {
    code = .bytes(bytes)
    caller = Caller(#fileID, #line)
    _ = try read(on: backend)
  }

  /// That of the arguments that the program is for; nil if the code is cut off.
  var fingerprint: UInt64? {
    switch code {
    case .literal(let text): ProgramCode.fingerprint((try? Base64.bytes(String(text.description.prefix(20)))) ?? [])
    case .bytes(let bytes): ProgramCode.fingerprint(bytes)
    }
  }

  /// The program on a backend. Code that is wrong ends the program: it is a mistake of whoever put it there.
  func program(on backend: any Backend) -> Program {
    do {
      return try read(on: backend)
    } catch {
      caller.fail("finished program", "\(error)")
    }
  }

  func read(on backend: any Backend) throws -> Program {
    func known(_ programs: [Program]) -> Program? { programs.first { $0.backend === backend } }
    if let program = programs.withLock({ known($0) }) { return program }
    let program = Program(try ProgramCode(code.bytes, on: backend), on: backend)
    return programs.withLock { programs in
      // Another thread may have been faster.
      if let faster = known(programs) { return faster }
      programs.append(program)
      return program
    }
  }
}

extension Program {
  /// The program's code, of which `FinishedProgram` makes it again. The form is described at `ProgramCode`; files have the same.
  ///
  /// - Parameter largestConstant: how many bytes a tensor may take that the function uses and is not given as an argument.
  /// - Throws: `ProgramError` if the program has something that no code can hold: a larger tensor, or a function of Swift's. It names the operation and its line.
  public func code(largestConstant: Int = 1 << 16) throws -> [UInt8] {
    try ProgramCode(graph: graph, requirements: requirements, resultNames: resultNames, settings: settings).bytes(
      largestConstant: largestConstant)
  }

  /// The same as text for a literal in source: `FinishedProgram("…")`.
  public func literal(largestConstant: Int = 1 << 16) throws -> String { Base64.text(try code(largestConstant: largestConstant)) }
}

extension CompiledFunction {
  /// A function that is a finished program, and is never traced.
  ///
  /// A loss and its gradient by a model: `CompiledFunction<Model, Tensor, Pair<Tensor, Model>>(finished: program) { model, x in Pair(x, model) }`.
  ///
  /// - Parameters:
  ///   - program: what its calls run.
  ///   - structure: gives, of the arguments, a value of the structure of the result: which tensors are in it does not matter. It is called once for each structure of the
  ///     arguments; for a gradient it gives back the argument that the gradient is of.
  /// - Precondition: The calls' arguments have the structure, settings (numbers, words and flags beside the tensors; functions that a tree holds, as an `Activation` does, cannot be
  ///   compared, and must be those that the program was made of), dtypes and shapes for which the program was made, and are not values of a graph, of a derivative or of `vmap` in progress; the program is that of a `compile`, and its result has the
  ///   structure of `structure`'s.
  public convenience init(finished program: FinishedProgram, like structure: @escaping (repeat each Input) -> Output) {
    self.init(nil, like: structure, Compiler(CompileOptions(), finished: [program], hasFunction: false))
  }
}

extension CompiledFunction where Output == Tensor {
  /// The same for a function whose result is one tensor.
  public convenience init(finished program: FinishedProgram) {
    self.init(finished: program) { (input: repeat each Input) in
      var arguments = TreeContents()
      repeat arguments.add(each input)
      return arguments.tensors[0]
    }
  }
}

extension CompiledUpdate {
  /// A function that changes its first argument and is a finished program, that of a `compileUpdate`; see `CompiledFunction.init(finished:like:)`.
  public convenience init(finished program: FinishedProgram, like structure: @escaping (State, repeat each Input) -> Output) {
    self.init(
      nil, like: { (state: inout State, input: repeat each Input) in structure(state, repeat each input) },
      Compiler(CompileOptions(), finished: [program], hasFunction: false))
  }
}

extension CompiledPullback {
  /// A function and its pullback that are a finished program, that of a `compilePullback`; see `CompiledFunction.init(finished:like:)`.
  public convenience init(finished program: FinishedProgram) {
    self.init(nil, Compiler(CompileOptions(), finished: [program], hasFunction: false))
  }

  fileprivate static func programs(_ functions: [CompiledPullback]) -> [FinishedProgram] {
    var programs: [FinishedProgram] = []
    for function in functions { programs += function.compiler.finished }
    return programs
  }
}

/// `compile` for a function some of whose programs are finished: the first of them that fits a call's arguments runs; for other arguments the function is traced.
///
/// ```swift
/// let f = compile { (x: Tensor) in square(x) + 1 }
/// _ = f(Tensor([1.0, 2.0]))
/// let finished = CompiledFunction<Tensor, Tensor>(finished: try FinishedProgram(code: f.program!.code()))
/// let g = compile({ (x: Tensor) in square(x) + 1 }, finished: [finished])
/// let y = g(Tensor([3.0, 4.0]))  // [10, 17], and nothing was traced
/// let z = g(Tensor(3.0))  // 10: a scalar is no pair
/// ```
///
/// - Parameters:
///   - f: the function, which is traced for all other arguments.
///   - options: how it is compiled then.
///   - finished: finished programs of this function, for arguments of different structures, settings, dtypes or shapes. With options that ask for another program than
///     they are, `nanCheck`, `memoryBudget` or none of the passes, none is used.
/// - Precondition: As for `compile`; the programs are ones of this function, and of the functions that its arguments hold.
public func compile<each Input: TensorTree, Output: TensorTree>(
  _ f: @escaping (repeat each Input) -> Output, _ options: CompileOptions = CompileOptions(),
  finished: [CompiledFunction<repeat each Input, Output>]
) -> CompiledFunction<repeat each Input, Output> {
  CompiledFunction(f, options, finished: finished)
}

/// `compilePullback` for a function some of whose programs are finished; see `compile(_:_:finished:)`.
///
/// - Precondition: As for `compilePullback`; the programs are ones of this function.
public func compilePullback<Model: TensorTree, each Input: TensorTree>(
  _ f: @escaping (Model, repeat each Input) -> Tensor, _ options: CompileOptions = CompileOptions(),
  finished: [CompiledPullback<Model, repeat each Input>]
) -> CompiledPullback<Model, repeat each Input> {
  CompiledPullback(f, Compiler(options, finished: CompiledPullback.programs(finished)))
}
