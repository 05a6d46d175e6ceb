/// The element type of a tensor.
public enum DType: UInt8, CaseIterable, Hashable, Sendable {
  case bool, uint8, int32, int64, float16, bfloat16, float32, float64

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8: 1
    case .float16, .bfloat16: 2
    case .int32, .float32: 4
    case .int64, .float64: 8
    }
  }

  /// Whether values are real numbers, the only ones a derivative can flow through.
  public var isFloating: Bool { self >= .float16 }

  /// The type in which two operands meet: the row of the first, the column of the second.
  ///
  /// Integers meet in the wider one; a floating type wins over every integer; the two half types meet in float32.
  public static func promote(_ a: DType, _ b: DType) -> DType {
    promotionTable[Int(a.rawValue)][Int(b.rawValue)]
  }

  static let promotionTable: [[DType]] = [
    //  bool      uint8      int32     int64     float16   bfloat16   float32   float64
    [.bool, .uint8, .int32, .int64, .float16, .bfloat16, .float32, .float64],  // bool
    [.uint8, .uint8, .int32, .int64, .float16, .bfloat16, .float32, .float64],  // uint8
    [.int32, .int32, .int32, .int64, .float16, .bfloat16, .float32, .float64],  // int32
    [.int64, .int64, .int64, .int64, .float16, .bfloat16, .float32, .float64],  // int64
    [.float16, .float16, .float16, .float16, .float16, .float32, .float32, .float64],  // float16
    [.bfloat16, .bfloat16, .bfloat16, .bfloat16, .float32, .bfloat16, .float32, .float64],  // bfloat16
    [.float32, .float32, .float32, .float32, .float32, .float32, .float32, .float64],  // float32
    [.float64, .float64, .float64, .float64, .float64, .float64, .float64, .float64],  // float64
  ]
}

extension DType: Comparable {
  public static func < (a: DType, b: DType) -> Bool { a.rawValue < b.rawValue }
}
