@_spi(Backend) import Wengert

/// One public operation with fixed parameters: a row of the case list, which conformance, derivative and golden tests walk.
///
/// Adding an operation to the package is one row here.
public struct OperationCase: Sendable {
  /// The operation and its parameters, unique in the list; golden values are found by it.
  public var name: String
  public var operands: [Operand]
  /// Base shapes; operands derive theirs from them.
  public var shapes: [Shape]
  /// Dtypes of the operands that do not fix their own.
  public var dtypes: [DType]
  public var accuracy: Accuracy
  public var slope: Slope
  /// Which instructions of the kernel language the row stands for.
  package var covers: [Instruction]
  public var apply: @Sendable ([Tensor]) -> [Tensor]

  package init(
    _ name: String, _ operands: [Operand], shapes: [Shape], dtypes: [DType] = DType.floats, accuracy: Accuracy, slope: Slope = .smooth,
    covers: [Instruction] = [], _ apply: @escaping @Sendable ([Tensor]) -> [Tensor]
  ) {
    self.name = name
    self.operands = operands
    self.shapes = shapes
    self.dtypes = dtypes
    self.accuracy = accuracy
    self.slope = slope
    self.covers = covers
    self.apply = apply
  }

  public var testDescription: String { name }

  /// How near two backends' results must be.
  public enum Accuracy: Sendable {
    /// Nothing is rounded.
    case exact
    /// One rounded function of each element: so many times the units in the last place of the dtype's row in the tolerance table.
    case elementwise(Double)
    /// Rounding errors of several steps: so many epsilons of the dtype at the largest result, the operation of the absolute operands included.
    case composed(Double)
  }

  /// What derivative the operands' domains have.
  public enum Slope: Sendable {
    case smooth
    /// Constant near every point of the domain.
    case zero
    /// No floating operand reaches a floating result.
    case none
  }

  /// An operation code of the row programs.
  package enum Instruction: Hashable, Sendable {
    case unary(UnaryOp), binary(BinaryOp), compare(CompareOp), reduce(ReduceOp)

    package static let all: [Instruction] =
      UnaryOp.allCases.map(Instruction.unary) + BinaryOp.allCases.map(Instruction.binary) + CompareOp.allCases.map(Instruction.compare)
      + ReduceOp.allCases.map(Instruction.reduce)
  }
}

/// One operand of a case.
public struct Operand: Sendable {
  public var fill: Fill
  /// Fixed, or the variant's.
  public var dtype: DType?
  public var shape: @Sendable (Shape) -> Shape
  /// A fixed layout of its own: indices, offsets and keys stay row-major.
  public var keepsLayout: Bool

  public init(
    _ fill: Fill, dtype: DType? = nil, keepsLayout: Bool = false, shape: @escaping @Sendable (Shape) -> Shape = { $0 }
  ) {
    self.fill = fill
    self.dtype = dtype
    self.keepsLayout = keepsLayout
    self.shape = shape
  }

  /// A real operand of the variant's dtype and the base shape.
  public static func real(_ range: ClosedRange<Double> = -2...2, shape: @escaping @Sendable (Shape) -> Shape = { $0 }) -> Operand {
    Operand(.uniform(range), shape: shape)
  }

  /// Whole numbers in −extent..<extent of the base shape's axis (or only from 0).
  public static func indices(
    _ axis: Int, negative: Bool = true, _ dtype: DType = .int64, shape: @escaping @Sendable (Shape) -> Shape
  ) -> Operand {
    Operand(.indices(axis, negative: negative), dtype: dtype, keepsLayout: true, shape: shape)
  }
}

/// Where an operand's values come from.
public enum Fill: Sendable {
  case uniform(ClosedRange<Double>)
  /// ±0.3…2: away from the kink or pole at zero.
  case awayFromZero
  /// Away from whole numbers and halves.
  case fractions
  /// A random order of values that differ by at least 0.1.
  case distinct
  /// 0 or 1.
  case flags
  case indices(Int, negative: Bool)
  case fixed([Double])

  func values(_ shape: Shape, base: Shape, _ generator: inout SplitMix64) -> [Double] {
    let count = shape.elementCount
    switch self {
    case .uniform(let range): return generator.uniforms(count, in: range)
    case .awayFromZero: return generator.uniforms(count, in: -1.7...1.7).map { $0 + ($0 < 0 ? -0.3 : 0.3) }
    case .fractions:
      return generator.uniforms(count, in: 0.1...0.4).map {
        Double(Int.random(in: -3...3, using: &generator)) + (Bool.random(using: &generator) ? $0 : $0 + 0.5)
      }
    case .distinct:
      let step = max(0.1, 4 / Double(max(count, 1)))
      return (0..<count).map { (Double($0) - Double(count) / 2) * step }.shuffled(using: &generator)
    case .flags: return (0..<count).map { _ in Bool.random(using: &generator) ? 1 : 0 }
    case .indices(let axis, let negative):
      let extent = base[axis]
      return extent == 0
        ? [] : generator.integers(count, in: Int64(negative ? -extent : 0)...Int64(extent - 1)).map(Double.init)
    case .fixed(let values): return (0..<count).map { values[$0 % values.count] }
    }
  }
}

extension DType {
  public static let floats: [DType] = [.float32, .float64, .float16, .bfloat16]
  public static let integers: [DType] = [.int32, .int64, .uint8]
  public static let numbers = floats + integers
  public static let all = numbers + [.bool]
}
