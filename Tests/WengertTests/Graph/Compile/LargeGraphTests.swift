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
}
