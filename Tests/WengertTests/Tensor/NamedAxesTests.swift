import Testing
import Wengert
import WengertTestSupport

@testable import WengertCore

private let x = RandomKey(1).normal([2, 3]).named("B", "T")
private let y = RandomKey(2).normal([3, 4]).named("T", "D")

@Suite("Names of axes")
struct NamedAxesTests {
  @Test("they are read, shown in shapes and taken off, and extents stay numbers")
  func reading() {
    let x = Tensor.zeros([2, 3, 4]).named("B", nil, "D")
    #expect(x.axisNames == ["B", nil, "D"])
    #expect(x.shape.description == "[B: 2, 3, D: 4]")
    #expect(x.type.description == "float32[B: 2, 3, D: 4]")
    #expect(x.shape[0] == 2 && Array(x.shape) == [2, 3, 4] && x.count == 24 && Array(x.strides) == Array(Tensor.zeros([2, 3, 4]).strides))
    #expect(!x.shape.isSymbolic && x.shape[dim: 2].number == 4 && (x.shape[dim: 2] + 1).description == "5")
    #expect(x.unnamed().shape.description == "[2, 3, 4]" && x.unnamed().axisNames == [nil, nil, nil])
    #expect(x.named("B", "T", "_").axisNames == ["B", "T", "D"])
    #expect(Tensor.zeros([2, 3, 4]).named(x.axisNames).axisNames == x.axisNames)
    #expect(Tensor(1).named().axisNames == [])
    #expect(Tensor([1.0, 0.5]).named("T").description == "[1.0, 0.5]  float32[T: 2]")
  }

  @Test("shapes are equal if their extents are and no axis has two names")
  func equality() {
    let square = Tensor.zeros([3, 3])
    let a = square.named("B", "T").shape, b = square.named("T", "B").shape, c = square.named("B", nil).shape
    #expect(a == [3, 3] && c == a && a == a && a != b && c != b && a != [3, 4])
    #expect(a[dim: 0] == 3 && a[dim: 0] != a[dim: 1] && a[dim: 0] != 4 && a[dim: 0] == b[dim: 1])
    #expect(a.equals(b) == false && a.equals([3, 3]) == true)
    #expect(Set([a, [3, 3]]).count == 2)
  }

  @Test("extents without elements, and names of long extents and of symbols")
  func extremes() {
    let empty = Tensor.zeros([0, 4]).named("B", "D")
    #expect(empty.count == 0 && empty.shape.hasNoElements && (empty + 1).axisNames == ["B", "D"] && empty.sum(axis: 0).axisNames == ["D"])
    let long = Tensor(1).broadcast(to: [1 << 45 - 1]).named("T")
    #expect(long.shape.description == "[T: 35184372088831]")
    let n = Dimension(symbol: "n").named(at: x.shape[dim: 0].namePlace)
    #expect(n.description == "B: n" && n.isSymbolic && n.number == nil && n.unnamed.description == "n")
    #expect((n + 1).description == "n + 1" && n.equals("n") == true && n.equals(3) == nil && n.equals(x.shape[dim: 1]) == false)
    #expect(n.value(["n": 5]) == 5 && n.divided(by: 2).description == "⌊n/2⌋")
  }

  @Test("results have the names of the axes that they keep")
  func results() {
    let indices = Tensor([0, 2] as [Int]).named("K")
    let kept: [(Tensor, [String?])] = [
      (x + 1, ["B", "T"]), (-x, ["B", "T"]), (x .> 0, ["B", "T"]), (x.cast(to: .float64), ["B", "T"]), (x.softmax(), ["B", "T"]),
      (x.softmax(axis: 0), ["B", "T"]), (x.cumulativeSum(), ["B", "T"]), (x.matmul(y), ["B", "D"]), (x.transpose(), ["T", "B"]),
      (x.matmul(y[0..., 1]), ["B"]), (einsum("bt,td->db", x, y), ["D", "B"]), (x.sum(axis: 1), ["B"]),
      (x.mean(axis: 0, keepDims: true), [nil, "T"]), (x.logSumExp(axis: 1), ["B"]), (x.argMax(axis: 1), ["B"]),
      (x.expandDims(0), [nil, "B", "T"]), (x[1], ["T"]), (x[0..., 1], ["B"]), (x[0..<1], [nil, "T"]), (x[0..<2, 1...], ["B", nil]),
      (x.flip(1), ["B", "T"]), (x.gather(indices, axis: 1), ["B", "K"]), (x.sorted(), ["B", nil]), (x.topK(2).values, ["B", nil]),
      (concatenate([x, x]), [nil, "T"]), (stack([x, x]), [nil, "B", "T"]), (x.pad([(0, 0), (1, 1)]), ["B", nil]),
      (x.reshape([2, 3, 1]), ["B", "T", nil]), (x.reshape([2, -1]), ["B", "T"]), (x.reshape([6]), [nil]),
      (y.reshape([3, 2, 2]), ["T", nil, nil]), (y.reshape([1, 3, 4]), [nil, "T", "D"]), (x.broadcast(to: [5, 2, 3]), [nil, "B", "T"]),
      (Tensor.zeros(x.shape), ["B", "T"]), (RandomKey(3).normal(x.shape), ["B", "T"]), (x.dropout(0.5, key: RandomKey(4)), ["B", "T"]),
      (x.matmul(x.transpose()), ["B", "B"]), (x.matmul(x.transpose()).lowerTriangle(), ["B", "B"]),
      (x.layerNorm(gain: Tensor.ones([3]), bias: Tensor.zeros([3])), ["B", "T"]), (stopGradient(x), ["B", "T"]),
    ]
    for (number, (result, names)) in kept.enumerated() { #expect(result.axisNames == names, "result \(number)") }
  }

  @Test("an axis without a name fits any, and the result has the name of the other")
  func unnamed() {
    let plain = Tensor.ones([2, 3]), half = plain.named("B", nil)
    let named: [Tensor] = [
      x + plain, plain + x, plain + x.named("B", "T"), half * x, x.unnamed() + x, select(plain .> 0, half, x), maximum(x, plain[0]),
    ]
    for (number, result) in named.enumerated() { #expect(result.axisNames == ["B", "T"], "result \(number)") }
    #expect(concatenate([plain, x], axis: 0).axisNames == [nil, "T"] && stack([plain, half]).axisNames == [nil, "B", nil])
    #expect(plain.matmul(y).axisNames == [nil, "D"] && x.matmul(Tensor.ones([3, 4])).axisNames == ["B", nil])
    #expect(einsum("bt,bt->bt", plain, x).axisNames == ["B", "T"])
    #expect((x + Tensor.ones([1, 3])).axisNames == ["B", "T"])
  }

  @Test("assignment and updates in place keep the names, and write where the memory is alone in use")
  func inPlace() {
    var z = Tensor.zeros([2, 3]).named("B", "T")
    z[0] = Tensor([1.0, 2.0, 3.0]).named("T")
    z[1, 2] = Tensor(4)
    #expect(z.axisNames == ["B", "T"] && z.array(of: Double.self) == [1, 2, 3, 0, 0, 4])
    let copy = z
    z[0..., 0..<1] = Tensor([[7.0], [8.0]])
    #expect(z.array(of: Double.self) == [7, 2, 3, 8, 0, 4] && copy.array(of: Double.self) == [1, 2, 3, 0, 0, 4])
    #expect(z.axisNames == ["B", "T"] && copy.axisNames == ["B", "T"])
  }
}

@Suite("Names of axes in transformed functions")
struct NamedAxesTransformationTests {
  @Test("a gradient has the names of what it is by, a tangent those of the result, and their numbers are those without names")
  func derivatives() {
    let f = { (x: Tensor) in x.matmul(y.unnamed()).softmax() }
    let loss = { (x: Tensor) in square(f(x)).sum() }
    let slope = gradient(at: x, loss)
    #expect(slope.axisNames == ["B", "T"])
    expectEqual(slope.unnamed(), gradient(at: x.unnamed(), loss), tolerance: 0)
    let inside = gradient(at: x.unnamed()) { loss($0.named("B", "T")) }
    #expect(inside.axisNames == [nil, nil])
    expectEqual(inside, slope.unnamed(), tolerance: 0)
    let (value, pullback) = vjp(at: x, f)
    #expect(value.axisNames == ["B", nil] && pullback(Tensor.ones([2, 4])).axisNames == ["B", "T"])
    #expect(jvp(at: x, along: Tensor.ones([2, 3]), f).tangent.axisNames == ["B", nil])
    #expect(checkpoint(x, { f($0) }).axisNames == ["B", nil])
    let again = gradient(at: x) { checkpoint($0) { square(f($0)).sum() } }
    #expect(again.axisNames == ["B", "T"])
    expectEqual(again.unnamed(), slope.unnamed(), tolerance: 0)
    #expect(jacobian(at: x) { $0.sum(axis: 1) }.axisNames == ["B", "B", "T"])
  }

  @Test("a function of the user sees the names that it is given")
  func custom() {
    let result = gradient(at: x) { x in
      customDerivative(
        [x], forward: { $0[0].sum(axis: 1) },
        vjp: { inputs, result, cotangent in
          #expect(inputs[0].axisNames == ["B", "T"] && result.axisNames == ["B"])
          return [cotangent.expandDims(1).broadcast(to: inputs[0].shape)]
        }
      ).sum()
    }
    #expect(result.axisNames == ["B", "T"] && result.array(of: Double.self) == [1, 1, 1, 1, 1, 1])
  }

  @Test("one example has the names of its axes, and all results that of the examples' axis")
  func examples() {
    let rows = vmap { (row: Tensor) -> Tensor in
      #expect(row.axisNames == ["T"])
      return row.softmax()
    }(x)
    #expect(rows.axisNames == ["B", "T"])
    expectEqual(rows.unnamed(), x.unnamed().softmax(), tolerance: 1e-6)
    let columns = vmap({ (a: Tensor, b: Tensor) -> Tensor in a * b }, in: [0, 1], out: 1)(Tensor.ones([3, 2]), x)
    #expect(columns.axisNames == ["B", "T"])
    expectEqual(columns.unnamed(), x.unnamed(), tolerance: 0)
  }

  @Test("a compiled program is that without names, and each set of names is traced once")
  func compiled() throws {
    let f = { (x: Tensor, w: Tensor) -> Pair<Tensor, Tensor> in
      let h = gelu(x.matmul(w) + w[0])
      return Pair(h.softmax(axis: 0).sum(axis: 1), gradient(at: w) { square(x.matmul($0)).mean() })
    }
    let w = y.unnamed()
    let named = compile(f), plain = compile(f)
    let result = named(x, w.named("T", "D")), expected = plain(x.unnamed(), w)
    #expect(result.first.axisNames == ["B"] && result.second.axisNames == ["T", "D"])
    expectEqual(result.first.unnamed(), expected.first, tolerance: 0)
    expectEqual(result.second.unnamed(), expected.second, tolerance: 0)
    #expect(named.program!.graph.description == plain.program!.graph.description)
    #expect(named.program!.description == plain.program!.description && named.program!.kernelCount == plain.program!.kernelCount)
    #expect(try named.program!.code() == plain.program!.code())
    _ = named(x, w.named("T", "D"))
    #expect(named.statistics.compilations == 1 && named.statistics.lastCall == .reused)
    #expect(named(x.unnamed(), w).first.axisNames == [nil] && named.statistics.compilations == 2)
  }

  @Test("names given in a compiled function leave nothing in its program, with symbols too")
  func inside() {
    let options = CompileOptions(shapes: ["0": ["batch", "tokens"]])
    let named = compile(
      { (x: Tensor) -> Tensor in
        let x = x.named("B", "T")
        #expect(x.shape.description == "[B: batch, T: tokens]")
        return x.softmax().matmul(x.transpose()).unnamed() + Tensor.zeros(x.shape).sum(axis: 1).unnamed()
      }, options)
    let plain = compile({ (x: Tensor) in x.softmax().matmul(x.transpose()) + Tensor.zeros(x.shape).sum(axis: 1) }, options)
    for rows in [2, 5] {
      let x = RandomKey(rows).normal([rows, 3])
      expectEqual(named(x), plain(x), tolerance: 0)
    }
    #expect(named.program!.graph.description == plain.program!.graph.description)
    #expect(named.program!.description == plain.program!.description)
    let kept = compile({ (x: Tensor) in x.named("B", "T").sum(axis: 1) }, options)
    #expect(kept(Tensor.ones([4, 3])).shape.description == "[B: 4]")
  }

  @Test("an update keeps the names of its state, and compares with what it is given")
  func updates() {
    let step = compileUpdate { (state: inout Tensor, x: Tensor) -> Tensor in
      state = state * 0.5 + x.sum(axis: 0)
      return state.sum()
    }
    var state = Tensor.ones([3]).named("T")
    _ = step(&state, Tensor.ones([2, 3]).named("B", "T"))
    #expect(state.axisNames == ["T"] && state.array(of: Double.self) == [2.5, 2.5, 2.5])
    let pull = compilePullback { (w: Tensor, x: Tensor) in x.matmul(w).sum() }
    var sum = Tensor.zeros([3, 4])
    pull(y, x).add(Tensor(1), to: &sum)
    expectEqual(sum, gradient(at: y.unnamed()) { x.unnamed().matmul($0).sum() }, tolerance: 1e-6)
  }
}
