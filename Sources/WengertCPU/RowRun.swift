import CKernels
import WengertCore

/// How a run reaches an input or output.
struct RowOperand {
  var base: UnsafeMutableRawPointer
  var byteCount: Int
  /// Elements from one row of a block to the next, and from one column to the next.
  var rowStride: Int
  var columnStride: Int
  /// Loads an input, stores an output.
  var move: wg_move_fn
  /// Whether a register may stand in this memory.
  var isLanes: Bool
  var isUniform: Bool

  /// Whether a block lies in memory as it would in a register.
  func isPacked(rows: Int, columns: Int) -> Bool {
    (columnStride == 1 || columns == 1) && (rows == 1 || rowStride == columns)
  }
}

/// One run of a row program: the plan, the loop nest, and the operands (inputs, then outputs). Shared by the threads, read-only.
final class RowRun: @unchecked Sendable {
  /// Columns that one thread reduces of a row that is shared among threads.
  static let chunk = 1 << 15

  let plan: RowPlan
  let iteration: RowIteration
  let inputCount: Int
  let outputCount: Int
  let operandCount: Int
  let operands: UnsafeMutablePointer<RowOperand>
  let columns: Int
  /// Rows of a block lie along the innermost outer axis.
  let blockExtent: Int
  let blockRows: Int
  let blockElements: Int
  let tileColumns: Int
  /// Outputs whose value may be written straight to memory.
  let direct: [(output: Int, value: Int)]
  let stateCount: Int

  init(plan: RowPlan, iteration: RowIteration, kinds: InputKinds, isSingleTile: Bool, inputs: [View], outputs: [View]) {
    self.plan = plan
    self.iteration = iteration
    inputCount = inputs.count
    outputCount = outputs.count
    operandCount = inputs.count + outputs.count
    columns = iteration.columns
    let outerCount = iteration.outerCount
    blockExtent = outerCount > 0 ? iteration.extents[outerCount - 1] : 1
    operands = .allocate(capacity: operandCount)
    for index in 0..<operandCount {
      let isInput = index < inputs.count
      let view = isInput ? inputs[index] : outputs[index - inputs.count]
      let strides = iteration.strides[index]
      let dtype = Int32(view.dtype.rawValue)
      (operands + index).initialize(
        to: RowOperand(
          base: view.address, byteCount: view.dtype.byteCount, rowStride: outerCount > 0 ? strides[outerCount - 1] : 0,
          columnStride: strides[outerCount], move: isInput ? wg_load(dtype) : wg_store(dtype), isLanes: view.dtype.isLanes,
          isUniform: isInput && kinds.kind(index, isRow: true) == .uniform))
    }

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
      blockRows = max(1, min(elements / max(columns, 1), RowPlan.maximumRows, blockExtent))
    }
    var direct: [(output: Int, value: Int)] = []
    for output in outputs.indices {
      guard let value = plan.directValue[output] else { continue }
      let isReadLater = plan.readAfterDirect[output].contains { inputs[$0].storage === outputs[output].storage }
      if !isReadLater { direct.append((output, value)) }
    }
    self.direct = direct
    stateCount = plan.stateCount
  }

  deinit { operands.deallocate() }

  /// Each operand's position at the start of a row.
  func locate(_ row: Int, _ starts: UnsafeMutablePointer<Int>) {
    for operand in 0..<operandCount { starts[operand] = 0 }
    var rest = row
    var axis = iteration.outerCount - 1
    while rest > 0 && axis >= 0 {
      let (quotient, index) = rest.quotientAndRemainder(dividingBy: iteration.extents[axis])
      if index != 0 {
        for operand in 0..<operandCount { starts[operand] += index * iteration.strides[operand][axis] }
      }
      rest = quotient
      axis -= 1
    }
  }

  // MARK: Sharing the work

  /// Work, in instructions on one element, below which another thread is not worth waking, and that one task should have.
  private static let task = 1 << 16

  func perform() {
    let rows = iteration.rows
    let threads = ThreadPool.shared.threadCount
    let work = rows * columns * plan.stepCount
    let tasks = min(threads * 8, work / RowRun.task)
    if plan.isAccumulating {
      RowAccumulation(self).perform()
    } else if tasks <= 1 || threads == 1 {
      if rows > 0 {
        var interpreter = RowInterpreter(self)
        interpreter.walk(rows: 0..<rows, columns: 0..<columns)
      }
    } else if stateCount > 0 && rows < 2 * threads && columns > 2 * RowRun.chunk {
      for row in 0..<rows { performInChunks(row: row) }
    } else {
      let isWholeRow = tileColumns >= columns || stateCount > 0
      let rowTasks = min(tasks, (rows + blockRows - 1) / blockRows)
      let columnTasks = isWholeRow ? 1 : min((tasks + rowTasks - 1) / rowTasks, (columns + tileColumns - 1) / tileColumns)
      let rowParts = parts(rows, rowTasks, multipleOf: blockRows), columnParts = parts(columns, columnTasks, multipleOf: tileColumns)
      ThreadPool.shared.parallel(rowParts.count * columnParts.count) { index in
        var interpreter = RowInterpreter(self)
        interpreter.walk(rows: rowParts[index / columnParts.count], columns: columnParts[index % columnParts.count])
      }
    }
  }

  /// 0..<count in at most `number` ranges whose bounds are multiples of `unit`.
  func parts(_ count: Int, _ number: Int, multipleOf unit: Int) -> [Range<Int>] {
    let size = max(1, ((count + number - 1) / number + unit - 1) / unit * unit)
    return stride(from: 0, to: max(count, 1), by: size).map { $0..<min($0 + size, count) }
  }

  /// One long row with reductions: chunks in parallel, their partial results combined in order.
  private func performInChunks(row: Int) {
    let chunks = parts(columns, (columns + RowRun.chunk - 1) / RowRun.chunk, multipleOf: RowRun.chunk)
    var known: [[UInt64]] = []
    for (number, pass) in plan.passes.enumerated() {
      var total = pass.reductions.map(\.neutral)
      if !pass.tileSteps.isEmpty {
        let partials = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: chunks.count * max(stateCount, 1))
        defer { partials.deallocate() }
        let base = SharedPointer(partials.baseAddress!)
        ThreadPool.shared.parallel(chunks.count) { index in
          let interpreter = RowInterpreter(self)
          interpreter.chunk(pass: number, row: row, columns: chunks[index], known: known, into: base.pointer + index * self.stateCount)
        }
        for index in chunks.indices {
          for (slot, reduction) in pass.reductions.enumerated() {
            reduction.combine(&total[slot], partials.baseAddress! + index * stateCount + slot, 1)
          }
        }
      }
      known.append(total)
    }
    RowInterpreter(self).finish(row: row, known: known)
  }
}

/// A pointer whose parts different threads write.
struct SharedPointer<Element>: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Element>
  init(_ pointer: UnsafeMutablePointer<Element>) { self.pointer = pointer }
}
