@_spi(Backend) import Wengert

/// How a tensor's elements lie in memory.
public enum LayoutKind: String, CaseIterable, Sendable {
  case contiguous
  /// Column-major.
  case transposed
  /// Every second element along each axis, after one in front.
  case sliced
  /// Backwards along each axis.
  case reversed
  /// Stride zero along the first axis.
  case broadcast

  func layout(_ shape: Shape) -> Layout {
    switch self {
    case .contiguous: return Layout(rowMajor: shape)
    case .transposed:
      let axes = Shape(shape.indices.reversed())
      return Layout(rowMajor: Shape(shape.reversed())).permuted(axes)
    case .sliced:
      let wide = Layout(rowMajor: Shape(shape.map { 2 * $0 + 1 }))
      return wide.sliced(starts: Shape(repeating: 1, count: shape.rank), steps: Shape(repeating: 2, count: shape.rank), counts: shape)
    case .reversed:
      return Layout(rowMajor: shape).sliced(
        starts: Shape(shape.map { max($0 - 1, 0) }), steps: Shape(repeating: -1, count: shape.rank), counts: shape)
    case .broadcast:
      var layout = Layout(rowMajor: shape)
      if shape.rank > 0 { layout.strides[0] = 0 }
      return layout
    }
  }
}

/// A tensor in parts: whatever backend it is made on, its values, dtype and layout are the same.
public struct Blueprint: Sendable {
  public var buffer: [Double]
  package var layout: Layout
  public var dtype: DType

  /// `values` in row-major order of `shape`, laid out as `kind`; gaps hold NaN (7 in whole numbers). With `broadcast` the first ones serve all rows.
  public init(_ values: [Double], _ shape: Shape, _ dtype: DType, _ kind: LayoutKind = .contiguous) {
    layout = kind.layout(shape)
    self.dtype = dtype
    buffer = [Double](repeating: dtype.isFloating ? .nan : 7, count: (layout.extent?.upperBound ?? -1) + 1 + (kind == .sliced ? 1 : 0))
    for (value, position) in zip(values, layout.positions).reversed() { buffer[position] = value }
  }

  package func tensor(on backend: any Backend) -> Tensor {
    Tensor(View(buffer, [buffer.count], dtype, on: backend).with(layout))
  }
}

/// One point of the product case × dtype × shape × layout.
public struct Variant: Sendable, CustomStringConvertible {
  public var operation: OperationCase
  public var dtype: DType
  public var shape: Shape
  public var kind: LayoutKind

  public init(_ operation: OperationCase, _ dtype: DType, _ shape: Shape, _ kind: LayoutKind) {
    self.operation = operation
    self.dtype = dtype
    self.shape = shape
    self.kind = kind
  }

  /// The seed of the operands' values: of the name, so that a failure can be repeated alone.
  public var seed: UInt64 {
    "\(operation.name)\(dtype)\(shape)".utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  public var description: String { "\(operation.name), \(dtype)\(shape) \(kind), seed \(seed)" }

  public var operands: [Blueprint] { operands(example: 0) }

  /// Other operands of the same kind for each number; random keys differ too.
  public func operands(example: Int) -> [Blueprint] {
    var generator = SplitMix64(seed: seed ^ (UInt64(example) &* 0xD134_2543_DE82_EF95))
    return operation.operands.map { operand in
      let own = operand.dtype ?? dtype
      let target = operand.shape(shape)
      var values = operand.fill.values(target, base: shape, &generator)
      if case .fixed = operand.fill, own == .int64, target.rank != 1 { values = values.map { $0 + Double(example) } }
      // Domains are made for real numbers; whole ones get a wider range.
      if operand.dtype == nil && !own.isFloating { values = values.map { own == .uint8 ? ($0 * 4).magnitude : $0 * 4 } }
      return Blueprint(values, target, own, operand.keepsLayout ? .contiguous : kind)
    }
  }
}

extension OperationCase {
  /// Every shape row-major and in one other layout, all layouts in turn; every layout for two of the shapes.
  public func variants(_ dtype: DType) -> [Variant] {
    let kinds = LayoutKind.allCases
    let complete = shapes.filter { $0.rank >= 2 && (4...400).contains($0.elementCount) }.prefix(2)
    return shapes.enumerated().flatMap { i, shape -> [Variant] in
      let chosen =
        complete.contains(shape) ? kinds : shape.rank == 0 ? [.contiguous] : [.contiguous, kinds[1 + (i + Int(dtype.rawValue)) % 4]]
      return chosen.map { Variant(self, dtype, shape, $0) }
    }
  }
}

/// Families of base shapes.
public enum Shapes {
  /// Around the vector widths, and rows longer than a tile.
  public static let lengths = [1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1100]
  public static let elementwise: [Shape] = [[], [0], [3, 5], [2, 3, 4], [3, 0, 2], [2, 1100]] + lengths.dropLast().map { [$0] }
  public static let few: [Shape] = [[], [0], [3, 5], [2, 3, 4], [1], [17], [33], [2, 1100]]
  public static let rows: [Shape] = [[3, 5], [2, 3, 4], [4], [0, 3]] + lengths.map { [2, $0] }
  /// Three axes, for operations along each of them.
  public static let cubes: [Shape] = [
    [2, 3, 4], [3, 4, 5], [1, 1, 1], [5, 1, 17], [2, 9, 33], [33, 2, 3], [2, 2, 1100], [1100, 2, 1], [2, 0, 3],
  ]
  public static let fullCubes = cubes.filter { $0.elementCount > 0 }
  public static let matrices: [Shape] = [[3, 5], [4, 4], [1, 1], [7, 2], [2, 33], [0, 3]]
}
