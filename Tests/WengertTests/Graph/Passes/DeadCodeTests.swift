import Testing
import Wengert

@_spi(Backend) @testable import WengertCore

@Suite("Dead code")
struct DeadCodeTests {
  @Test("what no result needs is left out, with all that only it needs")
  func unused() {
    let graph = trace(.float32(2, 3)) { x in
      _ = exp(tanh(x[0])).sum()
      return [x[0] * 2]
    }
    #expect(graph.nodes.count > 4)
    expectGraph(
      Passes.deadCode(graph),
      """
      %1 = fill(2.0) : float32[]
      %2 = broadcast %1 : float32[2, 3]
      %3 = multiply %0, %2 : float32[2, 3]
      return %3
      """)
  }

  @Test("an operation with one result in use keeps its others")
  func severalResults() {
    let graph = trace(.float32(4, 3)) { x in
      let pair = rowFunction(RowProgram.sumAndDifference, [x[0], x[0] * 2])
      return [pair[1]]
    }
    expectGraph(
      Passes.deadCode(graph),
      """
      %1 = fill(2.0) : float32[]
      %2 = broadcast %1 : float32[4, 3]
      %3 = multiply %0, %2 : float32[4, 3]
      %4, %5 = rows  {(x0 + x1); (x0 - x1)} %0, %3 : float32[4, 3], float32[4, 3]
      return %5
      """)
  }

  @Test("an argument that nothing reads stays an argument")
  func arguments() {
    let graph = Passes.deadCode(trace(.float32(2), .float32(3)) { x in [x[1]] })
    #expect(graph.inputs.count == 2)
    expectGraph(graph, "return %1")
  }

  @Test("a value that is written over an argument is in use")
  func updates() {
    let graph = trace(.float32(2), updating: 1) { x in [x[0] + x[0]] }
    expectGraph(
      Passes.deadCode(graph),
      """
      %1 = add %0, %0 : float32[2]
      return
      update %0 = %1
      """)
  }
}

extension RowProgram {
  static let sumAndDifference: RowProgram = {
    let b = RowBuilder("sumAndDifference")
    let x = b.row(.float32), y = b.row(.float32)
    b.store(x + y, as: .float32)
    b.store(x - y, as: .float32)
    return b.finish()
  }()
}
