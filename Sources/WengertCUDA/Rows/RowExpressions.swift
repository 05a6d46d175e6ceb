@_spi(Backend) import WengertCore

extension DType {
  /// An element in memory, as the prelude names it.
  var elementName: String {
    switch self {
    case .bool, .uint8: "u8"
    case .int32: "i32"
    case .int64: "i64"
    case .float16: "f16"
    case .bfloat16: "bf16"
    case .float32: "f32"
    case .float64: "f64"
    }
  }

  /// A value that kernels calculate with.
  var valueName: String {
    switch computeType {
    case .bool: "bool"
    case .int32: "int"
    case .int64: "i64"
    case .float64: "double"
    default: "float"
    }
  }

  /// A number as a constant in a text: 0, ±1 or ±∞, or what an integer type makes of these.
  func literal(_ number: Double) -> String {
    switch computeType {
    case .bool: number != 0 ? "true" : "false"
    case .int32: "\(Int32(clamping: Int64(clamping: number)))".replacing("-2147483648", with: "(int)0x80000000")
    case .int64: "(i64)\(Int64(clamping: number))ll".replacing("-9223372036854775808ll", with: "0x8000000000000000ull")
    default:
      number.isInfinite
        ? (number < 0 ? "-" : "") + (self == .float64 ? "INFINITE_F64" : "INFINITE_F32") : self == .float64 ? "\(number)" : "\(number)f"
    }
  }

  /// An element `text` of this type as a value.
  func value(ofElement text: String) -> String { self == .bool ? "(\(text) != 0)" : "value_of(\(text))" }

  /// A value as an element of this type.
  func element(ofValue text: String) -> String { self == .bool ? "(u8)to_bool(\(text))" : "Element<\(elementName)>::of(\(text))" }
}

extension ReduceOp {
  var functor: String {
    switch self {
    case .sum: "Sum"
    case .product: "Product"
    case .minimum: "Minimum"
    case .maximum: "Maximum"
    }
  }
}

extension RowProgram {
  /// An instruction as an expression of CUDA C over the values `v0`, `v1`, … of the instructions before it. Loads and reductions have expressions of their own.
  func expression(_ value: Value) -> String {
    let dtype = dtypes[value], isDouble = dtype.computeType == .float64
    func v(_ operand: Value) -> String { "v\(operand)" }
    /// A function of the mathematical library, for the type of the operand.
    func library(_ name: String, _ operand: Value) -> String { "\(name)\(isDouble ? "" : "f")(\(v(operand)))" }
    switch instructions[value] {
    case .load, .reduce, .inverse: unreachable("\(name): value \(value) is no expression")
    case .constant: return openValues.contains(value) ? "a.c\(value)" : dtype.literal(number(value))
    case .columnIndex: return "(i64)column"
    case .random(let key, let stream, let lane, let numbering):
      return "philox(\(v(key)), \(numbering == .byElement ? "(u64)element" : "(u64)column"), \(stream)u, \(lane))"
    case .select(let condition, let a, let b): return "to_bool(\(v(condition))) ? \(v(a)) : \(v(b))"
    case .cast(let a):
      let to = "to_\(dtype.computeType.elementName.replacing("u8", with: "bool"))(\(v(a)))"
      // A conversion that was asked for rounds, also where nothing is stored.
      return dtype.computeType == dtype || dtypes[a] == dtype ? to : "value_of(Element<\(dtype.elementName)>::of(\(v(a))))"
    case .compare(let op, let a, let b):
      let sign =
        switch op {
        case .equal: "=="
        case .notEqual: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        }
      return "\(v(a)) \(sign) \(v(b))"
    case .binary(let op, let a, let b):
      switch op {
      case .add: return "add(\(v(a)), \(v(b)))"
      case .subtract: return "subtract(\(v(a)), \(v(b)))"
      case .multiply: return "multiply(\(v(a)), \(v(b)))"
      case .divide: return "divide(\(v(a)), \(v(b)))"
      case .power: return "power(\(v(a)), \(v(b)))"
      case .minimum: return "minimum(\(v(a)), \(v(b)))"
      case .maximum: return "maximum(\(v(a)), \(v(b)))"
      case .atan2: return isDouble ? "atan2(\(v(a)), \(v(b)))" : "atan2f(\(v(a)), \(v(b)))"
      case .floorDivide: return "floor_divide(\(v(a)), \(v(b)))"
      case .remainder: return "remainder_of(\(v(a)), \(v(b)))"
      case .and: return "(\(dtype.valueName))(\(v(a)) & \(v(b)))"
      case .or: return "(\(dtype.valueName))(\(v(a)) | \(v(b)))"
      case .xor: return "(\(dtype.valueName))(\(v(a)) ^ \(v(b)))"
      }
    case .unary(let op, let a):
      let isFloating = dtypes[a].isFloating
      switch op {
      case .not: return "\(v(a)) == 0"
      case .isNaN: return "\(v(a)) != \(v(a))"
      case .isFinite: return "is_finite(\(v(a)))"
      case .negate: return "negated(\(v(a)))"
      case .abs: return "magnitude(\(v(a)))"
      case .sign: return "sign_of(\(v(a)))"
      case .floor, .ceil, .round: return isFloating ? library(op == .floor ? "floor" : op == .ceil ? "ceil" : "rint", a) : v(a)
      case .reciprocal: return isDouble ? "1.0 / \(v(a))" : "1.0f / \(v(a))"
      case .square: return "multiply(\(v(a)), \(v(a)))"
      case .exp, .expm1, .log, .log1p, .sqrt, .rsqrt, .sin, .cos, .tan, .asin, .acos, .atan, .sinh, .cosh, .tanh, .erf, .erfc:
        return library("\(op)", a)
      case .sigmoid, .softplus, .gelu, .silu: return "\(op)(\(v(a)))"
      case .relu: return "relu(\(v(a)))"
      case .normalCDF: return "normal_cdf(\(v(a)))"
      case .geluTanh: return "gelu_tanh(\(v(a)))"
      case .unitInterval: return isDouble ? "unit_interval_f64(\(v(a)))" : "unit_interval_f32(\(v(a)))"
      }
    }
  }

  /// A value's definition.
  func definition(_ value: Value) -> String { "const \(dtypes[value].valueName) v\(value) = \(expression(value));" }
}
