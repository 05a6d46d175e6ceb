import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

@Suite struct CPUMatMulTests {
  func reference(_ a: View, _ b: View, _ dtype: DType) -> [Double] {
    let rank = a.shape.rank
    let (m, k, n) = (a.shape[rank - 2], a.shape[rank - 1], b.shape[rank - 1])
    var shape = a.shape
    shape[rank - 1] = n
    let (x, y) = (a.values, b.values)
    let batches = shape.prefix(rank - 2).reduce(1, *)
    var result: [Double] = []
    for batch in 0..<batches {
      for i in 0..<m {
        for j in 0..<n {
          var sum = 0.0
          for l in 0..<k { sum += x[(batch * m + i) * k + l] * y[(batch * k + l) * n + j] }
          result.append(wrapped(sum, dtype))
        }
      }
    }
    return result
  }

  func check(_ a: View, _ b: View, _ out: View, _ note: String) {
    CPUBackend.shared.matmul(a, b, into: out)
    let k = Double(a.shape.last!)
    expectClose(out, reference(a, b, out.dtype), epsilon(out.dtype) * (1 + k), note)
  }

  @Test("a product is the sum of products for every dtype and layout of the three", arguments: DType.allCases)
  func layouts(dtype: DType) {
    var numbers = SplitMix64(1)
    for (m, k, n) in [(5, 7, 3), (1, 6, 4), (6, 5, 1), (1, 1, 1), (1, 9, 1), (17, 1, 19), (33, 20, 18)] {
      for la in Lie.allCases {
        for lb in Lie.allCases {
          for lo in Lie.allCases {
            let a = View.random([m, k], dtype, la, &numbers), b = View.random([k, n], dtype, lb, &numbers)
            check(a, b, View.random([m, n], dtype, lo, &numbers), "\(m)×\(k)×\(n) \(la) \(lb) \(lo)")
          }
        }
      }
    }
  }

  @Test("batch axes take any strides, shared factors included", arguments: [DType.float32, .float64, .bfloat16, .int32])
  func batches(dtype: DType) {
    var numbers = SplitMix64(2)
    let batches: [Shape] = [[3], [2, 3], [1, 4], [2, 1, 2]]
    for batch in batches {
      for (m, k, n) in [(4, 5, 6), (1, 5, 3), (4, 5, 1)] {
        let (sa, sb, so) = (batch + [m, k], batch + [k, n], batch + [m, n])
        for lie in Lie.allCases {
          let a = View.random(Shape(sa), dtype, lie, &numbers), b = View.random(Shape(sb), dtype, lie, &numbers)
          let sharedA = View.random([m, k], dtype, lie, &numbers), sharedB = View.random([k, n], dtype, lie, &numbers)
          let bothA = sharedA.with(sharedA.layout.broadcast(to: Shape(sa))), bothB = sharedB.with(sharedB.layout.broadcast(to: Shape(sb)))
          for out in Lie.allCases {
            for (x, y) in [(a, b), (a, bothB), (bothA, b), (bothA, bothB)] {
              check(x, y, View.random(Shape(so), dtype, out, &numbers), "\(sa)·\(sb) \(lie) → \(out)")
            }
          }
        }
      }
    }
  }

  @Test("heads interleaved in the rows of a product are written where they belong")
  func heads() {
    var numbers = SplitMix64(3)
    let (batch, tokens, heads, width) = (2, 5, 3, 4)
    let a = View.random([batch, heads, tokens, tokens], .float32, .contiguous, &numbers)
    let order: Shape = [0, 2, 1, 3]
    let packed = View.random([batch, tokens, heads, width], .float32, .contiguous, &numbers)
    let out = View.random([batch, tokens, heads, width], .float32, .contiguous, &numbers)
    check(a, packed.with(packed.layout.permuted(order)), out.with(out.layout.permuted(order)), "heads")
  }

  @Test("one row or column broadcast inside a factor is read as often as it is needed")
  func innerBroadcast() {
    var numbers = SplitMix64(4)
    let row = View.random([1, 7], .float32, .contiguous, &numbers), column = View.random([7, 1], .float32, .contiguous, &numbers)
    check(
      row.with(row.layout.broadcast(to: [5, 7])), column.with(column.layout.broadcast(to: [7, 6])),
      View.random([5, 6], .float32, .contiguous, &numbers), "broadcast rows")
    let one = View.random([1, 1], .float64, .contiguous, &numbers)
    check(
      one.with(one.layout.broadcast(to: [5, 7])), one.with(one.layout.broadcast(to: [7, 6])),
      View.random([5, 6], .float64, .contiguous, &numbers), "broadcast number")
  }

  @Test("a sum over nothing is zero, and empty products do nothing", arguments: DType.allCases)
  func empty(dtype: DType) {
    var numbers = SplitMix64(5)
    let out = View.random([2, 3, 4], dtype, .sliced, &numbers)
    CPUBackend.shared.matmul(View([], [2, 3, 0], dtype), View([], [2, 0, 4], dtype), into: out)
    #expect(out.values.allSatisfy { $0 == 0 })
    for (m, n, batch) in [(0, 4, 2), (3, 0, 2), (3, 4, 0)] {
      CPUBackend.shared.matmul(
        View.random([batch, m, 2], dtype, .contiguous, &numbers), View.random([batch, 2, n], dtype, .contiguous, &numbers),
        into: View([], [batch, m, n], dtype))
    }
  }

  @Test("large products split over threads agree with the loops", arguments: [DType.float32, .float64, .float16])
  func large(dtype: DType) {
    var numbers = SplitMix64(6)
    for (m, k, n) in [(301, 65, 70), (70, 65, 301), (2000, 300, 1), (1, 300, 2000)] {
      for lie in [Lie.contiguous, .transposed] {
        let a = View.random([m, k], dtype, lie, &numbers), b = View.random([k, n], dtype, lie, &numbers)
        check(a, b, View.random([m, n], dtype, .contiguous, &numbers), "\(m)×\(k)×\(n) \(lie)")
      }
    }
  }
}
