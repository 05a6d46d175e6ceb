@_spi(Backend) import WengertCore

/// Programs without reductions: each thread makes a few neighboring elements.
///
/// What lies side by side moves in accesses of 16 bytes where addresses and strides allow; where addresses do not, another text moves element by element.
struct ElementKernel {
  private static let threads = 256

  private let kernel: NeighborKernel
  private let arguments: LaunchArguments
  private let grid: Grid

  init(_ part: RowPart, _ call: RowCall, scalars: [RowProgram.Value: View] = [:], on backend: CUDABackend) {
    var builder = RowTextBuilder(part, call, scalars: scalars, mergesColumns: !part.usesColumns)
    let geometry = builder.geometry
    // Any number of axes and any strides share one text.
    let isGeneral = geometry.rank > 3 || builder.operands.indices.contains { geometry.step($0) == .any }
    let access = isGeneral ? NeighborAccess.single : NeighborAccess(builder), width = access.width
    let chunks = (geometry.columns + width - 1) / width
    if isGeneral {
      builder.declareOperandsOfAnyRank()
    } else {
      builder.declareOperands()
      builder.declare("chunks", chunks)
    }
    builder.declare("count", geometry.rows * chunks)
    arguments = builder.arguments
    grid = Grid(geometry.rows * chunks, by: ElementKernel.threads)
    kernel = NeighborKernel(access, backend.kernels) { [builder] isAligned in
      isGeneral ? ElementKernel.generalText(builder) : ElementKernel.text(builder, width, isAligned: isAligned)
    }
  }

  func launch(on stream: CUHandle?) { kernel.launch(grid, arguments, on: stream) }

  /// One element for each thread, wherever it lies.
  private static func generalText(_ builder: RowTextBuilder) -> KernelText {
    let part = builder.part, program = part.program
    var text =
      "  const \(builder.index) thread = (\(builder.index))blockIdx.x * \(threads) + threadIdx.x;\n  if (thread >= a.count) return;\n"
    text += "  \(builder.index) rest = thread;\n  const \(builder.index) column = thread % a.e[a.rank - 1]; (void)column;\n"
    for operand in builder.operands { text += "  i64 at\(operand.name) = 0;\n" }
    text += "  for (int axis = (int)a.rank - 1; axis >= 0; axis--) {\n    const i64 place = rest % a.e[axis];\n    rest /= a.e[axis];\n"
    for operand in builder.operands { text += "    at\(operand.name) += place * a.\(operand.name)s[axis];\n" }
    text += "  }\n"
    if part.usesRandom { text += "  const u64 element = thread;\n" }
    for value in part.live {
      if let operand = builder.operands.first(where: { builder.value(of: $0) == value }) {
        let element = operand.dtype.value(ofElement: "a.\(operand.name)[at\(operand.name)]")
        text += "  const \(program.dtypes[value].valueName) v\(value) = \(element);\n"
      } else {
        text += "  \(program.definition(value))\n"
      }
    }
    for operand in builder.operands {
      guard case .output(let output) = operand.role else { continue }
      text += "  a.\(operand.name)[at\(operand.name)] = \(operand.dtype.element(ofValue: "v\(program.outputs[output].value)"));\n"
    }
    return builder.text(text, threads: threads)
  }

  private static func text(_ builder: RowTextBuilder, _ width: Int, isAligned: Bool) -> KernelText {
    let part = builder.part, program = part.program, geometry = builder.geometry
    var text =
      "  const \(builder.index) thread = (\(builder.index))blockIdx.x * \(threads) + threadIdx.x;\n  if (thread >= a.count) return;\n"
    if geometry.rank > 1 {
      text += "  const \(builder.index) row = thread / a.chunks, first = thread % a.chunks * \(width);\n"
    } else {
      text += "  const \(builder.index) first = thread * \(width);\n"
    }
    text += builder.rowPlaces()
    let columns = "a.e\(geometry.rank - 1)"
    let isWhole = "first + \(width) <= \(columns)"
    let row = geometry.rank > 1 ? "(u64)row * \(columns) + " : ""
    for (number, operand) in builder.operands.enumerated() {
      let type = operand.dtype.elementName
      switch operand.role {
      case .input, .given:
        if geometry.step(number) == .none {
          text += "  const \(type) x\(operand.name) = a.\(operand.name)[\(builder.place(number, column: "first"))];\n"
        } else if geometry.step(number) == .one && width > 1 {
          text += "  Neighbors<\(type), \(width)> x\(operand.name);\n"
          if isAligned {
            text += "  if (\(isWhole)) load_neighbors(x\(operand.name), a.\(operand.name) + (\(builder.place(number, column: "first"))));\n"
            text += "  else\n"
          }
          text +=
            "  for (int j = 0; j < \(width); j++) if (first + j < \(columns)) x\(operand.name).at[j] = a.\(operand.name)[\(builder.place(number, column: "first")) + j];\n"
        }
      case .output:
        if width > 1 && geometry.step(number) == .one { text += "  Neighbors<\(type), \(width)> y\(operand.name);\n" }
      case .wanted: unreachable("a reduction without a kernel that makes it")
      }
    }
    text +=
      width > 1 ? "#pragma unroll\n  for (int j = 0; j < \(width); j++) if (first + j < \(columns)) {\n" : "  {\n    const int j = 0;\n"
    text += "    const \(builder.index) column = first + j; (void)column;\n"
    if part.usesRandom { text += "    const u64 element = \(row)column;\n" }
    for value in part.live {
      if let (number, operand) = builder.operands.enumerated().first(where: { builder.value(of: $0.element) == value }) {
        let element =
          geometry.step(number) == .none
          ? "x\(operand.name)"
          : geometry.step(number) == .one && width > 1 ? "x\(operand.name).at[j]" : "a.\(operand.name)[\(builder.place(number))]"
        let type = program.dtypes[value].valueName
        text += "    const \(type) v\(value) = \(operand.dtype.value(ofElement: element));\n"
      } else {
        text += "    \(program.definition(value))\n"
      }
    }
    for (number, operand) in builder.operands.enumerated() {
      guard case .output(let output) = operand.role else { continue }
      let element = operand.dtype.element(ofValue: "v\(program.outputs[output].value)")
      text +=
        width > 1 && geometry.step(number) == .one
        ? "    y\(operand.name).at[j] = \(element);\n" : "    a.\(operand.name)[\(builder.place(number))] = \(element);\n"
    }
    text += "  }\n"
    if width > 1 {
      for (number, operand) in builder.operands.enumerated() where geometry.step(number) == .one {
        guard case .output = operand.role else { continue }
        let place = builder.place(number, column: "first")
        if isAligned {
          text += "  if (\(isWhole)) store_neighbors(a.\(operand.name) + (\(place)), y\(operand.name));\n  else\n"
        }
        text +=
          "  for (int j = 0; j < \(width); j++) if (first + j < \(columns)) a.\(operand.name)[\(place) + j] = y\(operand.name).at[j];\n"
      }
    }
    return builder.text(text, threads: threads)
  }
}
