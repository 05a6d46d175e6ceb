import CKernels
@_spi(Backend) import WengertCore

/// Turns a row program into the steps of a plan.
///
/// Rows that fit a tile take one pass. Longer ones take a pass per depth of reductions: pass p walks the row to complete the reductions whose operands
/// need the results of p earlier ones, and computes again what it needs.
struct RowPlanBuilder {
  private let program: RowProgram
  private let kinds: InputKinds
  private let isSingleTile: Bool
  private let plan: RowPlan
  /// For each value, and for the repeated copies that the builder adds: extent, lanes, and the number of reductions it waits for.
  private var extents: [Variation] = []
  private var lanes: [Lanes] = []
  private var depths: [Int] = []
  /// A cast between dtypes of the same lanes makes no new value.
  private var alias: [Int] = []
  private var isFixed: [Bool] = []
  /// The values that instructions read.
  private let operands: Set<Int>

  static func plan(_ program: RowProgram, kinds: InputKinds, isSingleTile: Bool) -> RowPlan {
    var builder = RowPlanBuilder(program: program, kinds: kinds, isSingleTile: isSingleTile, plan: RowPlan(program: program))
    builder.classify()
    builder.emit()
    return builder.plan
  }

  private init(program: RowProgram, kinds: InputKinds, isSingleTile: Bool, plan: RowPlan) {
    self.program = program
    self.kinds = kinds
    self.isSingleTile = isSingleTile
    self.plan = plan
    operands = Set(program.instructions.flatMap(\.operands))
  }

  // MARK: What each value is

  private mutating func classify() {
    for (index, instruction) in program.instructions.enumerated() {
      let dtype = program.dtypes[index]
      let operands = instruction.operands.map { alias[$0] }
      var extent = operands.map { extents[$0] }.max() ?? .uniform
      var depth = operands.map { depths[$0] }.max() ?? 0
      var same: Int?
      var fixed = false
      switch instruction {
      case .load(let input):
        ensure(
          program.inputs[input].dtype.computeType == dtype.computeType, "row program \(program.name): a load changes no dtype; cast")
        let kind = kinds.kind(input, isRow: program.inputs[input].isRow)
        extent = kind == .uniform ? .uniform : kind == .perRow ? .perRow : .row
        fixed = kind == .sharedRow
      case .columnIndex:
        extent = .row
        fixed = isSingleTile
      case .random: extent = .row
      case .reduce:
        extent = .perRow
        depth += 1
      case .cast(let a):
        if Lanes(program.dtypes[a]) == Lanes(dtype) && (dtype != .bool || program.dtypes[a] == .bool) && !isRounded(index) {
          same = alias[a]
        }
      default: break
      }
      extents.append(extent)
      lanes.append(Lanes(dtype))
      depths.append(depth)
      alias.append(same ?? index)
      isFixed.append(fixed || extent == .uniform)
    }
  }

  /// Whether an instruction is a conversion to half precision that others read, who must see the rounded number; a store rounds by itself.
  private func isRounded(_ index: Int) -> Bool {
    guard case .cast(let a) = program.instructions[index] else { return false }
    let dtype = program.dtypes[index]
    return (dtype == .float16 || dtype == .bfloat16) && program.dtypes[a] != dtype && operands.contains(index)
  }

  private mutating func newValue(like value: Int, extent: Variation, lanes newLanes: Lanes? = nil) -> Int {
    extents.append(extent)
    lanes.append(newLanes ?? lanes[value])
    depths.append(depths[value])
    alias.append(extents.count - 1)
    isFixed.append(false)
    return extents.count - 1
  }

  // MARK: Steps

  /// A list of steps under construction, with its repeated copies by value and extent.
  private struct Block {
    var steps: [RowStep] = []
    var copies: [Int: Int] = [:]
  }

  private mutating func emit() {
    var prologue = Block()
    for index in program.instructions.indices where alias[index] == index && isFixed[index] {
      emitInstruction(index, into: &prologue)
    }
    plan.prologue = prologue.steps
    let passCount = isSingleTile ? 1 : (depths.max() ?? 0) + 1
    for number in 0..<passCount {
      plan.passes.append(isSingleTile ? singlePass() : pass(number, of: passCount))
    }
    plan.valueCount = extents.count
    for pass in plan.passes { pass.tileSteps = StepFusion.joined(pass, program, extents, lanes) }
    assignRegisters()
    findDirectOutputs()
  }

  private mutating func singlePass() -> RowPass {
    var block = Block()
    for index in program.instructions.indices where alias[index] == index && !isFixed[index] {
      emitInstruction(index, into: &block)
    }
    emitOutputs(into: &block)
    let pass = RowPass()
    pass.tileSteps = block.steps
    return pass
  }

  private mutating func pass(_ number: Int, of count: Int) -> RowPass {
    let pass = RowPass()
    var perRow = Block()
    var tiles = Block()
    // What is known per row before this pass. A per-row value made in an earlier pass keeps its register.
    for index in program.instructions.indices where alias[index] == index && !isFixed[index] && extents[index] == .perRow {
      if case .reduce = program.instructions[index] { continue }
      if depths[index] == number { emitInstruction(index, into: &perRow) }
    }
    let isLast = number == count - 1
    var wanted = Set<Int>()
    func want(_ value: Int) {
      let value = alias[value]
      guard extents[value] == .row, !isFixed[value], wanted.insert(value).inserted else { return }
      for operand in program.instructions[value].operands { want(operand) }
    }
    var reductions: [Int] = []
    for index in program.instructions.indices {
      if case .reduce(_, let a) = program.instructions[index], depths[alias[a]] == number {
        reductions.append(index)
        want(a)
      }
    }
    if isLast { for output in program.outputs { want(output.value) } }
    for index in program.instructions.indices where wanted.contains(index) { emitInstruction(index, into: &tiles) }
    for index in reductions {
      guard case .reduce(let op, let a) = program.instructions[index] else { continue }
      let operand = extended(alias[a], to: .row, in: &tiles)
      tiles.steps.append(.reducePart(kernel(reduce: op, lanes[operand]), slot: pass.reductions.count, operand))
      pass.reductions.append(
        PartialReduction(
          combine: op.stateKernel(lanes[operand]), neutral: op.neutral(for: program.dtypes[index]), lanes: lanes[operand], value: index))
    }
    if isLast {
      emitOutputs(into: &tiles)
      // What concerns the row as a whole is done once, not by every tile; its numbers are stored when nothing reads inputs any more.
      for step in tiles.steps where step.isPerRow(extents) {
        if case .storePerRow = step { plan.rowEnd.append(step) } else { perRow.steps.append(step) }
      }
      tiles.steps.removeAll { $0.isPerRow(extents) }
    }
    pass.perRowSteps = perRow.steps
    pass.tileSteps = tiles.steps
    return pass
  }

  private func kernel(reduce op: ReduceOp, _ lanes: Lanes) -> wg_reduce_fn { wg_reduce(Int32(lanes.rawValue), Int32(op.rawValue))! }

  private func found<Kernel>(_ kernel: Kernel?, _ operation: Any, _ dtype: DType) -> Kernel {
    guard let kernel else {
      Caller(#fileID, #line).fail(program.name, "\(operation) has no meaning for \(dtype); cast to a dtype that has it")
    }
    return kernel
  }

  /// The value with one number per row or per element.
  private mutating func extended(_ value: Int, to extent: Variation, in block: inout Block) -> Int {
    if extents[value] >= extent { return value }
    let key = value * 4 + extent.rawValue
    if let copy = block.copies[key] { return copy }
    let copy = newValue(like: value, extent: extent)
    block.steps.append(.repeated(wg_fill(lanes[value].isWide ? 1 : 0), value: copy, value, from: extents[value], to: extent, lanes[value]))
    block.copies[key] = copy
    return copy
  }

  private mutating func emitInstruction(_ index: Int, into block: inout Block) {
    let dtype = program.dtypes[index]
    let extent = extents[index]
    switch program.instructions[index] {
    case .load(let input):
      block.steps.append(extent == .row ? .loadRow(input: input, value: index) : .loadPerRow(input: input, value: index))
    case .constant:
      if let place = plan.openValues.firstIndex(of: index) {
        block.steps.append(.number(place, value: index, lanes[index]))
      } else {
        block.steps.append(.constant(program.number(index), value: index, lanes[index]))
      }
    case .inverse(let extent):
      unreachable("row program \(program.name): 1/(\(extent)) has symbols, which have numbers where a program is planned")
    case .columnIndex:
      block.steps.append(.columnIndex(value: index))
    case .random(let key, let stream, let lane, let numbering):
      let key = alias[key]
      block.steps.append(
        .random(
          value: index, key: key, keyStep: extents[key] == .perRow ? 8 : 0, stream: stream, lane: lane, isByColumn: numbering == .byColumn))
    case .unary(let op, let a):
      let a = alias[a]
      let source = op == .unitInterval ? lanes[index] : lanes[a]
      let kernel = op == .not && dtype == .bool ? wg_logical_not() : wg_unary(Int32(source.rawValue), Int32(op.rawValue))
      block.steps.append(.unary(found(kernel, op, dtype), value: index, a, extent))
    case .cast(let a):
      let a = alias[a]
      let target = dtype == .bool ? Int32(WG_BOOL) : Int32(lanes[index].rawValue)
      if isRounded(index) {
        var exact = a
        if lanes[a] != lanes[index] {
          exact = newValue(like: a, extent: extents[a], lanes: lanes[index])
          isFixed[exact] = isFixed[index]
          block.steps.append(.unary(wg_cast(Int32(lanes[a].rawValue), target), value: exact, a, extents[a]))
        }
        block.steps.append(.unary(wg_rounded(dtype == .bfloat16 ? 1 : 0), value: index, exact, extent))
      } else {
        block.steps.append(.unary(wg_cast(Int32(lanes[a].rawValue), target), value: index, a, extent))
      }
    case .binary(let op, let a, let b):
      emitBinary(index, alias[a], alias[b], into: &block) { found(wg_binary($0, Int32(op.rawValue), $1), op, dtype) }
    case .compare(let op, let a, let b):
      emitBinary(index, alias[a], alias[b], into: &block) { found(wg_compare($0, Int32(op.rawValue), $1), op, dtype) }
    case .select(let c, let a, let b):
      let (c, a, b) = (alias[c], alias[a], alias[b])
      let single = (extents[c] < extent ? 1 : 0) | (extents[a] < extent ? 2 : 0) | (extents[b] < extent ? 4 : 0)
      let kernel = wg_select(lanes[index].isWide ? 1 : 0, Int32(single))!
      if extent == .row, [c, a, b].contains(where: { extents[$0] == .perRow }) {
        block.steps.append(.selectByRow(kernel, value: index, c, a, b, widths: widths(index, c, a, b)))
      } else {
        block.steps.append(.select(kernel, value: index, c, a, b, extent))
      }
    case .reduce(let op, let a):
      let operand = extended(alias[a], to: .row, in: &block)
      block.steps.append(
        .reduce(
          kernel(reduce: op, lanes[operand]), neutral: op.neutral(for: program.dtypes[index]), value: index, operand, lanes[operand]))
    }
  }

  private func emitBinary(_ index: Int, _ a: Int, _ b: Int, into block: inout Block, kernel: (Int32, Int32) -> wg_binary_fn) {
    let extent = extents[index]
    let shape: Int32 = extents[b] < extent ? 1 : extents[a] < extent ? 2 : 0
    let function = kernel(Int32(lanes[a].rawValue), shape)
    if extent == .row, extents[a] == .perRow || extents[b] == .perRow {
      block.steps.append(.binaryByRow(function, value: index, a, b, widths: widths(index, a, b, b)))
    } else {
      block.steps.append(.binary(function, value: index, a, b, extent))
    }
  }

  private func widths(_ values: Int...) -> ByRow {
    let element = values.map { extents[$0] == .row ? lanes[$0].byteCount : 0 }
    let row = values.map { extents[$0] == .perRow ? lanes[$0].byteCount : 0 }
    return ByRow(element: (element[0], element[1], element[2], element[3]), row: (row[0], row[1], row[2], row[3]))
  }

  private mutating func emitOutputs(into block: inout Block) {
    for (number, output) in program.outputs.enumerated() {
      var value = alias[output.value]
      let isRow = program.isRow[output.value]
      let target = Lanes(output.dtype)
      if target != lanes[value] {
        let cast = newValue(like: value, extent: extents[value], lanes: target)
        let kind = output.dtype == .bool ? Int32(WG_BOOL) : Int32(target.rawValue)
        block.steps.append(.unary(wg_cast(Int32(lanes[value].rawValue), kind), value: cast, value, extents[value]))
        value = cast
      }
      value = extended(value, to: isRow ? .row : .perRow, in: &block)
      if let op = output.accumulate {
        block.steps.append(
          .accumulate(wg_accumulate(Int32(lanes[value].rawValue), Int32(op.rawValue)), output: number, value, lanes[value]))
      } else {
        block.steps.append(isRow ? .store(output: number, value) : .storePerRow(output: number, value))
      }
    }
  }

  // MARK: Registers

  private mutating func assignRegisters() {
    var narrow = FreeList(), wide = FreeList()
    func register(for value: Int) -> Register {
      if extents[value] != .row {
        plan.perRowCount += 1
        return .perRow(plan.perRowCount - 1)
      }
      return lanes[value].isWide ? .wide(wide.take()) : .narrow(narrow.take())
    }
    for value in plan.prologue.flatMap(\.results) { plan.fixedRegisters.append((value, register(for: value))) }
    let fixed = Set(plan.fixedRegisters.map(\.value))
    // Numbers per row outlive a pass.
    for pass in plan.passes {
      for step in pass.perRowSteps + pass.tileSteps {
        for value in step.results where extents[value] != .row { plan.fixedRegisters.append((value, register(for: value))) }
      }
      for reduction in pass.reductions { plan.fixedRegisters.append((reduction.value, register(for: reduction.value))) }
    }
    for number in plan.passes.indices {
      var lastUse: [Int: Int] = [:]
      for (position, step) in plan.passes[number].tileSteps.enumerated() {
        for operand in step.operands { lastUse[operand] = position }
      }
      var place: [Int: Register] = [:]
      func free(_ value: Int) {
        switch place[value] {
        case .narrow(let index): narrow.put(index)
        case .wide(let index): wide.put(index)
        default: break
        }
        place[value] = nil
      }
      for (position, step) in plan.passes[number].tileSteps.enumerated() {
        for operand in Set(step.operands) where lastUse[operand] == position && !fixed.contains(operand) { free(operand) }
        for value in step.results where extents[value] == .row {
          place[value] = register(for: value)
          plan.passes[number].registers.append((value, place[value]!))
          if lastUse[value] == nil { free(value) }
        }
      }
      for value in Array(place.keys) { free(value) }
    }
    plan.narrowCount = narrow.count
    plan.wideCount = wide.count
    plan.finish()
  }

  /// What is stored is made where it will be stored, and so is what it is made of, as long as that is read by nothing later: memory is fetched while there is still work
  /// to do, and no register comes between.
  private func findDirectOutputs() {
    let steps = plan.passes[plan.passes.count - 1].tileSteps
    var makers: [Int: Int] = [:], lastUse: [Int: Int] = [:]
    for (position, step) in steps.enumerated() {
      for value in step.results where extents[value] == .row { makers[value] = position }
      for operand in step.operands { lastUse[operand] = position }
    }
    var claimed = Set<Int>()
    for (number, output) in program.outputs.enumerated() {
      for case .store(number, let stored) in steps where output.dtype.isLanes {
        var next: Int? = stored
        while let value = next, let made = makers[value], claimed.insert(value).inserted {
          if case .loadRow = steps[made] { break }
          var readers: [Int] = []
          for case .loadRow(let input, let loaded) in steps where lastUse[loaded] ?? 0 > made { readers.append(input) }
          for case .loadPerRow(let input, _) in steps[made...] { readers.append(input) }
          plan.directOutputs.append((number, value, readers))
          next = steps[made].operands.first { operand in
            guard let maker = makers[operand], lastUse[operand] == made, lanes[operand].isWide == lanes[value].isWide else { return false }
            if case .loadRow = steps[maker] { return false }
            return true
          }
        }
      }
    }
    for case .loadRow(let input, _) in plan.prologue { plan.heldInputs.append(input) }
    for case .loadRow(let input, let value) in steps where program.outputs.contains(where: { alias[$0.value] == value }) {
      plan.heldInputs.append(input)
    }
    plan.heldInputs.removeAll { !program.inputs[$0].dtype.isLanes }
  }
}

/// Numbers handed out, returned and handed out again.
private struct FreeList {
  private var free: [Int] = []
  private(set) var count = 0

  mutating func take() -> Int {
    if let index = free.popLast() { return index }
    count += 1
    return count - 1
  }

  mutating func put(_ index: Int) { free.append(index) }
}

extension RowStep {
  /// Whether the step works on numbers per row only.
  fileprivate func isPerRow(_ extents: [Variation]) -> Bool {
    if case .storePerRow = self { return true }
    if case .reduce = self { return false }
    return results.first.map { extents[$0] != .row } ?? false
  }
}
