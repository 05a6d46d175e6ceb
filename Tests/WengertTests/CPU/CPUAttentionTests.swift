import Foundation
import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

@Suite struct CPUAttentionTests {
  /// Philox-4×32-10 by its definition.
  static func philox(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
    var (c, k) = (counter, key)
    for _ in 0..<10 {
      let a = UInt64(c[0]) * 0xD251_1F53, b = UInt64(c[2]) * 0xCD9E_8D57
      c = [
        UInt32(b >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: b), UInt32(a >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: a),
      ]
      k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
    }
    return c
  }

  struct Problem {
    var query: View, key: View, value: View, offsets: [Int], heads: Int
    var dropout = 0.0
    var randomKey: Int64 = 0
    var dtype = DType.float64
    let scale = 0.3

    var call: AttentionOperands {
      let key64 = View([0], [1], .int64)
      withUnsafeBytes(of: randomKey) { CPUBackend.shared.write(RawSpan(_unsafeBytes: $0), to: key64.storage, at: 0) }
      return AttentionOperands(
        query: query, key: key, value: value, offsets: View(offsets.map(Double.init), [offsets.count], .int32), heads: heads, scale: scale,
        dropout: dropout, randomKey: dropout > 0 ? key64 : nil)
    }

    func factor(_ head: Int, _ i: Int, _ j: Int) -> Double {
      if dropout == 0 { return 1 }
      let tokens = query.shape[0]
      let e = UInt64((head * tokens + i) * tokens + j), k = UInt64(bitPattern: randomKey)
      let bits = CPUAttentionTests.philox(
        [UInt32(truncatingIfNeeded: e), UInt32(e >> 32), 0, 0], [UInt32(truncatingIfNeeded: k), UInt32(k >> 32)])[0]
      let isKept =
        dtype == .float64 ? (Double(bits) + 0.5) * 0x1p-32 >= dropout : Float(bits >> 8) * 0x1p-24 >= Float(dropout)
      return isKept ? 1 / (1 - dropout) : 0
    }

    /// Output and log-sum-exp by dense loops.
    func reference() -> (out: [Double], logSumExp: [Double]) {
      let tokens = query.shape[0], width = query.shape[1] / heads
      let (q, k, v) = (query.values, key.values, value.values)
      var out = [Double](repeating: 0, count: tokens * heads * width), sums = [Double](repeating: 0, count: tokens * heads)
      for (start, end) in zip(offsets, offsets.dropFirst()) {
        for h in 0..<heads {
          for i in start..<end {
            let scores = (start..<end).map { j in
              scale * (0..<width).reduce(0.0) { $0 + q[(i * heads + h) * width + $1] * k[(j * heads + h) * width + $1] }
            }
            let top = scores.max()!
            let sum = top + log(scores.reduce(0) { $0 + exp($1 - top) })
            sums[i * heads + h] = sum
            for j in start..<end {
              let weight = exp(scores[j - start] - sum) * factor(h, i, j)
              for d in 0..<width { out[(i * heads + h) * width + d] += weight * v[(j * heads + h) * width + d] }
            }
          }
        }
      }
      return (out, sums)
    }
  }

  func problem(_ offsets: [Int], heads: Int, width: Int, _ dtype: DType, _ lie: Lie, _ numbers: inout SplitMix64) -> Problem {
    let shape: Shape = [offsets.last!, heads * width]
    return Problem(
      query: .random(shape, dtype, lie, &numbers), key: .random(shape, dtype, lie, &numbers), value: .random(shape, dtype, lie, &numbers),
      offsets: offsets, heads: heads, dtype: dtype)
  }

  func sumsType(_ dtype: DType) -> DType { dtype == .float64 ? .float64 : .float32 }

  @Test("the generator in this file gives the published numbers (Random123, philox4x32-10)")
  func generator() {
    #expect(Self.philox([0, 0, 0, 0], [0, 0]) == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
  }

  @Test(
    "attention agrees with dense loops for every dtype and layout, dropout included",
    arguments: [DType.float32, .float64, .float16, .bfloat16])
  func forward(dtype: DType) {
    var numbers = SplitMix64(1)
    for offsets in [[0, 3], [0, 1, 1, 6, 23], [0, 0, 40, 41, 41]] {
      for lie in Lie.allCases {
        for dropout in [0, 0.4] {
          var p = problem(offsets, heads: 3, width: 5, dtype, lie, &numbers)
          (p.dropout, p.randomKey) = (dropout, -1_234_567_890_123)
          let tokens = offsets.last!
          let out = View.random([tokens, 15], dtype, lie, &numbers)
          let sums = View.random([tokens, 3], sumsType(dtype), lie, &numbers)
          CPUBackend.shared.attention(p.call, into: out, logSumExp: sums)
          let expected = p.reference()
          expectClose(out, expected.out, epsilon(dtype) * 8, "\(offsets) \(lie) \(dropout)")
          expectClose(sums, expected.logSumExp, max(epsilon(sumsType(dtype)) * 8, 1e-14), "log-sum-exp \(offsets) \(lie) \(dropout)")
        }
      }
    }
  }

  @Test("sequences longer than a block of rows agree with dense loops", arguments: [DType.float32, .float64])
  func long(dtype: DType) {
    var numbers = SplitMix64(2)
    var p = problem([0, 390, 400], heads: 1, width: 4, dtype, .contiguous, &numbers)
    (p.dropout, p.randomKey) = (0.25, 77)
    let out = View.random([400, 4], dtype, .contiguous, &numbers), sums = View.random([400, 1], dtype, .contiguous, &numbers)
    CPUBackend.shared.attention(p.call, into: out, logSumExp: sums)
    let expected = p.reference()
    expectClose(out, expected.out, epsilon(dtype) * 16)
    expectClose(sums, expected.logSumExp, epsilon(dtype) * 16)
  }

  @Test("scores far apart neither overflow nor lose the largest")
  func extremes() {
    let p = Problem(
      query: View([300, -300], [2, 1], .float32), key: View([300, -300], [2, 1], .float32), value: View([1, 2], [2, 1], .float32),
      offsets: [0, 2], heads: 1, dtype: .float32)
    let out = View([0, 0], [2, 1], .float32), sums = View([0, 0], [2, 1], .float32)
    CPUBackend.shared.attention(p.call, into: out, logSumExp: sums)
    #expect(out.values == [1, 2])
    expectClose(sums, [27000, 27000], 0.01)
  }

  @Test("weights are the exponentials of row programs to the bit, and zero below the least normal float")
  func exponentials() {
    // Sequences of two, whose second score is so far below the first one that the sum of exponentials is 1.
    let keys: [Double] = (0..<400).map { -60 - Double($0) * 0.7 }
    let offsets = (0...keys.count).map { 2 * $0 }
    let shape: Shape = [2 * keys.count, 1]
    let p = Problem(
      query: View(offsets.dropLast().flatMap { _ in [1.0, 1.0] }, shape, .float32), key: View(keys.flatMap { [0, $0] }, shape, .float32),
      value: View(keys.flatMap { _ in [0.0, 1.0] }, shape, .float32), offsets: offsets, heads: 1, dtype: .float32)
    let out = View(keys.flatMap { _ in [0.0, 0.0] }, shape, .float32), sums = View(keys.flatMap { _ in [0.0, 0.0] }, shape, .float32)
    CPUBackend.shared.attention(p.call, into: out, logSumExp: sums)

    let scores: [Float] = keys.map { Float($0) * Float(p.scale) }
    let exponential = ProgramBuilder.make { p in p.store(p.unary(.exp, p.load(.float32))) }
    let exponentials = run(exponential, [view(scores, [scores.count])], over: [scores.count], as: Float.self)
    let expected: [Double] = exponentials.flatMap { weight in
      let kept = weight < .leastNormalMagnitude ? 0 : Double(weight)
      return [kept, kept]
    }
    #expect(out.values == expected)
    #expect(expected.contains(0) && exponentials.contains { $0.isSubnormal })
  }

  @Test("gradients agree with central differences in float64, dropout and long sequences included")
  func gradients() {
    var numbers = SplitMix64(3)
    for (offsets, heads, width, dropout) in [([0, 4, 4, 11], 2, 3, 0.0), ([0, 4, 4, 11], 2, 3, 0.3), ([0, 300, 303], 1, 2, 0.3)] {
      var p = problem(offsets, heads: heads, width: width, .float64, .contiguous, &numbers)
      (p.dropout, p.randomKey) = (dropout, 0x1234_5678_9ABC)
      let shape = p.query.shape
      let cotangent = View.random(shape, .float64, .contiguous, &numbers)
      let c = cotangent.values
      let out = View.random(shape, .float64, .contiguous, &numbers), sums = View.random([shape[0], heads], .float64, .contiguous, &numbers)
      func loss() -> Double {
        let (o, s) = (View.random(shape, .float64, .contiguous, &numbers), View.random([shape[0], heads], .float64, .contiguous, &numbers))
        CPUBackend.shared.attention(p.call, into: o, logSumExp: s)
        return zip(o.values, c).reduce(0) { $0 + $1.0 * $1.1 }
      }
      CPUBackend.shared.attention(p.call, into: out, logSumExp: sums)
      let gradients = (0..<3).map { _ in View.random(shape, .float64, .contiguous, &numbers) }
      CPUBackend.shared.attentionBackward(
        p.call, out: out, logSumExp: sums, cotangent: cotangent, intoQuery: gradients[0], intoKey: gradients[1], intoValue: gradients[2])
      for (operand, gradient) in zip([p.query, p.key, p.value], gradients) {
        for _ in 0..<25 {
          let place: Shape = [numbers.below(shape[0]), numbers.below(shape[1])]
          let (x, h) = (operand[place], 1e-5)
          operand[place] = x + h
          let above = loss()
          operand[place] = x - h
          let below = loss()
          operand[place] = x
          #expect(abs(gradient[place] - (above - below) / (2 * h)) < 1e-8)
        }
      }
    }
  }

  @Test("gradients in every dtype and layout agree with float64", arguments: [DType.float32, .float16, .bfloat16])
  func gradientTypes(dtype: DType) {
    var numbers = SplitMix64(4)
    let offsets = [0, 5, 5, 17], heads = 2, width = 4
    let shape: Shape = [17, 8]
    for lie in Lie.allCases {
      let p = problem(offsets, heads: heads, width: width, dtype, lie, &numbers)
      let cotangent = View.random(shape, dtype, lie, &numbers)
      func run(_ p: Problem, _ cotangent: View, _ dtype: DType, _ lie: Lie) -> [View] {
        let out = View.random(shape, dtype, lie, &numbers), sums = View.random([17, heads], sumsType(dtype), lie, &numbers)
        let gradients = (0..<3).map { _ in View.random(shape, dtype, lie, &numbers) }
        CPUBackend.shared.attention(p.call, into: out, logSumExp: sums)
        CPUBackend.shared.attentionBackward(
          p.call, out: out, logSumExp: sums, cotangent: cotangent, intoQuery: gradients[0], intoKey: gradients[1], intoValue: gradients[2])
        return gradients
      }
      var wide = p
      wide.query = View(p.query.values, shape, .float64)
      wide.key = View(p.key.values, shape, .float64)
      wide.value = View(p.value.values, shape, .float64)
      wide.dtype = .float64
      let expected = run(wide, View(cotangent.values, shape, .float64), .float64, .contiguous)
      for (gradient, reference) in zip(run(p, cotangent, dtype, lie), expected) {
        expectClose(gradient, reference.values, epsilon(dtype) * 16, "\(lie)")
      }
    }
  }

  @Test("no token at all is no work: nothing is written, forwards or backwards")
  func empty() {
    var numbers = SplitMix64(5)
    let p = problem([0, 0, 0], heads: 2, width: 3, .float32, .contiguous, &numbers)
    let memory = (0..<6).map { _ in View(Array(repeating: 7, count: 6), [1, 6], .float32) }
    func none(_ i: Int, _ width: Int) -> View { memory[i].with(Layout(shape: [0, width], strides: [6, 1])) }
    CPUBackend.shared.attention(p.call, into: none(0, 6), logSumExp: none(1, 2))
    CPUBackend.shared.attentionBackward(
      p.call, out: none(0, 6), logSumExp: none(1, 2), cotangent: none(2, 6), intoQuery: none(3, 6), intoKey: none(4, 6),
      intoValue: none(5, 6))
    for view in memory { #expect(view.values == Array(repeating: 7, count: 6)) }
  }
}
