import CKernels
@_spi(Backend) import WengertCore

/// An element as it is in memory, and the type in which kernels calculate with it.
protocol KernelElement: BitwiseCopyable, Sendable {
  associatedtype Compute: KernelNumber
  init(rounding value: Compute)
  var widened: Compute { get }

  /// `count` elements, `step` apart, widened into contiguous ones.
  static func widen(_ source: UnsafePointer<Self>, step: Int, into target: UnsafeMutablePointer<Compute>, count: Int)
  /// `count` contiguous numbers rounded into elements that are `step` apart.
  static func round(_ source: UnsafePointer<Compute>, into target: UnsafeMutablePointer<Self>, step: Int, count: Int)
}

extension KernelElement {
  static func widen(_ source: UnsafePointer<Self>, step: Int, into target: UnsafeMutablePointer<Compute>, count: Int) {
    for i in 0..<count { target[i] = source[i * step].widened }
  }
  static func round(_ source: UnsafePointer<Compute>, into target: UnsafeMutablePointer<Self>, step: Int, count: Int) {
    for i in 0..<count { target[i * step] = Self(rounding: source[i]) }
  }
}

/// A type that kernels calculate in. Integers wrap; on truth values sum and maximum are "or", product and minimum "and".
protocol KernelNumber: KernelElement where Compute == Self {
  associatedtype OrderKey: FixedWidthInteger & UnsignedInteger
  /// The type in which many numbers of this type are combined.
  associatedtype Wide: KernelNumber = Self
  var wide: Wide { get }
  init(wide: Wide)
  static var zero: Self { get }
  /// Changes no number that it is added to: −0 if there is one.
  static var nothing: Self { get }
  static func sum(_ a: Self, _ b: Self) -> Self
  static func product(_ a: Self, _ b: Self) -> Self
  /// The smaller or greater of two, NaN if either is.
  static func minimum(_ a: Self, _ b: Self) -> Self
  static func maximum(_ a: Self, _ b: Self) -> Self
  /// out = a · b, or out += a · b; all are readable by BLAS, and `out` is row-major.
  static func multiply(_ a: Matrix<Self>, _ b: Matrix<Self>, into out: Matrix<Self>, accumulates: Bool)
  /// Whether this type, at the level in force, has products by tiles of registers, which read small factors as they are.
  static var hasTiles: Bool { get }
  /// How large products are cut up at the level in force.
  static var tiling: Tiling { get }
  /// out = a · b, or out += a · b, where b and out have contiguous rows and b fits the cache; a has any strides. The memory `ahead` is fetched meanwhile.
  static func tileProduct(_ a: Matrix<Self>, _ b: Matrix<Self>, into out: Matrix<Self>, accumulates: Bool, ahead: UnsafeRawBufferPointer)
  /// The same where `a` is in panels of a tile's rows, `step` apart.
  static func panelProduct(
    _ a: UnsafePointer<Self>, step: Int, _ b: Matrix<Self>, into out: Matrix<Self>, accumulates: Bool, ahead: UnsafeRawBufferPointer)
  /// The transpose of `a`, of contiguous rows, into rows that are as long as `out` has columns, with zeros at their ends.
  static func transpose(_ a: Matrix<Self>, into out: Matrix<Self>)
  /// The columns of `a`, of contiguous rows, in panels of `width` that are `step` apart.
  static func pack(_ a: Matrix<Self>, into panels: UnsafeMutablePointer<Self>, width: Int, step: Int)
  /// An unsigned integer in the order of the numbers: equal for equal ones (so for both zeros), the highest for NaN.
  var orderKey: OrderKey { get }
  /// Whether some value is not a number, which then has the highest key to itself.
  static var hasNaN: Bool { get }
  /// The lanes in which vector kernels work on contiguous numbers of this type as they are; nil if there are none.
  static var lanes: Lanes? { get }
  /// The number that the state of a kernel's reduction means.
  init(state: UInt64)
}

extension KernelNumber {
  init(rounding value: Self) { self = value }
  var widened: Self { self }
  static var nothing: Self { zero }

  static var hasTiles: Bool { false }
  static var tiling: Tiling { unreachable("no products by tiles of \(Self.self)") }
  static func tileProduct(_ a: Matrix<Self>, _ b: Matrix<Self>, into out: Matrix<Self>, accumulates: Bool, ahead: UnsafeRawBufferPointer) {
    unreachable("no products by tiles of \(Self.self)")
  }
  static func panelProduct(
    _ a: UnsafePointer<Self>, step: Int, _ b: Matrix<Self>, into out: Matrix<Self>, accumulates: Bool, ahead: UnsafeRawBufferPointer
  ) { unreachable("no products by tiles of \(Self.self)") }
  static func transpose(_ a: Matrix<Self>, into out: Matrix<Self>) { unreachable("no products by tiles of \(Self.self)") }
  static func pack(_ a: Matrix<Self>, into panels: UnsafeMutablePointer<Self>, width: Int, step: Int) {
    unreachable("no products by tiles of \(Self.self)")
  }

  /// The same without anything ahead.
  static func tileProduct(_ a: Matrix<Self>, _ b: Matrix<Self>, into out: Matrix<Self>, accumulates: Bool) {
    tileProduct(a, b, into: out, accumulates: accumulates, ahead: UnsafeRawBufferPointer(start: nil, count: 0))
  }
}

extension KernelNumber where Wide == Self {
  var wide: Self { self }
  init(wide: Self) { self = wide }
}

extension KernelNumber where Self: FloatingPoint {
  static var nothing: Self { -zero }
  static var hasNaN: Bool { true }
  static func sum(_ a: Self, _ b: Self) -> Self { a + b }
  static func product(_ a: Self, _ b: Self) -> Self { a * b }
  static func minimum(_ a: Self, _ b: Self) -> Self { a.isNaN || a <= b ? a : b }
  static func maximum(_ a: Self, _ b: Self) -> Self { a.isNaN || a >= b ? a : b }
}

extension KernelNumber where Self: BinaryFloatingPoint {
  init(state: UInt64) { self = Self(Double(bitPattern: state)) }
}

extension KernelNumber where Self: FixedWidthInteger {
  static var hasNaN: Bool { false }
  static func sum(_ a: Self, _ b: Self) -> Self { a &+ b }
  static func product(_ a: Self, _ b: Self) -> Self { a &* b }
  static func minimum(_ a: Self, _ b: Self) -> Self { a <= b ? a : b }
  static func maximum(_ a: Self, _ b: Self) -> Self { a >= b ? a : b }
  init(state: UInt64) { self.init(truncatingIfNeeded: state) }
}

extension Float: KernelNumber {
  var wide: Double { Double(self) }
  init(wide: Double) { self = Float(wide) }
  static var lanes: Lanes? { .float32 }
  var orderKey: UInt32 {
    // Adding zero turns -0 into +0.
    let bits = (self + 0).bitPattern
    return isNaN ? .max : bits >> 31 == 0 ? bits | 1 << 31 : ~bits
  }
}

extension Double: KernelNumber {
  static var lanes: Lanes? { .float64 }
  var orderKey: UInt64 {
    let bits = (self + 0).bitPattern
    return isNaN ? .max : bits >> 63 == 0 ? bits | 1 << 63 : ~bits
  }
}

extension Int32: KernelNumber {
  static var lanes: Lanes? { .int32 }
  var orderKey: UInt32 { UInt32(bitPattern: self) ^ 1 << 31 }
}

extension Int64: KernelNumber {
  static var lanes: Lanes? { .int64 }
  var orderKey: UInt64 { UInt64(bitPattern: self) ^ 1 << 63 }
}

extension UInt8: KernelNumber {
  static var lanes: Lanes? { nil }
  var orderKey: UInt32 { UInt32(self) }
}

/// An element of dtype bool: one byte, zero or one.
struct TruthElement: KernelNumber {
  var byte: UInt8
  static var zero: Self { Self(byte: 0) }
  static var hasNaN: Bool { false }
  static var lanes: Lanes? { nil }
  init(byte: UInt8) { self.byte = byte }
  init(state: UInt64) { byte = state == 0 ? 0 : 1 }
  static func sum(_ a: Self, _ b: Self) -> Self { Self(byte: a.byte | b.byte) }
  static func product(_ a: Self, _ b: Self) -> Self { Self(byte: a.byte & b.byte) }
  static func minimum(_ a: Self, _ b: Self) -> Self { product(a, b) }
  static func maximum(_ a: Self, _ b: Self) -> Self { sum(a, b) }
  var orderKey: UInt32 { UInt32(byte) }
}

/// An element of dtype float16.
struct Float16Element: KernelElement {
  var bits: UInt16

  init(rounding value: Float) {
    self.init(bits: 0)
    withUnsafePointer(to: value) { source in withUnsafeMutablePointer(to: &self) { Self.round(source, into: $0, step: 1, count: 1) } }
  }
  private init(bits: UInt16) { self.bits = bits }

  var widened: Float {
    var result: Float = 0
    withUnsafePointer(to: self) { Self.widen($0, step: 1, into: &result, count: 1) }
    return result
  }

  static func widen(_ source: UnsafePointer<Self>, step: Int, into target: UnsafeMutablePointer<Float>, count: Int) {
    wg_from_float16(source, step, target, count)
  }
  static func round(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Self>, step: Int, count: Int) {
    wg_to_float16(source, target, step, count)
  }
}

/// An element of dtype bfloat16: the upper half of a float32.
struct BFloat16Element: KernelElement {
  var bits: UInt16

  init(rounding value: Float) { bits = value.bfloat16Bits }
  var widened: Float { Float(bfloat16Bits: bits) }

  static func widen(_ source: UnsafePointer<Self>, step: Int, into target: UnsafeMutablePointer<Float>, count: Int) {
    wg_from_bfloat16(source, step, target, count)
  }
  static func round(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Self>, step: Int, count: Int) {
    wg_to_bfloat16(source, target, step, count)
  }
}

/// Code that is written once for all element types. `DType.visit` compiles it for each.
protocol ElementVisitor {
  associatedtype Result
  func visit<Element: KernelElement>(_ type: Element.Type) -> Result
}

extension DType {
  func visit<Visitor: ElementVisitor>(_ visitor: Visitor) -> Visitor.Result {
    switch self {
    case .bool: visitor.visit(TruthElement.self)
    case .uint8: visitor.visit(UInt8.self)
    case .int32: visitor.visit(Int32.self)
    case .int64: visitor.visit(Int64.self)
    case .float16: visitor.visit(Float16Element.self)
    case .bfloat16: visitor.visit(BFloat16Element.self)
    case .float32: visitor.visit(Float.self)
    case .float64: visitor.visit(Double.self)
    }
  }
}
