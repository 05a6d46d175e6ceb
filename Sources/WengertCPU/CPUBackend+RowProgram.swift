import WengertCore

extension CPUBackend {
  public func run(_ program: RowProgram, inputs: [View], outputs: [View], over shape: Shape) {
    precondition(
      inputs.count == program.inputs.count && outputs.count == program.outputs.count,
      "row program \(program.name) takes \(program.inputs.count) inputs and \(program.outputs.count) outputs")
    let traits = RowTraits(program)
    let iteration = RowIteration(
      program, inputs: inputs, outputs: outputs, over: shape, isRowFixed: traits.isRowFixed, isOrderFixed: traits.isOrderFixed)
    let longest = traits.hasReduction ? RowPlan.longestReducedRow : RowPlan.longestSingleTile
    let isSingleTile = iteration.columns <= longest && !iteration.isTransposed
    var kinds = InputKinds()
    for input in inputs.indices { kinds.set(iteration.kind(ofInput: input, isSingleTile: isSingleTile), input) }
    let plan = plans.plan(program, kinds: kinds, isSingleTile: isSingleTile)
    RowRun(plan: plan, iteration: iteration, kinds: kinds, isSingleTile: isSingleTile, inputs: inputs, outputs: outputs).perform()
  }
}

/// What a program asks of the loop nest.
private struct RowTraits {
  /// A reduction, a column index, or rows that are combined: no axis is merged into the row.
  var isRowFixed: Bool
  /// Random numbers are addressed by the row-major position: axes are not exchanged.
  var isOrderFixed = false
  var hasReduction = false

  init(_ program: RowProgram) {
    isRowFixed = program.outputs.contains { $0.accumulate != nil || !program.isRow[$0.value] }
    for instruction in program.instructions {
      switch instruction {
      case .reduce:
        hasReduction = true
        isRowFixed = true
      case .columnIndex: isRowFixed = true
      case .random: isOrderFixed = true
      default: break
      }
    }
  }
}
