import CKernels
@_spi(Backend) import WengertCore

/// One thread's part of a run: a register file, and pointers to the operands of the current block.
struct RowInterpreter {
  /// Eight-byte states that an output's rows are combined in, row by row of what is kept.
  struct Accumulator {
    let base: UnsafeMutablePointer<UInt64>
    /// The states of the block's first row, and the distance to its next row's.
    var row: UnsafeMutablePointer<UInt64>
    var step = 0

    init(base: UnsafeMutablePointer<UInt64>) { (self.base, row) = (base, base) }
  }

  private unowned(unsafe) let run: RowKernel
  private let code: PlanCode
  private unowned(unsafe) let accumulation: ColumnReduction?
  /// For each value: its register, and where it is in the current block (its register, or an operand's memory).
  private let home: UnsafeMutablePointer<UnsafeMutableRawPointer>
  private let registers: UnsafeMutablePointer<UnsafeMutableRawPointer>
  /// For each operand: its first element, the block's first element, and the position of the block's first row.
  private let bases: UnsafeMutablePointer<UnsafeMutableRawPointer>
  private let operands: UnsafeMutablePointer<UnsafeMutableRawPointer>
  private let starts: UnsafeMutablePointer<Int>
  /// Partial reductions of a pass: of the current chunk, and of the row so far.
  private let states: UnsafeMutablePointer<UInt64>
  private let totals: UnsafeMutablePointer<UInt64>
  /// For each output: where its rows are combined, if they are.
  private let accumulators: UnsafeMutablePointer<Accumulator>
  private let memory: UnsafeMutableRawPointer

  /// Uses the calling thread's scratch memory, and fills what is the same for all blocks. `block`: the place of an input that has none of its own,
  /// as if all its rows began there.
  init(_ run: RowKernel, block: (input: Int, base: UnsafeMutableRawPointer)? = nil) {
    self.run = run
    let plan = run.plan
    code = plan.code
    accumulation = run.accumulation
    let registerBytes = plan.scratchByteCount(run.blockElements)
    let words = 2 * plan.valueCount + 3 * run.operandCount + 2 * run.stateCount
    let accumulatorBytes = run.outputCount * MemoryLayout<Accumulator>.stride
    memory = ScratchMemory.ofThread(.registers, byteCount: registerBytes + words * 8 + accumulatorBytes)
    var next = memory + registerBytes
    func take<Element>(_ count: Int, _ type: Element.Type) -> UnsafeMutablePointer<Element> {
      defer { next += count * MemoryLayout<Element>.stride }
      return next.assumingMemoryBound(to: type)
    }
    home = take(plan.valueCount, UnsafeMutableRawPointer.self)
    registers = take(plan.valueCount, UnsafeMutableRawPointer.self)
    bases = take(run.operandCount, UnsafeMutableRawPointer.self)
    operands = take(run.operandCount, UnsafeMutableRawPointer.self)
    starts = take(run.operandCount, Int.self)
    states = take(run.stateCount, UInt64.self)
    totals = take(run.stateCount, UInt64.self)
    accumulators = take(run.outputCount, Accumulator.self)
    place(code.fixedRegisters)
    if code.passes.count == 1 { place(code.passes[0].registers) }
    for operand in 0..<run.operandCount { bases[operand] = run.operands[operand].base }
    if let block { bases[block.input] = block.base }
    for operand in 0..<run.operandCount { operands[operand] = bases[operand] }
    execute(code.prologue, rows: run.blockRows, columns: run.columns, column: 0, row: 0)
  }

  private func place(_ list: UnmanagedList<PlanCode.Place>) {
    for (value, register) in list {
      home[value] = memory + run.plan.offset(of: register, run.blockElements)
      registers[value] = home[value]
    }
  }

  // MARK: Walking

  /// Combines the rows of an output in states that are at `base`.
  func accumulate(_ output: Int, in base: UnsafeMutablePointer<UInt64>) {
    (accumulators + output).initialize(to: Accumulator(base: base))
  }

  /// A range of rows (in row-major order of the outer axes) and of columns.
  func walk(rows range: Range<Int>, columns: Range<Int>) {
    var row = range.lowerBound
    while row < range.upperBound {
      let count = min(run.blockRows, run.blockExtent - row % run.blockExtent, range.upperBound - row)
      run.locate(row, starts)
      if let accumulation {
        for output in 0..<run.outputCount {
          accumulation.locate(&accumulators[output], ofOutput: output, row: row, run.iteration, width: columns.count)
        }
      }
      for pass in code.passes { walk(pass, row: row, count: count, columns: columns) }
      execute(block: code.rowEnd, rows: count, columns: 1, column: 0, row: row)
      row += count
    }
  }

  private func walk(_ pass: PlanCode.Walk, row: Int, count: Int, columns: Range<Int>) {
    if code.passes.count > 1 { place(pass.registers) }
    execute(block: pass.perRowSteps, rows: count, columns: 1, column: 0, row: row)
    if pass.tileSteps.isEmpty { return }
    if pass.reductions.isEmpty {
      tiles(pass, row: row, count: count, columns: columns)
      return
    }
    // Chunk by chunk, as when threads share the row: the result is the same.
    for (slot, reduction) in pass.reductions.enumerated() { totals[slot] = reduction.neutral }
    var column = columns.lowerBound
    while column < columns.upperBound {
      let end = min(column + RowKernel.chunk, columns.upperBound)
      partial(pass, row: row, columns: column..<end)
      for (slot, reduction) in pass.reductions.enumerated() { reduction.combine(totals + slot, states + slot, 1) }
      column = end
    }
    for (slot, reduction) in pass.reductions.enumerated() { set(reduction, to: totals[slot]) }
  }

  /// The partial reductions of one chunk, left in `states`.
  private func partial(_ pass: PlanCode.Walk, row: Int, columns: Range<Int>) {
    for (slot, reduction) in pass.reductions.enumerated() { states[slot] = reduction.neutral }
    tiles(pass, row: row, count: 1, columns: columns)
  }

  private func tiles(_ pass: PlanCode.Walk, row: Int, count: Int, columns: Range<Int>) {
    var column = columns.lowerBound
    repeat {
      let width = min(run.tileColumns, columns.upperBound - column)
      execute(block: pass.tileSteps, isStoring: pass.isLast, rows: count, columns: width, column: column, row: row)
      column += width
    } while column < columns.upperBound
  }

  /// Part of a row whose pass is shared among threads. `known` are the reductions of the earlier passes.
  func chunk(pass number: Int, row: Int, columns: Range<Int>, known: UnsafePointer<UInt64>, into result: UnsafeMutablePointer<UInt64>) {
    run.locate(row, starts)
    for earlier in 0...number {
      execute(block: code.passes[earlier].perRowSteps, rows: 1, columns: 1, column: 0, row: row)
      if earlier < number {
        for (slot, reduction) in code.passes[earlier].reductions.enumerated() {
          set(reduction, to: known[earlier * run.stateCount + slot])
        }
      }
    }
    let pass = code.passes[number]
    if code.passes.count > 1 { place(pass.registers) }
    partial(pass, row: row, columns: columns)
    for slot in 0..<pass.reductions.count { result[slot] = states[slot] }
  }

  /// What is stored once per row after its last pass.
  func finish(row: Int, known: UnsafePointer<UInt64>) {
    run.locate(row, starts)
    for (number, pass) in code.passes.enumerated() {
      execute(block: pass.perRowSteps, rows: 1, columns: 1, column: 0, row: row)
      for (slot, reduction) in pass.reductions.enumerated() { set(reduction, to: known[number * run.stateCount + slot]) }
    }
    execute(block: code.rowEnd, rows: 1, columns: 1, column: 0, row: row)
  }

  private func set(_ reduction: PartialReduction, to state: UInt64) { convert(state, reduction.lanes, to: home[reduction.value]) }

  private func convert(_ state: UInt64, _ lanes: Lanes, to target: UnsafeMutableRawPointer) {
    switch lanes {
    case .int32: target.storeBytes(of: Int32(truncatingIfNeeded: state), as: Int32.self)
    case .int64, .float64: target.storeBytes(of: state, as: UInt64.self)
    case .float32: target.storeBytes(of: Float(Double(bitPattern: state)), as: Float.self)
    }
  }

  // MARK: Steps

  /// Points the operands at a block, and runs the steps. `isStoring`: outputs are stored, so that their values may be made in their memory.
  private func execute(
    block steps: UnmanagedList<RowStep>, isStoring: Bool = false, rows: Int, columns: Int, column: Int, row: Int
  ) {
    if steps.isEmpty { return }
    for operand in 0..<run.operandCount {
      let place = run.operands[operand]
      operands[operand] = bases[operand] + (starts[operand] + column * place.columnStride) * place.byteCount
    }
    for index in 0..<(isStoring ? run.directCount : 0) {
      let output = run.direct[index]
      let operand = run.inputCount + output.output
      let isInPlace = output.isDirect && run.operands[operand].isPacked(rows: rows, columns: columns)
      registers[output.value] = isInPlace ? operands[operand] : home[output.value]
    }
    execute(steps, rows: rows, columns: columns, column: column, row: row)
  }

  private func execute(_ steps: UnmanagedList<RowStep>, rows: Int, columns: Int, column: Int, row: Int) {
    let r = registers
    var waiting = (ofMean: UpdatePart(), ofSquare: UpdatePart())
    @inline(__always) func count(_ extent: Variation) -> Int64 {
      switch extent {
      case .uniform: 1
      case .perRow: Int64(rows)
      case .row: Int64(rows * columns)
      }
    }
    for step in steps {
      switch step {
      case .constant(let number, let value, let lanes): lanes.store(number, to: r[value])
      case .number(let place, let value, let lanes): lanes.store(run.number(place), to: r[value])
      case .loadRow(let input, let value):
        let place = run.operands[input]
        if place.isLanes && place.isPacked(rows: rows, columns: columns) {
          r[value] = operands[input]
        } else {
          r[value] = home[value]
          place.move(r[value], operands[input], Int64(rows), Int64(columns), Int64(place.rowStride), Int64(place.columnStride))
        }
      case .loadPerRow(let input, let value):
        let place = run.operands[input]
        place.move(r[value], operands[input], 1, Int64(place.isUniform ? 1 : rows), 0, Int64(place.rowStride))
      case .columnIndex(let value):
        for line in 0..<rows {
          wg_iota()(r[value].assumingMemoryBound(to: Int64.self) + line * columns, Int64(column), Int64(columns))
        }
      case .random(let value, let key, let keyStep, let stream, let lane, let isByColumn):
        let target = r[value].assumingMemoryBound(to: Int64.self)
        for line in 0..<rows {
          let bits = (r[key] + line * keyStep).loadUnaligned(as: Int64.self)
          let element = isByColumn ? column : (row + line) * run.columns + column
          wg_random()(target + line * columns, bits, stream, Int32(lane), Int64(element), Int64(columns))
        }
      case .unary(let kernel, let value, let a, let extent):
        kernel(r[value], r[a], count(extent))
      case .binary(let kernel, let value, let a, let b, let extent):
        kernel(r[value], r[a], r[b], count(extent))
      case .binaryByRow(let kernel, let value, let a, let b, let widths):
        let d = widths.step(columns)
        for line in 0..<rows { kernel(r[value] + line * d.0, r[a] + line * d.1, r[b] + line * d.2, Int64(columns)) }
      case .select(let kernel, let value, let c, let a, let b, let extent):
        kernel(r[value], r[c], r[a], r[b], count(extent))
      case .selectByRow(let kernel, let value, let c, let a, let b, let widths):
        let d = widths.step(columns)
        for line in 0..<rows {
          kernel(r[value] + line * d.0, r[c] + line * d.1, r[a] + line * d.2, r[b] + line * d.3, Int64(columns))
        }
      case .repeated(let kernel, let value, let a, let from, let to, let lanes):
        if from == .uniform {
          kernel(r[value], r[a], count(to))
        } else {
          for line in 0..<rows { kernel(r[value] + line * columns * lanes.byteCount, r[a] + line * lanes.byteCount, Int64(columns)) }
        }
      case .reduce(let kernel, let neutral, let value, let a, let lanes):
        let width = lanes.byteCount
        for line in 0..<rows {
          var state = neutral
          kernel(&state, r[a] + line * columns * width, Int64(columns))
          convert(state, lanes, to: r[value] + line * width)
        }
      case .reducePart(let kernel, let slot, let a):
        kernel(states + slot, r[a], Int64(columns))
      case .store(let output, let value):
        let target = operands[run.inputCount + output]
        if r[value] != target {
          let place = run.operands[run.inputCount + output]
          place.move(target, r[value], Int64(rows), Int64(columns), Int64(place.rowStride), Int64(place.columnStride))
        }
      case .storePerRow(let output, let value):
        let place = run.operands[run.inputCount + output]
        place.move(operands[run.inputCount + output], r[value], 1, Int64(rows), 0, Int64(place.rowStride))
      case .joined(let kernel, let value, let list):
        var place = list.located(r, columns)
        if list.isByRow {
          kernel(r[value], &place, Int64(rows), Int64(columns))
        } else {
          kernel(r[value], &place, 1, Int64(rows * columns))
        }
      case .waiting(let place, let value, let list):
        let part = UpdatePart(result: r[value], operands: list.located(r, columns), isByRow: list.isByRow)
        if place == 0 { waiting.ofMean = part } else { waiting.ofSquare = part }
      case .joinedUpdate(let kernel, let value, let list):
        var place = list.located(r, columns)
        let isByRow = waiting.ofMean.isByRow || waiting.ofSquare.isByRow || list.isByRow
        kernel(
          waiting.ofMean.result, waiting.ofSquare.result, r[value], &waiting.ofMean.operands, &waiting.ofSquare.operands, &place,
          isByRow ? Int64(rows) : 1, isByRow ? Int64(columns) : Int64(rows * columns))
      case .joinedReduction(let kernel, let target, let stored, let list):
        var place = list.located(r, columns)
        let kept = stored.map { r[$0] }
        switch target {
        case .perRow(let value): kernel(kept, r[value], 1, &place, Int64(rows), Int64(columns))
        case .part(let slot): kernel(kept, states + slot, 0, &place, 1, Int64(columns))
        }
      case .accumulate(let kernel, let output, let value, let lanes):
        let target = accumulators[output].row + column
        let step = accumulators[output].step
        if step == 0 {
          kernel(target, r[value], Int64(rows), Int64(columns))
        } else {
          for line in 0..<rows { kernel(target + line * step, r[value] + line * columns * lanes.byteCount, 1, Int64(columns)) }
        }
      }
    }
  }
}

/// What an update is still to do.
private struct UpdatePart {
  var result: UnsafeMutableRawPointer?
  var operands = wg_joined_operands()
  var isByRow = false
}

extension ByRow {
  /// Bytes from one row of the block to the next.
  func step(_ columns: Int) -> (Int, Int, Int, Int) {
    (
      element.0 * columns + row.0, element.1 * columns + row.1, element.2 * columns + row.2, element.3 * columns + row.3
    )
  }
}

extension Int64 {
  /// The whole part, held to the range; 0 for NaN.
  init(saturating number: Double) {
    self = number.isNaN ? 0 : number >= 0x1p63 ? .max : number <= -0x1p63 ? .min : Int64(number)
  }
}

extension Lanes {
  /// Puts a number into a register of one element.
  fileprivate func store(_ number: Double, to register: UnsafeMutableRawPointer) {
    switch self {
    case .int32: register.storeBytes(of: Int32(clamping: Int64(saturating: number)), as: Int32.self)
    case .int64: register.storeBytes(of: Int64(saturating: number), as: Int64.self)
    case .float32: register.storeBytes(of: Float(number), as: Float.self)
    case .float64: register.storeBytes(of: number, as: Double.self)
    }
  }
}
