import Testing
import Wengert

@Suite("Memory budget")
struct MemoryBudgetTests {
  private func step(_ x: Tensor, _ w: [Tensor]) -> [Tensor] {
    gradient(at: w) { w in square(w.reduce(x) { y, w in gelu(y.matmul(w)) }).mean() }
  }

  private let x = RandomKey(1).normal([512, 32])
  private let weights = (0..<8).map { RandomKey($0 + 2).normal([32, 32], standardDeviation: 0.2) }

  @Test("buffers keep to a budget, and the gradients stay what they were")
  func kept() {
    let free = compile { (x: Tensor, w: [Tensor]) in step(x, w) }
    let expected = free(x, weights)
    let most = free.program!.arenaByteCount
    let tight = compile({ (x: Tensor, w: [Tensor]) in step(x, w) }, CompileOptions(memoryBudget: most * 19 / 20))
    for (a, e) in zip(tight(x, weights), expected) { expectEqual(a, e, tolerance: 1e-5) }
    #expect(tight.program!.arenaByteCount <= most * 19 / 20)
    #expect(tight.statistics.bytesOverBudget == 0)
  }

  @Test("a budget that cannot be kept is exceeded by as little as can be found, and says by how much")
  func exceeded() {
    let free = compile { (x: Tensor, w: [Tensor]) in step(x, w) }
    let expected = free(x, weights)
    let impossible = compile({ (x: Tensor, w: [Tensor]) in step(x, w) }, CompileOptions(memoryBudget: 1000))
    for (a, e) in zip(impossible(x, weights), expected) { expectEqual(a, e, tolerance: 1e-5) }
    #expect(impossible.program!.arenaByteCount < free.program!.arenaByteCount)
    #expect(impossible.statistics.bytesOverBudget == impossible.program!.arenaByteCount - 1000)
  }

  @Test("a budget that is kept in any case changes nothing")
  func ample() {
    let free = compile { (x: Tensor, w: [Tensor]) in step(x, w) }
    let ample = compile({ (x: Tensor, w: [Tensor]) in step(x, w) }, CompileOptions(memoryBudget: 1 << 30))
    _ = (free(x, weights), ample(x, weights))
    #expect(free.program!.kernelCount == ample.program!.kernelCount)
  }
}
