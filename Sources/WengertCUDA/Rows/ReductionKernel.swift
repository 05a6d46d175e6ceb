@_spi(Backend) import WengertCore

/// Programs that combine the elements of each row: a team of threads per row, which walks over it once for each reduction that waits for another.
///
/// Rows that fit stay in registers between the walks; longer ones are read again. Which thread takes which element follows from the row's length and the element
/// types alone, and threads are combined in a fixed order, so that bits do not depend on addresses.
struct ReductionKernel {
  private let kernel: NeighborKernel
  private let arguments: LaunchArguments
  private let grid: Grid

  init(_ part: RowPart, _ call: RowCall, scalars: [RowProgram.Value: View] = [:], on backend: CUDABackend) {
    var builder = RowTextBuilder(part, call, scalars: scalars, mergesColumns: false)
    builder.declareOperands()
    builder.declare("rows", builder.geometry.rows)
    let geometry = builder.geometry, access = NeighborAccess(builder)
    // What of a row is kept, in registers of 32 bits for each column.
    let kept = builder.operands.indices.filter { geometry.step($0) != .none && builder.value(of: builder.operands[$0]) != nil }
      .reduce(0) { $0 + max(1, builder.operands[$1].dtype.byteCount / 4) }
    let team = RowTeam(columns: geometry.columns, width: access.width, registersPerColumn: max(kept, 1))
    arguments = builder.arguments
    grid = Grid(blocks: ((geometry.rows + team.rowsPerBlock - 1) / team.rowsPerBlock, 1, 1), threads: (team.blockSize, 1))
    kernel = NeighborKernel(access, backend.kernels) { [builder] in ReductionText(builder, team, isAligned: $0).text }
  }

  func launch(on stream: CUHandle?) { kernel.launch(grid, arguments, on: stream) }
}

/// The threads that work on one row.
struct RowTeam {
  /// How many: up to 32 neighbors in a warp, or whole warps that are a block.
  let size: Int
  /// Neighboring elements that one thread moves at once.
  let width: Int
  /// How often each thread does so, if the row stays in registers; nil: as often as the row is long, and elements are read again.
  let chunks: Int?

  private static let registers = 64

  init(columns: Int, width: Int, registersPerColumn: Int) {
    self.width = width
    let pieces = (columns + width - 1) / width
    let most = max(1, RowTeam.registers / (width * registersPerColumn))
    var size = 1
    while size < 32 && size < pieces { size *= 2 }
    while size < 1024 && (pieces + size - 1) / size > most { size *= 2 }
    self.size = size
    let chunks = (pieces + size - 1) / size
    self.chunks = chunks <= most ? chunks : nil
  }

  /// Teams of several warps have blocks of their own, where they meet.
  var blockSize: Int { size > 32 ? size : 128 }
  var rowsPerBlock: Int { blockSize / size }
}

/// The text of a `ReductionKernel`.
private struct ReductionText {
  let builder: RowTextBuilder
  let team: RowTeam
  let isAligned: Bool

  init(_ builder: RowTextBuilder, _ team: RowTeam, isAligned: Bool) {
    self.builder = builder
    self.team = team
    self.isAligned = isAligned
  }

  private var part: RowPart { builder.part }
  private var program: RowProgram { part.program }
  private var geometry: RowGeometry { builder.geometry }
  private var width: Int { team.width }

  var text: KernelText {
    let depths = part.depths
    var text = "  const int lane = threadIdx.x % \(team.size);\n"
    text += "  \(builder.index) row = (\(builder.index))blockIdx.x * \(team.rowsPerBlock) + threadIdx.x / \(team.size);\n"
    // All threads of a warp meet, also those without a row of their own.
    text += "  const bool isRow = row < a.rows;\n  if (!isRow) row = a.rows - 1;\n"
    // Those read nothing: another team may write the last row meanwhile.
    text += "  const \(builder.index) columns = isRow ? a.e\(geometry.rank - 1) : 0;\n"
    text += builder.rowPlaces()
    let loads = builder.operands.enumerated().compactMap { number, operand in
      builder.value(of: operand).map { (number: number, operand: operand, value: $0) }
    }
    for (number, operand, value) in loads where !program.isRow[value] {
      let element = "a.\(operand.name)[\(builder.place(number, column: "0"))]"
      text += "  const \(program.dtypes[value].valueName) v\(value) = isRow ? \(operand.dtype.value(ofElement: element)) : 0;\n"
    }
    let rowLoads = loads.filter { program.isRow[$0.value] }
    if let chunks = team.chunks {
      for (number, operand, _) in rowLoads {
        text += "  Neighbors<\(operand.dtype.elementName), \(width(number))> x\(operand.name)[\(chunks)];\n"
      }
      text +=
        "#pragma unroll\n  for (int k = 0; k < \(chunks); k++) {\n    const \(builder.index) first = (k * \(team.size) + lane) * \(width);\n"
      for load in rowLoads { text += fetch(load.number, "x\(load.operand.name)[k]") }
      text += "  }\n"
    }
    for value in part.live where depths[value] == 0 { text += scalar(value) }
    let walks = part.reductions.compactMap { depths[$0] }.max() ?? 0
    for depth in 0..<walks {
      text += walk(rowLoads, reductions: part.reductions.filter { depths[$0] == depth + 1 }, stored: [])
      for value in part.live where depths[value] == depth + 1 { text += scalar(value) }
    }
    let stored = part.outputs.filter { program.isRow[program.outputs[$0].value] }
    if !stored.isEmpty { text += walk(rowLoads, reductions: [], stored: stored) }
    // A number per row may be written over one that others of the team have read.
    if team.size <= 32 { text += "  __syncwarp();\n" }
    for operand in builder.operands {
      switch operand.role {
      case .output(let output) where !program.isRow[program.outputs[output].value]:
        text += store(operand, "v\(program.outputs[output].value)")
      case .wanted(let value): text += store(operand, "v\(value)")
      default: break
      }
    }
    return builder.text(text, threads: team.blockSize, prelude: [.reductions])
  }

  private func store(_ operand: RowTextBuilder.Operand, _ value: String) -> String {
    "  if (isRow && lane == 0) a.\(operand.name)[at\(operand.name)] = \(operand.dtype.element(ofValue: value));\n"
  }

  /// An operand that is read column by column, by its number, and the value that it is.
  private typealias RowLoad = (number: Int, operand: RowTextBuilder.Operand, value: RowProgram.Value)

  /// How many neighbors are moved at once; of an operand that repeats itself along the row, one serves all.
  private func width(_ operand: Int) -> Int { geometry.step(operand) == .none ? 1 : width }

  /// Reads the elements from column `first` on.
  private func fetch(_ number: Int, _ target: String) -> String {
    let operand = builder.operands[number]
    switch geometry.step(number) {
    case .none: return "    if (first < columns) \(target).at[0] = a.\(operand.name)[at\(operand.name)];\n"
    case .one where isAligned && width > 1:
      let place = builder.place(number, column: "first")
      return """
            if (first + \(width) <= columns) load_neighbors(\(target), a.\(operand.name) + (\(place)));
            else for (int j = 0; j < \(width); j++) if (first + j < columns) \(target).at[j] = a.\(operand.name)[\(place) + j];

        """
    default:
      let place = builder.place(number, column: "(first + j)")
      return "    for (int j = 0; j < \(width); j++) if (first + j < columns) \(target).at[j] = a.\(operand.name)[\(place)];\n"
    }
  }

  /// A value that is one number per row, once its reductions are there.
  private func scalar(_ value: RowProgram.Value) -> String {
    if program.isRow[value] || part.given.contains(value) { return "" }
    switch program.instructions[value] {
    case .load: return ""
    case .reduce(let op, _):
      let type = program.dtypes[value].valueName
      if team.size <= 32 { return "  const \(type) v\(value) = combine_warp<\(op.functor), \(team.size)>(r\(value));\n" }
      return """
          __shared__ \(type) partials\(value)[\(team.size / 32)];
          const \(type) v\(value) = combine_block<\(op.functor), \(team.size / 32)>(r\(value), partials\(value));

        """
    default: return "  \(program.definition(value))\n"
    }
  }

  /// A walk over the row: what is combined, or what is stored.
  private func walk(
    _ loads: [RowLoad], reductions: [RowProgram.Value], stored: [Int]
  ) -> String {
    var text = ""
    var needed: Set<RowProgram.Value> = []
    for value in reductions {
      guard case .reduce(let op, let operand) = program.instructions[value] else { continue }
      let type = program.dtypes[value].valueName
      text += "  \(type) r\(value) = Neutral<\(op.functor), \(type)>::value();\n"
      needed.insert(operand)
    }
    needed.formUnion(stored.map { program.outputs[$0].value })
    for value in part.live.reversed() where needed.contains(value) && program.isRow[value] {
      needed.formUnion(program.instructions[value].operands.filter { program.isRow[$0] })
    }
    let used = loads.filter { needed.contains($0.value) }
    let chunk: (String) -> String
    if let chunks = team.chunks {
      text +=
        "#pragma unroll\n  for (int k = 0; k < \(chunks); k++) {\n    const \(builder.index) first = (k * \(team.size) + lane) * \(width);\n"
      chunk = { "x\($0)[k]" }
    } else {
      text += "  for (\(builder.index) first = lane * \(width); first < columns; first += \(team.size * width)) {\n"
      for (number, operand, _) in used {
        text += "    Neighbors<\(operand.dtype.elementName), \(width(number))> x\(operand.name);\n" + fetch(number, "x\(operand.name)")
      }
      chunk = { "x\($0)" }
    }
    let outputs = builder.operands.enumerated().filter {
      if case .output(let output) = $0.element.role { stored.contains(output) } else { false }
    }
    for (_, operand) in outputs { text += "    Neighbors<\(operand.dtype.elementName), \(width)> y\(operand.name);\n" }
    text += "#pragma unroll\n    for (int j = 0; j < \(width); j++) if (first + j < columns) {\n"
    text += "      const \(builder.index) column = first + j; (void)column;\n"
    if part.usesRandom { text += "      const u64 element = (u64)row * columns + column;\n" }
    for value in part.live where needed.contains(value) && program.isRow[value] {
      if let (number, operand, _) = used.first(where: { $0.value == value }) {
        let element = "\(chunk(operand.name)).at[\(width(number) == 1 ? "0" : "j")]"
        text += "      const \(program.dtypes[value].valueName) v\(value) = \(operand.dtype.value(ofElement: element));\n"
      } else {
        text += "      \(program.definition(value))\n"
      }
    }
    for value in reductions {
      guard case .reduce(let op, let operand) = program.instructions[value] else { continue }
      text += "      r\(value) = \(op.functor)::of(r\(value), v\(operand));\n"
    }
    for (_, operand) in outputs {
      guard case .output(let output) = operand.role else { continue }
      text += "      y\(operand.name).at[j] = \(operand.dtype.element(ofValue: "v\(program.outputs[output].value)"));\n"
    }
    text += "    }\n"
    for (number, operand) in outputs {
      let place = builder.place(number, column: "first")
      text += "    if (isRow) {\n"
      if geometry.step(number) == .one && isAligned && width > 1 {
        text += "      if (first + \(width) <= columns) store_neighbors(a.\(operand.name) + (\(place)), y\(operand.name));\n      else\n"
      }
      let each = builder.place(number, column: "(first + j)")
      text +=
        "      for (int j = 0; j < \(width); j++) if (first + j < columns) a.\(operand.name)[\(each)] = y\(operand.name).at[j];\n    }\n"
    }
    return text + "  }\n"
  }
}
