import Testing
import Wengert

@testable import WengertCore

/// What depends on the number of operations by more than a factor would not end, and what calls itself for each would end the process.
@Suite("Large graphs")
struct LargeGraphTests {
  @Test("a chain of 100,000 operations compiles to the number of the eager run, and so does its gradient at 20,000")
  func chain() {
    func f(_ x: Tensor, _ count: Int) -> Tensor {
      (0..<count).reduce(x) { y, i in i % 2 == 0 ? sin(y) : y + x }
    }
    let x = Tensor([0.25], dtype: .float64)
    let compiled = compile { (x: Tensor) in f(x, 100_000) }
    #expect(abs(compiled(x).item() - f(x, 100_000).item()) < 1e-12)
    let slope = compile { (x: Tensor) in gradient(at: x) { f($0, 20_000).sum() } }
    #expect(abs(slope(x).item() - gradient(at: x) { f($0, 20_000).sum() }.item()) < 1e-9)
  }

  @Test("20,000 operations that ask for as many extents note each once")
  func requirements() {
    let compiled = compile(
      { (x: Tensor) in
        var parts: [Tensor] = []
        for i in 0..<20_000 { parts.append(x.narrow(0, from: i, count: 2)) }
        for i in 0..<20_000 { parts.append(x.narrow(0, from: i, count: 2)) }
        return concatenate([parts[0], parts[19_999], parts[20_000]])
      }, CompileOptions(shapes: ["0": ["n"]]))
    let x = Tensor.iota(20_001)
    #expect(compiled(x).array(of: Int.self) == [0, 1, 19_999, 20_000, 0, 1])
    #expect(compiled.program!.requirements.count == 20_000)
  }

  @Test("buffers that are looked up by when they live get the places that they get when all are looked at")
  func places() {
    for seed in 1...20 {
      var numbers = RandomNumbers(seed: UInt64(seed))
      let times = 1 + numbers.next(below: 300)
      var few = PlacedBuffers(count: 0, times: times), many = PlacedBuffers(count: 0, times: times, fewest: 0)
      for _ in 0..<3000 {
        let first = numbers.next(below: times)
        let last = min(times - 1, first + numbers.next(below: seed % 2 == 0 ? 4 : times))
        let size = 64 * (1 + numbers.next(below: 20))
        #expect(few.place(size, living: first...last) == many.place(size, living: first...last), "seed \(seed)")
      }
    }
  }

  /// Knuth's linear congruence.
  private struct RandomNumbers {
    var seed: UInt64

    mutating func next(below count: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 33) % count
    }
  }
}
