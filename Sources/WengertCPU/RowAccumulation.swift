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

  init(_ run: RowRun) {
    self.run = run
    let rows = run.iteration.rows
    let work = rows * run.columns
    let wanted = max(1, min(RowAccumulation.largestPartCount, work / RowAccumulation.smallestPart))
    if run.stateCount == 0 && run.columns >= 2 * RowPlan.tile {
      columnParts = run.parts(run.columns, wanted, multipleOf: RowPlan.tile / 4)
      rowParts = [0..<rows]
    } else {
      let bytes = run.plan.program.outputs.indices.reduce(0) { $0 + run.keptRows[$1] * run.columns * 8 }
      let affordable = max(1, RowAccumulation.scratchLimit / max(bytes, 1))
      columnParts = [0..<run.columns]
      rowParts = run.parts(rows, min(wanted, affordable), multipleOf: run.blockRows)
    }
  }

  func perform() {
    let program = run.plan.program
    // Memory of each output: part by part of the rows, then part by part of the columns, then row by row of what is kept.
    var memory: [SharedBytes] = []
    for output in program.outputs.indices {
      let isCombined = program.outputs[output].accumulate != nil
      memory.append(SharedBytes(byteCount: isCombined ? rowParts.count * run.keptRows[output] * run.columns * 8 : 8))
    }
    defer { for block in memory { block.pointer.deallocate() } }
    let blocks = memory
    forEachPart { rowPart, columnPart in
      let columns = columnParts[columnPart]
      let bases = blocks.indices.map { output -> UnsafeMutableRawPointer in
        guard let op = program.outputs[output].accumulate else { return blocks[output].pointer }
        let base = blocks[output].pointer + offset(output, rowPart, columnPart)
        let neutral = op.neutral(for: program.dtypes[program.outputs[output].value])
        base.initializeMemory(as: UInt64.self, repeating: neutral, count: run.keptRows[output] * columns.count)
        return base
      }
      if rowParts[rowPart].isEmpty { return }
      var interpreter = RowInterpreter(run)
      interpreter.walk(rows: rowParts[rowPart], columns: columns, accumulation: bases)
    }
    for output in program.outputs.indices where program.outputs[output].accumulate != nil {
      for columnPart in columnParts.indices { combine(output, columnPart, blocks[output].pointer) }
    }
  }

  private func forEachPart(_ body: (Int, Int) -> Void) {
    let count = rowParts.count * columnParts.count
    ThreadPool.shared.parallel(count) { body($0 / columnParts.count, $0 % columnParts.count) }
  }

  private func offset(_ output: Int, _ rowPart: Int, _ columnPart: Int) -> Int {
    (rowPart * run.columns + columnParts[columnPart].lowerBound) * run.keptRows[output] * 8
  }

  /// Adds up the parts, and stores.
  private func combine(_ output: Int, _ columnPart: Int, _ memory: UnsafeMutableRawPointer) {
    let description = run.plan.program.outputs[output]
    let lanes = Lanes(run.plan.program.dtypes[description.value])
    let state = lanes.isFloating ? Lanes.float64 : .int64
    let target = Lanes(description.dtype)
    let columns = columnParts[columnPart]
    let count = run.keptRows[output] * columns.count
    let first = memory + offset(output, 0, columnPart)
    let add = wg_accumulate(Int32(state.rawValue), Int32(description.accumulate!.rawValue))!
    for part in rowParts.indices.dropFirst() { add(first, memory + offset(output, part, columnPart), 1, Int64(count)) }
    // A cast to bool asks for ≠ 0 before the lanes are cut.
    let isBool = description.dtype == .bool
    let cast = wg_cast(Int32(state.rawValue), isBool ? Int32(WG_BOOL) : Int32(target.rawValue))!
    let operand = run.inputCount + output
    let size = run.byteCounts[operand]
    withUnsafeTemporaryAllocation(byteCount: RowPlan.tile * 8, alignment: 64) { buffer in
      let values = buffer.baseAddress!
      for kept in 0..<run.keptRows[output] {
        let row = run.bases[operand] + run.position(ofKept: kept, output) * size
        var column = 0
        while column < columns.count {
          let width = min(RowPlan.tile, columns.count - column)
          cast(values, first + (kept * columns.count + column) * 8, Int64(width))
          let start = (columns.lowerBound + column) * run.columnStrides[operand]
          run.stores[output](row + start * size, values, 1, Int64(width), 0, Int64(run.columnStrides[operand]))
          column += width
        }
      }
    }
  }
}

private struct SharedBytes: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer
  init(byteCount: Int) { pointer = .allocate(byteCount: max(byteCount, 8), alignment: 64) }
}
