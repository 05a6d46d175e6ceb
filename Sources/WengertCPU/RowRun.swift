import CKernels
import WengertCore

/// One run of a row program: the plan, the loop nest, and the operands (inputs, then outputs). Shared by the threads, read-only.
final class RowRun: @unchecked Sendable {
  /// Columns that one thread reduces of a row that is shared among threads.
  static let chunk = 32 * RowPlan.tile

  let plan: RowPlan
  let iteration: RowIteration
  let kinds: [InputKind]
  let inputCount: Int
  let outputCount: Int
  let operandCount: Int
  let columns: Int
  /// Rows of a block lie along the innermost outer axis.
  let blockExtent: Int
  let blockRows: Int
  let tileColumns: Int
  let bases: [UnsafeMutableRawPointer]
  let byteCounts: [Int]
  let isLanes: [Bool]
  let rowStrides: [Int]
  let columnStrides: [Int]
  let loads: [wg_move_fn]
  let stores: [wg_move_fn]
  /// Outputs whose value may be written straight to memory.
  let direct: [(output: Int, value: Int)]
  let stateCount: Int
  /// For each output that is combined over rows: the strides, over the outer axes, of its rows packed together.
  let keptStrides: [[Int]]
  let keptRows: [Int]

  init(plan: RowPlan, iteration: RowIteration, kinds: [InputKind], inputs: [View], outputs: [View]) {
    self.plan = plan
    self.iteration = iteration
    self.kinds = kinds
    inputCount = inputs.count
    outputCount = outputs.count
    operandCount = iteration.operandCount
    columns = iteration.columns
    let views = inputs + outputs
    bases = views.map(\.address)
    byteCounts = views.map(\.dtype.byteCount)
    isLanes = views.map(\.dtype.isLanes)
    loads = inputs.map { wg_load(Int32($0.dtype.rawValue)) }
    stores = outputs.map { wg_store(Int32($0.dtype.rawValue)) }
    let outerCount = iteration.outerCount
    blockExtent = outerCount > 0 ? iteration.extents[outerCount - 1] : 1
    rowStrides = (0..<operandCount).map { outerCount > 0 ? iteration.stride(outerCount - 1, $0) : 0 }
    columnStrides = (0..<operandCount).map { iteration.stride(outerCount, $0) }

    let tile = RowPlan.tile
    if iteration.isTransposed && columns > 32 && blockExtent > 1 {
      tileColumns = 32
      blockRows = min(tile / 32, blockExtent)
    } else if columns > tile / 2 {
      tileColumns = tile
      blockRows = 1
    } else {
      tileColumns = max(columns, 1)
      blockRows = max(1, min(tile / max(columns, 1), RowPlan.maximumRows, blockExtent))
    }
    direct = outputs.indices.compactMap { output in
      guard let value = plan.directValue[output] else { return nil }
      let isReadLater = plan.readAfterDirect[output].contains { inputs[$0].storage === outputs[output].storage }
      return isReadLater ? nil : (output, value)
    }
    stateCount = plan.passes.map(\.reductions.count).max() ?? 0

    var keptStrides: [[Int]] = [], keptRows: [Int] = []
    for (output, description) in plan.program.outputs.enumerated() {
      var strides = [Int](repeating: 0, count: outerCount)
      var step = 1
      if description.accumulate != nil {
        for axis in (0..<outerCount).reversed() where iteration.stride(axis, inputs.count + output) != 0 {
          strides[axis] = step
          step *= iteration.extents[axis]
        }
      }
      keptStrides.append(strides)
      keptRows.append(step)
    }
    self.keptStrides = keptStrides
    self.keptRows = keptRows
  }

  /// Each operand's position at the start of a row.
  func locate(_ row: Int, _ starts: UnsafeMutablePointer<Int>) {
    for operand in 0..<operandCount { starts[operand] = 0 }
    var rest = row
    var axis = iteration.outerCount - 1
    while rest > 0 && axis >= 0 {
      let (quotient, index) = rest.quotientAndRemainder(dividingBy: iteration.extents[axis])
      if index != 0 {
        for operand in 0..<operandCount { starts[operand] += index * iteration.stride(axis, operand) }
      }
      rest = quotient
      axis -= 1
    }
  }

  /// Which of an output's combined rows a row belongs to.
  func keptRow(_ row: Int, _ output: Int) -> Int {
    var rest = row
    var position = 0
    for axis in (0..<iteration.outerCount).reversed() {
      let (quotient, index) = rest.quotientAndRemainder(dividingBy: iteration.extents[axis])
      position += index * keptStrides[output][axis]
      rest = quotient
    }
    return position
  }

  func keptRowStep(_ output: Int) -> Int { keptStrides[output].last ?? 0 }

  /// Where a combined row of an output lies.
  func position(ofKept kept: Int, _ output: Int) -> Int {
    var rest = kept
    var position = 0
    for axis in (0..<iteration.outerCount).reversed() where keptStrides[output][axis] != 0 {
      let (quotient, index) = rest.quotientAndRemainder(dividingBy: iteration.extents[axis])
      position += index * iteration.stride(axis, inputCount + output)
      rest = quotient
    }
    return position
  }

  // MARK: Sharing the work

  /// Work, in instructions on one element, below which another thread is not worth waking, and that one task should have.
  private static let task = 1 << 16

  func perform() {
    let rows = iteration.rows
    let stepCount = plan.passes.reduce(1) { $0 + $1.tileSteps.count }
    let threads = ThreadPool.shared.threadCount
    let work = rows * columns * stepCount
    let tasks = min(threads * 8, work / RowRun.task)
    if plan.program.outputs.contains(where: { $0.accumulate != nil }) {
      RowAccumulation(self).perform()
    } else if tasks <= 1 || threads == 1 {
      if rows > 0 {
        var interpreter = RowInterpreter(self)
        interpreter.walk(rows: 0..<rows, columns: 0..<columns)
      }
    } else if stateCount > 0 && rows < 2 * threads && columns > 2 * RowRun.chunk {
      for row in 0..<rows { performInChunks(row: row) }
    } else {
      let isWholeRow = columns <= RowPlan.tile || stateCount > 0
      let rowTasks = min(tasks, (rows + blockRows - 1) / blockRows)
      let columnTasks = isWholeRow ? 1 : min((tasks + rowTasks - 1) / rowTasks, (columns + RowPlan.tile - 1) / RowPlan.tile)
      let rowParts = parts(rows, rowTasks, multipleOf: blockRows), columnParts = parts(columns, columnTasks, multipleOf: RowPlan.tile)
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
