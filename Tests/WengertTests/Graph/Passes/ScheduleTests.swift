import Testing
import Wengert

@testable import WengertCore

@Suite("Schedule")
struct ScheduleTests {
  @Test("an update moves to where its operands are ready and its argument is read no more")
  func updates() {
    // As an optimizer's updates come, after everything else.
    let graph = trace(.float32(4), .float32(4), updating: 2) { x in
      let first = x[0].cumulativeSum(axis: 0), second = x[1].cumulativeSum(axis: 0) + first.sum()
      return [(first + second).sum(), x[0] - first, x[1] - second]
    }
    #expect(
      graph.nodes.map(\.operation.name) == [
        "cumulativeSum", "cumulativeSum", "sum", "reshape", "broadcast", "add", "add", "sum", "reshape", "subtract", "subtract",
      ])
    #expect(
      Passes.schedule(graph).nodes.map(\.operation.name) == [
        "cumulativeSum", "subtract", "cumulativeSum", "sum", "reshape", "broadcast", "add", "subtract", "add", "sum", "reshape",
      ])
  }

  @Test("an update that others read stays where it is")
  func readUpdate() {
    let graph = trace(.float32(4), updating: 1) { x in
      let new = x[0] * x[0]
      return [new.cumulativeSum(axis: 0), new]
    }
    #expect(Passes.schedule(graph).lines == graph.lines)
  }

  @Test("small numbers that follow from arguments alone come first")
  func numbers() {
    let graph = trace(.float32(100, 100), .float32()) { x in [x[0].cumulativeSum(axis: 0) * exp(x[1])] }
    #expect(graph.nodes.map(\.operation.name) == ["cumulativeSum", "exp", "broadcast", "multiply"])
    #expect(Passes.schedule(graph).nodes.map(\.operation.name) == ["exp", "cumulativeSum", "broadcast", "multiply"])
  }
}
