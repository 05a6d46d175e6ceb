import CKernels
import WengertCore

/// Runs whose outputs combine rows: column sums and the like.
///
/// The work is cut into parts that depend on the sizes only. Each part combines its rows in float64 (or int64) memory of its own; the parts are then
/// combined in order, so that the result depends neither on scheduling nor on the number of threads.
struct RowAccumulation {
  private static let largestPartCount = 16
  private static let smallestPart = 1 << 15
  private static let scratchLimit = 16 << 20

  private let run: RowRun
  private let rowParts: [Range<Int>]
  private let columnParts: [Range<Int>]
  /// For each output that is combined: the strides, over the outer axes, of its rows packed together; and their number.
  private var keptStrides: [Strides] = []
  private var keptRows: [Int] = []

  init(_ run: RowRun) {
    self.run = run
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
    let wanted = max(1, min(RowAccumulation.largestPartCount, rows * run.columns / RowAccumulation.smallestPart))
    let affordable = max(1, RowAccumulation.scratchLimit / max(keptRows.reduce(0, +) * run.columns * 8, 1))
    if run.stateCount == 0 && run.columns >= 2048 && (rows < 256 || affordable < wanted) {
      columnParts = run.parts(run.columns, wanted, multipleOf: 256)
      rowParts = [0..<rows]
    } else {
      columnParts = [0..<run.columns]
      rowParts = run.parts(rows, min(wanted, affordable), multipleOf: run.blockRows)
    }
  }

  func perform() {
    let program = run.plan.program
    // Each output's memory: part by part of the rows, then part by part of the columns, then row by row of what is kept.
    let memory = program.outputs.indices.map { output in
      Temporary<UInt64>(program.outputs[output].accumulate == nil ? 0 : rowParts.count * keptRows[output] * run.columns)
    }
    forEachPart { rowPart, columnPart in
      let columns = columnParts[columnPart]
      var targets: [RowInterpreter.Accumulator] = []
      for (output, description) in program.outputs.enumerated() {
        let base = memory[output].pointer + offset(output, rowPart, columnPart)
        if let op = description.accumulate {
          base.update(repeating: op.neutral(for: program.dtypes[description.value]), count: keptRows[output] * columns.count)
        }
        targets.append(.init(base: base, strides: keptStrides[output]))
      }
      if rowParts[rowPart].isEmpty { return }
      var interpreter = RowInterpreter(run)
      interpreter.walk(rows: rowParts[rowPart], columns: columns, accumulatingIn: targets)
    }
    for output in program.outputs.indices where program.outputs[output].accumulate != nil {
      for columnPart in columnParts.indices { combine(output, columnPart, memory[output].pointer) }
    }
  }

  private func forEachPart(_ body: (Int, Int) -> Void) {
    let count = rowParts.count * columnParts.count
    ThreadPool.shared.parallel(count) { body($0 / columnParts.count, $0 % columnParts.count) }
  }

  private func offset(_ output: Int, _ rowPart: Int, _ columnPart: Int) -> Int {
    (rowPart * run.columns + columnParts[columnPart].lowerBound) * keptRows[output]
  }

  /// Adds up the parts, and stores.
  private func combine(_ output: Int, _ columnPart: Int, _ memory: UnsafeMutablePointer<UInt64>) {
    let description = run.plan.program.outputs[output]
    let lanes = Lanes(run.plan.program.dtypes[description.value])
    let state = lanes.isFloating ? Lanes.float64 : .int64
    let target = Lanes(description.dtype)
    let columns = columnParts[columnPart]
    let count = keptRows[output] * columns.count
    let first = memory + offset(output, 0, columnPart)
    let add = wg_accumulate(Int32(state.rawValue), Int32(description.accumulate!.rawValue))!
    for part in rowParts.indices.dropFirst() { add(first, memory + offset(output, part, columnPart), 1, Int64(count)) }
    // A cast to bool asks for ≠ 0 before the lanes are cut.
    let isBool = description.dtype == .bool
    let cast = wg_cast(Int32(state.rawValue), isBool ? Int32(WG_BOOL) : Int32(target.rawValue))!
    let operand = run.operands[run.inputCount + output]
    let buffered = 1024
    withUnsafeTemporaryAllocation(byteCount: buffered * 8, alignment: 64) { buffer in
      let values = buffer.baseAddress!
      for kept in 0..<keptRows[output] {
        let row = operand.base + position(ofKept: kept, output) * operand.byteCount
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
  }

  /// Where a kept row of an output lies.
  private func position(ofKept kept: Int, _ output: Int) -> Int {
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
