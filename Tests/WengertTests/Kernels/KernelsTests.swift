import Foundation
import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertCore
import WengertTestSupport

/// All tests that force a kernel level, one after the other.
@Suite(.serialized) enum KernelTests {
  @Suite struct Functions {
    struct Case: CustomTestStringConvertible, Sendable {
      let op: UnaryOp
      let reference: @Sendable (Double) -> Double
      /// Units in the last place for float32 and float64.
      let float: Double
      let double: Double
      var testDescription: String { "\(op)" }
      init(_ op: UnaryOp, _ float: Double, _ double: Double, _ reference: @escaping @Sendable (Double) -> Double) {
        (self.op, self.float, self.double, self.reference) = (op, float, double, reference)
      }
    }

    static let cases: [Case] = [
      Case(.negate, 0, 0) { -$0 }, Case(.abs, 0, 0) { abs($0) }, Case(.floor, 0, 0) { $0.rounded(.down) },
      Case(.ceil, 0, 0) { $0.rounded(.up) }, Case(.round, 0, 0) { $0.rounded(.toNearestOrEven) },
      Case(.sign, 0, 0) { $0.isNaN || $0 == 0 ? $0 : $0 < 0 ? -1 : 1 }, Case(.reciprocal, 0.51, 0) { 1 / $0 },
      Case(.square, 0.51, 0) { $0 * $0 }, Case(.exp, 1, 1.1) { exp($0) }, Case(.expm1, 1.5, 1) { expm1($0) },
      Case(.log, 1, 1.1) { log($0) }, Case(.log1p, 1.5, 1) { log1p($0) }, Case(.sqrt, 0.51, 0) { $0.squareRoot() },
      Case(.rsqrt, 1.6, 1) { 1 / $0.squareRoot() }, Case(.sin, 1, 1) { sin($0) }, Case(.cos, 1, 1) { cos($0) },
      Case(.tan, 1.5, 1) { tan($0) }, Case(.asin, 1, 1) { asin($0) }, Case(.acos, 1, 1) { acos($0) }, Case(.atan, 1.5, 1) { atan($0) },
      Case(.sinh, 1, 1) { sinh($0) }, Case(.cosh, 1, 1) { cosh($0) }, Case(.tanh, 2, 1) { tanh($0) },
      Case(.sigmoid, 3, 4) { sigmoid($0) },
      Case(.softplus, 3, 4) { max($0, 0) + log1p(exp(-abs($0))) }, Case(.erf, 4, 1) { erf($0) }, Case(.erfc, 6, 1) { erfc($0) },
      Case(.normalCDF, 6, 4) { accurateNormalCDF($0) }, Case(.relu, 0, 0) { $0 > 0 || $0.isNaN ? $0 : 0 },
      Case(.gelu, 8, 4) { $0 == -.infinity ? 0 : $0 * accurateNormalCDF($0) },
      Case(.silu, 60, 4) { $0 == -.infinity ? 0 : $0 * sigmoid($0) },
      Case(.geluTanh, 8, 4000) { $0 < -1e50 ? 0 : $0 * sigmoid(1.5957691216057308 * ($0 + 0.044715 * $0 * $0 * $0)) },
    ]

    static func sigmoid(_ x: Double) -> Double { x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)) }

    /// erfc at the exact −x/√2: the rounding of the argument is put back by the derivative.
    static func accurateNormalCDF(_ x: Double) -> Double {
      let t = x * -0.5.squareRoot()
      let rest = (-t).addingProduct(x, -0.5.squareRoot()) + x * 0x1.bdd3413b26456p-55
      if abs(x) > 39 { return 0.5 * erfc(t) }
      return 0.5 * (erfc(t) - rest * 2 / Double.pi.squareRoot() * exp(-t * t))
    }

    static let special: [Float] = [
      0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
      -.leastNormalMagnitude, .leastNormalMagnitude / 100, -.leastNormalMagnitude / 100, .greatestFiniteMagnitude,
      -.greatestFiniteMagnitude, 1, -1, 0.5, -0.5, 1.5, 2.5, -1.5, -2.5,
      0.49999997, 8_388_607.5, 8_388_609, 88.72, 88.73, -87.3, -87.4, -103.9, -104, 0.99999994, 1.0000001, -5, -8, -10, -13, -13.5, -14,
      -20, 9, 10, 20,
    ]

    static let inputs: [Float] = {
      var random = SplitMix64(seed: 8)
      var values = special
      for range in [Float(0)...1, -1...1, -10...10, -15...0, -100...100] { values += random.floats(3000, in: range) }
      // All magnitudes.
      for bits in stride(from: UInt32(0), to: .max - 70_000, by: 65_521) { values.append(Float(bitPattern: bits)) }
      return values
    }()

    @Test("functions of one element agree with the C library in float64 at every level", arguments: cases)
    func unary(_ test: Case) {
      let program = ProgramBuilder.make { p in p.store(p.unary(test.op, p.load(.float32))) }
      let wide = ProgramBuilder.make { p in p.store(p.unary(test.op, p.load(.float64))) }
      let x = Self.inputs
      let expected = x.map { test.reference(Double($0)) }
      atEachLevel { level in
        let result = run(program, [view(x, [x.count])], over: [x.count], as: Float.self)
        var worst = (0.0, Float(0))
        for i in x.indices where ulps(result[i], expected[i]) > worst.0 { worst = (ulps(result[i], expected[i]), x[i]) }
        #expect(worst.0 <= test.float, "float32 \(level) at \(worst.1)")
        let doubles = run(wide, [view(x.map(Double.init), [x.count])], over: [x.count], as: Double.self)
        worst = (0, 0)
        for i in x.indices where ulps(doubles[i], expected[i]) > worst.0 { worst = (ulps(doubles[i], expected[i]), x[i]) }
        #expect(worst.0 <= test.double, "float64 \(level) at \(worst.1)")
      }
    }

    struct PairCase: CustomTestStringConvertible, Sendable {
      let op: BinaryOp
      let float: Double
      let reference: @Sendable (Double, Double) -> Double
      var testDescription: String { "\(op)" }
    }

    static let pairs: [PairCase] = [
      PairCase(op: .atan2, float: 1.5) { atan2($0, $1) }, PairCase(op: .power, float: 0.6) { pow($0, $1) },
      PairCase(op: .remainder, float: 0.51) { x, y in
        let m = fmod(x, y)
        return m != 0 && (m < 0) != (y < 0) ? m + y : m
      },
      // Of the rounded difference, as in PyTorch: quotients of more than 22 bits may be one off.
      PairCase(op: .floorDivide, float: 2) { x, y in
        let m = fmod(x, y)
        if y == 0 || m.isNaN { return y == 0 ? x / y : m }
        return (x - m) / y - (m != 0 && (m < 0) != (y < 0) ? 1 : 0)
      },
    ]

    @Test(
      "functions of two elements agree with the C library in float64 at every level, whichever of the two is one number", arguments: pairs)
    func binary(_ test: PairCase) {
      var random = SplitMix64(seed: 11)
      var x = Self.special.flatMap { Array(repeating: $0, count: Self.special.count) } + random.floats(3000, in: -20...20)
      var y = Self.special.flatMap { _ in Self.special } + random.floats(3000, in: -3...3)
      x += stride(from: UInt32(0), to: .max - 70_000, by: 65_521).map { Float(bitPattern: $0) }
      y += random.floats(x.count - y.count, in: -2...2).map { $0 * 0x1p20 }
      let rows = ProgramBuilder.make { p in p.store(p.binary(test.op, p.load(.float32), p.load(.float32))) }
      atEachLevel { level in
        func check(_ result: [Float], _ x: [Float], _ y: [Float]) {
          var worst = (0.0, Float(0), Float(0))
          for i in result.indices {
            let distance = ulps(result[i], test.reference(Double(x[i]), Double(y[i])))
            if distance > worst.0 { worst = (distance, x[i], y[i]) }
          }
          #expect(worst.0 <= test.float, "\(level) at \(worst.1), \(worst.2)")
        }
        check(run(rows, [view(x, [x.count]), view(y, [x.count])], over: [x.count], as: Float.self), x, y)
        for single in [Float(-0.0), 0.5, -3, 1e30, .infinity] {
          let same = Array(repeating: single, count: y.count)
          let first = ProgramBuilder.make { p in p.store(p.binary(test.op, p.constant(Double(single), .float32), p.load(.float32))) }
          let second = ProgramBuilder.make { p in p.store(p.binary(test.op, p.load(.float32), p.constant(Double(single), .float32))) }
          check(run(first, [view(y, [y.count])], over: [y.count], as: Float.self), same, y)
          check(run(second, [view(x, [x.count])], over: [x.count], as: Float.self), x, same)
        }
      }
    }

    @Test(
      "signs of zero survive",
      arguments: [
        UnaryOp.floor, .ceil, .round, .sign, .tanh, .erf, .sin, .tan, .asin, .atan, .sinh, .expm1, .log1p, .sqrt, .abs,
      ])
    func zeroSigns(_ op: UnaryOp) {
      let program = ProgramBuilder.make { p in p.store(p.unary(op, p.load(.float32))) }
      atEachLevel { _ in
        let result = run(program, [view([Float(-0.0), 0, -0.3], [3])], over: [3], as: Float.self)
        #expect(result[0] == 0 && (result[0].sign == .minus) == (op != .abs))
        #expect(result[1] == 0 && result[1].sign == .plus)
        if op == .ceil || op == .round { #expect(result[2] == 0 && result[2].sign == .minus) }
      }
    }

    @Test(
      "a result does not depend on an element's position",
      arguments: [UnaryOp.exp, .tanh, .gelu, .log, .erf, .geluTanh, .sin, .cos, .tan, .atan, .sinh, .expm1, .log1p])
    func position(_ op: UnaryOp) {
      let program = ProgramBuilder.make { p in p.store(p.unary(op, p.load(.float32))) }
      var random = SplitMix64(seed: 9)
      var x = random.floats(1100, in: 0.1...4)
      // Some angles of so many turns that they go another way.
      for i in stride(from: 3, to: x.count, by: 45) { x[i] *= 0x1p30 }
      atEachLevel { level in
        let whole = run(program, [view(x, [x.count])], over: [x.count], as: Float.self)
        for length in Array(0...65) + [1023, 1024, 1025] {
          for start in [0, 1, 7] {
            let part = Array(x[start..<start + length])
            #expect(
              run(program, [view(part, [length])], over: [length], as: Float.self) == Array(whole[start..<start + length]), "\(level)")
          }
        }
      }
    }
  }

  @Suite struct Integers {
    @Test("integer arithmetic wraps and division by zero gives zero")
    func wrapping() {
      func result(_ op: BinaryOp, _ a: [Int32], _ b: [Int32]) -> [Int32] {
        let program = ProgramBuilder.make { p in p.store(p.binary(op, p.load(.int32), p.load(.int32))) }
        return run(program, [view(a, [a.count]), view(b, [b.count])], over: [a.count], as: Int32.self)
      }
      let a: [Int32] = [.max, .min, .min, 7, -7, 7, -7, 5, 0], b: [Int32] = [1, -1, 1, 2, 2, -2, -2, 0, 0]
      atEachLevel { _ in
        #expect(result(.add, a, b) == zip(a, b).map { $0 &+ $1 })
        #expect(result(.subtract, a, b) == zip(a, b).map { $0 &- $1 })
        #expect(result(.multiply, a, b) == zip(a, b).map { $0 &* $1 })
        #expect(result(.divide, a, b) == [.max, .min, .min, 3, -3, -3, 3, 0, 0])
        #expect(result(.floorDivide, a, b) == [.max, .min, .min, 3, -4, -4, 3, 0, 0])
        #expect(result(.remainder, a, b) == [0, 0, 0, 1, 1, -1, -1, 0, 0])
        #expect(result(.power, [2, 3, -2, 5, 2, 1, -1], [10, 0, 3, -1, 31, -5, -3]) == [1024, 1, -8, 0, .min, 1, -1])
      }
    }

    @Test("casts between all lanes cut off, saturate and take NaN to zero")
    func casts() {
      let x: [Double] = [0, -0.0, 1.9, -1.9, 3e9, -3e9, 1e19, -1e19, .nan, .infinity, -.infinity, 2_147_483_647, -2_147_483_648]
      func result<T: KernelElement>(_ dtype: DType, _ type: T.Type, from source: DType) -> [T] {
        let program = ProgramBuilder.make { p in p.store(p.cast(p.load(source), dtype)) }
        let input = source == .float64 ? view(x, [x.count]) : view(x.map(Float.init), [x.count])
        return run(program, [input], over: [x.count], as: T.self)
      }
      atEachLevel { _ in
        let int32: [Int32] = [0, 0, 1, -1, .max, .min, .max, .min, 0, .max, .min, .max, .min]
        #expect(result(.int32, Int32.self, from: .float64) == int32)
        #expect(result(.int32, Int32.self, from: .float32) == int32)
        let int64: [Int64] = [
          0, 0, 1, -1, 3_000_000_000, -3_000_000_000, .max, .min, 0, .max, .min, 2_147_483_647, -2_147_483_648,
        ]
        #expect(result(.int64, Int64.self, from: .float64) == int64)
        #expect(result(.bool, UInt8.self, from: .float32) == x.map { $0 != 0 ? 1 : 0 })
      }
    }
  }

  @Suite struct Memory {
    /// A number of a half type, the middle between it and the next one away from zero, and the floats beside that middle.
    static func roundingCases(_ x: Float, _ dtype: DType) -> [Float] {
      // Below 2^-14 numbers of float16 lie 2^-24 apart, and their middles are no even cut of a float's bits.
      let isTiny = dtype == .float16 && x.magnitude < 0x1p-14
      let upper = Float(bitPattern: x.bitPattern &+ (dtype == .float16 ? 0x1000 : 0x8000))
      let middle = isTiny ? x + (x.sign == .minus ? -0x1p-25 : 0x1p-25) : upper
      return [x, middle.nextDown, middle, middle.nextUp]
    }

    @Test("half types widen and round as in Swift: every number, every middle between two and its neighbors")
    func halves() {
      let all = (0...UInt16.max).map { $0 }
      var random = SplitMix64(seed: 10)
      let others = random.floats(20_000, in: -70_000...70_000) + random.floats(20_000, in: -1e-4...1e-4) + Functions.special
      for dtype in [DType.float16, .bfloat16] {
        let isFloat16 = dtype == .float16
        let widened: [Float] = all.map { isFloat16 ? Float(Float16(bitPattern: $0)) : Float(bfloat16Bits: $0) }
        let values: [Float] = widened.flatMap { Self.roundingCases($0, dtype) } + others
        let rounded: [UInt16] = values.map { isFloat16 ? Float16($0).bitPattern : $0.bfloat16Bits }
        let infinity: UInt16 = isFloat16 ? 0x7C00 : 0x7F80
        let widen = ProgramBuilder.make { p in p.store(p.load(dtype), .float32) }
        let narrow = ProgramBuilder.make { p in p.store(p.load(.float32), dtype) }
        atEachLevel { level in
          let floats = run(widen, [view(all, [all.count], dtype: dtype)], over: [all.count], as: Float.self)
          let bits = run(narrow, [view(values, [values.count])], over: [values.count], as: UInt16.self)
          let wrongFloats = all.indices.filter {
            floats[$0].bitPattern != widened[$0].bitPattern && !(floats[$0].isNaN && widened[$0].isNaN)
          }
          let wrongBits = values.indices.filter { i in
            values[i].isNaN ? bits[i] & 0x7FFF <= infinity : bits[i] != rounded[i]
          }
          #expect(wrongFloats.isEmpty, "\(level) \(dtype): \(wrongFloats.prefix(3).map { all[$0] })")
          #expect(wrongBits.isEmpty, "\(level) \(dtype): \(wrongBits.prefix(3).map { values[$0] })")
          #expect(floats.filter { $0.isNaN }.count == (isFloat16 ? 2046 : 254))
        }
      }
    }

    @Test("bool and uint8 load as numbers and wrap when stored")
    func small() {
      let program = ProgramBuilder.make { p in p.store(p.binary(.add, p.load(.uint8), p.load(.uint8))) }
      let bytes = (0..<100).map { UInt8($0 * 2) }
      #expect(run(program, [view(bytes, [100]), view(bytes, [100])], over: [100], as: UInt8.self) == bytes.map { $0 &+ $0 })
      let not = ProgramBuilder.make { p in p.store(p.unary(.not, p.load(.bool))) }
      #expect(run(not, [view([UInt8(0), 1, 2], [3], dtype: .bool)], over: [3], as: UInt8.self) == [1, 0, 0])
    }
  }

  @Suite struct Random {
    /// Key, element, stream and the four words: Random123's known answers for Philox-4×32-10 where the last counter word is 0, and words from
    /// Fixtures/philox.py, which reproduces all known answers.
    struct Golden: Decodable {
      var key: Int64, element: Int64, stream: UInt32, words: [Int64]
    }

    static let golden: [Golden] = try! JSONDecoder().decode(
      [Golden].self,
      from: Data(contentsOf: Fixtures.url("philox.json")))

    @Test("random bits are Philox-4×32-10's, whatever the length and the layout", arguments: 0..<4)
    func philox(lane: Int) {
      atEachLevel { _ in
        for golden in Self.golden where golden.element < 4_000 {
          let program = ProgramBuilder.make { p in
            let key = p.load(.int64, row: false)
            p.store(p.add(.random(key: key, stream: golden.stream, lane: lane, numbering: .byElement), .int64, row: true))
          }
          let element = Int(golden.element)
          for shape in [[element + 1], [element + 3, 1], [element / 7 + 1, 7], [2, element / 2 + 1]] as [Shape] {
            let key = view([golden.key], [1]).with(
              Layout(shape: shape, strides: Shape(repeating: 0, count: shape.rank)))
            let bits = run(program, [key], over: shape, as: Int64.self)
            #expect(bits[element] == golden.words[lane], "\(shape)")
          }
        }
      }
    }

    @Test("the unit interval takes the top 24 bits in float32 and all 32 and a half in float64")
    func unitInterval() {
      let bits: [Int64] = [0, 1, 255, 256, 0x8000_0000, 0xffff_ffff]
      func result<T: KernelElement>(_ type: T.Type) -> [T] {
        let program = ProgramBuilder.make { p in
          let bits = p.load(.int64)
          p.store(p.add(.unary(.unitInterval, bits), T.dtype, row: true))
        }
        return run(program, [view(bits, [bits.count])], over: [bits.count], as: T.self)
      }
      atEachLevel { _ in
        #expect(result(Float.self) == bits.map { Float($0 >> 8) * 0x1p-24 })
        #expect(result(Double.self) == bits.map { (Double($0) + 0.5) * 0x1p-32 })
      }
    }
  }
}
