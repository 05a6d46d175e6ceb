import Testing
import WengertTestSupport

/// Numbers beside tensors of every dtype, against exact arithmetic.
@Suite("Numbers beside tensors")
struct NumberTests {
  static let numbers: [Double] = [
    -.infinity, -1e300, -0x1p63, -0x1p62 - 1024, -0x1p31 - 1, -0x1p31, -256, -1.5, -1, -0.5, -0.0, 0, 0.25, 0.5, 1, 1.5, 2, 2.5, 44, 200,
    255, 255.5, 256, 300,
    0x1p24 + 1.5, 0x1p31 - 1, 0x1p31, 0x1p53, 0x1p62, 0x1p63 - 1024, 0x1p63, 1e300, .infinity, .nan,
  ]

  private static func elements(_ dtype: DType) -> [Int] {
    switch dtype {
    case .bool: [0, 1]
    case .uint8: [0, 1, 2, 44, 200, 255]
    case .int32: [Int(Int32.min), -256, -1, 0, 1, 2, 255, 1 << 24 + 1, (1 << 24) + 2, Int(Int32.max)]
    default: [.min, .min + 1, -(1 << 53) - 1, -1, 0, 1, 2, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, (1 << 62) + 1, .max - 1, .max]
    }
  }

  private static func tensor(_ values: [Int], _ dtype: DType) -> Tensor { Tensor(values).cast(to: dtype) }

  /// Whether −1, 0 or 1 is the sign of element − number; nil for NaN.
  private static func order(_ element: Int, _ number: Double) -> Int? {
    if number.isNaN { return nil }
    if number >= 0x1p63 { return -1 }
    if number < -0x1p63 { return 1 }
    let floor = Int(number.rounded(.down))
    if element != floor { return element < floor ? -1 : 1 }
    return number > number.rounded(.down) ? -1 : 0
  }

  @Test("comparisons of whole numbers with any number are exact, eager and compiled", arguments: [DType.bool, .uint8, .int32, .int64])
  func comparisons(_ dtype: DType) {
    let values = Self.elements(dtype), x = Self.tensor(values, dtype)
    for number in Self.numbers {
      let f: @Sendable (Tensor) -> [Tensor] = { x in [x .== number, x .!= number, x .< number, x .<= number, x .> number, x .>= number] }
      let order = values.map { Self.order($0, number) }
      let expected = [
        order.map { $0 == 0 }, order.map { $0 != 0 }, order.map { $0 == -1 }, order.map { $0 == -1 || $0 == 0 }, order.map { $0 == 1 },
        order.map { $0 == 1 || $0 == 0 },
      ]
      #expect(f(x).map { $0.array(of: Bool.self) } == expected, "\(dtype) and \(number)")
      #expect(compile(f)(x).map { $0.array(of: Bool.self) } == expected, "\(dtype) and \(number), compiled")
    }
  }

  @Test("sums with any number have the dtype that holds it, and do not wrap it", arguments: [DType.bool, .uint8, .int32, .int64])
  func sums(_ dtype: DType) {
    let x = Self.tensor([0, 1], dtype)
    for number in Self.numbers {
      let f: @Sendable (Tensor) -> Tensor = { $0 + number }
      let sum = f(x), values = sum.array(of: Double.self)
      if let whole = Int(exactly: number) {
        #expect(
          !sum.dtype.isFloating
            && sum.array(of: Int.self) == (dtype == .int64 || sum.dtype == .int64 ? [whole, whole &+ 1] : sum.array(of: Int.self)))
        #expect(sum.array(of: Int.self)[0] == whole, "\(dtype) + \(number)")
      } else {
        #expect(sum.dtype == (number.isFinite && number.magnitude >= 0x1p63 ? .float64 : .float32))
        #expect(values[0] == Double(Float(number)) || values[0] == number || number.isNaN && values[0].isNaN, "\(dtype) + \(number)")
      }
      let compiled = compile(f)(x)
      #expect(compiled.dtype == sum.dtype && compiled.written() == sum.written(), "\(dtype) + \(number), compiled")
    }
  }

  @Test("a number beside half precision is rounded to it, compiled too", arguments: [DType.float16, .bfloat16])
  func half(_ dtype: DType) {
    let x = Tensor([0.1, 1, 3, 1000], dtype: dtype)
    let f: @Sendable (Tensor) -> [Tensor] = { x in [x .== 0.1, x * 0.1, x + 1e6, x * 1e-9, clip(x, 0.3, 999.7)] }
    for (a, b) in zip(f(x), compile(f)(x)) { #expect(a.written() == b.written()) }
    #expect((x .== 0.1).array(of: Bool.self) == [true, false, false, false])
  }

  @Test("the sign of a zero that is put into a tensor stays")
  func zeros() {
    let signs: @Sendable (Tensor) -> [Tensor] = { x in [x / Tensor(0.0), x / Tensor(-0.0), x / -0.0, x / 0, 1 / (x * -0.0), 1 / (x * 0)] }
    let expected: [Double] = [.infinity, -.infinity, -.infinity, .infinity, -.infinity, .infinity]
    #expect(signs(Tensor([1.0])).map { $0.item() } == expected)
    #expect(compile(signs)(Tensor([1.0])).map { $0.item() } == expected)
  }

  @Test("whole numbers beyond 2⁵³ go into a tensor as they are")
  func wide() {
    #expect(Tensor(Int.max, dtype: .int64).array(of: Int.self) == [.max])
    #expect(Tensor.full((1 << 53) + 1, [2], dtype: .int64).array(of: Int.self) == [(1 << 53) + 1, (1 << 53) + 1])
    #expect(Tensor.full(3, [2]).dtype == .float32)
  }
}
