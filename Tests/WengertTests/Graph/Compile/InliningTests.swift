import Testing
import Wengert
import WengertTestSupport

@testable import WengertCore

@Suite("Compiled functions and derivatives")
struct InliningTests {
  @Test("a gradient through a compiled function is the function's, and not cut")
  func gradients() {
    let f: (Tensor) -> Tensor = { tanh($0 * 3).sum() }
    let compiled = compile(f)
    let x = Tensor([0.1, 0.2, -0.3])
    expectEqual(gradient(at: x) { compiled($0) }, gradient(at: x, f))
    #expect(compiled.statistics.lastCall == .inlined)
    #expect(compiled.statistics.compilations == 0)
  }

  @Test("a compiled function in a compiled function is part of its program")
  func nested() {
    let inner = compile { (x: Tensor) in exp(x) + 1 }
    let outer = compile { (x: Tensor) in inner(x) * inner(x * 2) }
    let x = Tensor([0.5, 1, 2])
    expectEqual(outer(x), (exp(x) + 1) * (exp(x * 2) + 1), tolerance: 1e-5)
    #expect(inner.statistics.lastCall == .inlined)
    #expect(outer.program?.kernelCount == 1)
  }

  @Test("a compiled update inside a compiled function changes its state there")
  func nestedUpdate() {
    let inner = compileUpdate { (x: inout Tensor, y: Tensor) -> Tensor in
      x = x + y
      return x.sum()
    }
    let outer = compile { (x: Tensor, y: Tensor) -> [Tensor] in
      var x = x
      let sum = inner(&x, y)
      return [x, sum]
    }
    let results = outer(Tensor([1.0, 2]), Tensor([10.0, 20]))
    #expect(results.map { $0.array(of: Double.self) } == [[11, 22], [33]])
  }

  @Test("second derivatives inside a compiled function")
  func second() {
    let f: (Tensor) -> Tensor = { x in gradient(at: x) { x in square(gradient(at: x) { sin($0).sum() }).sum() } }
    let x = Tensor([0.3, 1.1])
    expectEqual(compile(f)(x), f(x), tolerance: 1e-5)
  }

  @Test("checkpoint computes again in a compiled gradient, and the arena is smaller")
  func checkpoints() {
    func layer(_ x: Tensor, _ w: Tensor) -> Tensor { tanh(cos(x.matmul(w)).cumulativeSum(axis: 1) * 0.1) }
    func step(_ isCheckpointed: Bool) -> (Tensor, Tensor) -> Tensor {
      { x, w in
        gradient(at: w) { w in
          (0..<6).reduce(x) { y, _ in isCheckpointed ? checkpoint([y, w]) { layer($0[0], $0[1]) } : layer(y, w) }.sum()
        }
      }
    }
    let x = RandomKey(1).normal([256, 16]), w = RandomKey(2).normal([16, 16], standardDeviation: 0.2)
    let kept = compile(step(false)), recomputed = compile(step(true))
    expectEqual(recomputed(x, w), kept(x, w), tolerance: 1e-4)
    func scans(_ program: Program?) -> Int { program!.graph.nodes.count { ($0.operation as? Scan)?.reverse == false } }
    #expect(scans(kept.program) == 6)
    #expect(scans(recomputed.program) >= 11)
    #expect(recomputed.program!.arenaByteCount < kept.program!.arenaByteCount)
  }

  @Test("arguments may be strided views, broadcasts, constants of one number, or empty")
  func views() {
    let f: (Tensor, Tensor) -> [Tensor] = { x, y in [tanh(x) + y, x.sum(axes: [0]), x.transpose().matmul(x)] }
    let compiled = compile(f)
    let base = RandomKey(4).normal([6, 8])
    for (x, y) in [
      (base[0..<3, 0..<4], Tensor.ones([4])), (base.transpose()[0..<3, 0..<4], base[0, Axis.range(by: 2)]),
      (base[Axis.range(from: 5, by: -2), 0..<4], Tensor.zeros([4])), (Tensor([1.0, 2, 3, 4]).broadcast(to: [3, 4]), Tensor.ones([4])),
    ] {
      for (a, e) in zip(compiled(x, y), f(x, y)) { expectEqual(a, e, tolerance: 1e-5) }
    }
    #expect(compiled.statistics.compilations == 1)
    let empty = compiled(.ones([0, 4]), .ones([4]))
    #expect(empty.map(\.shape) == [[0, 4], [4], [4, 4]])
    #expect(empty[1].array(of: Double.self) == [0, 0, 0, 0])
    #expect(empty[2].sum().item() == 0)
  }

  @Test("arguments, constants and views of arguments may be results")
  func passedThrough() {
    let table = Tensor([1.0, 2])
    let compiled = compile { (x: Tensor) in [x, table, x.transpose(), Tensor.zeros([2])] }
    let x = Tensor([[1.0, 2], [3, 4]])
    let results = compiled(x)
    #expect(results.map { $0.array(of: Double.self) } == [[1, 2, 3, 4], [1, 2], [1, 3, 2, 4], [0, 0]])
    var changed = results[1]
    changed[0] = Tensor(9)
    #expect(compiled(x)[1].array(of: Double.self) == [1, 2])
  }

  @Test("random numbers and dropout are the eager ones of the same key")
  func random() {
    let f: (Tensor, Tensor) -> [Tensor] = { x, key in
      let key = RandomKey(key)
      return [
        x.dropout(0.4, key: key.fold(1)), key.fold(2).normal([5, 7]), key.split(3)[1].uniform([4]) + 1, key.fold(3).integers(0..<9, [6]),
        key.fold(4).bernoulli(0.5, [9]), key.permutation(11),
      ]
    }
    let compiled = compile(f)
    for seed in 0..<4 {
      let x = RandomKey(100 + seed).normal([3, 50]), key = RandomKey(seed).data
      for (a, e) in zip(compiled(x, key), f(x, key)) { expectEqual(a, e) }
    }
    #expect(compiled.statistics.compilations == 1)
  }

  @Test("NaN and infinities come out as in the eager run")
  func notFinite() {
    let f: (Tensor) -> [Tensor] = { x in
      [
        x * 0, x - x, x + 0, maximum(x, x.constant(0)), relu(x), x.sum(), x.max(), (x * 2).logSumExp(), select(x .> 0, log(x), 1 / x),
        0 * exp(x),
      ]
    }
    let compiled = compile(f)
    for values in [[1, .nan, 2], [.infinity, 1, 0], [-.infinity, .infinity, 0], [0.0, -0.0, -1]] {
      for (a, e) in zip(compiled(Tensor(values)), f(Tensor(values))) { expectEqual(a, e) }
    }
  }

  @Test("two threads run two compiled functions at once")
  func threads() async {
    func run(_ seed: Int) -> Bool {
      let f: (Tensor, Tensor) -> Tensor = { x, w in gradient(at: w) { square(gelu(x.matmul($0))).sum() + Double(seed) } }
      let compiled = compile(f)
      let x = RandomKey(seed).normal([40, 8]), w = RandomKey(seed + 50).normal([8, 8])
      let expected = f(x, w).array(of: Float.self)
      return (0..<50).allSatisfy { _ in
        zip(compiled(x, w).array(of: Float.self), expected).allSatisfy { abs($0 - $1) <= 1e-3 * max(1, abs($1)) }
      }
    }
    await withTaskGroup(of: Bool.self) { group in
      for seed in 0..<4 { group.addTask { run(seed) } }
      for await isRight in group { #expect(isRight) }
    }
  }
}
