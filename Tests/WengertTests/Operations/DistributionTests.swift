import Foundation
import Testing
import WengertTestSupport

/// Support, bounds, moments and independence of what is drawn, by tests of goodness of fit on fixed seeds.
@Suite("Distributions of random numbers")
struct DistributionTests {
  private static let count = 200_000
  private static let ranges: [(Double, Double)] = [
    (0, 1), (-1, 3), (1000, 1001), (5, 6), (-3, -2.5), (0.1, 0.2), (-0.001, 1000), (0, 7), (0.3, 0.7), (1, 1.5),
  ]

  @Test("uniform numbers lie in low..<high, each interval as often as its length says", arguments: DType.floats, ranges)
  func uniform(_ dtype: DType, _ range: (Double, Double)) {
    let (low, high) = range
    let x = RandomKey(77).uniform([Self.count], low: low, high: high, dtype: dtype)
    #expect(x.dtype == dtype)
    // As the dtype compares, which may not tell the bounds apart.
    let bound = Tensor(high, dtype: .float64).cast(to: dtype).item()
    #expect(bound <= low || (x .< low).any().item() == 0 && (x .>= high).any().item() == 0, "\(dtype) \(range)")
    let numbers = x.array(of: Double.self)
    #expect(numbers.allSatisfy { $0 >= low && $0 < high }, "\(dtype) \(range)")
    // Bounds that the dtype has: those in between count for the lower one.
    let spacing = FloatFormat.of(dtype)!.spacing(at: max(abs(low), numbers.max()!))
    let bounds = Set((1..<32).map { ((low + Double($0) / 32 * (high - low)) / spacing).rounded(.down) * spacing }.filter { $0 > low })
    let deviate = bounds.isEmpty ? 0 : GoodnessOfFit.chiSquare(numbers, bounds: bounds.sorted()) { ($0 - low) / (high - low) }
    #expect(abs(deviate) < 4.5, "\(dtype) \(range): \(deviate)")
    // Rounding down moves the mean by half a spacing at most.
    let moved = GoodnessOfFit.mean(numbers, (low + high) / 2, deviation: (high - low) / 12.0.squareRoot())
    let allowed = 4.5 + spacing / 2 / ((high - low) / 12.0.squareRoot()) * Double(Self.count).squareRoot()
    #expect(abs(moved) < allowed, "\(dtype) \(range): \(moved)")
  }

  @Test("the first and the last number of a range are drawn, and what was above is not", arguments: [DType.float16, .bfloat16, .float32])
  func uniformEnds(_ dtype: DType) {
    let one = 1 - FloatFormat.of(dtype)!.spacing(at: 0.5)
    let unit = RandomKey(1).uniform([1_000_000], dtype: dtype)
    #expect(dtype == .float32 || unit.max().item() == one && unit.min().item() == 0)
    #expect((unit .>= 1).sum().item() == 0)
    let x = RandomKey(1).uniform([2_000_000], low: 512, high: 512 + 16 * FloatFormat.of(dtype)!.spacing(at: 512), dtype: dtype)
    let places = ((x.cast(to: .float64) - 512) / FloatFormat.of(dtype)!.spacing(at: 512)).cast(to: .int64)
    let counts = places.oneHot(16, dtype: .float32).sum(axes: [0]).array(of: Int.self)
    #expect(abs(GoodnessOfFit.chiSquare(counts, Array(repeating: 1 / 16, count: 16))) < 4.5, "\(counts)")
  }

  @Test("uniform numbers of float64 have 53 bits, those of float32 their 24 as ever")
  func uniformBits() {
    let x = RandomKey(5).uniform([100_000], dtype: .float64)
    let low = (x * 0x1p53 - floor(x * 0x1p32) * 0x1p21).array(of: Double.self)
    #expect(abs(GoodnessOfFit.chiSquare(low, bounds: (1..<16).map { Double($0) * 0x1p17 }) { $0 * 0x1p-21 }) < 4.5)
    #expect(Set(x.array(of: Double.self)).count == 100_000)
    let words = (0..<64).map { Philox.word(key: 5, stream: 0, lane: 0, element: $0) }
    #expect(RandomKey(5).uniform([64]).array(of: Float.self) == words.map { Float($0 >> 8) * 0x1p-24 })
  }

  @Test("uniform numbers are smooth to the eye of Kolmogorov", arguments: [DType.float32, .float64])
  func kolmogorov(_ dtype: DType) {
    for seed in 0..<4 {
      let x = RandomKey(seed).uniform([50_000], dtype: dtype).array(of: Double.self)
      #expect(GoodnessOfFit.kolmogorov(x) { $0 } < 2.4)
    }
  }

  @Test("normal numbers fit Φ, in each dtype to its rounding", arguments: DType.floats)
  func normal(_ dtype: DType) {
    let z = RandomKey(8).normal([Self.count], dtype: dtype).array(of: Double.self)
    let format = FloatFormat.of(dtype)!
    // Halfway between neighbors, where rounding puts the boundary.
    let bounds = (-12...12).map { i -> Double in
      let x = (Double(i) * 0.25 / format.spacing(at: 3)).rounded() * format.spacing(at: 3)
      return x + (x < 0 ? -1 : 1) * format.spacing(at: x == 0 ? 0.25 : x) / 2
    }
    let phi = { (x: Double) in erfc(-x / 2.0.squareRoot()) / 2 }
    #expect(abs(GoodnessOfFit.chiSquare(z, bounds: bounds, below: phi)) < 4.5)
    if dtype == .float32 || dtype == .float64 { #expect(GoodnessOfFit.kolmogorov(z, below: phi) < 2.4) }
    #expect(abs(GoodnessOfFit.mean(z, 0, deviation: 1)) < 4.5)
    #expect(abs(GoodnessOfFit.mean(z.map { $0 * $0 }, 1, deviation: 2.0.squareRoot())) < 4.5)
    #expect(abs(GoodnessOfFit.mean(z.map { $0 * $0 * $0 }, 0, deviation: 15.0.squareRoot())) < 4.5)
    #expect(abs(GoodnessOfFit.mean(z.map { $0 * $0 * $0 * $0 }, 3, deviation: 96.0.squareRoot())) < 4.5)
    let far = z.filter { abs($0) > 4 }.count
    #expect((3...26).contains(far), "\(far) of 200,000 beyond four deviations, 12.7 expected")
    #expect(z.allSatisfy { $0.isFinite && abs($0) < 6.8 })
  }

  @Test("bernoulli is right for probabilities near 0 and 1, exact at both", arguments: [0, 1e-5, 0.001, 0.3, 0.999, 1 - 1e-5, 1])
  func bernoulli(_ p: Double) {
    let n = 2_000_000
    let hits = Int(RandomKey(4).bernoulli(p, [n]).sum().item())
    if p == 0 || p == 1 {
      #expect(hits == Int(p) * n)
    } else {
      #expect(abs(Double(hits) - Double(n) * p) < 4.5 * (Double(n) * p * (1 - p)).squareRoot(), "\(hits)")
    }
  }

  private static let integerRanges: [Range<Int>] = {
    let big: Int = 1 << 53, word: Int = 1 << 32
    var list: [Range<Int>] = [0..<7, -3..<4, 0..<1, 41..<42, 0..<3_000_000_000, -5_000_000_000..<7]
    list.append(big..<(big + 5))
    list.append((Int.max - 6)..<Int.max)
    list.append(Int.min..<(Int.min + 3))
    list.append(0..<Int.max)
    list.append(Int.min..<Int.max)
    list.append((Int.min / 2)..<Int.max)
    list.append(0..<word)
    list.append(0..<(word + 1))
    return list
  }()

  @Test("whole numbers are uniform in ranges of any length", arguments: integerRanges)
  func integers(_ range: Range<Int>) {
    let x = RandomKey(12).integers(range, [100_000])
    let numbers = x.array(of: Int.self)
    #expect(x.dtype == .int64 && numbers.allSatisfy(range.contains))
    // Bins by the place in the range, and by the low bits, which long ranges have at random too.
    let length = UInt64(bitPattern: Int64(range.upperBound)) &- UInt64(bitPattern: Int64(range.lowerBound))
    let bins = Int(min(length, 24))
    var byPlace = [Int](repeating: 0, count: bins)
    for n in numbers {
      let place = UInt64(bitPattern: Int64(n)) &- UInt64(bitPattern: Int64(range.lowerBound))
      byPlace[Int(length.dividingFullWidth(place.multipliedFullWidth(by: UInt64(bins))).quotient)] += 1
    }
    if bins == 1 {
      #expect(byPlace == [100_000])
      return
    }
    #expect(abs(GoodnessOfFit.chiSquare(byPlace, Array(repeating: 1 / Double(bins), count: bins))) < 4.5, "\(range): \(byPlace)")
    if length > 1 << 20 {
      var byLowBits = [Int](repeating: 0, count: 16)
      for n in numbers { byLowBits[n & 15] += 1 }
      #expect(abs(GoodnessOfFit.chiSquare(byLowBits, Array(repeating: 1 / 16, count: 16))) < 4.5, "\(range): \(byLowBits)")
    }
  }

  @Test("every order of five comes equally often")
  func permutations() {
    var counts: [[Int]: Int] = [:]
    for key in RandomKey(3).split(6000) { counts[key.permutation(5).array(of: Int.self), default: 0] += 1 }
    #expect(counts.count == 120)
    #expect(abs(GoodnessOfFit.chiSquare(Array(counts.values), Array(repeating: 1 / 120, count: 120))) < 4.5)
  }

  @Test("classes are drawn by their probabilities, in pairs without replacement too", arguments: DType.floats)
  func categorical(_ dtype: DType) {
    // Powers of two, which logarithms of every dtype keep well enough: exact up to a common factor.
    let weights = [8.0, 1, 0, 4, 2]
    let logits = log(Tensor(weights, dtype: .float64)).cast(to: dtype)
    let kept = exp(logits.cast(to: .float64)).array(of: Double.self)
    let p = kept.map { $0 / kept.reduce(0, +) }
    var counts = [Int](repeating: 0, count: 5)
    for i in RandomKey(21).categorical(logits, count: Self.count).array(of: Int.self) { counts[i] += 1 }
    #expect(abs(GoodnessOfFit.chiSquare(counts, p)) < 4.5, "\(counts)")

    let pairs = RandomKey(22).categorical(logits.broadcast(to: [60_000, 5]), count: 2, replacement: false).array(of: Int.self)
    var both = [Int](repeating: 0, count: 25)
    for i in stride(from: 0, to: pairs.count, by: 2) { both[pairs[i] * 5 + pairs[i + 1]] += 1 }
    var expected = [Double](repeating: 0, count: 25)
    for a in 0..<5 {
      for b in 0..<5 where a != b { expected[a * 5 + b] = p[a] * p[b] / (1 - p[a]) }
    }
    #expect(abs(GoodnessOfFit.chiSquare(both, expected)) < 4.5, "\(both)")
  }

  @Test("a compiled function draws no class, named by the number of classes, where none is possible")
  func impossibleClasses() {
    let key = RandomKey(2)
    let draw = compile { (x: Tensor) in [key.categorical(x, count: 3), key.categorical(x, count: 2, replacement: false)] }
    let inf = Double.infinity
    let y = draw(Tensor([-inf, -inf, 0, -inf, -inf, -inf, .nan, 1, 2, inf, 0, 0, 1, 2, 3], shape: [5, 3]))
    #expect(y[0].array(of: Int.self) == [2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3] + Array(y[0].array(of: Int.self)[12...]))
    #expect(y[0].array(of: Int.self)[12...].allSatisfy { $0 < 3 })
    let some = y[1].array(of: Int.self)
    #expect(Array(some[..<4]) == [2, 3, 3, 3] && some[4] == 3 && some[6] == 3)
    #expect(Set(some[8...]).isSubset(of: [0, 1, 2]) && some[8] != some[9])
    #expect(key.categorical(Tensor([[1.0, -inf]]), count: 50).array(of: Int.self).allSatisfy { $0 == 0 })
  }

  @Test("dropout's masks drop the share asked for, evenly over rows and columns and alike in every dtype", arguments: [0.1, 0.5, 0.9])
  func dropout(_ rate: Double) {
    let key = RandomKey(31)
    let masks = DType.floats.filter { $0 != .float64 }.map { dtype in
      (Tensor.ones([400, 500], dtype: dtype).dropout(rate, key: key) .== 0).cast(to: .float64)
    }
    #expect(masks.allSatisfy { ($0 .== masks[0]).all().item() == 1 })
    for mask in masks[..<1] + [(Tensor.ones([400, 500], dtype: .float64).dropout(rate, key: key) .== 0).cast(to: .float64)] {
      for axis in 0...1 {
        let sums = mask.sum(axes: [axis]).array(of: Double.self), n = Double(mask.shape[axis])
        // Binomial sums in their own deviations: χ² by their squares.
        let squares = sums.map { ($0 - n * rate) * ($0 - n * rate) / (n * rate * (1 - rate)) }
        #expect(
          abs(GoodnessOfFit.mean(squares, 1, deviation: (2 + (1 - 6 * rate * (1 - rate)) / (n * rate * (1 - rate))).squareRoot())) < 4.5)
        #expect(abs(GoodnessOfFit.mean(sums, n * rate, deviation: (n * rate * (1 - rate)).squareRoot())) < 4.5)
      }
    }
    let rows = key.keys(for: Tensor((0..<400).map(Int64.init), shape: [400, 1]))
    let byRow = (Tensor.ones([400, 500]).dropout(rate, key: rows) .== 0).cast(to: .float64).array(of: Double.self)
    #expect(abs(GoodnessOfFit.mean(byRow, rate, deviation: (rate * (1 - rate)).squareRoot())) < 4.5)
    #expect(abs(GoodnessOfFit.correlation(byRow[..<199_500], byRow[500...])) < 4.5, "rows of neighboring keys")
  }

  @Test("neighbors, lanes, seeds and children are independent")
  func independent() {
    let n = 100_000
    func numbers(_ key: RandomKey) -> [Double] { key.uniform([n], dtype: .float64).array(of: Double.self) }
    let key = RandomKey(17), x = numbers(key)
    for distance in [1, 2, 4, 1024] { #expect(abs(GoodnessOfFit.correlation(x[..<(n - distance)], x[distance...])) < 4.5, "\(distance)") }
    var pairs = [Int](repeating: 0, count: 256)
    for i in 0..<n - 1 { pairs[Int(x[i] * 16) * 16 + Int(x[i + 1] * 16)] += 1 }
    #expect(abs(GoodnessOfFit.chiSquare(pairs, Array(repeating: 1 / 256, count: 256))) < 4.5)
    let family =
      [RandomKey(18), RandomKey(-17), RandomKey(17 + 1 << 32)] + key.split(3) + [key.fold(0), key.fold(1), key.split(1)[0].split(1)[0]]
    for (i, other) in family.enumerated() { #expect(abs(GoodnessOfFit.correlation(x, numbers(other))) < 4.5, "relative \(i)") }
    // The two numbers of a normal one, and of a normal and its neighbor.
    let z = key.fold(9).normal([n], dtype: .float64).array(of: Double.self)
    #expect(abs(GoodnessOfFit.correlation(z[..<(n - 1)], z[1...])) < 4.5)
    #expect(abs(GoodnessOfFit.correlation(z[..<(n - 1)].map { $0 * $0 }, z[1...].map { $0 * $0 })) < 4.5)
  }

  @Test("children's keys are distinct, and each of their bits is set in half of them")
  func keys() {
    let parent = RandomKey(0)
    let split = parent.split(5000).map { $0.data.array(of: Int64.self)[0] }
    let folded = (0..<5000).map { parent.fold($0).data.array(of: Int64.self)[0] }
    #expect(Set(split + folded).count == 10_000)
    for keys in [split, folded] {
      for bit in 0..<64 {
        let set = keys.filter { $0 >> bit & 1 == 1 }.count
        #expect(abs(Double(set) - 2500) < 4.5 * 1250.0.squareRoot(), "bit \(bit) is set in \(set) of 5000")
      }
    }
  }

  @Test("rows with keys of their own draw what their key alone says, for every distribution")
  func rowKeys() {
    let key = RandomKey(6)
    let both = key.keys(for: Tensor([7, 3] as [Int], shape: [2, 1])), last = key.keys(for: Tensor([3] as [Int], shape: [1, 1]))
    let draws: [(RandomKey, Shape) -> Tensor] = [
      { $0.uniform($1) }, { $0.uniform($1, low: -2, high: 5, dtype: .float64) }, { $0.normal($1) }, { $0.bernoulli(0.4, $1) },
      { $0.integers(0..<1 << 40, $1) },
    ]
    for (i, draw) in draws.enumerated() {
      let x = draw(both, [2, 50]), y = draw(last, [1, 50])
      #expect(x[1].array(of: Double.self) == y[0].array(of: Double.self), "\(i)")
      #expect(x[0].array(of: Double.self) != x[1].array(of: Double.self), "\(i)")
    }
  }

  @Test("compiled draws are the eager ones, bit for bit", arguments: DType.floats)
  func compiled(_ dtype: DType) {
    let draw: (Tensor) -> [Tensor] = { data in
      let key = RandomKey(data)
      return [
        key.uniform([300], dtype: dtype), key.uniform([300], low: 5, high: 6, dtype: dtype),
        key.uniform([3, 70], low: -0.3, high: 9, dtype: dtype),
        key.normal([300], dtype: dtype), key.bernoulli(0.3, [300]), key.integers(Int.min..<Int.max, [300]),
        key.integers(-9..<1 << 40, [30]),
        key.permutation(99), key.categorical(Tensor([0, 1, 2], dtype: dtype), count: 40),
      ]
    }
    for (eager, compiled) in zip(draw(RandomKey(3).data), compile(draw)(RandomKey(3).data)) {
      #expect(eager.dtype == compiled.dtype)
      #expect(eager.isEqual(to: compiled))
    }
  }
}

extension Tensor {
  fileprivate func isEqual(to other: Tensor) -> Bool {
    dtype == .int64 ? array(of: Int64.self) == other.array(of: Int64.self) : array(of: Double.self) == other.array(of: Double.self)
  }
}

private enum Mistakes {
  static func integers() { _ = RandomKey(1).integers(3..<3, [2]) }
  static let integersLine = #line - 1
}

/// What cannot be drawn is refused, with the caller's line.
@Suite("Arguments of random numbers")
struct RandomArgumentTests {
  @Test("an empty range has no numbers")
  func empty() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { Mistakes.integers() }
      .expectsMessage("DistributionTests.swift:\(Mistakes.integersLine)", "integers: there is no number in 3..<3")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = RandomKey(1).uniform([2], low: 1, high: 1) }
      .expectsMessage("DistributionTests.swift:\(#line - 1)", "uniform: there is no number in 1.0..<1.0")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = RandomKey(1).uniform([2], low: 2, high: 1) }
      .expectsMessage("uniform: there is no number in 2.0..<1.0")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = RandomKey(1).uniform([2], low: .nan, high: 1) }
      .expectsMessage("uniform: there is no number in nan..<1.0")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RandomKey(1).uniform([2], low: 1.001, high: 1.002, dtype: .bfloat16)
    }
    .expectsMessage("uniform: bfloat16 has no number in 1.001..<1.002")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = RandomKey(1).uniform([2], high: .infinity) }
      .expectsMessage("uniform: 0.0..<inf has bounds that are not finite in float32")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RandomKey(1).uniform([2], high: 70_000, dtype: .float16)
    }
    .expectsMessage("uniform: 0.0..<70000.0 has bounds that are not finite in float16")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = RandomKey(1).uniform([2], dtype: .int32) }
      .expectsMessage("uniform: draws floating numbers, not int32")
  }

  @Test("probabilities, deviations and counts that are none")
  func probabilities() async {
    for p in [-0.1, 1.5] {
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [p = p as Double] in
        _ = RandomKey(1).bernoulli(p, [2])
      }
      .expectsMessage("bernoulli: the probability \(p) is not in 0...1")
    }
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = RandomKey(1).bernoulli(.nan, [2]) }
      .expectsMessage("DistributionTests.swift:\(#line - 1)", "bernoulli: the probability nan is not in 0...1")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = RandomKey(1).normal([2], standardDeviation: -1) }
      .expectsMessage("normal: needs a finite mean and a standard deviation of at least 0, got 0.0 and -1.0")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = RandomKey(1).permutation(-1) }
      .expectsMessage("permutation: there are no -1 numbers")
  }

  @Test("log-probabilities without a possible class")
  func classes() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RandomKey(1).categorical(Tensor([[0, 1], [-.infinity, -.infinity]]))
    }
    .expectsMessage(
      "DistributionTests.swift:", "categorical: row 1 of the log-probabilities float32[2, 2] has 0 classes above −∞, to draw 1 of")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RandomKey(1).categorical(Tensor([0, 1, -.infinity]), count: 3, replacement: false)
    }
    .expectsMessage("categorical: row 0 of the log-probabilities float32[3] has 2 classes above −∞, to draw 3 of")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = RandomKey(1).categorical(Tensor([0, .nan])) }
      .expectsMessage("categorical: row 0 of the log-probabilities float32[2] has NaN or +∞ in it")
  }
}
