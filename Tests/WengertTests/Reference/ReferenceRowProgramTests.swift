import Testing
@_spi(Backend) import WengertTestSupport

@Suite("The reference backend: row programs")
struct ReferenceRowProgramTests {
  @Test("Philox gives the published words")
  func philox() {
    // The known answers of Random123, the authors' own implementation: zeros, ones, digits of π.
    #expect(Philox.words(counter: [0, 0, 0, 0], key: [0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    let ones = UInt32.max
    #expect(Philox.words(counter: [ones, ones, ones, ones], key: [ones, ones]) == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
    #expect(
      Philox.words(counter: [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], key: [0xa409_3822, 0x299f_31d0])
        == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
  }

  @Test("random bits are addressed by key, element, stream and lane")
  func random() {
    // Philox by a Python script, counter (e, 0, 5, 0), key (0x89abcdef, 0x01234567).
    func bits(_ shape: Shape, lane: Int) -> [Int64] {
      let program = RowProgram(
        [.init(dtype: .int64, isRow: false)],
        [(.load(0), .int64, false), (.random(key: 0, stream: 5, lane: lane, numbering: .byElement), .int64, true)],
        [.init(value: 1, dtype: .int64)])
      let key = whole([0x0123_4567_89ab_cdef], [1])
      let out = empty(shape, .int64)
      reference.run(program, inputs: [key.with(key.layout.broadcast(to: Shape(shape.dropLast() + [1])))], outputs: [out], over: shape)
      return out.integers
    }
    #expect(bits([3], lane: 0) == [0xb341_ed12, 0xd046_0919, 0x644a_f2c9])
    #expect(bits([3, 1], lane: 0) == bits([3], lane: 0))
    #expect(bits([1, 3], lane: 1) == [0x7899_c9cc, 0x5208_93a9, 0x0aab_6850])
    #expect(Philox.word(key: 0, stream: 0, lane: 0, element: 1 << 32) == Philox.words(counter: [0, 1, 0, 0], key: [0, 0])[0])
  }

  @Test("unit intervals take 24 bits in float32 and half types, 32 and a half in float64")
  func unitInterval() {
    let words = whole([0, 0xffff_ffff, 0x8000_01ff], [3])
    #expect(applied(.unary(.unitInterval, 0), [words], .float32).doubles == [0, 1 - 0x1p-24, 0.5 + 0x1p-24])
    #expect(applied(.unary(.unitInterval, 0), [words], .float64).doubles == [0x1p-33, 1 - 0x1p-33, 0.5 + 511.5 * 0x1p-32])
    #expect(applied(.unary(.unitInterval, 0), [words], .bfloat16).doubles == [0, 1, 0.5])
  }

  @Test("functions agree with 50-digit arithmetic")
  func unaryGolden() throws {
    for (name, pairs) in try GoldenReference.load().unary {
      let op = try #require(UnaryOp.allCases.first { "\($0)" == name })
      let x = real(pairs.map { $0[0] }, [pairs.count])
      // Far below zero e^(−x²/2) and e^(2u) multiply the rounding of their arguments by x² and 2u: 900 at −30, 55 at −8.5.
      let units: Double = op == .normalCDF || op == .gelu || op == .geluTanh ? 2048 : 16
      expectClose(
        applied(.unary(op, 0), [x], .float64).doubles, pairs.map { $0[1] }, Tolerance(.float64, unitsInLastPlace: units), name)
    }
  }

  @Test("every function of one float is defined, and NaN stays NaN")
  func unaryNaN() {
    for op in UnaryOp.allCases where op != .unitInterval && op != .not && op != .isNaN && op != .isFinite {
      #expect(applied(.unary(op, 0), [real([.nan], [1])], .float64).doubles[0].isNaN, "\(op)")
    }
  }

  @Test("rounding functions: halves to even, signs keep zero")
  func unaryByHand() {
    let x = real([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, -0.0, .infinity], [8])
    func results(_ op: UnaryOp) -> [Double] { applied(.unary(op, 0), [x], .float64).doubles }
    #expect(results(.round) == [-2, -2, 0, 0, 2, 2, 0, .infinity])
    #expect(results(.floor) == [-3, -2, -1, 0, 1, 2, 0, .infinity])
    #expect(results(.ceil) == [-2, -1, 0, 1, 2, 3, 0, .infinity])
    #expect(results(.sign) == [-1, -1, -1, 1, 1, 1, 0, 1])
    #expect(results(.sign)[6].sign == .minus)
    #expect(results(.relu) == [0, 0, 0, 0.5, 1.5, 2.5, 0, .infinity])
    #expect(results(.abs) == [2.5, 1.5, 0.5, 0.5, 1.5, 2.5, 0, .infinity])
    #expect(results(.negate) == [2.5, 1.5, 0.5, -0.5, -1.5, -2.5, 0, -.infinity])
  }

  @Test("predicates give bool")
  func predicates() {
    let x = real([0, .nan, .infinity, 3], [4], .float32)
    #expect(applied(.unary(.isNaN, 0), [x], .bool).integers == [0, 1, 0, 0])
    #expect(applied(.unary(.isFinite, 0), [x], .bool).integers == [1, 0, 0, 1])
    #expect(applied(.unary(.not, 0), [whole([0, 1], [2], .bool)], .bool).integers == [1, 0])
  }

  @Test("integers negate, square and take signs with wrapping")
  func unaryWhole() {
    let x = whole([Int64(Int32.min), -3, 0, 70000], [4], .int32)
    func results(_ op: UnaryOp) -> [Int64] { applied(.unary(op, 0), [x], .int32).integers }
    #expect(results(.negate) == [Int64(Int32.min), 3, 0, -70000])
    #expect(results(.abs) == [Int64(Int32.min), 3, 0, 70000])
    #expect(results(.sign) == [-1, -1, 0, 1])
    #expect(results(.square) == [0, 9, 0, 4_900_000_000 - 1 << 32])
    #expect(results(.relu) == [0, 0, 0, 70000])
    #expect(results(.round) == x.integers)
  }

  @Test("divisions round down as Python's, and atan2 has its quadrants")
  func binaryGolden() throws {
    let golden = try GoldenReference.load()
    for (name, rows) in golden.binary {
      let op = try #require(BinaryOp.allCases.first { "\($0)" == name })
      let operands = (0..<2).map { n in real(rows.map { $0[n] }, [rows.count]) }
      expectClose(
        applied(.binary(op, 0, 1), operands, .float64).doubles, rows.map { $0[2] }, Tolerance(.float64, unitsInLastPlace: 1), name)
    }
    for (name, rows) in golden.whole {
      let op = try #require(BinaryOp.allCases.first { "\($0)" == name })
      let operands = (0..<2).map { n in whole(rows.map { $0[n] }, [rows.count]) }
      #expect(applied(.binary(op, 0, 1), operands, .int64).integers == rows.map { $0[2] }, "\(name)")
    }
  }

  @Test("float arithmetic by hand, NaN from either side of minimum and maximum")
  func binaryReal() {
    let a = real([7, -8, .nan, 2, 1], [5], .float32), b = real([2, 0, 1, .nan, 0.5], [5], .float32)
    func results(_ op: BinaryOp) -> [Double] { applied(.binary(op, 0, 1), [a, b], .float32).doubles }
    let exact = Tolerance(.float32, unitsInLastPlace: 0)
    expectClose(results(.add), [9, -8, .nan, .nan, 1.5], exact, "add")
    expectClose(results(.subtract), [5, -8, .nan, .nan, 0.5], exact, "subtract")
    expectClose(results(.multiply), [14, 0, .nan, .nan, 0.5], exact, "multiply")
    expectClose(results(.divide), [3.5, -.infinity, .nan, .nan, 2], exact, "divide")
    expectClose(results(.power), [49, 1, .nan, .nan, 1], exact, "power")
    expectClose(results(.minimum), [2, -8, .nan, .nan, 0.5], exact, "minimum")
    expectClose(results(.maximum), [7, 0, .nan, .nan, 1], exact, "maximum")
    expectClose(results(.floorDivide), [3, -.infinity, .nan, .nan, 2], exact, "floorDivide")
    expectClose(results(.remainder), [1, .nan, .nan, .nan, 0], exact, "remainder")
    // 1 lies below ten times the double next to 0.1, though the ratio is rounded to ten; nothing is far from an infinite divisor.
    let edge = [real([1, -1, 1, -1, .infinity], [5]), real([0.1, 0.1, .infinity, .infinity, 2], [5])]
    expectClose(applied(.binary(.floorDivide, 0, 1), edge, .float64).doubles, [9, -10, 0, -1, .nan], exact, "floorDivide at the edges")
  }

  @Test("integer arithmetic wraps, divides toward zero, and by zero gives 0")
  func binaryWhole() {
    let a = whole([7, -7, 5, .min, .max], [5]), b = whole([2, 2, 0, -1, 1], [5])
    func results(_ op: BinaryOp) -> [Int64] { applied(.binary(op, 0, 1), [a, b], .int64).integers }
    #expect(results(.add) == [9, -5, 5, .max, .min])
    #expect(results(.subtract) == [5, -9, 5, .min + 1, .max - 1])
    #expect(results(.multiply) == [14, -14, 0, .min, .max])
    #expect(results(.divide) == [3, -3, 0, .min, .max])
    #expect(results(.floorDivide) == [3, -4, 0, .min, .max])
    #expect(results(.remainder) == [1, 1, 0, 0, 0])
    #expect(results(.power) == [49, 49, 1, 0, .max])
    #expect(results(.minimum) == [2, -7, 0, .min, 1])
    #expect(results(.maximum) == [7, 2, 5, -1, .max])
    #expect(results(.and) == [2, 0, 0, .min, 1])
    #expect(results(.or) == [7, -5, 5, -1, .max])
    #expect(results(.xor) == [5, -5, 5, .max, .max - 1])
    let signs = [whole([-1, -1, 2, 1], [4]), whole([-3, -2, -1, -5], [4])]
    #expect(applied(.binary(.power, 0, 1), signs, .int64).integers == [-1, 1, 0, 1])
  }

  @Test("int64 is exact beyond 2⁵³, int32 and uint8 wrap")
  func integerWidths() {
    let odd = whole([1 << 53], [1])
    #expect(applied(.binary(.add, 0, 1), [odd, whole([1], [1])], .int64).integers == [(1 << 53) + 1])
    let pair = [whole([Int64(Int32.max)], [1], .int32), whole([1], [1], .int32)]
    #expect(applied(.binary(.add, 0, 1), pair, .int32).integers == [Int64(Int32.min)])
    #expect(applied(.binary(.add, 0, 1), [whole([250], [1], .uint8), whole([10], [1], .uint8)], .uint8).integers == [4])
  }

  @Test("comparisons are false with NaN except not equal")
  func compare() {
    let a = real([1, 2, 2, .nan], [4]), b = real([2, 2, 1, .nan], [4])
    let expected: [CompareOp: [Int64]] = [
      .equal: [0, 1, 0, 0], .notEqual: [1, 0, 1, 1], .less: [1, 0, 0, 0], .lessOrEqual: [1, 1, 0, 0], .greater: [0, 0, 1, 0],
      .greaterOrEqual: [0, 1, 1, 0],
    ]
    for op in CompareOp.allCases { #expect(applied(.compare(op, 0, 1), [a, b], .bool).integers == expected[op], "\(op)") }
    let near = [whole([1 << 53 + 1], [1]), whole([1 << 53], [1])]
    #expect(applied(.compare(.greater, 0, 1), near, .bool).integers == [1])
  }

  @Test("select takes the first where the condition holds")
  func select() {
    let condition = whole([1, 0], [2], .bool)
    #expect(applied(.select(0, 1, 2), [condition, real([1, 2], [2]), real([3, .nan], [2])], .float64).doubles[0] == 1)
    #expect(applied(.select(0, 1, 2), [condition, real([1, .nan], [2]), real([3, 4], [2])], .float64).doubles == [1, 4])
  }

  @Test("casts cut off, saturate, wrap, and round once")
  func cast() {
    let x = real([2.9, -2.9, .nan, 1e30, -.infinity, 0.2], [6])
    #expect(applied(.cast(0), [x], .int32).integers == [2, -2, 0, Int64(Int32.max), Int64(Int32.min), 0])
    #expect(applied(.cast(0), [x], .int64).integers == [2, -2, 0, .max, .min, 0])
    #expect(applied(.cast(0), [x], .bool).integers == [1, 1, 1, 1, 1, 1])
    #expect(applied(.cast(0), [real([300.7, -1, 0], [3])], .uint8).integers == [44, 255, 0])
    #expect(applied(.cast(0), [whole([1 << 32 + 5, -1], [2])], .int32).integers == [5, -1])
    // 2⁵⁴ + 2³⁰ + 1 is just above the tie of float32; rounding to a double first would lose the one.
    #expect(applied(.cast(0), [whole([1 << 54 + 1 << 30 + 1], [1])], .float32).doubles == [0x1p54 + 0x1p31])
    #expect(applied(.cast(0), [whole([0, 1], [2], .bool)], .float16).doubles == [0, 1])
  }

  @Test("a softmax: reductions, scalars that repeat, a strided input")
  func softmax() {
    // Rows (0, ln 3) and (ln 4, ln 4), given by columns.
    let ln3 = 1.0986122886681098, ln4 = 1.3862943611198906
    let x = real([0, ln4, ln3, ln4], [2, 2]).exchangingAxes(0, 1)
    let program = RowProgram(
      [.init(dtype: .float64, isRow: true)],
      [
        (.load(0), .float64, true), (.reduce(.maximum, 0), .float64, false), (.binary(.subtract, 0, 1), .float64, true),
        (.unary(.exp, 2), .float64, true), (.reduce(.sum, 3), .float64, false), (.binary(.divide, 3, 4), .float64, true),
        (.unary(.log, 4), .float64, false), (.binary(.add, 6, 1), .float64, false),
      ],
      [.init(value: 5, dtype: .float64), .init(value: 7, dtype: .float64)])
    let (out, logSumExp) = (empty([2, 2]), empty([2, 1]))
    reference.run(program, inputs: [x], outputs: [out, logSumExp], over: [2, 2])
    expectClose(out.doubles, [0.25, 0.75, 0.5, 0.5], .elementwise(.float64), "softmax")
    expectClose(logSumExp.doubles, [ln4, 2.0794415416798357], .elementwise(.float64), "log-sum-exp")
  }

  @Test("scalar inputs, constants and column indices combine with rows")
  func scalars() {
    // row · (scalar of the row) + column index + 0.5
    let program = RowProgram(
      [.init(dtype: .float32, isRow: true), .init(dtype: .float32, isRow: false)],
      [
        (.load(0), .float32, true), (.load(1), .float32, false), (.binary(.multiply, 0, 1), .float32, true), (.columnIndex, .int64, true),
        (.cast(3), .float32, true), (.binary(.add, 2, 4), .float32, true), (.constant(0.5), .float32, false),
        (.binary(.add, 5, 6), .float32, true),
      ],
      [.init(value: 7, dtype: .float32)])
    let out = empty([2, 3], .float32)
    reference.run(
      program, inputs: [real([1, 2, 3, 4, 5, 6], [2, 3], .float32), real([10, 100], [2, 1], .float32)], outputs: [out], over: [2, 3])
    #expect(out.doubles == [10.5, 21.5, 32.5, 400.5, 501.5, 602.5])
  }

  @Test("reductions of every kind, and their neutral elements over nothing")
  func reductions() {
    func reduced(_ x: View, _ op: ReduceOp) -> View {
      let program = RowProgram(
        [.init(dtype: x.dtype, isRow: true)], [(.load(0), x.dtype, true), (.reduce(op, 0), x.dtype, false)],
        [.init(value: 1, dtype: x.dtype)])
      let out = empty([x.shape[0], 1], x.dtype)
      reference.run(program, inputs: [x], outputs: [out], over: x.shape)
      return out
    }
    let x = real([3, -1, 4, 2, 2, 2], [2, 3], .float32)
    #expect(ReduceOp.allCases.map { reduced(x, $0).doubles } == [[6, 6], [-12, 8], [-1, 2], [4, 2]])
    #expect(reduced(real([1, .nan], [1, 2]), .maximum).doubles[0].isNaN)
    #expect(ReduceOp.allCases.map { reduced(empty([1, 0], .float32), $0).doubles } == [[0], [1], [.infinity], [-.infinity]])
    #expect(ReduceOp.allCases.map { reduced(empty([1, 0], .uint8), $0).integers } == [[0], [1], [255], [0]])
    #expect(ReduceOp.allCases.map { reduced(empty([1, 0], .int64), $0).integers } == [[0], [1], [.max], [.min]])
    let flags = whole([1, 1, 0, 1, 1, 1, 0, 0, 0], [3, 3], .bool)
    #expect(reduced(flags, .maximum).integers == [1, 1, 0])
    #expect(reduced(flags, .minimum).integers == [0, 1, 0])
  }

  @Test("accumulated outputs combine the rows that meet, with one rounding")
  func accumulate() {
    let x = real([1, 2, 3, 40, 50, 60, 700, 800, 900, 1000, 2000, 3000], [2, 2, 3])
    func columnSums(_ op: ReduceOp, strides: Strides, count: Int) -> [Double] {
      let program = RowProgram(
        [.init(dtype: .float64, isRow: true)], [(.load(0), .float64, true)], [.init(value: 0, dtype: .float64, accumulate: op)])
      let out = empty([count])
      reference.run(program, inputs: [x], outputs: [out.with(Layout(shape: x.shape, strides: strides))], over: x.shape)
      return out.doubles
    }
    #expect(columnSums(.sum, strides: [0, 0, 1], count: 3) == [1741, 2852, 3963])
    #expect(columnSums(.sum, strides: [0, 3, 1], count: 6) == [701, 802, 903, 1040, 2050, 3060])
    #expect(columnSums(.maximum, strides: [3, 0, 1], count: 6) == [40, 50, 60, 1000, 2000, 3000])
    let halves = RowProgram(
      [.init(dtype: .float16, isRow: true)], [(.load(0), .float16, true)], [.init(value: 0, dtype: .float16, accumulate: .sum)])
    let sum = empty([1], .float16)
    reference.run(
      halves, inputs: [real([2048, 1, 1], [3, 1], .float16)], outputs: [sum.with(Layout(shape: [3, 1], strides: [0, 1]))], over: [3, 1])
    #expect(sum.doubles == [2050])
  }

  @Test("an output may be one of the inputs; half types are rounded only when stored")
  func inPlace() {
    let x = real([1, 2, 3], [3], .bfloat16)
    // (x + 2⁻⁹) − x: the sum alone would round to x in bfloat16.
    let program = RowProgram(
      [.init(dtype: .bfloat16, isRow: true)],
      [
        (.load(0), .bfloat16, true), (.constant(0x1p-9), .bfloat16, false), (.binary(.add, 0, 1), .bfloat16, true),
        (.binary(.subtract, 2, 0), .bfloat16, true),
      ],
      [.init(value: 3, dtype: .bfloat16)])
    reference.run(program, inputs: [x], outputs: [x], over: [3])
    #expect(x.doubles == [0x1p-9, 0x1p-9, 0x1p-9])
  }
}
