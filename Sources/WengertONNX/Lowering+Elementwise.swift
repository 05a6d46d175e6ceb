#if ONNX
  @_spi(Backend) import WengertNN

  extension Lowering {
    mutating func lowerElementwise(_ node: PlainGraph.Node) {
      let result = node.results[0], parts = node.operands.map { small($0) }
      let dtypes = node.operands.map { type($0).dtype }
      let name = elementwise(node.operation, parts.map(\.name), dtypes, as: type(result).dtype)
      let shape = parts.dropFirst().reduce(parts[0].shape) { $0.stretched(to: $1.shape) }
      set(result, Stretched(name: name, shape: shape))
    }

    private mutating func elementwise(_ operation: PlainOperation, _ x: [String], _ dtypes: [DType], as dtype: DType) -> String {
      let source = dtypes[dtypes.count - 1]
      if case .cast = operation { return cast(x[0], from: source, to: dtype) }
      if case .select = operation { return select(x[0], x[1], x[2], dtype) }
      // Truth values have operators of their own for what is logic.
      if source == .bool, let logic = logic(operation, x) { return logic }
      let wide = wide(source)
      let wideOperands = x.map { cast($0, from: source, to: wide) }
      switch operation {
      case .unary(.not): return model.add("Equal", [wideOperands[0], model.number(0, wide)])
      case .unary(.isNaN) where !wide.isFloating: return not(model.add("Equal", [wideOperands[0], wideOperands[0]]))
      case .unary(.isFinite) where !wide.isFloating: return model.add("Equal", [wideOperands[0], wideOperands[0]])
      case .unary(.isNaN): return model.add("IsNaN", wideOperands)
      case .unary(.isFinite): return not(model.add("Or", [model.add("IsNaN", wideOperands), model.add("IsInf", wideOperands)]))
      case .unary(let op): return cast(unary(op, wideOperands[0], wide), from: wide, to: dtype)
      case .binary(let op): return cast(binary(op, wideOperands[0], wideOperands[1], wide), from: wide, to: dtype)
      case .compare(let op): return compare(op, wideOperands)
      default: preconditionFailure("not an element-wise operation")
      }
    }

    private mutating func logic(_ operation: PlainOperation, _ x: [String]) -> String? {
      switch operation {
      case .unary(.not): not(x[0])
      case .binary(.and), .binary(.minimum), .binary(.multiply): model.add("And", x)
      case .binary(.or), .binary(.maximum), .binary(.add): model.add("Or", x)
      case .binary(.xor), .compare(.notEqual): model.add("Xor", x)
      case .compare(.equal): model.add("Equal", x)
      default: nil
      }
    }

    mutating func not(_ x: String) -> String { model.add("Not", [x]) }

    mutating func select(_ condition: String, _ a: String, _ b: String, _ dtype: DType) -> String {
      if dtype == .bool {
        return model.add("Or", [model.add("And", [condition, a]), model.add("And", [not(condition), b])])
      }
      let wide = wide(dtype)
      let chosen = model.add("Where", [condition, cast(a, from: dtype, to: wide), cast(b, from: dtype, to: wide)])
      return cast(chosen, from: wide, to: dtype)
    }

    mutating func compare(_ op: CompareOp, _ x: [String]) -> String {
      switch op {
      case .equal: model.add("Equal", x)
      case .notEqual: not(model.add("Equal", x))
      case .less: model.add("Less", x)
      case .lessOrEqual: model.add("LessOrEqual", x)
      case .greater: model.add("Greater", x)
      case .greaterOrEqual: model.add("GreaterOrEqual", x)
      }
    }

    // MARK: Of one operand

    private mutating func unary(_ op: UnaryOp, _ x: String, _ dtype: DType) -> String {
      func number(_ value: Double) -> String { model.number(value, dtype) }
      if dtype == .float64, let composed = composed(op, x) { return composed }
      switch op {
      case .negate: return model.add("Neg", [x])
      case .abs: return model.add("Abs", [x])
      case .sign: return model.add("Sign", [x])
      case .floor: return dtype.isFloating ? model.add("Floor", [x]) : x
      case .ceil: return dtype.isFloating ? model.add("Ceil", [x]) : x
      case .round: return dtype.isFloating ? model.add("Round", [x]) : x
      case .reciprocal: return model.add("Reciprocal", [x])
      case .square: return model.add("Mul", [x, x])
      case .exp: return model.add("Exp", [x])
      case .expm1:
        // eˣ − 1 = (eˣ + 1) tanh(x/2), of which nothing cancels.
        let half = model.add("Tanh", [model.add("Mul", [x, number(0.5)])])
        return model.add("Mul", [model.add("Add", [model.add("Exp", [x]), number(1)]), half])
      case .log: return model.add("Log", [x])
      case .log1p: return log1p(x, dtype)
      case .sqrt: return model.add("Sqrt", [x])
      case .rsqrt: return model.add("Reciprocal", [model.add("Sqrt", [x])])
      case .sin: return model.add("Sin", [x])
      case .cos: return model.add("Cos", [x])
      case .tan: return model.add("Tan", [x])
      case .asin: return model.add("Asin", [x])
      case .acos: return model.add("Acos", [x])
      case .atan: return model.add("Atan", [x])
      case .sinh: return model.add("Sinh", [x])
      case .cosh: return model.add("Cosh", [x])
      case .tanh: return model.add("Tanh", [x])
      case .sigmoid: return model.add("Sigmoid", [x])
      case .softplus: return model.add("Softplus", [x])
      case .erf: return model.add("Erf", [x])
      case .erfc: return model.add("Sub", [number(1), model.add("Erf", [x])])
      case .normalCDF:
        let erf = model.add("Erf", [model.add("Mul", [x, number(0.5.squareRoot())])])
        return model.add("Mul", [model.add("Add", [erf, number(1)]), number(0.5)])
      case .relu: return dtype.isFloating ? model.add("Relu", [x]) : model.add("Max", [x, number(0)])
      case .gelu: return model.add("Gelu", [x])
      case .geluTanh: return model.add("Gelu", [x], [.string("approximate", "tanh")])
      case .silu: return model.add("Mul", [x, model.add("Sigmoid", [x])])
      case .not, .isNaN, .isFinite, .unitInterval: preconditionFailure("\(op) is no function of numbers")
      }
    }

    /// What onnxruntime has in float32 alone, of what it has in float64 too.
    private mutating func composed(_ op: UnaryOp, _ x: String) -> String? {
      func number(_ value: Double) -> String { model.number(value, .float64) }
      switch op {
      case .tan: return model.add("Div", [model.add("Sin", [x]), model.add("Cos", [x])])
      case .sinh, .cosh:
        // With e = eᵗ − 1 of t = |x|: cosh x = 1 + e²/2(e + 1), and sinh x = ±(e + e/(e + 1))/2, where nothing cancels. Each is e/2 where e + 1 is e.
        let e = unary(.expm1, model.add("Abs", [x]), .float64), next = model.add("Add", [e, number(1)])
        let share = model.add("Div", [e, next])
        let isLarge = model.add("Greater", [e, number(1e300)]), half = model.add("Mul", [e, number(0.5)])
        if op == .cosh {
          let square = model.add("Mul", [half, share])
          return model.add("Where", [isLarge, half, model.add("Add", [square, number(1)])])
        }
        let sum = model.add("Mul", [model.add("Add", [e, share]), number(0.5)])
        return model.add("Mul", [model.add("Where", [isLarge, half, sum]), model.add("Sign", [x])])
      case .softplus:
        let tail = model.add("Exp", [model.add("Neg", [model.add("Abs", [x])])])
        return model.add("Add", [model.add("Max", [x, number(0)]), log1p(tail, .float64)])
      default: return nil
      }
    }

    /// x · ln(u)/(u − 1) with u = 1 + x as it is rounded (Kahan).
    private mutating func log1p(_ x: String, _ dtype: DType) -> String {
      let one = model.number(1, dtype), infinity = model.number(.infinity, dtype)
      let u = model.add("Add", [x, one])
      let isOne = model.add("Equal", [u, one]), isInfinite = model.add("Equal", [u, infinity])
      let difference = model.add("Sub", [u, one])
      let divisor = model.add("Where", [isOne, one, difference])
      let scaled = model.add("Mul", [model.add("Log", [u]), model.add("Div", [x, divisor])])
      return model.add("Where", [isOne, x, model.add("Where", [isInfinite, infinity, scaled])])
    }

    // MARK: Of two operands

    private mutating func binary(_ op: BinaryOp, _ a: String, _ b: String, _ dtype: DType) -> String {
      switch op {
      case .add: return model.add("Add", [a, b])
      case .subtract: return model.add("Sub", [a, b])
      case .multiply: return model.add("Mul", [a, b])
      case .divide: return dtype.isFloating ? model.add("Div", [a, b]) : unlessZero(b, dtype) { $0.add("Div", [a, $1]) }
      case .power: return power(a, b, dtype)
      case .minimum: return model.add("Min", [a, b])
      case .maximum: return model.add("Max", [a, b])
      case .atan2: return atan2(a, b, dtype)
      case .floorDivide:
        // What is left over is taken off first, so that the quotient is whole.
        let rest = remainder(a, b, dtype)
        if !dtype.isFloating {
          return unlessZero(b, dtype) { $0.add("Div", [$0.add("Sub", [a, rest]), $1]) }
        }
        let whole = model.add("Round", [model.add("Div", [model.add("Sub", [a, rest]), b])])
        let isZero = model.add("Equal", [b, model.number(0, dtype)])
        return model.add("Where", [isZero, model.add("Div", [a, b]), whole])
      case .remainder: return remainder(a, b, dtype)
      case .and: return model.add("BitwiseAnd", [a, b])
      case .or: return model.add("BitwiseOr", [a, b])
      case .xor: return model.add("BitwiseXor", [a, b])
      }
    }

    /// Zero where the divisor is, by which runtimes must not divide.
    private mutating func unlessZero(_ divisor: String, _ dtype: DType, _ body: (inout ModelBuilder, String) -> String) -> String {
      let zero = model.number(0, dtype), isZero = model.add("Equal", [divisor, zero])
      let safe = model.add("Where", [isZero, model.number(1, dtype), divisor])
      return model.add("Where", [isZero, zero, body(&model, safe)])
    }

    /// With the sign of b.
    private mutating func remainder(_ a: String, _ b: String, _ dtype: DType) -> String {
      if !dtype.isFloating { return unlessZero(b, dtype) { $0.add("Mod", [a, $1]) } }
      let zero = model.number(0, dtype)
      let rest = model.add("Mod", [a, b], [.int("fmod", 1)])
      let isOther = model.add("Xor", [model.add("Less", [rest, zero]), model.add("Less", [b, zero])])
      let isWrong = model.add("And", [isOther, not(model.add("Equal", [rest, zero]))])
      return model.add("Where", [isWrong, model.add("Add", [rest, b]), rest])
    }

    /// Of whole numbers, a negative exponent gives 1/a⁻ᵇ cut off: zero unless a is ±1.
    private mutating func power(_ a: String, _ b: String, _ dtype: DType) -> String {
      if dtype.isFloating { return model.add("Pow", [a, b]) }
      let zero = model.number(0, dtype), one = model.number(1, dtype)
      let isNegative = model.add("Less", [b, zero])
      let exponent = model.add("Where", [isNegative, model.add("Neg", [b]), b])
      let power = model.add("Pow", [a, exponent])
      let isUnit = model.add("Equal", [model.add("Abs", [a]), one])
      return model.add("Where", [model.add("And", [isNegative, not(isUnit)]), zero, power])
    }

    /// The angle of (x, y) by the arc tangent of the lesser over the greater, and the octant.
    private mutating func atan2(_ y: String, _ x: String, _ dtype: DType) -> String {
      func number(_ value: Double) -> String { model.number(value, dtype) }
      let zero = number(0), sizeY = model.add("Abs", [y]), sizeX = model.add("Abs", [x])
      let isSteep = model.add("Greater", [sizeY, sizeX])
      let small = model.add("Where", [isSteep, sizeX, sizeY]), large = model.add("Where", [isSteep, sizeY, sizeX])
      let isEqual = model.add("Equal", [small, large])
      let isOrigin = model.add("Equal", [large, zero])
      // Two infinities, or two equals, are one; nothing over nothing is zero.
      let ratio = model.add("Div", [small, model.add("Where", [isOrigin, number(1), large])])
      let safe = model.add("Where", [model.add("And", [isEqual, not(isOrigin)]), number(1), ratio])
      let angle = model.add("Atan", [safe])
      let first = model.add("Where", [isSteep, model.add("Sub", [number(.pi / 2), angle]), angle])
      let half = model.add("Where", [isNegative(x, dtype), model.add("Sub", [number(.pi), first]), first])
      return model.add("Where", [isNegative(y, dtype), model.add("Neg", [half]), half])
    }

    /// Also of a negative zero.
    private mutating func isNegative(_ x: String, _ dtype: DType) -> String {
      let zero = model.number(0, dtype)
      let isBelow = model.add("Less", [x, zero])
      let inverse = model.add("Less", [model.add("Div", [model.number(1, dtype), x]), zero])
      return model.add("Or", [isBelow, inverse])
    }
  }

  extension Shape {
    /// What the two are broadcast to.
    func stretched(to other: Shape) -> Shape {
      let (long, short) = rank >= other.rank ? (self, other) : (other, self)
      let lead = long.rank - short.rank
      return Shape(
        dimensions: long.indices.map { axis in
          axis < lead || long[dim: axis].number != 1 ? long[dim: axis] : short[dim: axis - lead]
        })
    }
  }
#endif
