@_spi(Backend) import Wengert

extension CaseList {
  private static func row(
    _ name: String, _ op: BinaryOp, _ a: Operand = .real(), _ b: Operand = .real(), dtypes: [DType] = DType.floats, units: Double = 1,
    shapes: [Shape] = Shapes.elementwise, slope: OperationCase.Slope = .smooth, _ f: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) -> OperationCase {
    OperationCase(
      name, [a, b], shapes: shapes, dtypes: dtypes, accuracy: units == 0 ? .exact : .elementwise(units), slope: slope,
      covers: [.binary(op)], two(f))
  }
  private static func number(
    _ name: String, _ fill: Fill = .uniform(-2...2), dtypes: [DType] = DType.numbers, units: Double = 1,
    slope: OperationCase.Slope = .smooth,
    _ f: @escaping @Sendable (Tensor) -> Tensor
  ) -> OperationCase {
    OperationCase(
      name, [Operand(fill)], shapes: Shapes.few, dtypes: dtypes, accuracy: units == 0 ? .exact : .elementwise(units), slope: slope, one(f))
  }
  private static let lastAxis: @Sendable (Shape) -> Shape = { [$0[$0.rank - 1]] }
  private static let lastOfOne: @Sendable (Shape) -> Shape = { shape in
    var shape = shape
    shape[shape.rank - 1] = 1
    return shape
  }
  private static let nonzero = Operand(.awayFromZero)
  private static let stretchable: [Shape] = [[3, 5], [2, 3, 4], [2, 33], [1, 7], [4, 1], [2, 1100], [0, 3]]

  public static let binary: [OperationCase] = [
    row("add", .add, dtypes: DType.numbers) { $0 + $1 },
    row("subtract", .subtract, dtypes: DType.numbers) { $0 - $1 },
    row("multiply", .multiply, dtypes: DType.numbers) { $0 * $1 },
    row("divide", .divide, .real(), nonzero, dtypes: DType.numbers) { $0 / $1 },
    row("pow", .power, .real(0.2...3), .real(-2...3), units: 4) { pow($0, $1) },
    row("pow of whole numbers", .power, .real(0...1), .real(0...1), dtypes: [.int32, .int64], units: 0, slope: .none) { pow($0, $1) },
    row("minimum", .minimum, dtypes: DType.numbers, units: 0) { minimum($0, $1) },
    row("maximum", .maximum, dtypes: DType.numbers, units: 0) { maximum($0, $1) },
    row("atan2", .atan2, nonzero, nonzero) { atan2($0, $1) },
    row("floorDivide", .floorDivide, Operand(.fractions), Operand(.fixed([1, -1, 0.5, -2])), dtypes: DType.numbers, units: 0, slope: .zero)
    {
      $0.floorDivided(by: $1)
    },
    row("remainder", .remainder, Operand(.fractions), Operand(.fixed([1, -1, 0.5, -2])), dtypes: DType.numbers) { $0 % $1 },
    row("and", .and, Operand(.flags), Operand(.flags), dtypes: DType.integers + [.bool], units: 0, slope: .none) { $0 .& $1 },
    row("or", .or, Operand(.flags), Operand(.flags), dtypes: DType.integers + [.bool], units: 0, slope: .none) { $0 .| $1 },
    row("xor", .xor, Operand(.flags), Operand(.flags), dtypes: DType.integers + [.bool], units: 0, slope: .none) { $0 .^ $1 },

    row("add a row to each", .add, .real(), .real(shape: lastAxis), shapes: stretchable) { $0 + $1 },
    row("multiply by a column", .multiply, .real(), .real(shape: lastOfOne), shapes: stretchable) { $0 * $1 },
    row("subtract from a scalar", .subtract, .real(shape: { _ in [] }), .real(), shapes: stretchable) { $0 - $1 },
    row("divide a column by a row", .divide, .real(shape: lastOfOne), Operand(.awayFromZero, shape: lastAxis), shapes: stretchable) {
      $0 / $1
    },

    number("add 1.5") { $0 + 1.5 },
    number("2 minus") { 2 - $0 },
    number("times -3") { $0 * -3 },
    number("2 over", .awayFromZero) { 2 / $0 },
    number("over 4") { $0 / 4 },
    number("remainder of 0.75", .fractions, dtypes: DType.floats) { $0 % 0.75 },
    number("pow 3", dtypes: DType.floats, units: 4) { pow($0, 3) },
    number("pow -1.5", .uniform(0.3...3), dtypes: DType.floats, units: 4) { pow($0, -1.5) },
    number("relu6 of 4 x", .awayFromZero) { relu6($0 * 4) },
    number("clip", .distinct, dtypes: DType.floats, units: 0) { clip($0, -0.73, 1.21) },
    OperationCase(
      "+= -= *= /=", [.real(), .real(), nonzero], shapes: Shapes.few, accuracy: .composed(4)
    ) { x in
      var y = x[0]
      y += x[1]
      y *= x[2]
      y -= x[1]
      y /= x[2]
      y += 1
      y *= 2
      y -= 0.5
      y /= 4
      return [y]
    },
  ]

  private static func comparison(_ name: String, _ op: CompareOp, _ f: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> OperationCase {
    OperationCase(
      name, [Operand(.fixed([0, 1, -1, 2, 1])), Operand(.fixed([1, 1, -1, 0, 1, 2, -2]))], shapes: Shapes.elementwise, dtypes: DType.all,
      accuracy: .exact, slope: .none, covers: [.compare(op)], two(f))
  }

  public static let comparison: [OperationCase] = [
    comparison("equal", .equal) { $0 .== $1 },
    comparison("notEqual", .notEqual) { $0 .!= $1 },
    comparison("less", .less) { $0 .< $1 },
    comparison("lessOrEqual", .lessOrEqual) { $0 .<= $1 },
    comparison("greater", .greater) { $0 .> $1 },
    comparison("greaterOrEqual", .greaterOrEqual) { $0 .>= $1 },
    OperationCase(
      "comparisons with numbers", [Operand(.fixed([0, 1, -1, 2, 1]))], shapes: Shapes.few, dtypes: DType.all, accuracy: .exact, slope: .none
    ) { x in
      [x[0] .== 1, x[0] .!= 1, x[0] .< 1, x[0] .<= 0.5, x[0] .> 0.5, x[0] .>= 1]
    },
  ]

  public static let selection: [OperationCase] = [
    OperationCase(
      "select", [Operand(.flags, dtype: .bool), .real(), .real()], shapes: Shapes.elementwise, dtypes: DType.all, accuracy: .exact
    ) { [select($0[0], $0[1], $0[2])] },
    OperationCase(
      "select of broadcast operands", [Operand(.flags, dtype: .bool, shape: lastAxis), .real(shape: lastOfOne), .real()],
      shapes: stretchable, accuracy: .exact
    ) { [select($0[0], $0[1], $0[2])] },
  ]
}
