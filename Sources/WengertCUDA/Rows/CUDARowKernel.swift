@_spi(Backend) import WengertCore

/// A call of a row program: one kernel, or, where rows meet in outputs, several in a row.
///
/// Outputs in which rows meet along different axes are made apart. Reductions that they need are made first, as numbers in the workspace; what is stored comes last,
/// since it may be written over an input.
struct CUDARowKernel: LaunchedKernel {
  private enum Step {
    case elements(ElementKernel), transposed(TransposedKernel), reductions(ReductionKernel), columns(ColumnKernel)
    case whole(CUDARowKernel)

    func launch(on stream: CUHandle?) {
      switch self {
      case .elements(let kernel): kernel.launch(on: stream)
      case .transposed(let kernel): kernel.launch(on: stream)
      case .reductions(let kernel): kernel.launch(on: stream)
      case .columns(let kernel): kernel.launch(on: stream)
      case .whole(let kernel): kernel.launch(on: stream)
      }
    }
  }
  let backend: CUDABackend
  private let steps: [Step]
  /// Memory that no plan has given.
  private let own: Storage?

  init(_ call: RowCall, _ workspace: Storage?, on backend: CUDABackend) {
    self.backend = backend
    let program = call.program
    if call.shape.elementCount == 0 {
      steps = []
      own = nil
      return
    }
    func step(_ part: RowPart, _ call: RowCall, _ scalars: [RowProgram.Value: View]) -> Step {
      if !part.reductions.isEmpty { return .reductions(ReductionKernel(part, call, scalars: scalars, on: backend)) }
      if let kernel = TransposedKernel(part, call, scalars: scalars, on: backend) { return .transposed(kernel) }
      return .elements(ElementKernel(part, call, scalars: scalars, on: backend))
    }
    /// Outputs that are stored, each by whoever makes it first: without a reduction numbers of rows have a kernel of their own, behind the rows', which may read what these go over.
    func storing(_ outputs: [Int], given: [RowProgram.Value], _ scalars: [RowProgram.Value: View]) -> [Step] {
      let numbers = outputs.filter { !program.isRow[program.outputs[$0].value] }
      let isWhole = numbers.isEmpty || call.shape[call.shape.rank - 1] == 1
      if isWhole || !RowPart(program, outputs: outputs, given: given).reductions.isEmpty {
        return [step(RowPart(program, outputs: outputs, given: given), call, scalars)]
      }
      let rows = outputs.filter { !numbers.contains($0) }
      let ofNumbers = step(RowPart(program, outputs: numbers, given: given), call.ofFirstColumn, scalars)
      return (rows.isEmpty ? [] : [step(RowPart(program, outputs: rows, given: given), call, scalars)]) + [ofNumbers]
    }
    let plan = RowParts(call)
    if let long = plan.long {
      let memory = workspace ?? backend.allocate(byteCount: long.workspace)
      own = workspace == nil ? memory : nil
      var steps: [Step] = []
      long.perform(in: memory) {
        steps.append(step($0, $1, $2))
      } whole: {
        steps.append(.whole(CUDARowKernel($0, nil, on: backend)))
      }
      self.steps = steps
      return
    }
    if plan.accumulated.isEmpty {
      steps = storing(plan.stored, given: [], [:])
      own = nil
      return
    }
    let byteCount = plan.workspace
    let memory = workspace ?? (byteCount > 0 ? backend.allocate(byteCount: byteCount) : nil)
    own = workspace == nil ? memory : nil
    var used = 0
    func room(_ shape: Shape, _ dtype: DType) -> View {
      let count = shape.elementCount * dtype.byteCount
      defer { used += RowParts.rounded(count) }
      return View(
        storage: memory!, layout: Layout(shape: shape, strides: shape.rowMajorStrides, offset: used / dtype.byteCount), dtype: dtype)
    }
    var scalarShape = call.shape
    scalarShape[scalarShape.rank - 1] = 1
    var scalars: [RowProgram.Value: View] = [:]
    for value in plan.reductions { scalars[value] = room(scalarShape, program.dtypes[value].computeType) }
    var steps: [Step] = []
    if !plan.reductions.isEmpty { steps.append(step(RowPart(program, outputs: [], wanted: plan.reductions), call, scalars)) }
    for outputs in plan.accumulated {
      let division = ColumnDivision(call, output: outputs[0])
      let partials =
        division.partialCount == 0
        ? [] : outputs.map { room([division.partialCount], program.dtypes[program.outputs[$0].value].computeType) }
      let part = RowPart(program, outputs: outputs, given: plan.reductions)
      steps.append(.columns(ColumnKernel(part, call, division, scalars: scalars, partials: partials, on: backend)))
    }
    if !plan.stored.isEmpty { steps += storing(plan.stored, given: plan.reductions, scalars) }
    self.steps = steps
  }

  func launch(on stream: CUHandle?) { steps.forEach { $0.launch(on: stream) } }
}

extension RowCall {
  /// The call for the first column alone, in which numbers of rows are.
  fileprivate var ofFirstColumn: RowCall {
    func first(_ view: View) -> View {
      var layout = view.layout
      if layout.shape.rank == shape.rank { layout.shape[shape.rank - 1] = 1 }
      return View(storage: view.storage, layout: layout, dtype: view.dtype)
    }
    var space = shape
    space[shape.rank - 1] = 1
    return RowCall(program, inputs: inputs.map(first), outputs: outputs.map(first), over: space)
  }
}

/// Which outputs of a row program are made together.
struct RowParts {
  /// Outputs that are stored.
  let stored: [Int]
  /// Outputs in which rows meet, those along the same axes together.
  let accumulated: [[Int]]
  /// The reductions that these need.
  let reductions: [RowProgram.Value]
  /// The division of few and long rows.
  let long: LongRows?
  /// Bytes for reductions and partial results.
  let workspace: Int

  init(_ call: RowCall) {
    let program = call.program
    stored = program.outputs.indices.filter { program.outputs[$0].accumulate == nil }
    var groups: [[Int]: [Int]] = [:]
    for output in program.outputs.indices where program.outputs[output].accumulate != nil {
      groups[ColumnDivision(call, output: output).kept, default: []].append(output)
    }
    accumulated = groups.values.sorted { $0[0] < $1[0] }
    reductions = accumulated.isEmpty ? [] : RowPart(program, outputs: accumulated.flatMap(\.self).sorted()).reductions
    let rows = call.shape.dropLast().reduce(1, *)
    long = LongRows(call)
    if let long {
      workspace = long.workspace
      return
    }
    workspace =
      reductions.reduce(0) { $0 + RowParts.rounded(rows * program.dtypes[$1].computeType.byteCount) }
      + accumulated.reduce(0) { sum, outputs in
        let count = ColumnDivision(call, output: outputs[0]).partialCount
        return outputs.reduce(sum) { $0 + RowParts.rounded(count * program.dtypes[program.outputs[$1].value].computeType.byteCount) }
      }
  }

  static func rounded(_ byteCount: Int) -> Int { (byteCount + 255) / 256 * 256 }
}
