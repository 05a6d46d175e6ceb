import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

@Suite struct CPUSortingTests {
  let backend = CPUBackend.shared

  /// Positions of a row's elements by a plain stable sort, NaN the largest.
  func reference(_ row: [Double], descending: Bool) -> [Double] {
    func precedes(_ a: Double, _ b: Double) -> Bool { a.isNaN ? false : b.isNaN || a < b }
    let order = row.indices.sorted { i, j in
      let (before, after) =
        descending ? (precedes(row[j], row[i]), precedes(row[i], row[j])) : (precedes(row[i], row[j]), precedes(row[j], row[i]))
      return before || !after && i < j
    }
    return order.map(Double.init)
  }

  func special(_ count: Int, _ dtype: DType, _ numbers: inout SplitMix64) -> [Double] {
    (0..<count).map { _ in
      if !dtype.isFloating { return Double(numbers.below(dtype == .bool ? 2 : 9)) - (dtype == .int32 || dtype == .int64 ? 4 : 0) }
      let list = [Double.nan, .infinity, -.infinity, 0, -0.0, 1, -1, 0.5, -2.5]
      let pick = numbers.below(30)
      return pick < list.count ? list[pick] : (numbers.unit() * 64).rounded() / 8 - 4
    }
  }

  @Test("argSort is stable with NaN the largest, whole or in part, for every dtype and layout", arguments: DType.allCases)
  func sort(dtype: DType) {
    var numbers = SplitMix64(1)
    for (rows, count) in [(1, 1), (3, 7), (2, 40), (2, 300), (1, 1500), (1, 5000)] {
      let lies = count > 100 ? [Lie.contiguous, .transposed] : Lie.allCases
      for lie in lies {
        let values = special(rows * count, dtype, &numbers)
        let x = View(values, [rows, count], dtype, lie)
        for descending in [false, true] {
          for wanted in Set([count, 1, max(1, count / 10), count / 2 + 1]) where wanted <= count {
            let out = View(Array(repeating: 0, count: rows * wanted), [rows, wanted], .int64, lie)
            backend.argSort(x, descending: descending, into: out)
            let expected = (0..<rows).flatMap {
              reference(Array(values[$0 * count..<($0 + 1) * count]), descending: descending).prefix(wanted)
            }
            #expect(out.values == expected, "\(rows)×\(count), first \(wanted), \(lie), descending \(descending)")
          }
        }
      }
    }
  }

  @Test("extreme integers sort at the ends")
  func extremes() {
    let x = View([5, -2_147_483_648, 2_147_483_647, 0], [4], .int32)
    let out = View([0, 0, 0, 0], [4], .int64)
    backend.argSort(x, descending: false, into: out)
    #expect(out.values == [1, 3, 0, 2])
    backend.argSort(x, descending: true, into: out)
    #expect(out.values == [2, 0, 3, 1])
    let one = View([9], [1], .int64)
    backend.argReduce(x, .minimum, into: one)
    #expect(one.values == [1])
    backend.argReduce(x, .maximum, into: one)
    #expect(one.values == [2])
  }

  @Test("rows of no elements and no rows are sorted into nothing")
  func empty() {
    let memory = View([7, 7, 7], [3], .int64)
    func none(_ shape: Shape) -> View { memory.with(Layout(rowMajor: shape)) }
    backend.argSort(View([], [3, 0], .float32), descending: false, into: none([3, 0]))
    backend.argSort(View([], [0, 3], .float32), descending: true, into: none([0, 3]))
    backend.argReduce(View([], [0, 3], .float32), .minimum, into: none([0, 1]))
    #expect(memory.values == [7, 7, 7])
    for shape in [[3, 0], [0, 3]] as [Shape] {
      #expect(Tensor.zeros(shape).argSort().shape == shape)
      #expect(Tensor.zeros(shape).sorted(descending: true).shape == shape)
    }
    #expect(Tensor.zeros([0, 3]).argMax(axis: 1).shape == [0])
    #expect(Tensor.zeros([3, 0]).topK(0).indices.shape == [3, 0])
  }

  @Test("argReduce finds the first least or greatest, or the first NaN, for every dtype and layout", arguments: DType.allCases)
  func reduce(dtype: DType) {
    var numbers = SplitMix64(2)
    for (rows, count) in [(1, 1), (4, 3), (3, 20), (2, 130), (1, 9001)] {
      for lie in Lie.allCases {
        let values = special(rows * count, dtype, &numbers)
        let x = View(values, [rows, count], dtype, lie)
        for op in [ReduceOp.minimum, .maximum] {
          let out = View(Array(repeating: 0, count: rows), [rows, 1], .int64, lie)
          backend.argReduce(x, op, into: out)
          let expected = (0..<rows).map { r -> Double in
            let row = Array(values[r * count..<(r + 1) * count])
            if let nan = row.firstIndex(where: \.isNaN) { return Double(nan) }
            let best = op == .minimum ? row.min()! : row.max()!
            return Double(row.firstIndex(of: best)!)
          }
          #expect(out.values == expected, "\(rows)×\(count) \(lie) \(op)")
        }
      }
    }
  }
}
