/// A finished program for those who know its arguments and results by their places alone: nothing that they give ends the process.
package struct PlacedProgram: Sendable {
  private let program: Program
  /// Names and types of the arguments' tensors, in order.
  package let inputs: [(name: String, type: TensorType)]
  /// Names and types of the result's tensors, in order; the names are empty if they are not known.
  package let outputs: [(name: String, type: TensorType)]

  /// - Throws: `ProgramError` if the code is damaged, or is that of a program that changes its arguments or waits for some.
  package init(_ finished: FinishedProgram, on backend: any Backend) throws {
    program = try finished.read(on: backend)
    let graph = program.graph, names = program.resultNames
    guard graph.updates.isEmpty, graph.lateInputCount == 0 else {
      throw ProgramError("it is that of compileUpdate or compilePullback, and only that of compile can be called here")
    }
    inputs = zip(graph.inputNames, graph.inputs).map { ($0, graph.type($1)) }
    outputs = graph.outputs.enumerated().map { ($0 < names.count ? names[$0] : "", graph.type($1)) }
  }

  /// The results, each in memory of its own, for arguments on the program's backend.
  ///
  /// - Throws: `ProgramError` if the arguments do not fit; `DataFault` if an operation has no result for their numbers.
  package func callAsFunction(_ arguments: [Tensor]) throws -> [Tensor] {
    let types = arguments.map(\.type), sizes = try sizes(types)
    let (plan, _) = program.checkOut(sizes) { _, requirement, values in requirement.fail(values) { nil } }
    let run = try catchingDataFaults {
      let run = plan.begin(arguments.map { $0.rowMajor.place }, of: program, observe: nil)
      run.finish()
      return run
    }
    var shared = Set(arguments.map { ObjectIdentifier($0.face.storage) })
    for info in program.graph.values {
      if case .constant(let tensor) = info.origin { shared.insert(ObjectIdentifier(tensor.face.storage)) }
    }
    return run.results.compactMap { result in
      result.map { shared.insert(ObjectIdentifier($0.face.storage)).inserted ? $0 : Tensor(ViewKernels.copied($0.view), node: nil) }
    }
  }

  private func sizes(_ types: [TensorType]) throws -> [Int] {
    guard types.count == inputs.count else {
      throw ProgramError("there are \(types.count) arguments, and the program takes \(inputs.count)")
    }
    for (type, input) in zip(types, inputs) {
      let shape = input.type.shape
      let fits =
        type.dtype == input.type.dtype && type.shape.rank == shape.rank
        && shape.indices.allSatisfy { axis in (shape[dim: axis].number ?? type.shape[axis]) == type.shape[axis] }
      if !fits { throw ProgramError("argument \(input.name) is \(type), and the program takes \(input.type)") }
    }
    guard let sizes = program.sizes(types) else {
      throw ProgramError(
        program.graph.symbolFault(types) ?? "the arguments \(types) do not fit those that the program takes, \(inputs.map(\.type))")
    }
    let values = Dictionary(uniqueKeysWithValues: zip(program.graph.symbols, sizes))
    if let requirement = program.requirements.first(where: { !$0.holds(values) }) {
      throw ProgramError("\(requirement.operation): \(requirement.text(values))")
    }
    if let misfit = program.misfit(values) { throw ProgramError("\(misfit.operation): \(misfit.message)") }
    return sizes
  }
}
