import Testing
import Wengert

@testable import WengertCore

@Suite("Common subexpressions")
struct CommonSubexpressionsTests {
  @Test("equal operations on equal operands are one")
  func equal() {
    let graph = trace(.float32(2, 3)) { x in [tanh(x[0]) + 1, tanh(x[0]) + 1] }
    expectGraph(
      Passes.commonSubexpressions(graph),
      """
      %1 = tanh %0 : float32[2, 3]
      %2 = fill(1.0) : float32[]
      %3 = broadcast %2 : float32[2, 3]
      %4 = add %1, %3 : float32[2, 3]
      return %4, %4
      """)
  }

  @Test("operations that differ in their settings stay two")
  func settings() {
    let graph = trace(.float32(2, 2)) { x in [x[0].sum(axes: [0]), x[0].sum(axes: [1])] }
    expectGraph(
      Passes.commonSubexpressions(graph),
      """
      %1 = sum(axes: [0]) %0 : float32[1, 2]
      %2 = reshape %1 : float32[2]
      %3 = sum(axes: [1]) %0 : float32[2, 1]
      %4 = reshape %3 : float32[2]
      return %2, %4
      """)
  }

  @Test("random numbers of one key are drawn once, those of two keys twice")
  func random() {
    func draws(_ keys: [Int]) -> Int {
      let graph = trace(.float32(2, 3), .int64()) { x in keys.map { x[0].dropout(0.5, key: RandomKey(x[1] + Double($0))) } }
      return Passes.commonSubexpressions(graph).nodes.count { $0.operation.name == "dropout" }
    }
    #expect(draws([4, 4]) == 1)
    #expect(draws([4, 5]) == 2)
  }

  @Test("barriers of different numbers stay apart, and what is computed behind them")
  func barriers() {
    let graph = trace(.float32(2)) { x in
      (1...2).map { exp(x[0].move(.barrier($0), Caller(#fileID, #line))) }
    }
    expectGraph(
      Passes.commonSubexpressions(graph),
      """
      %1 = barrier %0 : float32[2]
      %2 = exp %1 : float32[2]
      %3 = barrier %0 : float32[2]
      %4 = exp %3 : float32[2]
      return %2, %4
      """)
  }
}
