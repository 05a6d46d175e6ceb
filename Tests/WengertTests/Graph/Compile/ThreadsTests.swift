import Foundation
import Testing
@_spi(Backend) import Wengert
import WengertTestSupport

@Suite("Compiled functions on several threads")
struct CompiledThreadsTests {
  private static let w = RandomKey(1).normal([32, 32])
  private static let global = compile(
    { (x: Tensor, w: Tensor) in gelu(x.matmul(w)).softmax().sum(axes: [1]) }, CompileOptions(shapes: ["0": ["n", -1]]))

  @Test("one function called by eight threads with changing sizes gives each its own results")
  func calls() {
    let xs = (1...40).map { RandomKey($0).normal([$0, 32]) }
    let expected = xs.map { gelu($0.matmul(Self.w)).softmax().sum(axes: [1]).array(of: Float.self) }
    let wrong = LockedCount()
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      for round in 0..<60 {
        let number = (thread * 7 + round) % 40
        let result = Self.global(xs[number], Self.w).array(of: Float.self)
        if zip(result, expected[number]).contains(where: { abs($0 - $1) > 1e-5 }) { wrong.increment() }
      }
    }
    #expect(wrong.value == 0)
    #expect(Self.global.statistics.compilations == 1)
    #expect(Self.global.statistics.calls == 480)
  }

  @Test("the first calls, at the same time, trace the function once for each pattern")
  func firstCalls() {
    let traced = LockedCount()
    let f = compile { (x: Tensor) in
      traced.increment()
      return x * 2 + 1
    }
    let sums = LockedCount()
    DispatchQueue.concurrentPerform(iterations: 16) { i in
      let n = 1 + i % 4
      if f(Tensor.ones([n])).sum().item() == Double(3 * n) { sums.increment() }
    }
    #expect(sums.value == 16)
    #expect(traced.value == 4)
  }

  @Test("updates of states of their own, on several threads")
  func updates() {
    let step = compileUpdate { (state: inout Tensor, x: Tensor) in
      state = state + x
      return state.sum()
    }
    let right = LockedCount()
    DispatchQueue.concurrentPerform(iterations: 8) { i in
      var state = Tensor.zeros([16])
      for _ in 0..<50 { _ = step(&state, Tensor.full(Double(i), [16])) }
      if state.array(of: Float.self) == [Float](repeating: Float(50 * i), count: 16) { right.increment() }
    }
    #expect(right.value == 8)
  }

  @Test("a pullback may wait while the function is called again")
  func pendingPullbacks() {
    let f = compilePullback { (w: Tensor, x: Tensor) in (w * x).sum() }
    let first = f(Tensor([1.0, 2]), Tensor([3.0, 4]))
    let second = f(Tensor([1.0, 2]), Tensor([5.0, 6]))
    var a = Tensor.zeros([2]), b = Tensor.zeros([2])
    second.add(Tensor(1.0), to: &b)
    first.add(Tensor(1.0), to: &a)
    #expect(a.array(of: Float.self) == [3, 4])
    #expect(b.array(of: Float.self) == [5, 6])
  }

  @Test("a compiled function may call itself with constants while it is traced")
  func recursion() {
    let depth = LockedCount()
    nonisolated(unsafe) var f: CompiledFunction<Tensor, Tensor>!
    defer { f = nil }
    f = compile { (x: Tensor) in
      depth.increment()
      return depth.value < 3 ? x + f(Tensor.ones([2 + depth.value])).sum() : x
    }
    #expect(f(Tensor.ones([1])).item() == 1 + 3 * (1 + 4))
  }

  @Test("more patterns of shapes than are kept are told once, and counted")
  func manyPatterns() async {
    await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      let f = compile({ (x: Tensor) in x + 1 }, CompileOptions(largestCache: 3))
      for _ in 0..<2 {
        for n in 1...5 { _ = f(Tensor.ones([n])) }
      }
      precondition(f.statistics.compilations == 10 && f.statistics.dropped == 7)
    }
    .expectsMessage("compile: a function met more than 3 patterns of shapes", "CompileOptions.shapes")
    let f = compile { (x: Tensor) in x + 1 }
    for _ in 0..<3 {
      for n in 1...40 { _ = f(Tensor.ones([n])) }
    }
    #expect(f.statistics.compilations == 40)
    #expect(f.statistics.dropped == 0)
  }
}

/// A number that several threads count up.
final class LockedCount: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0

  var value: Int { lock.withLock { count } }
  func increment() { lock.withLock { count += 1 } }
}
