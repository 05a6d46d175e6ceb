import CKernels
@_spi(Backend) import WengertCore

/// How a run reaches an input or output.
struct RowOperand {
  /// The first element, in the storage's memory of this run; and how far into that memory it is.
  var base: UnsafeMutableRawPointer
  var byteOffset: Int
  var byteCount: Int
  /// Bytes from the first element to the lowest that is touched, and past the highest.
  var lowest: Int, end: Int
  /// Elements from one row of a block to the next, and from one column to the next.
  var rowStride: Int
  var columnStride: Int
  /// Loads an input, stores an output.
  var move: wg_move_fn
  /// Whether a register may be in this memory.
  var isLanes: Bool
  var isUniform: Bool

  /// Whether a block is in memory as it would in a register.
  func isPacked(rows: Int, columns: Int) -> Bool {
    (columnStride == 1 || columns == 1) && (rows == 1 || rowStride == columns)
  }

  func overlaps(_ other: RowOperand) -> Bool {
    base + lowest < other.base + other.end && other.base + other.lowest < base + end
  }
}

/// An output whose value may be written straight to memory, as long as no input that is read later is there.
struct DirectOutput {
  var output: Int
  var value: Int
  var isDirect = false
}

/// A row program prepared for its operands: the plan, the loop nest, and the operands (inputs, then outputs). The threads of a run share it,
/// read-only; it must not run on two threads at a time.
final class RowKernel: Kernel, ParallelWork, @unchecked Sendable {
  /// Columns that one thread reduces of a row that is shared among threads.
  static let chunk = 1 << 15

  let plan: RowPlan
  let iteration: LoopNest
  let inputCount: Int
  let outputCount: Int
  let operandCount: Int
  let operands: UnsafeMutablePointer<RowOperand>
  /// The extents of the outer axes, then the strides of each operand along them: what is walked without counting references.
  private let axes: UnsafeMutablePointer<Int>
  private let outerCount: Int
  /// The bits of the numbers that the plan leaves open; then come `partials` and `known`.
  private let words: UnsafeMutablePointer<UInt64>
  let columns: Int
  /// Rows of a block are along the innermost outer axis.
  let blockExtent: Int
  let blockRows: Int
  let blockElements: Int
  let tileColumns: Int
  let direct: UnsafeMutablePointer<DirectOutput>
  let directCount: Int
  let stateCount: Int
  /// Whose memory the operands are in.
  private let storages: [CPUStorage]
  private(set) var accumulation: ColumnReduction?
  private var sharing = Sharing.none
  private var rowParts = Parts(extent: 0, size: 1), columnParts = Parts(extent: 0, size: 1)
  /// Rows that are walked by several threads: the partial reductions of each chunk, and those known of each pass.
  private let partials: UnsafeMutablePointer<UInt64>
  private let known: UnsafeMutablePointer<UInt64>

  /// `keepsRows`: each row of the shape stays one, so that rows may be walked a few at a time.
  init(_ call: RowCall, plans: RowPlanCache, keepsRows: Bool = false) {
    let (program, inputs, outputs) = (call.program, call.inputs, call.outputs)
    ensure(
      inputs.count == program.inputs.count && outputs.count == program.outputs.count,
      "row program \(program.name) takes \(program.inputs.count) inputs and \(program.outputs.count) outputs")
    let traits = RowTraits(program)
    let iteration = LoopNest(
      program, inputs: inputs, outputs: outputs, over: call.shape, isRowFixed: traits.isRowFixed || keepsRows,
      isOrderFixed: traits.isOrderFixed || keepsRows)
    let longest = traits.hasReduction ? RowPlan.longestReducedRow : RowPlan.longestSingleTile
    let isSingleTile = iteration.columns <= longest && !iteration.isTransposed
    var kinds = InputKinds()
    for input in inputs.indices { kinds.set(iteration.kind(ofInput: input, isSingleTile: isSingleTile), input) }
    let plan = plans.plan(program, kinds: kinds, isSingleTile: isSingleTile)

    self.plan = plan
    self.iteration = iteration
    inputCount = inputs.count
    outputCount = outputs.count
    operandCount = inputs.count + outputs.count
    columns = iteration.columns
    outerCount = iteration.outerCount
    blockExtent = outerCount > 0 ? iteration.extents[outerCount - 1] : 1
    stateCount = plan.stateCount
    directCount = plan.directOutputs.count
    let chunkCount = stateCount > 0 && columns > 2 * RowKernel.chunk ? (columns + RowKernel.chunk - 1) / RowKernel.chunk : 0
    let openCount = plan.openValues.count
    // All are in one block.
    let directPlace = operandCount * MemoryLayout<RowOperand>.stride
    let axesPlace = directPlace + directCount * MemoryLayout<DirectOutput>.stride
    let axesCount = (1 + operandCount) * outerCount
    let wordsPlace = axesPlace + axesCount * MemoryLayout<Int>.stride
    let wordCount = openCount + (chunkCount + plan.passes.count) * stateCount
    let block = UnsafeMutableRawPointer.allocate(byteCount: wordsPlace + wordCount * MemoryLayout<UInt64>.stride, alignment: 16)
    operands = block.bindMemory(to: RowOperand.self, capacity: operandCount)
    direct = (block + directPlace).bindMemory(to: DirectOutput.self, capacity: directCount)
    axes = (block + axesPlace).bindMemory(to: Int.self, capacity: axesCount)
    words = (block + wordsPlace).bindMemory(to: UInt64.self, capacity: wordCount)
    partials = words + openCount
    known = partials + chunkCount * stateCount
    for axis in 0..<outerCount { axes[axis] = iteration.extents[axis] }
    var storages: [CPUStorage] = []
    storages.reserveCapacity(operandCount)
    for index in 0..<operandCount {
      let isInput = index < inputs.count
      let view = isInput ? inputs[index] : outputs[index - inputs.count]
      let strides = iteration.strides[index]
      for axis in 0..<outerCount { axes[(1 + index) * outerCount + axis] = strides[axis] }
      let dtype = Int32(view.dtype.rawValue)
      let width = view.dtype.byteCount
      let extent = view.layout.extent ?? view.layout.offset...view.layout.offset
      (operands + index).initialize(
        to: RowOperand(
          base: view.address, byteOffset: view.layout.offset * width, byteCount: width,
          lowest: (extent.lowerBound - view.layout.offset) * width, end: (extent.upperBound - view.layout.offset + 1) * width,
          rowStride: outerCount > 0 ? strides[outerCount - 1] : 0, columnStride: strides[outerCount],
          move: isInput ? wg_load(dtype) : wg_store(dtype), isLanes: view.dtype.isLanes,
          isUniform: isInput && kinds.kind(index, isRow: true) == .uniform))
      storages.append(CPUStorage.of(view.storage))
    }
    self.storages = storages

    // Rows are combined four at a time.
    let least = plan.isAccumulating ? max(columns, min(4 * columns, 4096)) : columns
    let elements = isSingleTile ? max(plan.blockElements, least) : plan.blockElements
    blockElements = elements
    if iteration.isTransposed && blockExtent > 1 {
      tileColumns = min(elements >= 4096 ? 64 : 32, columns)
      blockRows = min(elements / tileColumns, RowPlan.maximumRows, blockExtent)
    } else if plan.isAccumulating && !isSingleTile && plan.stateCount == 0 && columns > elements / 4 {
      tileColumns = max(1, min(elements / 4, columns))
      blockRows = min(elements / tileColumns, RowPlan.maximumRows, blockExtent)
    } else if columns > elements / 2 || plan.stateCount > 0 {
      tileColumns = max(1, min(elements, columns))
      blockRows = 1
    } else {
      tileColumns = max(columns, 1)
      let fitting = max(1, min(elements / max(columns, 1), RowPlan.maximumRows, blockExtent))
      // Rows are combined by fours.
      blockRows = plan.isAccumulating && fitting > 4 ? fitting / 4 * 4 : fitting
    }
    for index in 0..<directCount {
      let (output, value, _) = plan.directOutputs[index]
      (direct + index).initialize(to: DirectOutput(output: output, value: value))
    }
    for (place, value) in plan.openValues.enumerated() { words[place] = program.number(value).bitPattern }
    if plan.isAccumulating { accumulation = ColumnReduction(self) }
  }

  deinit { UnsafeMutableRawPointer(operands).deallocate() }

  /// A number that the plan leaves open.
  func number(_ place: Int) -> Double { Double(bitPattern: words[place]) }

  /// Finds the operands where their storages are now.
  func refresh() {
    for index in 0..<operandCount { operands[index].base = storages[index].pointer + operands[index].byteOffset }
    for index in 0..<directCount {
      let output = operands[inputCount + direct[index].output]
      direct[index].isDirect = !plan.directOutputs[index].readLater.contains { operands[$0].overlaps(output) }
    }
    // Read after the first store, they must be loaded where an output shares their memory.
    for input in plan.heldInputs {
      operands[input].isLanes = !(inputCount..<operandCount).contains { operands[input].overlaps(operands[$0]) }
    }
  }

  /// Each operand's position at the start of a row.
  func locate(_ row: Int, _ starts: UnsafeMutablePointer<Int>) {
    for operand in 0..<operandCount { starts[operand] = 0 }
    var rest = row
    var axis = outerCount - 1
    while rest > 0 && axis >= 0 {
      let (quotient, index) = rest.quotientAndRemainder(dividingBy: axes[axis])
      if index != 0 {
        for operand in 0..<operandCount { starts[operand] += index * axes[(1 + operand) * outerCount + axis] }
      }
      rest = quotient
      axis -= 1
    }
  }

  // MARK: Sharing the work

  /// Work, in instructions on one element, below which another thread is not worth waking, and that one task should have.
  private static let task = 1 << 16

  /// How the pieces of the current run are made.
  private enum Sharing {
    case none, blocks, accumulation
    case chunks(pass: Int, row: Int)
  }

  func run(_ faults: FaultNote?) {
    refresh()
    let rows = iteration.rows
    let threads = ThreadPool.shared.threadCount
    let tasks = min(threads * 8, rows * columns * plan.stepCount / RowKernel.task)
    if let accumulation {
      sharing = .accumulation
      accumulation.run(self)
    } else if tasks <= 1 || threads == 1 {
      if rows > 0 {
        let interpreter = RowInterpreter(self)
        interpreter.walk(rows: 0..<rows, columns: 0..<columns)
      }
    } else if stateCount > 0 && rows < 2 * threads && columns > 2 * RowKernel.chunk {
      for row in 0..<rows { runInChunks(row: row) }
    } else {
      let isWholeRow = tileColumns >= columns || stateCount > 0
      let rowTasks = min(tasks, (rows + blockRows - 1) / blockRows)
      let columnTasks = isWholeRow ? 1 : min((tasks + rowTasks - 1) / rowTasks, (columns + tileColumns - 1) / tileColumns)
      sharing = .blocks
      rowParts = Parts(rows, rowTasks, multipleOf: blockRows)
      columnParts = Parts(columns, columnTasks, multipleOf: tileColumns)
      ThreadPool.shared.parallel(rowParts.count * columnParts.count, of: self)
    }
  }

  func perform(_ piece: Int) {
    switch sharing {
    case .none: break
    case .blocks:
      let interpreter = RowInterpreter(self)
      interpreter.walk(rows: rowParts[piece / columnParts.count], columns: columnParts[piece % columnParts.count])
    case .accumulation:
      accumulation!.perform(piece, of: self)
    case .chunks(let pass, let row):
      RowInterpreter(self).chunk(pass: pass, row: row, columns: columnParts[piece], known: known, into: partials + piece * stateCount)
    }
  }

  /// One long row with reductions: chunks in parallel, their partial results combined in order.
  private func runInChunks(row: Int) {
    columnParts = Parts(extent: columns, size: RowKernel.chunk)
    for (number, pass) in plan.passes.enumerated() {
      let total = known + number * stateCount
      for (slot, reduction) in pass.reductions.enumerated() { total[slot] = reduction.neutral }
      if pass.tileSteps.isEmpty { continue }
      sharing = .chunks(pass: number, row: row)
      ThreadPool.shared.parallel(columnParts.count, of: self)
      for index in 0..<columnParts.count {
        for (slot, reduction) in pass.reductions.enumerated() { reduction.combine(total + slot, partials + index * stateCount + slot, 1) }
      }
    }
    RowInterpreter(self).finish(row: row, known: known)
  }
}

/// 0..<extent in ranges of one size (the last may be shorter); one empty range if there is nothing.
struct Parts {
  let extent: Int
  let size: Int

  init(extent: Int, size: Int) { (self.extent, self.size) = (extent, size) }

  /// At most `number` parts whose bounds are multiples of `unit`.
  init(_ extent: Int, _ number: Int, multipleOf unit: Int) {
    self.init(extent: extent, size: max(1, ((extent + number - 1) / number + unit - 1) / unit * unit))
  }

  var count: Int { max(1, (extent + size - 1) / size) }
  subscript(index: Int) -> Range<Int> { index * size..<min((index + 1) * size, extent) }
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
      case .columnIndex, .random(_, _, _, .byColumn): isRowFixed = true
      case .random: isOrderFixed = true
      default: break
      }
    }
  }
}
