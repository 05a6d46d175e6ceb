import WengertTestSupport

/// The lines on dtypes: whole numbers, numbers beside them, promotion, casts.
extension ConventionLines {
  private static func u8(_ values: UInt8...) -> Tensor { Tensor(values) }
  private static func i32(_ values: Int32...) -> Tensor { Tensor(values) }
  private static func i64(_ values: Int...) -> Tensor { Tensor(values) }
  private static let yes = Tensor([true])

  static let whole: [Convention] = [
    .whole("x + x at uint8 200", u8(200)) { $0 + $0 },
    .whole("x + x at int32 2³¹ - 1", i32(.max)) { $0 + $0 },
    .whole("-x at uint8 1", u8(1)) { -$0 },
    .whole("abs(x) at int32 -2³¹", i32(.min)) { abs($0) },
    .whole("x / x at int32 0, 3", i32(0, 3)) { $0 / $0 },
    .whole("x.floorDivided(by: -2) at int32 7, -7", i32(7, -7)) { $0.floorDivided(by: Tensor(-2, dtype: .int32)) },
    .whole("x % -2 at int32 7, -7", i32(7, -7)) { $0 % -2 },
    .whole("x.floorDivided(by: 0) at int32 7", i32(7)) { $0.floorDivided(by: Tensor(0, dtype: .int32)) },
    .whole("x % 0 at int32 7", i32(7)) { $0 % 0 },
    .whole("x.floorDivided(by: -1) at int32 -2³¹", i32(.min)) { $0.floorDivided(by: Tensor(-1, dtype: .int32)) },
    .whole("pow(x, x) at int32 -2, -1, 0", i32(-2, -1, 0)) { pow($0, $0) },
    .whole("pow(x, -1) at int32 2", i32(2)) { pow($0, -1) },
    .whole("pow(x, 40) at int32 2", i32(2)) { pow($0, 40) },
    .whole("x.sum() at uint8 200, 100", u8(200, 100)) { $0.sum() },
    .whole("x.prod() at uint8 200, 2", u8(200, 2)) { $0.prod() },
    .whole("x.mean() at int32 1, 2", i32(1, 2)) { $0.mean() },
    .whole("x.cumulativeSum() at uint8 200, 100", u8(200, 100)) { $0.cumulativeSum() },
    .whole("x.sum() at bool true, true", Tensor([true, true])) { $0.sum() },
    .whole("x + x at bool true", yes) { $0 + $0 },
    .whole("x * x at bool true", yes) { $0 * $0 },
    .error("x - x at bool true"),
    .error("-x at bool true"),
    .whole("sqrt(x) at int32 4", i32(4)) { sqrt($0) },
    .whole(".!x at int32 0, 3", i32(0, 3)) { .!$0 },
  ]

  static let numbers: [Convention] = [
    .whole("x .> -1 at uint8 0", u8(0)) { $0 .> -1 },
    .whole("x .< 300 at uint8 200", u8(200)) { $0 .< 300 },
    .whole("x .== 300 at uint8 44", u8(44)) { $0 .== 300 },
    .whole("x .== 2.5 at int64 2", i64(2)) { $0 .== 2.5 },
    .whole("x .> 16777216.5 at int32 16777217", i32(16_777_217)) { $0 .> 16_777_216.5 },
    .whole("x .< 1e300 at int64 2⁶³ - 1", i64(.max)) { $0 .< 1e300 },
    .whole("x .< 9223372036854775808 at int64 2⁶³ - 1", i64(.max)) { $0 .< 0x1p63 },
    .whole("x .== NaN at int32 0", i32(0)) { $0 .== .nan },
    .whole("x .> 0.5 at bool true", yes) { $0 .> 0.5 },
    .whole("x + 300 at uint8 5", u8(5)) { $0 + 300 },
    .whole("x + -1 at uint8 0", u8(0)) { $0 + -1 },
    .whole("x - 1 at uint8 0", u8(0)) { $0 - 1 },
    .whole("x + 2.5 at uint8 5", u8(5)) { $0 + 2.5 },
    .whole("x + 4294967296 at int32 1", i32(1)) { $0 + 4_294_967_296 },
    .whole("x + 1e300 at int64 1", i64(1)) { $0 + 1e300 },
    .whole("x + NaN at int64 1", i64(1)) { $0 + Double.nan },
    .whole("x + 1 at bool true", yes) { $0 + 1 },
    .whole("x % 300 at uint8 200", u8(200)) { $0 % 300 },
    .whole("clip(x, -5, 300) at uint8 0, 255", u8(0, 255)) { clip($0, -5, 300) },
    .whole("clip(x, 0.5, 2.5) at int32 0, 9", i32(0, 9)) { clip($0, 0.5, 2.5) },
    .whole("x * 1e6 at float16 0.001", Tensor([0.001], dtype: .float16)) { $0 * 1e6 },
    .value("x .== 0.1 at float32 0.1", at: [0.1]) { $0 .== 0.1 },
    .typed("full(2.7, dtype: int32)") { .full(2.7, [1], dtype: .int32) },
    .typed("full(-2.7, dtype: int32)") { .full(-2.7, [1], dtype: .int32) },
    .error("full(300, dtype: uint8)"),
    .error("full(-1, dtype: uint8)"),
    .error("full(NaN, dtype: int32)"),
    .error("full(1e300, dtype: int64)"),
    .typed("full(0.5, dtype: bool)") { .full(0.5, [1], dtype: .bool) },
    .typed("full(1e6, dtype: float16)") { .full(1e6, [1], dtype: .float16) },
    .typed("full(9007199254740993, dtype: int64)") { .full(9_007_199_254_740_993, [1], dtype: .int64) },
    .error("x.pad(1, fill: 300) at uint8 1"),
  ]

  static let promotion: [Convention] = DType.allCases.flatMap { first in
    DType.allCases.filter { $0 > first }.map { second in
      Convention(expression: "\(first) + \(second)") {
        let sum = Tensor.full(1, [1], dtype: first) + Tensor.full(1, [1], dtype: second)
        return sum.dtype == DType.promote(second, first) ? "\(sum.dtype)" : "one way or the other"
      }
    }
  }

  private static func cast(_ expression: String, _ x: Tensor, _ target: DType) -> Convention {
    .plain(expression) { x.cast(to: target) }
  }

  static let casts: [Convention] = [
    cast("float32 2.7, -2.7 to int32", Tensor([2.7, -2.7]), .int32),
    cast("float32 NaN, ∞, -∞, 1e10 to int32", Tensor([.nan, .infinity, -.infinity, 1e10]), .int32),
    cast("float64 NaN, ∞, -∞, 1e30 to int64", Tensor([.nan, .infinity, -.infinity, 1e30], dtype: .float64), .int64),
    cast("float32 -1, 300, 1e10, NaN to uint8", Tensor([-1, 300, 1e10, .nan]), .uint8),
    cast("float32 0.5, -0, NaN to bool", Tensor([0.5, -0.0, .nan]), .bool),
    cast("int64 2³² + 5 to int32", i64((1 << 32) + 5), .int32),
    cast("int32 300, -1 to uint8", i32(300, -1), .uint8),
    cast("int64 16777217 to float32", i64(16_777_217), .float32),
    cast("int64 2⁵³ + 1 to float64", i64((1 << 53) + 1), .float64),
    cast("float32 65519, 65520 to float16", Tensor([65519, 65520] as [Double]), .float16),
    cast("float64 1e300, 1e-300 to float32", Tensor([1e300, 1e-300], dtype: .float64), .float32),
    cast("float32 257, 259 to bfloat16", Tensor([257, 259] as [Double]), .bfloat16),
  ]
}
