import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

/// Sums of so many numbers that adding one by one in the dtype would stand still, or drift.
@Suite("Sums of many numbers")
struct AccumulationTests {
  private static let halves: [(DType, Double)] = [(.float16, 20000), (.bfloat16, 19968)]

  private func zeros(_ count: Int) -> Tensor { Tensor.zeros([count], dtype: .int64) }

  @Test("half types add up what meets at one place and round once, eager and compiled", arguments: halves)
  func scatter(_ dtype: DType, _ expected: Double) {
    let at = zeros(20000), ones = Tensor.ones([20000], dtype: dtype)
    let functions: [(Tensor) -> Tensor] = [
      { $0.scatterAdd(at, extent: 1) },
      { $0.scatterAddAlong(at, extent: 1) },
      { $0.reshape([20000, 1]).broadcast(to: [20000, 3]).scatterAdd(at, extent: 2)[0, 0].reshape([1]) },
      { $0.reshape([1, 20000]).broadcast(to: [3, 20000]).scatterAdd(at, axis: 1, extent: 2)[2, 0].reshape([1]) },
      { x in gradient(at: x[..<1]) { $0.gather(at).cast(to: .float32).sum() } },
      { x in gradient(at: x[..<1]) { $0.takeAlong(at).cast(to: .float32).sum() } },
      { x in gradient(at: x[..<1]) { $0.broadcast(to: [20000]).cast(to: .float32).sum() } },
    ]
    for (i, f) in functions.enumerated() {
      #expect(f(ones).array(of: Double.self) == [expected], "eager \(i)")
      #expect(compile(f)(ones).array(of: Double.self) == [expected], "compiled \(i)")
    }
  }

  @Test("a scatter into a tensor in place rounds once too", arguments: halves)
  func scatterInto(_ dtype: DType, _ expected: Double) {
    let at = zeros(19000)
    let f = { (x: Tensor, y: Tensor) in y * 1 + x.scatterAdd(at, extent: 1) }
    let sum = compile(f)(Tensor.ones([19000], dtype: dtype), Tensor([1000], dtype: dtype)).item()
    // y is kept as 1000, so that what remains is one rounding.
    #expect(abs(sum - 20000) <= FloatFormat.of(dtype)!.spacing(at: 20000))
  }

  @Test("a float32 sum at one place goes on beyond 2²⁴, and does not drift")
  func scatterOfFloats() {
    let list = [Float(1 << 24)] + Array(repeating: Float(1), count: 101)
    #expect(Tensor(list, shape: [102]).scatterAdd(zeros(102), extent: 1).item() == 16_777_316)
    #expect(Tensor(list, shape: [102]).scatterAdd(zeros(102), extent: 200)[0].item() == 16_777_316)
    #expect(Tensor(list, shape: [102]).scatterAddAlong(zeros(102), extent: 2)[0].item() == 16_777_316)
    let n = 3_000_000
    let tenth = Double(Float(0.1)) * Double(n)
    for x in [Tensor.full(0.1, [n]).scatterAdd(zeros(n), extent: 3)[0], Tensor.full(0.1, [n]).scatterAddAlong(zeros(n), extent: 3)[0]] {
      #expect(unitsInLastPlace(x.item(), tenth, .float32) <= 1)
    }
    let table = gradient(at: Tensor.zeros([2, 40])) { ($0.gather(zeros(200_000)) * 0.1).sum() }
    #expect(table[0].array(of: Double.self).allSatisfy { unitsInLastPlace($0, Double(Float(0.1)) * 200_000, .float32) <= 1 })
  }

  @Test(
    "a scatter's bits do not depend on the number of threads, whether few or many updates meet, rows or lines",
    arguments: [DType.float32, .float16, .bfloat16, .float64])
  func threads(_ dtype: DType) {
    let n = 4000
    let spread = RandomKey(1).integers(0..<3000, [n])
    // Half of the updates meet at a few places.
    let at = select(RandomKey(2).bernoulli(0.5, [n]), spread, spread % 7)
    for width in [1, 5, 200] {
      let x = RandomKey(3).normal([n, width], dtype: dtype)
      let layouts = [x, x.transpose().contiguous().transpose(), x.flip(0).contiguous().flip(0)]
      let results = [1, 2, 3, 7].flatMap { threads in
        CPUBackend.shared.withThreadCount(threads) { layouts.map { $0.scatterAdd(at, extent: 3000).array(of: Double.self) } }
      }
      #expect(results.allSatisfy { $0 == results[0] }, "width \(width)")
      // Against sums in float64.
      let exact = x.cast(to: .float64).scatterAdd(at, extent: 3000).array(of: Double.self)
      let size = abs(x.cast(to: .float64)).scatterAdd(at, extent: 3000).array(of: Double.self)
      let unit = FloatFormat.of(dtype)!.spacing(at: 1) / 2
      let steps = dtype == .float32 ? 33.0 : dtype == .float64 ? 0 : 1.01
      for i in exact.indices where abs(results[0][i] - exact[i]) > steps * unit * size[i] {
        Issue.record("width \(width), element \(i): \(results[0][i]), expected \(exact[i])")
        break
      }
    }
  }

  @Test("running sums of ten million tenths are right to the last place, forwards, backwards and across rows")
  func scan() {
    let n = 10_000_000
    let tenth = Double(Float(0.1))
    let x = Tensor.full(0.1, [n]).contiguous()
    for (y, place) in [(x.cumulativeSum(), n - 1), (x.cumulativeSum(reverse: true), 0), (x[Axis.range(by: 2)].cumulativeSum(), n / 2 - 1)] {
      #expect(unitsInLastPlace(y[place].item(), tenth * Double(place == n / 2 - 1 ? n / 2 : n), .float32) <= 1)
    }
    #expect(unitsInLastPlace(x.cumulativeSum()[7_654_321].item(), tenth * 7_654_322, .float32) <= 1)
    let rows = Tensor.full(0.1, [1_000_000, 3]).contiguous()
    for reverse in [false, true] {
      let y = rows.cumulativeSum(axis: 0, reverse: reverse)[reverse ? 0 : 999_999].array(of: Double.self)
      #expect(y.allSatisfy { unitsInLastPlace($0, tenth * 1_000_000, .float32) <= 1 })
    }
    for (dtype, expected) in Self.halves {
      #expect(Tensor.ones([20000], dtype: dtype).cumulativeSum()[19999].item() == expected)
      #expect(Tensor.ones([20000, 2], dtype: dtype).cumulativeSum(axis: 0)[19999, 1].item() == expected)
    }
  }

  @Test("running products keep what lies beyond the dtype in between, as products do")
  func products() {
    for dtype in [DType.float32, .bfloat16] {
      let x = Tensor([1e30, 1e30, 1e-30, 1e-30], dtype: dtype)
      let y = x.cumulativeProduct().array(of: Double.self), whole = x.prod().item()
      #expect(y[1] == .infinity && y[3] == whole && abs(whole - 1) < 0.02)
    }
    let near = Tensor.full(1.00001, [1_000_000]).cumulativeProduct()[999_999].item()
    let factor = Double(Float(1.00001))
    #expect(abs(near / exp(Tensor(1_000_000 * log(Tensor(factor, dtype: .float64)).item(), dtype: .float64)).item() - 1) < 1e-7)
  }

  @Test("sums of four million tenths along every axis and stride have six digits, products five")
  func sums() {
    let n = 4_000_000
    let x = Tensor.full(0.1, [n]).contiguous(), tenth = Double(Float(0.1))
    let sums: [(String, Tensor, Int)] = [
      ("line", x.sum(), n), ("backwards", x.flip(0).sum(), n), ("every second", x[Axis.range(by: 2)].sum(), n / 2),
      ("columns", x.reshape([n / 4, 4]).sum(axes: [0])[1], n / 4), ("two columns", x.reshape([n / 2, 2]).sum(axes: [0])[0], n / 2),
      ("transposed", x.reshape([4, n / 4]).transpose().sum(axes: [0])[0], n / 4), ("rows", x.reshape([4, n / 4]).sum(axes: [1])[3], n / 4),
      ("middle", x.reshape([2, n / 4, 2]).sum(axes: [1])[1, 1], n / 4),
      ("outer", x.reshape([n / 100, 10, 10]).sum(axes: [0, 2])[3], n / 10),
      ("dot", x.matmul(Tensor.ones([n])), n), ("row by matrix", x.reshape([1, n]).matmul(Tensor.ones([n, 2]))[0, 1], n),
      ("matrix by column", x.reshape([2, n / 2]).matmul(Tensor.ones([n / 2]))[1], n / 2),
      ("long products", x.reshape([n / 10, 10]).transpose().matmul(x.reshape([n / 10, 10]))[2, 3] * 10, n / 10),
      ("norm", square(x.norm()) * 10, n), ("mean", x.mean() * Double(n), n),
    ]
    for (name, sum, count) in sums {
      let expected = tenth * Double(count)
      let isProduct = ["dot", "row by matrix", "matrix by column", "long products"].contains(name)
      #expect(abs(sum.item() / expected - 1) < (isProduct ? 3e-5 : 2e-6), "\(name): \(sum.item()), expected \(expected)")
    }
    #expect(abs(x.variance().item()) < 1e-14)
    #expect(abs(Tensor.zeros([n]).logSumExp().item() - 15.201804919084164) < 4e-6)
    #expect(abs(Tensor.zeros([n]).softmax()[5].item() * Double(n) - 1) < 1e-6)
  }

  @Test("every sum over half types is rounded once", arguments: [DType.float16, .bfloat16])
  func halfSums(_ dtype: DType) {
    let n = 30_000
    func rounded(_ x: Double) -> Double { Tensor(x, dtype: .float64).cast(to: dtype).item() }
    let ones = Tensor.ones([n, 2], dtype: dtype), row = Tensor.ones([n], dtype: dtype)
    let gain = Tensor.ones([2], dtype: dtype), bias = Tensor.zeros([2], dtype: dtype)
    let pairs = Tensor([1, -1], dtype: dtype).broadcast(to: [n, 2])
    let sums: [(String, Tensor, Double)] = [
      ("sum", row.sum(), Double(n)), ("column", ones.sum(axes: [0])[1], Double(n)), ("rows", ones.transpose().sum(axes: [1])[0], Double(n)),
      ("mean", ones.mean(axes: [0])[1], 1), ("mean of all", ones.mean(), 1), ("norm", row.norm(), Double(n).squareRoot()),
      ("variance", pairs.variance(), 1), ("dot", row.matmul(row), Double(n)), ("matmul", ones.transpose().matmul(ones)[0, 1], Double(n)),
      ("outer", row.reshape([1, n]).matmul(ones)[0, 1], Double(n)), ("einsum", einsum("ij,ik->jk", ones, ones)[1, 0], Double(n)),
      ("logSumExp", (row * 0).logSumExp(), log(Tensor(Double(n), dtype: .float64)).item()),
      ("bias of layerNorm", gradient(at: bias) { pairs.layerNorm(gain: gain, bias: $0).cast(to: .float32).sum() }[1], Double(n)),
      ("gain of layerNorm", gradient(at: gain) { pairs.layerNorm(gain: $0, bias: bias).cast(to: .float32).sum() }[0], Double(n)),
      ("broadcast", gradient(at: bias) { (pairs + $0).cast(to: .float32).sum() }[0], Double(n)),
      (
        "weight of a product", gradient(at: Tensor.zeros([2, 1], dtype: dtype)) { ones.matmul($0).cast(to: .float32).sum() }[0, 0],
        Double(n)
      ),
    ]
    for (name, sum, expected) in sums {
      let spacing = FloatFormat.of(dtype)!.spacing(at: expected)
      #expect(
        abs(sum.item() - rounded(expected)) <= (name == "gain of layerNorm" ? spacing : 0), "\(name): \(sum.item()), expected \(expected)")
    }
  }

  @Test("what reaches a variable from many places is added up before it is rounded", arguments: [DType.float16, .bfloat16])
  func manyReads(_ dtype: DType) {
    let x = Tensor([1.0, 2], dtype: dtype)
    // Where ones stop counting; it comes first on the way back.
    let large = dtype == .float16 ? 2048.0 : 256
    let f = { (x: Tensor) in
      gradient(at: x) { x in concatenate((0..<60).map { _ in x * 1 } + [x * large], axis: 0).cast(to: .float32).sum() }
    }
    #expect(f(x).array(of: Double.self) == [large + 60, large + 60])
    #expect(compile(f)(x).array(of: Double.self) == [large + 60, large + 60])
    let inner = { (x: Tensor) in
      gradient(at: x) { x in
        let y = x * 1
        return (0..<300).map { _ in y.cast(to: .float32).sum() }.reduce(Tensor(0)) { $0 + $1 }
      }
    }
    #expect(inner(x).array(of: Double.self) == [300, 300])
  }

  @Test("attention over a long sequence adds up its weights", arguments: [DType.float32, .float16, .bfloat16])
  func attentionOfMany(_ dtype: DType) {
    let n = 3000
    let q = Tensor.zeros([n, 2], dtype: dtype), v = Tensor.full(0.1, [n, 2], dtype: dtype).contiguous()
    let offsets = Tensor([0, n] as [Int])
    let tenth = v[0, 0].item(), y = attention(query: q, key: q, value: v, offsets: offsets, heads: 1)
    let allowed = dtype == .float32 ? 2e-6 * tenth : 0
    #expect(y.cast(to: .float64).array(of: Double.self).allSatisfy { abs($0 - tenth) <= allowed })
    let dv = gradient(at: v) { attention(query: q, key: q, value: $0, offsets: offsets, heads: 1).cast(to: .float32).sum() }
    #expect(
      dv.cast(to: .float64).array(of: Double.self).allSatisfy {
        abs($0 - 1) <= (dtype == .float32 ? 2e-6 : FloatFormat.of(dtype)!.spacing(at: 1))
      })
  }

  @Test("whole numbers add up exactly, and wrap")
  func wholeNumbers() {
    let n = 1_000_000
    #expect(Tensor.full(0x1p40, [n], dtype: .int64).sum().array(of: Int.self) == [n << 40])
    #expect(Tensor.full(255, [n], dtype: .uint8).sum().array(of: Int.self) == [255 * n])
    #expect(Tensor.full(2_000_000_000, [n], dtype: .int32).cumulativeSum()[n - 1].array(of: Int.self) == [2_000_000_000 * n])
    #expect(Tensor.ones([300], dtype: .uint8).scatterAdd(zeros(300), extent: 1).array(of: Int.self) == [44])
    #expect(Tensor.full(0x1p30, [5], dtype: .int32).scatterAddAlong(zeros(5), extent: 1).array(of: Int.self) == [1 << 30])
    #expect(Tensor.full(Double(1 << 62), [4], dtype: .int64).sum().array(of: Int.self) == [0])
    #expect(Tensor.full(3, [50], dtype: .int64).cumulativeProduct()[49].array(of: Int.self) == [(0..<50).reduce(1) { p, _ in p &* 3 }])
  }

  @Test("−0 stays −0 where nothing else is added", arguments: DType.floats)
  func negativeZeros(_ dtype: DType) {
    let x = Tensor(Array(repeating: -0.0, count: 200), dtype: dtype)
    #expect(x.cumulativeSum().array(of: Double.self).allSatisfy { $0.sign == .minus })
    #expect(x.reshape([100, 2]).cumulativeSum(axis: 0).array(of: Double.self).allSatisfy { $0.sign == .minus })
    let nan = Tensor([1.0, .nan, .infinity] + Array(repeating: 1.0, count: 100), dtype: dtype)
    let at = Tensor((0..<103).map { Int64($0 == 1 ? 1 : $0 == 2 ? 2 : 0) }, shape: [103])
    for y in [nan.scatterAdd(at, extent: 3), nan.scatterAddAlong(at, extent: 3)] {
      let values = y.array(of: Double.self)
      #expect(values[0] == 101 && values[1].isNaN && values[2] == .infinity)
    }
  }
}

@Suite("Assignment with an operator")
struct AssignmentTests {
  private func memory(_ x: Tensor) -> ObjectIdentifier { ObjectIdentifier(x.view.storage) }

  @Test("it goes over memory that no other tensor shares, and leaves shared memory as it is")
  func inPlace() {
    var x = Tensor([1.0, 2, 3]), y = Tensor([10.0, 20, 30])
    let before = memory(x)
    x += y
    x -= 1
    x *= 2
    x /= Tensor(4.0)
    #expect(memory(x) == before && x.array(of: Float.self) == [5, 10.5, 16])
    let copy = x
    x += y
    #expect(memory(x) != memory(copy) && copy.array(of: Float.self) == [5, 10.5, 16] && x.array(of: Float.self) == [15, 30.5, 46])
    y += y
    #expect(y.array(of: Float.self) == [20, 40, 60])
    var square = Tensor([[1, 2], [3, 4]])
    square += square.transpose()
    #expect(square.array(of: Float.self) == [2, 5, 5, 8])
  }

  @Test("where the result has another type or shape, or the memory repeats elements, the tensor moves")
  func moves() {
    var whole = Tensor([1, 2, 3], dtype: .int32)
    whole /= 2
    #expect(whole.dtype == .float32 && whole.array(of: Float.self) == [0.5, 1, 1.5])
    var row = Tensor([1, 2])
    row += Tensor([[10], [20]])
    #expect(row.shape == [2, 2] && row.array(of: Float.self) == [11, 12, 21, 22])
    var zeros = Tensor.zeros([3])
    zeros += Tensor([1, 2, 3])
    #expect(zeros.array(of: Float.self) == [1, 2, 3])
    var truth = Tensor([1, 0]) .> 0.5
    truth *= truth
    #expect(truth.array(of: Float.self) == [1, 0])
  }

  @Test("a value of a tape or a graph is combined there")
  func traced() {
    let slope = gradient(at: Tensor([1.0, 2])) { x in
      var y = x * x
      y += x
      y *= x
      return y.sum()
    }
    #expect(slope.array(of: Float.self) == [5, 16])
    let compiled = compile { (x: Tensor) -> Tensor in
      var y = x
      y += 1
      y += x
      return y
    }
    #expect(compiled(Tensor([1, 2])).array(of: Float.self) == [3, 5])
  }
}
