@_spi(Backend) import WengertCore

/// Programs without reductions some of whose inputs lie transposed: neighbors along the columns lie far from each other there, those along another axis side by side. A block takes
/// 32 × 32 elements of such inputs through shared memory, so that all that it reads and writes lies side by side.
struct TransposedKernel {
  private let kernel: CompiledKernel
  private let arguments: LaunchArguments
  private let grid: Grid

  private static let side = 32, height = 8

  /// Nil if no input lies so, or there are too few elements along one of the axes.
  init?(_ part: RowPart, _ call: RowCall, scalars: [RowProgram.Value: View], on backend: CUDABackend) {
    if part.usesRandom || part.usesColumns { return nil }
    var builder = RowTextBuilder(part, call, scalars: scalars, mergesColumns: true)
    let geometry = builder.geometry
    guard (2...4).contains(geometry.rank), !builder.isLarge, geometry.columns >= Self.side / 2 else { return nil }
    let last = geometry.rank - 1
    // What is written lies side by side: of all others, inputs are the only ones that may not.
    let far = builder.operands.indices.filter { geometry.step($0) == .any }
    guard far.allSatisfy({ if case .input = builder.operands[$0].role { true } else { false } }),
      let axis = (0..<last).first(where: { axis in
        geometry.extents[axis] >= Self.side / 2 && far.contains { geometry.strides[$0][axis] == 1 }
      })
    else { return nil }
    // Tiles have room.
    let transposed = far.filter { geometry.strides[$0][axis] == 1 }
    guard transposed.count <= 4 else { return nil }
    let others = (0..<last).filter { $0 != axis }, count = others.reduce(1) { $0 * geometry.extents[$1] }
    guard count <= 65535 else { return nil }
    builder.declareOperands()
    func tiles(_ extent: Int) -> Int { (extent + Self.side - 1) / Self.side }
    builder.declare("across", tiles(geometry.columns))
    arguments = builder.arguments
    grid = Grid(
      blocks: (tiles(geometry.columns) * tiles(geometry.extents[axis]), count, 1), threads: (Self.side, Self.height))
    kernel = backend.kernels.kernel(Self.text(builder, axis: axis, others: others, transposed: transposed))
  }

  func launch(on stream: CUHandle?) {
    var arguments = arguments
    kernel.launch(grid, &arguments, on: stream)
  }

  private static func text(_ builder: RowTextBuilder, axis: Int, others: [Int], transposed: [Int]) -> KernelText {
    let part = builder.part, program = part.program, geometry = builder.geometry, last = geometry.rank - 1
    var text = ""
    for number in transposed {
      let operand = builder.operands[number]
      text += "  __shared__ \(operand.dtype.elementName) t\(operand.name)[\(side)][\(side + 1)];\n"
    }
    text += "  const u32 left = blockIdx.x % a.across * \(side), top = blockIdx.x / a.across * \(side);\n"
    if !others.isEmpty { text += "  u32 rest = blockIdx.y;\n" }
    for other in others.reversed() { text += "  const u32 at\(other) = rest % a.e\(other); rest /= a.e\(other);\n" }
    for operand in builder.operands {
      let terms = others.map { "(i64)at\($0) * a.\(operand.name)s\($0)" }
      text += "  const i64 at\(operand.name) = \(terms.isEmpty ? "0" : terms.joined(separator: " + "));\n"
    }
    text += "  for (u32 k = threadIdx.y; k < \(side); k += \(height)) {\n    const u32 column = left + k, row = top + threadIdx.x;\n"
    text += "    if (column >= a.e\(last) || row >= a.e\(axis)) continue;\n"
    for number in transposed {
      let name = builder.operands[number].name
      text += "    t\(name)[k][threadIdx.x] = a.\(name)[at\(name) + row + (i64)column * a.\(name)s\(last)];\n"
    }
    text += "  }\n  __syncthreads();\n"
    text += "  for (u32 k = threadIdx.y; k < \(side); k += \(height)) {\n    const u32 column = left + threadIdx.x, row = top + k;\n"
    text += "    if (column >= a.e\(last) || row >= a.e\(axis)) continue;\n"
    func place(_ number: Int) -> String {
      let name = builder.operands[number].name, rows = "at\(name) + (i64)row * a.\(name)s\(axis)"
      return switch geometry.step(number) {
      case .none: rows
      case .one: "\(rows) + column"
      case .any: "\(rows) + (i64)column * a.\(name)s\(last)"
      }
    }
    for value in part.live {
      if let (number, operand) = builder.operands.enumerated().first(where: { builder.value(of: $0.element) == value }) {
        let element = transposed.contains(number) ? "t\(operand.name)[threadIdx.x][k]" : "a.\(operand.name)[\(place(number))]"
        text += "    const \(program.dtypes[value].valueName) v\(value) = \(operand.dtype.value(ofElement: element));\n"
      } else {
        text += "    \(program.definition(value))\n"
      }
    }
    for (number, operand) in builder.operands.enumerated() {
      guard case .output(let output) = operand.role else { continue }
      text += "    a.\(operand.name)[\(place(number))] = \(operand.dtype.element(ofValue: "v\(program.outputs[output].value)"));\n"
    }
    return builder.text(text + "  }\n", threads: side * height)
  }
}
