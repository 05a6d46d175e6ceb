import CKernels
@_spi(Backend) import WengertCore

/// Lanes in which values are in registers; the kernels know them by their number.
enum Lanes: Int, CaseIterable {
  case int32, int64, float32, float64

  init(_ dtype: DType) {
    switch dtype {
    case .bool, .uint8, .int32: self = .int32
    case .int64: self = .int64
    case .float16, .bfloat16, .float32: self = .float32
    case .float64: self = .float64
    }
  }

  var isWide: Bool { self == .int64 || self == .float64 }
  var byteCount: Int { isWide ? 8 : 4 }
  var isFloating: Bool { self == .float32 || self == .float64 }
}

extension DType {
  /// Whether memory of this dtype has the form of its lanes, so that a register may be in memory.
  var isLanes: Bool { self == .int32 || self == .int64 || self == .float32 || self == .float64 }
}

/// How many numbers a value has in a block of rows.
enum Variation: Int, Comparable {
  /// One for the whole run, one per row, one per element.
  case uniform, perRow, row

  static func < (a: Variation, b: Variation) -> Bool { a.rawValue < b.rawValue }
}

/// What a run knows of an input before the first element: how far it varies.
enum InputKind: UInt64 {
  case row, perRow, uniform
  /// A row that is the same for every row.
  case sharedRow
}

/// The kinds of a program's inputs, packed. Those after the 64th are taken for the most general.
struct InputKinds: Hashable {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  func kind(_ input: Int, isRow: Bool) -> InputKind {
    if input >= 64 { return isRow ? .row : .perRow }
    return InputKind(rawValue: (input < 32 ? low : high) >> UInt64(input % 32 * 2) & 3)!
  }

  mutating func set(_ kind: InputKind, _ input: Int) {
    if input < 32 { low |= kind.rawValue << UInt64(input * 2) }
    if input >= 32 && input < 64 { high |= kind.rawValue << UInt64(input % 32 * 2) }
  }
}

/// One kernel call on a block. Values are numbers into the context's table of register pointers.
enum RowStep {
  case constant(Double, value: Int, Lanes)
  /// A number of the call, by its place among those that the program's form leaves open.
  case number(Int, value: Int, Lanes)
  case loadRow(input: Int, value: Int)
  case loadPerRow(input: Int, value: Int)
  case columnIndex(value: Int)
  case random(value: Int, key: Int, keyStep: Int, stream: UInt32, lane: Int, isByColumn: Bool)
  case unary(wg_unary_fn, value: Int, Int, Variation)
  /// Once over everything.
  case binary(wg_binary_fn, value: Int, Int, Int, Variation)
  /// Row by row, an operand of one number per row advancing by its step.
  case binaryByRow(wg_binary_fn, value: Int, Int, Int, widths: ByRow)
  case select(wg_select_fn, value: Int, Int, Int, Int, Variation)
  case selectByRow(wg_select_fn, value: Int, Int, Int, Int, widths: ByRow)
  /// One number to one per row, or one per row (or one) to a row.
  case repeated(wg_unary_fn, value: Int, Int, from: Variation, to: Variation, Lanes)
  /// A whole row to a number.
  case reduce(wg_reduce_fn, neutral: UInt64, value: Int, Int, Lanes)
  /// A part of a row to the pass's partial result.
  case reducePart(wg_reduce_fn, slot: Int, Int)
  case store(output: Int, Int)
  case storePerRow(output: Int, Int)
  case accumulate(wg_accumulate_fn, output: Int, Int, Lanes)
  /// Several instructions in one pass.
  case joined(wg_joined_fn, value: Int, FusedOperands)
  /// The first or second of three results that one kernel makes together: carried out by the update that follows.
  case waiting(place: Int, value: Int, FusedOperands)
  case joinedUpdate(wg_joined_update_fn, value: Int, FusedOperands)
  /// A sum or maximum over each row of what is made of the operands, and that (or a part of it) as a row if it is read again.
  case joinedReduction(wg_joined_reduction_fn, ReductionTarget, stored: Int?, FusedOperands)

  /// One number per row of the block, or the pass's partial result.
  enum ReductionTarget {
    case perRow(Int), part(Int)
  }
}

/// For the destination and up to three operands: bytes per element if it is a row, bytes per row if it is one number per row.
struct ByRow {
  var element: (Int, Int, Int, Int)
  var row: (Int, Int, Int, Int)
}

/// A reduction whose row is walked in several tiles.
struct PartialReduction {
  /// Combines two states of eight bytes.
  var combine: wg_reduce_fn
  var neutral: UInt64
  var lanes: Lanes
  var value: Int
}

extension ReduceOp {
  /// The bits of the state (a double, or an int64 for integers) that changes nothing.
  func neutral(for dtype: DType) -> UInt64 {
    if dtype.isFloating {
      let value: Double =
        switch self {
        case .sum: 0
        case .product: 1
        case .minimum: .infinity
        case .maximum: -.infinity
        }
      return value.bitPattern
    }
    let range: ClosedRange<Int64> =
      switch dtype {
      case .bool: 0...1
      case .uint8: 0...255
      case .int32: Int64(Int32.min)...Int64(Int32.max)
      default: Int64.min...Int64.max
      }
    return switch self {
    case .sum: 0
    case .product: 1
    case .minimum: UInt64(bitPattern: range.upperBound)
    case .maximum: UInt64(bitPattern: range.lowerBound)
    }
  }

  /// Combines eight-byte states of values with these lanes.
  func stateKernel(_ lanes: Lanes) -> wg_reduce_fn {
    wg_reduce(Int32((lanes.isFloating ? Lanes.float64 : .int64).rawValue), Int32(rawValue))!
  }
}

/// One walk over a row's tiles: first what is known per row, then the tiles, whose partial reductions the next pass uses.
final class RowPass {
  var perRowSteps: [RowStep] = []
  var tileSteps: [RowStep] = []
  var reductions: [PartialReduction] = []
  /// Where each row value is in this pass.
  var registers: [(value: Int, register: Register)] = []
}

/// A list that several threads walk at once: it counts no references, whose memory would travel between them.
struct UnmanagedList<Element: BitwiseCopyable>: BitwiseCopyable {
  private let elements: UnsafeMutableBufferPointer<Element>

  init(_ list: [Element]) {
    elements = .allocate(capacity: list.count)
    _ = elements.initialize(from: list)
  }

  func deallocate() { elements.deallocate() }
  var count: Int { elements.count }
  var isEmpty: Bool { elements.isEmpty }
  subscript(index: Int) -> Element { elements[index] }
  func makeIterator() -> UnsafeMutableBufferPointer<Element>.Iterator { elements.makeIterator() }
}

extension UnmanagedList: Sequence {}

/// A plan as the threads of a run read it.
struct PlanCode {
  typealias Place = (value: Int, register: Register)

  struct Walk: BitwiseCopyable {
    let perRowSteps, tileSteps: UnmanagedList<RowStep>
    let reductions: UnmanagedList<PartialReduction>
    let registers: UnmanagedList<Place>
    let isLast: Bool
  }

  let prologue, rowEnd: UnmanagedList<RowStep>
  let passes: UnmanagedList<Walk>
  let fixedRegisters: UnmanagedList<Place>

  init(_ plan: RowPlan) {
    (prologue, rowEnd) = (UnmanagedList(plan.prologue), UnmanagedList(plan.rowEnd))
    fixedRegisters = UnmanagedList(plan.fixedRegisters)
    passes = UnmanagedList(
      plan.passes.map {
        Walk(
          perRowSteps: UnmanagedList($0.perRowSteps), tileSteps: UnmanagedList($0.tileSteps), reductions: UnmanagedList($0.reductions),
          registers: UnmanagedList($0.registers), isLast: $0 === plan.passes.last)
      })
  }

  func deallocate() {
    for pass in passes {
      pass.perRowSteps.deallocate()
      pass.tileSteps.deallocate()
      pass.reductions.deallocate()
      pass.registers.deallocate()
    }
    prologue.deallocate()
    rowEnd.deallocate()
    passes.deallocate()
    fixedRegisters.deallocate()
  }
}

/// A place in the register file: narrow and wide tiles, and numbers per row.
enum Register {
  case narrow(Int), wide(Int), perRow(Int)
}

/// A row program prepared for one kind of run: registers assigned, kernels chosen.
final class RowPlan: @unchecked Sendable {
  /// The longest row that is walked in one pass, if its reductions would otherwise compute again what they need; if there are none;
  /// and the most rows of a block.
  static let longestReducedRow = 4096
  static let longestSingleTile = 1024
  static let maximumRows = 128

  let program: RowProgram
  var prologue: [RowStep] = []
  var passes: [RowPass] = []
  /// Registers that keep their content from the prologue on.
  var fixedRegisters: [(value: Int, register: Register)] = []
  /// After the last pass over a row that is walked in tiles.
  var rowEnd: [RowStep] = []
  var valueCount = 0
  var narrowCount = 0, wideCount = 0, perRowCount = 0
  /// Outputs into whose memory a kernel may write straight: the value stored there or one that it is made of, and the inputs that are read after that is made.
  var directOutputs: [(output: Int, value: Int, readLater: [Int])] = []
  /// Inputs that are still read when outputs are stored: those loaded once for all blocks, and those that are stored as they are.
  var heldInputs: [Int] = []

  let isAccumulating: Bool
  /// The values whose numbers each call brings along.
  let openValues: [Int]
  private(set) var code: PlanCode!
  /// The most partial reductions of a pass, and the instructions per element.
  private(set) var stateCount = 0
  private(set) var stepCount = 1

  init(program: RowProgram) {
    self.program = program
    isAccumulating = program.outputs.contains { $0.accumulate != nil }
    openValues = program.openValues
  }

  deinit { code?.deallocate() }

  /// Elements of a block: so many that the registers stay near the processor, and the calls of kernels are few. Where rows are walked in tiles, their sums
  /// are added up tile by tile: a tile is then of one size, so that bits do not depend on what else a program does.
  private(set) var blockElements = longestSingleTile

  /// To be called when the passes are complete and the registers counted.
  func finish() {
    code = PlanCode(self)
    stateCount = passes.map(\.reductions.count).max() ?? 0
    stepCount = passes.reduce(1) { $0 + $1.tileSteps.count }
    if passes.count > 1 {
      blockElements = RowPlan.longestReducedRow
      return
    }
    let width = narrowCount * 4 + wideCount * 8 + (hasReduction ? rowByteCount : 0)
    while blockElements < 16384 && blockElements * 2 * width <= 64 << 10 { blockElements *= 2 }
  }

  private var hasReduction: Bool {
    program.instructions.contains { if case .reduce = $0 { true } else { false } }
  }

  /// The bytes of an element of all rows that are loaded and stored. Rows that are reduced are read more than once: they stay near the processor too.
  private var rowByteCount: Int {
    let outputs = program.outputs.filter { program.isRow[$0.value] && $0.accumulate == nil }
    return passes[0].tileSteps.reduce(outputs.reduce(0) { $0 + $1.dtype.byteCount }) {
      if case .loadRow(let input, _) = $1 { $0 + program.inputs[input].dtype.byteCount } else { $0 }
    }
  }

  /// The register file's size, and each register's place, for blocks of this many elements.
  func scratchByteCount(_ blockElements: Int) -> Int {
    (narrowCount + wideCount * 2) * blockElements * 4 + perRowCount * RowPlan.maximumRows * 8
  }

  func offset(of register: Register, _ blockElements: Int) -> Int {
    switch register {
    case .narrow(let index): index * blockElements * 4
    case .wide(let index): (narrowCount + index * 2) * blockElements * 4
    case .perRow(let index): (narrowCount + wideCount * 2) * blockElements * 4 + index * RowPlan.maximumRows * 8
    }
  }
}

extension RowStep {
  /// The values that the step makes.
  var results: [Int] {
    switch self {
    case .constant(_, let value, _), .number(_, let value, _), .loadRow(_, let value), .loadPerRow(_, let value), .columnIndex(let value),
      .random(let value, _, _, _, _, _), .unary(_, let value, _, _), .binary(_, let value, _, _, _), .binaryByRow(_, let value, _, _, _),
      .select(_, let value, _, _, _, _), .selectByRow(_, let value, _, _, _, _), .repeated(_, let value, _, _, _, _),
      .reduce(_, _, let value, _, _), .joined(_, let value, _), .waiting(_, let value, _), .joinedUpdate(_, let value, _):
      [value]
    case .joinedReduction(_, .perRow(let value), let stored, _): stored.map { [$0, value] } ?? [value]
    case .joinedReduction(_, .part, let stored, _): stored.map { [$0] } ?? []
    case .reducePart, .store, .storePerRow, .accumulate: []
    }
  }

  /// The values that the step reads.
  var operands: [Int] {
    switch self {
    case .constant, .number, .loadRow, .loadPerRow, .columnIndex: []
    case .random(_, let key, _, _, _, _): [key]
    case .unary(_, _, let a, _), .repeated(_, _, let a, _, _, _), .reduce(_, _, _, let a, _), .reducePart(_, _, let a), .store(_, let a),
      .storePerRow(_, let a), .accumulate(_, _, let a, _):
      [a]
    case .binary(_, _, let a, let b, _), .binaryByRow(_, _, let a, let b, _): [a, b]
    case .select(_, _, let a, let b, let c, _), .selectByRow(_, _, let a, let b, let c, _): [a, b, c]
    case .joined(_, _, let operands), .waiting(_, _, let operands), .joinedUpdate(_, _, let operands),
      .joinedReduction(_, _, _, let operands):
      operands.list
    }
  }
}
