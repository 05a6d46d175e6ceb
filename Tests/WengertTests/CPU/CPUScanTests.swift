import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

@Suite struct CPUScanTests {
  @Test("a scan combines what came before, in both directions, for every dtype and layout", arguments: DType.allCases)
  func scan(dtype: DType) {
    var numbers = SplitMix64(1)
    let shapes: [Shape] = [[1], [9], [4, 7], [2, 3, 5], [3, 0], [0, 3], [150, 6], [2, 70, 8], [2, 100]]
    for shape in shapes {
      for (source, target) in zip(Lie.allCases + Lie.allCases, Lie.allCases + Lie.allCases.reversed()) {
        let x = View.random(shape, dtype, source, &numbers), out = View.random(shape, dtype, target, &numbers)
        let values = x.values
        let length = shape.last!
        // A double does not hold the product of a hundred whole numbers.
        for op in ReduceOp.allCases where op != .product || length < 100 {
          for reverse in [false, true] {
            CPUBackend.shared.scan(x, op, reverse: reverse, into: out)
            var expected = values
            for row in 0..<(length == 0 ? 0 : values.count / length) {
              let places = Array(row * length..<(row + 1) * length)
              let order = reverse ? places.reversed() : places
              for (before, now) in zip(order, order.dropFirst()) { expected[now] = combine(op, expected[before], values[now], dtype) }
            }
            expectClose(out, expected, epsilon(dtype) * 20, "\(shape) \(source) → \(target) \(op) \(reverse)")
          }
        }
      }
    }
  }

  @Test(
    "a recurrence combines what came before, in both directions, for every dtype and layout",
    arguments: [DType.float32, .float64, .float16, .int64])
  func recurrence(dtype: DType) {
    var numbers = SplitMix64(2)
    let shapes: [Shape] = [[1], [9], [4, 7], [2, 3, 5], [3, 0], [0, 3], [150, 6], [2, 70, 8]]
    for shape in shapes {
      for (source, target) in zip(Lie.allCases + Lie.allCases, Lie.allCases + Lie.allCases.reversed()) {
        let a = View.random(shape, dtype, target, &numbers), b = View.random(shape, dtype, source, &numbers)
        let out = View.random(shape, dtype, target, &numbers)
        let factors = dtype.isFloating ? View(a.values.map { $0 / 2 }, shape, dtype) : a
        let (x, y) = (factors.values, b.values)
        let length = shape.last!
        for reverse in [false, true] {
          CPUBackend.shared.recurrence(factors, b, reverse: reverse, into: out)
          var expected = y
          for row in 0..<(length == 0 ? 0 : y.count / length) {
            let places = Array(row * length..<(row + 1) * length)
            let order = reverse ? places.reversed() : places
            for (before, now) in zip(order, order.dropFirst()) { expected[now] += x[now] * expected[before] }
          }
          expectClose(out, expected, epsilon(dtype) * 50, "\(shape) \(source) → \(target) \(reverse)")
        }
      }
    }
  }

  func combine(_ op: ReduceOp, _ a: Double, _ b: Double, _ dtype: DType) -> Double {
    switch op {
    case .sum: wrapped(a + b, dtype)
    // Wrapped products need whole numbers, not doubles.
    case .product: dtype == .int64 || dtype == .int32 || dtype == .uint8 ? wrappedProduct(a, b, dtype) : wrapped(a * b, dtype)
    case .minimum: min(a, b)
    case .maximum: max(a, b)
    }
  }

  func wrappedProduct(_ a: Double, _ b: Double, _ dtype: DType) -> Double {
    dtype == .int64 ? Double(Int64(a) &* Int64(b)) : wrapped(a * b, dtype)
  }

  @Test("half types accumulate in float32")
  func accumulation() {
    let count = 4096
    for dtype in [DType.float16, .bfloat16] {
      let out = View(Array(repeating: 0, count: count), [count], dtype)
      CPUBackend.shared.scan(View(Array(repeating: 1, count: count), [count], dtype), .sum, reverse: false, into: out)
      #expect(out[[count - 1]] == 4096)
    }
  }

  @Test("a NaN stays to the end of every scan")
  func nan() {
    for op in ReduceOp.allCases {
      let out = View([0, 0, 0, 0], [4], .float32)
      CPUBackend.shared.scan(View([1, .nan, 3, 0], [4], .float32), op, reverse: false, into: out)
      #expect(out.values.map(\.isNaN) == [false, true, true, true])
    }
  }
}
