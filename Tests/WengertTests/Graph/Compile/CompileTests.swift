import Testing
@_spi(Backend) import Wengert
import WengertTestSupport

@Suite("Compiled functions")
struct CompileTests {
  @Test("a compiled function gives what the function gives, call after call")
  func plain() {
    let f: (Tensor, Tensor) -> Tensor = { x, w in tanh(x.matmul(w) + 1).softmax() }
    let compiled = compile(f)
    for seed in 0..<3 {
      let x = RandomKey(seed).normal([3, 4]), w = RandomKey(seed + 10).normal([4, 5])
      expectEqual(compiled(x, w), f(x, w))
    }
    #expect(compiled.statistics.compilations == 1)
    #expect(compiled.statistics.bindings == 1)
    #expect(compiled.statistics.calls == 3)
  }

  @Test("one compilation serves twenty batch sizes")
  func symbols() {
    let f: (Tensor, Tensor) -> (Tensor, [Tensor]) = { x, w in
      let (value, gradient) = valueAndGradient(at: [x, w]) { square($0[0].matmul($0[1])).mean() }
      return (value, gradient)
    }
    let compiled = compile(f, CompileOptions(shapes: ["0": ["batch", -1]]))
    for batch in 1...20 {
      let x = RandomKey(batch).normal([batch, 4]), w = RandomKey(99).normal([4, 5])
      let (value, gradient) = compiled(x, w).values
      let (expected, expectedGradient) = f(x, w)
      expectEqual(value, expected)
      for (a, b) in zip(gradient, expectedGradient) { expectEqual(a, b) }
    }
    #expect(compiled.statistics.compilations == 1)
    #expect(compiled.statistics.bindings == 20)
  }

  @Test("an update writes over its state")
  func update() {
    let step = compileUpdate({ (state: inout [Tensor], x: Tensor) -> Tensor in
      let old = state[0]
      state[0] = state[0] + x
      state[1] = old
      return old.sum()
    })
    var state = [Tensor([1.0, 2, 3]), Tensor([0.0, 0, 0])]
    let sum = step(&state, Tensor([10.0, 10, 10]))
    #expect(sum.item() == 6)
    #expect(state[0].array(of: Double.self) == [11, 12, 13])
    #expect(state[1].array(of: Double.self) == [1, 2, 3])
    _ = step(&state, Tensor([10.0, 10, 10]))
    #expect(state[0].array(of: Double.self) == [21, 22, 23])
    #expect(state[1].array(of: Double.self) == [11, 12, 13])
  }
}

@Suite("Compiled pullbacks")
struct CompiledPullbackTests {
  @Test("gradients are added up in place, for several sizes and cotangents")
  func sums() {
    let f: ([Tensor], Tensor) -> Tensor = { p, x in gelu(x.matmul(p[0]) + p[1]).sum(axes: [1]) }
    let compiled = compilePullback(f, CompileOptions(shapes: ["1": ["batch", 3]]))
    let parameters = [RandomKey(1).normal([3, 4]), RandomKey(2).normal([4])]
    var gradient = parameters.map { Tensor.zeros($0.shape) }
    var expected = gradient
    for batch in [2, 5, 1] {
      let x = RandomKey(batch).normal([batch, 3]), cotangent = RandomKey(batch + 10).normal([batch])
      let pending = compiled(parameters, x)
      let (value, pullback) = vjp(at: parameters) { f($0, x) }
      expectEqual(pending.value, value)
      pending.add(cotangent, to: &gradient)
      expected = zip(expected, pullback(cotangent)).map { $0 + $1 }
    }
    for (a, b) in zip(gradient, expected) { expectEqual(a, b, tolerance: 1e-5) }
    #expect(compiled.statistics.compilations == 1)
  }

  @Test("a second cotangent for one value is refused")
  func twice() {
    let found = collectingMistakes([
      {
        let pending = compilePullback { (w: Tensor, x: Tensor) in (w * x).sum() }(Tensor([1.0, 2]), Tensor([3.0, 4]))
        var gradient = Tensor.zeros([2])
        pending.add(Tensor(1), to: &gradient)
        pending.add(Tensor(1), to: &gradient)
      }
    ])
    let line = #line - 3
    #expect(
      found.map { $0.description } == [
        "WengertTests/CompileTests.swift:\(line): pullback: the gradient of this value has been added already; call the compiled pullback again for another cotangent"
      ])
  }

  @Test("what a pullback adds to has the model's structure and types, and no derivative is in progress on it")
  func sumsThatFit() {
    @Sendable func pending() -> CompiledPullback<[Tensor], Tensor>.Pending {
      compilePullback { (w: [Tensor], x: Tensor) in square(w[0] * w[1] * x).sum() }([Tensor([1.0, 2]), Tensor(2)], Tensor([3.0, 4]))
    }
    let found = collectingMistakes([
      {
        var sums = [Tensor.zeros([2]), Tensor(0), Tensor(0)]
        pending().add(Tensor(1), to: &sums)
      },
      {
        var sums = [Tensor.zeros([2], dtype: .float64), Tensor(0)]
        pending().add(Tensor(1), to: &sums)
      },
      {
        var sums = [Tensor.zeros([2, 1]), Tensor(0)]
        pending().add(Tensor(1), to: &sums)
      },
      {
        _ = gradient(at: Tensor(1)) { cotangent in
          var sums = [Tensor.zeros([2]), Tensor(0)]
          pending().add(cotangent, to: &sums)
          return sums[0].sum() + cotangent * 0
        }
      },
    ])
    #expect(
      found.map { $0.message } == [
        "the gradient to add to has 3 tensors, the model 2", "0 is float64[2], and the model's tensor float32[2]",
        "0 is float32[2, 1], and the model's tensor float32[2]",
        "a compiled pullback cannot be part of a graph or of a derivative in progress, which would lose its gradient; call vjp there",
      ])
  }

  @Test("each tensor of a gradient is told once, when its sum is complete and before the last ones are")
  func completion() {
    // The last layer's gradient is known long before the first's.
    let compiled = compilePullback { (p: [Tensor], x: Tensor) in p.reduce(x) { tanh($0.matmul($1)) }.sum(axes: [1]) }
    let parameters = (0..<4).map { RandomKey($0).normal([3, 3]) }, x = RandomKey(9).normal([5, 3])
    var gradient = parameters.map { Tensor.ones($0.shape) }
    var told: [(number: Int, values: [Float])] = []
    compiled(parameters, x).add(Tensor.ones([5]), to: &gradient) { told.append(($0, $1.array(of: Float.self))) }
    #expect(told.map(\.number) == [3, 2, 1, 0])
    for (number, values) in told { #expect(values == gradient[number].array(of: Float.self)) }
  }
}
