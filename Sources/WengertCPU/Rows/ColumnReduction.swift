import CKernels
@_spi(Backend) import WengertCore

/// Runs whose outputs combine rows: column sums and the like.
///
/// The work is cut into parts that depend on the sizes only. Each part combines its rows in float64 (or int64) memory of its own; the parts are then
/// combined in order, so that the result depends neither on scheduling nor on the number of threads.
final class ColumnReduction {
  private static let largestPartCount = 16
  private static let smallestPart = 1 << 15
  private static let scratchLimit = 16 << 20

  private let rowParts: Parts
  private let columnParts: Parts
  /// For each output that is combined: the strides, over the outer axes, of its rows packed together; and their number.
  private var keptStrides: [Strides] = []
  private var keptRows: [Int] = []
  /// Where each output's states begin: part by part of the rows, then part by part of the columns, then row by row of what is kept.
  private var places: [Int] = []
  private var stateCount = 0
  /// The states of the current run.
  private var states: UnsafeMutablePointer<UInt64>?

  init(_ run: RowKernel) {
    let outerCount = run.iteration.outerCount
    for (output, description) in run.plan.program.outputs.enumerated() {
      var strides = Strides(repeating: 0, count: outerCount)
      var count = 1
      if description.accumulate != nil {
        for axis in (0..<outerCount).reversed() where run.iteration.strides[run.inputCount + output][axis] != 0 {
          strides[axis] = count
          count *= run.iteration.extents[axis]
        }
      }
      keptStrides.append(strides)
      keptRows.append(count)
    }
    let rows = run.iteration.rows
    let wanted = max(1, min(ColumnReduction.largestPartCount, rows * run.columns / ColumnReduction.smallestPart))
    let affordable = max(1, ColumnReduction.scratchLimit / max(keptRows.reduce(0, +) * run.columns * 8, 1))
    if run.stateCount == 0 && run.columns >= 2048 && (rows < 256 || affordable < wanted) {
      columnParts = Parts(run.columns, wanted, multipleOf: 256)
      rowParts = Parts(extent: rows, size: max(rows, 1))
    } else {
      columnParts = Parts(extent: run.columns, size: max(run.columns, 1))
      rowParts = Parts(rows, min(wanted, affordable), multipleOf: run.blockRows)
    }
    for (output, description) in run.plan.program.outputs.enumerated() {
      places.append(stateCount)
      if description.accumulate != nil { stateCount += rowParts.count * keptRows[output] * run.columns }
    }
  }

  func run(_ run: RowKernel) {
    let memory = PooledBuffer<UInt64>(stateCount)
    states = memory.pointer
    ThreadPool.shared.parallel(rowParts.count * columnParts.count, of: run)
    for (output, description) in run.plan.program.outputs.enumerated() where description.accumulate != nil {
      for columnPart in 0..<columnParts.count { combine(output, columnPart, run) }
    }
    states = nil
    withExtendedLifetime(memory) {}
  }

  /// One part of the rows, or of the columns.
  func perform(_ piece: Int, of run: RowKernel) {
    let (rowPart, columnPart) = piece.quotientAndRemainder(dividingBy: columnParts.count)
    let columns = columnParts[columnPart]
    let program = run.plan.program
    for (output, description) in program.outputs.enumerated() {
      guard let op = description.accumulate else { continue }
      state(output, rowPart, columnPart, run)
        .update(repeating: op.neutral(for: program.dtypes[description.value]), count: keptRows[output] * columns.count)
    }
    if rowParts[rowPart].isEmpty { return }
    let interpreter = RowInterpreter(run)
    for output in program.outputs.indices {
      // As if the part's columns were counted from the row's first one.
      interpreter.accumulate(output, in: state(output, rowPart, columnPart, run) - columns.lowerBound)
    }
    interpreter.walk(rows: rowParts[rowPart], columns: columns)
  }

  private func state(_ output: Int, _ rowPart: Int, _ columnPart: Int, _ run: RowKernel) -> UnsafeMutablePointer<UInt64> {
    states! + (places[output] + (rowPart * run.columns + columnParts[columnPart].lowerBound) * keptRows[output])
  }

  /// Points at the states of a row, whose parts are `width` wide.
  func locate(_ accumulator: inout RowInterpreter.Accumulator, ofOutput output: Int, row: Int, _ iteration: LoopNest, width: Int) {
    let strides = keptStrides[output]
    var rest = row
    var position = 0
    for axis in (0..<strides.rank).reversed() {
      let (quotient, coordinate) = rest.quotientAndRemainder(dividingBy: iteration.extents[axis])
      position += coordinate * strides[axis]
      rest = quotient
    }
    accumulator.row = accumulator.base + position * width
    accumulator.step = (strides.last ?? 0) * width
  }

  /// Adds up the parts, and stores.
  private func combine(_ output: Int, _ columnPart: Int, _ run: RowKernel) {
    let description = run.plan.program.outputs[output]
    let lanes = Lanes(run.plan.program.dtypes[description.value])
    let state = lanes.isFloating ? Lanes.float64 : .int64
    let target = Lanes(description.dtype)
    let columns = columnParts[columnPart]
    let count = keptRows[output] * columns.count
    let first = self.state(output, 0, columnPart, run)
    let add = wg_accumulate(Int32(state.rawValue), Int32(description.accumulate!.rawValue))!
    for part in 1..<max(rowParts.count, 1) { add(first, self.state(output, part, columnPart, run), 1, Int64(count)) }
    // A cast to bool asks for ≠ 0 before the lanes are cut.
    let isBool = description.dtype == .bool
    let cast = wg_cast(Int32(state.rawValue), isBool ? Int32(WG_BOOL) : Int32(target.rawValue))!
    let operand = run.operands[run.inputCount + output]
    let buffered = 1024
    let values = ScratchMemory.ofThread(.registers, byteCount: buffered * 8)
    for kept in 0..<keptRows[output] {
      let row = operand.base + position(ofKept: kept, output, run) * operand.byteCount
      var column = 0
      while column < columns.count {
        let width = min(buffered, columns.count - column)
        cast(values, first + kept * columns.count + column, Int64(width))
        let start = (columns.lowerBound + column) * operand.columnStride
        operand.move(row + start * operand.byteCount, values, 1, Int64(width), 0, Int64(operand.columnStride))
        column += width
      }
    }
  }

  /// Where a kept row of an output is.
  private func position(ofKept kept: Int, _ output: Int, _ run: RowKernel) -> Int {
    var rest = kept
    var position = 0
    for axis in (0..<run.iteration.outerCount).reversed() where keptStrides[output][axis] != 0 {
      let (quotient, index) = rest.quotientAndRemainder(dividingBy: run.iteration.extents[axis])
      position += index * run.iteration.strides[run.inputCount + output][axis]
      rest = quotient
    }
    return position
  }
}
