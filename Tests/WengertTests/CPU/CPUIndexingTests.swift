import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

@Suite struct CPUIndexingTests {
  let backend = CPUBackend.shared

  func indices(_ shape: Shape, below extent: Int, _ dtype: DType, _ lie: Lie, _ numbers: inout SplitMix64) -> View {
    View((0..<shape.elementCount).map { _ in Double(numbers.below(2 * extent) - extent) }, shape, dtype, lie)
  }

  func positive(_ index: Double, _ extent: Int) -> Int { Int(index) < 0 ? Int(index) + extent : Int(index) }

  @Test("gather takes slices, scatterAdd adds them up, for every dtype, layout and index type", arguments: DType.allCases)
  func slices(dtype: DType) {
    var numbers = SplitMix64(1)
    let shapes: [Shape] = [[9], [9, 5], [4, 3, 6], [5, 0], [3, 1, 70]]
    for shape in shapes {
      for (source, target) in zip(Lie.allCases + Lie.allCases, Lie.allCases + Lie.allCases.reversed()) {
        for kind in [DType.int32, .int64] {
          let x = View.random(shape, dtype, source, &numbers)
          let at = indices([11], below: shape[0], kind, target, &numbers)
          var taken = shape
          taken[0] = 11
          let out = View.random(taken, dtype, target, &numbers)
          #expect(backend.gather(x, indices: at, into: out) == nil)
          let expected = taken.everyIndex.map { index in
            var from = index
            from[0] = positive(at[[index[0]]], shape[0])
            return x[from]
          }
          #expect(out.values == expected, "gather \(shape) \(source) → \(target)")

          let sum = View.random(shape, dtype, target, &numbers)
          var sums = Dictionary(uniqueKeysWithValues: shape.everyIndex.map { ($0, sum[$0]) })
          for index in taken.everyIndex {
            var to = index
            to[0] = positive(at[[index[0]]], shape[0])
            sums[to] = wrapped(sums[to]! + out[index], dtype)
          }
          #expect(backend.scatterAdd(out, indices: at, into: sum) == nil)
          expectClose(sum, shape.everyIndex.map { sums[$0]! }, epsilon(dtype) * 40, "scatterAdd \(shape) \(source) → \(target)")
        }
      }
    }
  }

  @Test("takeAlong and scatterAddAlong go along the last axis, for every dtype and layout", arguments: DType.allCases)
  func along(dtype: DType) {
    var numbers = SplitMix64(2)
    let cases: [(Shape, Int)] = [([7], 5), ([4, 6], 9), ([2, 3, 5], 4), ([2, 3, 1], 2), ([0, 3], 2), ([3, 4], 0)]
    for (shape, count) in cases {
      for (source, target) in zip(Lie.allCases + Lie.allCases, Lie.allCases + Lie.allCases.reversed()) {
        for kind in [DType.int32, .int64] {
          let last = shape.rank - 1
          var taken = shape
          taken[last] = count
          let x = View.random(shape, dtype, source, &numbers), out = View.random(taken, dtype, target, &numbers)
          let at = indices(taken, below: shape[last], kind, source, &numbers)
          func place(_ index: Shape) -> Shape {
            var from = index
            from[last] = positive(at[index], shape[last])
            return from
          }
          #expect(backend.takeAlong(x, indices: at, into: out) == nil)
          #expect(out.values == taken.everyIndex.map { x[place($0)] })

          let sum = View.random(shape, dtype, target, &numbers)
          var sums = Dictionary(uniqueKeysWithValues: shape.everyIndex.map { ($0, sum[$0]) })
          for index in taken.everyIndex { sums[place(index)] = wrapped(sums[place(index)]! + out[index], dtype) }
          #expect(backend.scatterAddAlong(out, indices: at, into: sum) == nil)
          expectClose(sum, shape.everyIndex.map { sums[$0]! }, epsilon(dtype) * 30, "scatterAddAlong \(shape)")
        }
      }
    }
  }

  @Test("slices from a broadcast source and by broadcast indices")
  func broadcast() {
    let row = View([1, 2, 3], [1, 3], .float32)
    let out = View([0, 0, 0, 0, 0, 0], [2, 3], .float32)
    let one = View([-1], [1], .int64)
    #expect(backend.gather(row.with(row.layout.broadcast(to: [4, 3])), indices: one.with(one.layout.broadcast(to: [2])), into: out) == nil)
    #expect(out.values == [1, 2, 3, 1, 2, 3])
    #expect(
      backend.scatterAdd(row.with(row.layout.broadcast(to: [2, 3])), indices: one.with(one.layout.broadcast(to: [2])), into: out) == nil)
    #expect(out.values == [1, 2, 3, 3, 6, 9])
  }

  @Test("the first index out of range is returned and the result is NaN", arguments: [DType.int32, .int64])
  func outOfRange(kind: DType) {
    for (list, fault) in [([0.0, 4, -9], 4), ([3.0, -5, 4], -5), ([1.0, 2, 1e9], 1_000_000_000)] {
      let at = View(list, [3], kind), x = View([1, 2, 3, 4], [4], .float32), updates = View([7, 7, 7], [3], .float32)
      let kernels: [(View) -> Int?] = [
        { backend.gather(x, indices: at, into: $0) }, { backend.takeAlong(x, indices: at, into: $0) },
        { backend.scatterAdd(updates, indices: at, into: $0) }, { backend.scatterAddAlong(updates, indices: at, into: $0) },
      ]
      for (kernel, count) in zip(kernels, [3, 3, 4, 4]) {
        let out = View([Double](repeating: 7, count: count), [count], .float32)
        #expect(kernel(out) == fault)
        #expect(out.values.allSatisfy { $0.isNaN })
      }
    }
    #expect(backend.gather(View([], [0, 2], .float32), indices: View([0], [1], kind), into: View([5, 5], [1, 2], .float32)) == 0)
  }

  @Test("scatterAdd of many rows gives the same sums every time")
  func deterministic() {
    var numbers = SplitMix64(4)
    for width in [3, 200] {
      let updates = View.random([3000, width], .float32, .contiguous, &numbers)
      let at = indices([3000], below: 40, .int64, .contiguous, &numbers)
      let results = (0..<3).map { _ in
        let out = View(Array(repeating: 0, count: 40 * width), [40, width], .float32)
        #expect(backend.scatterAdd(updates, indices: at, into: out) == nil)
        return out.values
      }
      #expect(results[0] == results[1] && results[1] == results[2])
      // Many meet at each: they are added up in order, in float64.
      var sums = [Double](repeating: 0, count: 40 * width)
      let u = updates.values, p = at.values
      for j in 0..<3000 { for i in 0..<width { sums[positive(p[j], 40) * width + i] += u[j * width + i] } }
      #expect(results[0] == sums.map { Double(Float($0)) })
    }
  }
}
