@_spi(Backend) import WengertCore

/// Outputs that combine rows: sums of columns and the like, in two stages without atomics, so that the order is always the same.
///
/// A block has 32 columns and a group of the rows that meet in one. Where there are several groups, each leaves its partial results in the workspace, and a second
/// kernel combines them in order.
struct ColumnKernel {
  private static let lanes = 8

  private let kernel: CompiledKernel
  private let arguments: LaunchArguments
  private let grid: Grid
  private let second: [ColumnKernel]

  /// - Parameters:
  ///   - part: outputs whose rows meet along the same axes, without reductions of its own.
  ///   - partials: for each output, room for `ColumnDivision.partialCount` values of its compute type; none if there is one group.
  init(
    _ part: RowPart, _ call: RowCall, _ division: ColumnDivision, scalars: [RowProgram.Value: View] = [:], partials: [View] = [],
    on backend: CUDABackend
  ) {
    // Axes in the order kept, combined, columns: a row's place follows from two numbers.
    let order = Shape(division.kept + division.combined + [call.shape.rank - 1])
    func ordered(_ view: View) -> View { view.with(view.layout.permuted(order)) }
    var sorted = call
    sorted.shape = Shape(order.map { call.shape[$0] })
    sorted.inputs = call.inputs.map(ordered)
    sorted.outputs = call.outputs.map(ordered)
    var builder = RowTextBuilder(
      part, sorted, scalars: scalars.mapValues(ordered), mergesColumns: false,
      numbering: part.usesRandom ? Layout(rowMajor: call.shape).permuted(order) : nil, keeping: division.kept.count)
    builder.declareOperands()
    let columns = division.columns, tiles = (columns + 31) / 32
    builder.declare("tiles", tiles)
    builder.declare("combined", division.combinedRows)
    builder.declare("group", (division.combinedRows + division.groups - 1) / division.groups)
    for (output, view) in zip(part.outputs, partials) { builder.declare("p\(output)", view) }
    kernel = backend.kernels.kernel(
      builder.text(ColumnKernel.body(builder, isSplit: division.groups > 1), threads: 32 * ColumnKernel.lanes, prelude: [.reductions]))
    arguments = builder.arguments
    grid = Grid(blocks: (tiles * division.keptRows, division.groups, 1), threads: (32, ColumnKernel.lanes))
    let shape = Shape([division.groups] + division.kept.map { call.shape[$0] } + [columns])
    second = zip(part.outputs, partials).map { output, view in
      let op = part.program.outputs[output].accumulate!, dtype = call.outputs[output].dtype
      let b = RowBuilder("combine")
      b.store(b.row(view.dtype), as: dtype, accumulate: op)
      let target = call.outputs[output].with(call.outputs[output].layout.permuted(Shape(division.kept + [call.shape.rank - 1])))
      let out = target.with(target.layout.broadcast(to: shape))
      let call = RowCall(
        b.finish(), inputs: [view.with(Layout(shape: shape, strides: shape.rowMajorStrides, offset: view.layout.offset))], outputs: [out],
        over: shape)
      return ColumnKernel(RowPart(call.program, outputs: [0]), call, ColumnDivision(call, output: 0, mostGroups: 1), on: backend)
    }
  }

  func launch(on stream: CUHandle?) {
    var arguments = arguments
    kernel.launch(grid, &arguments, on: stream)
    second.forEach { $0.launch(on: stream) }
  }

  private static func body(_ builder: RowTextBuilder, isSplit: Bool) -> String {
    let part = builder.part, program = part.program, geometry = builder.geometry
    let columns = "a.e\(geometry.rank - 1)"
    func functor(_ output: Int) -> String { program.outputs[output].accumulate!.functor }
    func type(_ output: Int) -> String { program.dtypes[program.outputs[output].value].valueName }
    var text = "  const \(builder.index) tile = blockIdx.x % a.tiles, keptRow = blockIdx.x / a.tiles;\n"
    text += "  const \(builder.index) column = tile * 32 + threadIdx.x;\n  const bool isColumn = column < \(columns);\n"
    text += "  const \(builder.index) start = blockIdx.y * a.group, end = start + a.group < a.combined ? start + a.group : a.combined;\n"
    text += builder.rowPlaces(of: "keptRow", axes: 0..<geometry.keptAxes, prefix: "kept")
    for output in part.outputs { text += "  \(type(output)) s\(output) = Neutral<\(functor(output)), \(type(output))>::value();\n" }
    text += "  if (isColumn) for (\(builder.index) row = start + threadIdx.y; row < end; row += \(lanes)) {\n"
    text += builder.rowPlaces(axes: geometry.keptAxes..<geometry.rank - 1, prefix: "inner")
    for operand in builder.operands where builder.value(of: operand) != nil {
      text += "    const i64 at\(operand.name) = kept\(operand.name) + inner\(operand.name);\n"
    }
    if part.usesRandom { text += "    const u64 element = keptn + innern + column;\n" }
    for value in part.live {
      if let (number, operand) = builder.operands.enumerated().first(where: { builder.value(of: $0.element) == value }) {
        let element = "a.\(operand.name)[\(builder.place(number))]"
        text += "    const \(program.dtypes[value].valueName) v\(value) = \(operand.dtype.value(ofElement: element));\n"
      } else {
        text += "    \(program.definition(value))\n"
      }
    }
    for output in part.outputs { text += "    s\(output) = \(functor(output))::of(s\(output), v\(program.outputs[output].value));\n" }
    text += "  }\n"
    for output in part.outputs {
      text += "  __shared__ \(type(output)) lanes\(output)[\(lanes)][32];\n  lanes\(output)[threadIdx.y][threadIdx.x] = s\(output);\n"
    }
    text += "  __syncthreads();\n  if (threadIdx.y != 0 || !isColumn) return;\n"
    for (number, operand) in builder.operands.enumerated() {
      guard case .output(let output) = operand.role else { continue }
      text +=
        "  for (int lane = 1; lane < \(lanes); lane++) s\(output) = \(functor(output))::of(s\(output), lanes\(output)[lane][threadIdx.x]);\n"
      if isSplit {
        text += "  a.p\(output)[((u64)blockIdx.y * (gridDim.x / a.tiles) + keptRow) * \(columns) + column] = s\(output);\n"
      } else {
        text += "  const i64 at\(operand.name) = kept\(operand.name);\n"
        text += "  a.\(operand.name)[\(builder.place(number))] = \(operand.dtype.element(ofValue: "s\(output)"));\n"
      }
    }
    return text
  }
}

/// How the rows of a call that meet in an output are divided among blocks. It follows from the sizes alone.
struct ColumnDivision {
  /// Outer axes of the call along which the output is distinct, and those along which rows meet.
  let kept: [Int], combined: [Int]
  let keptRows: Int, combinedRows: Int, columns: Int
  let groups: Int

  /// Groups are made until about so many blocks have work, and have so many rows at least.
  private static let wantedBlocks = 1024
  private static let leastRows = 64

  init(_ call: RowCall, output: Int, mostGroups: Int = 65_535) {
    let shape = call.shape, outer = 0..<shape.rank - 1, strides = call.outputs[output].layout.strides
    kept = outer.filter { strides[$0] != 0 && shape[$0] != 1 }
    combined = outer.filter { strides[$0] == 0 && shape[$0] != 1 }
    keptRows = kept.reduce(1) { $0 * shape[$1] }
    combinedRows = combined.reduce(1) { $0 * shape[$1] }
    columns = shape[shape.rank - 1]
    let blocks = max(keptRows * ((columns + 31) / 32), 1)
    groups = max(1, min(ColumnDivision.wantedBlocks / blocks, combinedRows / ColumnDivision.leastRows, mostGroups))
  }

  /// Values of partial results of one output.
  var partialCount: Int { groups > 1 ? groups * keptRows * columns : 0 }
}
