/// Primitives without operands.
enum Creation: Operation {
  /// One value in every element.
  case fill(Double, Shape, DType)
  /// 0, 1, 2, … as int64.
  case iota(Dimension)
  /// An extent as a scalar.
  case extent(Dimension, DType)

  // Numbers are distinguished by their bits: the two zeros differ, and NaN is itself.
  static func == (a: Creation, b: Creation) -> Bool {
    switch (a, b) {
    case (.fill(let x, let shape, let dtype), .fill(let y, let other, let type)):
      x.bitPattern == y.bitPattern && shape == other && dtype == type
    case (.iota(let x), .iota(let y)): x == y
    case (.extent(let x, let dtype), .extent(let y, let type)): x == y && dtype == type
    default: false
    }
  }

  func hash(into hasher: inout Hasher) {
    switch self {
    case .fill(let value, let shape, let dtype):
      hasher.combine(value.bitPattern)
      hasher.combine(shape)
      hasher.combine(dtype)
    case .iota(let count): hasher.combine(count)
    case .extent(let extent, let dtype):
      hasher.combine(extent)
      hasher.combine(dtype)
    }
  }

  var name: String {
    switch self {
    case .fill(let value, _, let dtype): "fill(\(dtype.text(value)))"
    case .iota: "iota"
    case .extent(let extent, _): "extent(\(extent))"
    }
  }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    switch self {
    case .fill(_, let shape, let dtype): [TensorType(shape: shape, dtype: dtype)]
    case .iota(let count): [TensorType(shape: Shape(dimensions: [count]), dtype: .int64)]
    case .extent(_, let dtype): [TensorType(shape: [], dtype: dtype)]
    }
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    switch self {
    case .fill(let value, let shape, let dtype):
      let view = ViewKernels.scalar(value, dtype, on: backend)
      return [Tensor(view.with(view.layout.broadcast(to: shape)), node: nil)]
    case .iota(let count): return [Tensor(ViewKernels.iota(count.substituting([:]), on: backend), node: nil)]
    case .extent(let extent, let dtype):
      // As `full` makes it, with what a dtype does not hold refused.
      return [Tensor(ViewKernels.scalar(dtype.element(Double(extent.substituting([:])), name, caller), dtype, on: backend), node: nil)]
    }
  }

  func substituting(_ symbols: [String: Int]) -> Creation {
    switch self {
    case .fill(let value, let shape, let dtype): .fill(value, shape.substituting(symbols), dtype)
    case .iota(let count): .iota(Dimension(count.substituting(symbols)))
    case .extent(let extent, let dtype): .extent(Dimension(extent.substituting(symbols)), dtype)
    }
  }

  func batched(_ application: BatchedApplication) -> [Tensor] { unreachable("\(name) has no operand that could be batched") }

  func keeps(for wanted: [Bool]) -> Residuals { .nothing }

  var derivative: Derivative {
    switch self {
    case .fill, .iota, .extent: .zero
    }
  }
}

extension Creation {
  func write(to code: inout ProgramWriter) {
    switch self {
    case .fill(let value, let shape, let dtype): code.form("fill", value, shape, dtype)
    case .iota(let count): code.form("iota", count)
    case .extent(let extent, let dtype): code.form("extent", extent, dtype)
    }
  }

  init(from code: inout ProgramReader) throws {
    let word = try code.word()
    switch word {
    case "fill": self = try .fill(code.read(), code.read(), code.read())
    case "iota": self = try .iota(code.read())
    case "extent": self = try .extent(code.read(), code.read())
    default: throw code.unknown(word, "creation")
    }
  }
}
