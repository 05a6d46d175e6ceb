/// The element type of a tensor.
public enum DType: UInt8, CaseIterable, Hashable, Sendable {
  /// Truth values of one byte; whole numbers; IEEE 754's floating numbers, and bfloat16, the upper half of a float32.
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
  ///
  /// ```swift
  /// let dtype = DType.promote(.int64, .float16)  // float16
  /// ```
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

extension DType {
  /// From the least to the greatest number.
  var range: ClosedRange<Double> {
    switch self {
    case .bool: 0...1
    case .uint8: 0...255
    case .int32: Double(Int32.min)...Double(Int32.max)
    case .int64: Double(Int64.min)...Double(Int64.max)
    case .float16, .bfloat16, .float32, .float64: -.infinity ... .infinity
    }
  }

  /// Whether a tensor of this type can have this very number as an element; floating types round and hold every number.
  func holds(_ value: Double) -> Bool {
    switch self {
    case .bool: value == 0 || value == 1
    case .uint8: UInt8(exactly: value) != nil
    case .int32: Int32(exactly: value) != nil
    case .int64: Int64(exactly: value) != nil
    case .float16, .bfloat16, .float32, .float64: true
    }
  }

  /// The type of a number beside a tensor of this type.
  func meeting(_ value: Double) -> DType {
    // Numbers do not become truth values: true + 1 is 2.
    if self != .bool && holds(value) { return self }
    if DType.int64.holds(value) { return .int64 }
    return value.isFinite && value.magnitude >= 0x1p63 ? .float64 : .float32
  }

  /// The value that an element has when this number is put into it: rounded, or for whole numbers cut off at the point.
  func rounded(_ value: Double) -> Double {
    switch self {
    case .bool: value == 0 ? 0 : 1
    case .uint8, .int32, .int64: value.rounded(.towardZero)
    case .float16: Double(Float16(Float(value)))
    case .bfloat16: Double(Float(bfloat16Bits: Float(value).bfloat16Bits))
    case .float32: Double(Float(value))
    case .float64: value
    }
  }
}

extension DType {
  /// Lends the bytes of an element that this number is put into; whole numbers end at the least and the greatest.
  func withBytes(of value: Double, _ body: (RawSpan) -> Void) {
    func lend<Element: BitwiseCopyable>(_ element: Element) {
      let one: InlineArray<1, Element> = [element]
      body(one.span.bytes)
    }
    var whole: Int64 { Int64(exactly: value.rounded(.towardZero)) ?? (value > 0 ? .max : value < 0 ? .min : 0) }
    switch self {
    case .bool: lend(value == 0 ? 0 : 1 as UInt8)
    case .uint8: lend(UInt8(truncatingIfNeeded: whole))
    case .int32: lend(Int32(clamping: whole))
    case .int64: lend(whole)
    case .float16: lend(Float16(Float(value)))
    case .bfloat16: lend(Float(value).bfloat16Bits)
    case .float32: lend(Float(value))
    case .float64: lend(value)
    }
  }

  /// What an element of this type is when a user puts `value` into it.
  package func element(_ value: Double, _ operation: String, _ caller: Caller) -> Double {
    let result = rounded(value)
    if !isFloating && !holds(result) {
      caller.fail(operation, "\(self) does not hold \(value); name a dtype that does")
    }
    return result
  }

  /// The same for a list, which floating types round when they are made of it.
  package func elements(_ values: [Double]) -> [Double] {
    isFloating ? values : values.map { element($0, "Tensor", Caller(#fileID, #line)) }
  }
}

extension Float {
  /// The value of a bfloat16: the upper half of a float's bits.
  package init(bfloat16Bits bits: UInt16) { self.init(bitPattern: UInt32(bits) << 16) }

  /// The nearest bfloat16, ties to even; NaN stays NaN.
  package var bfloat16Bits: UInt16 {
    let rounded = bitPattern &+ 0x7FFF &+ (bitPattern >> 16 & 1)
    return UInt16(truncatingIfNeeded: (isNaN ? bitPattern | 0x40_0000 : rounded) >> 16)
  }
}

extension DType: Comparable {
  /// The order of the cases.
  public static func < (a: DType, b: DType) -> Bool { a.rawValue < b.rawValue }
}
