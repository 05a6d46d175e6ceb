import Testing
import Wengert

@testable import WengertCore

@Suite("Sums where they lie")
struct SumsTests {
  private let a = TensorType.float32(2, 3)
  private let b = TensorType.float32(3, 4)

  @Test("a sum of two products is one product added to the other")
  func products() {
    expectGraph(
      Passes.sums(trace(a, b, a, b) { x in [x[0].matmul(x[1]) + x[2].matmul(x[3])] }),
      """
      %4 = matmul %0, %1 : float32[2, 4]
      %5 = matmul + add %2, %3, %4 : float32[2, 4]
      return %5
      """)
  }

  @Test("a sum of three products is added up in one place")
  func three() {
    let graph = Passes.sums(trace(a, b, a) { x in [x[0].matmul(x[1]) + x[2].matmul(x[1]) + (x[0] + x[2]).matmul(x[1])] })
    #expect(graph.nodes.map(\.operation.name) == ["matmul", "matmul + add", "add", "matmul + add"])
  }

  @Test("a product that is read elsewhere is not added to")
  func shared() {
    let graph = Passes.sums(
      trace(a, b, a, b) { x in
        let first = x[0].matmul(x[1]), second = x[2].matmul(x[3])
        return [first + second, first, second]
      })
    #expect(graph.nodes.map(\.operation.name) == ["matmul", "matmul", "add"])
  }

  @Test("a product twice is not its own addend")
  func twice() {
    let graph = Passes.sums(
      trace(a, b) { x in
        let product = x[0].matmul(x[1])
        return [product + product]
      })
    #expect(graph.nodes.map(\.operation.name) == ["matmul", "add"])
  }

  @Test("slices that are scattered are added where the other addend lies")
  func scatter() {
    expectGraph(
      Passes.sums(trace(.float32(5, 4), .float32(2, 4), .int64(2)) { x in [x[0] + x[1].scatterAdd(x[2], extent: 5)] }),
      """
      %3 = scatterAdd + add %1, %2, %0 : float32[5, 4]
      return %3
      """)
  }

  @Test("the sums are those of the eager run, also where the addend is an argument and lives on")
  func values() {
    let f: (Tensor, Tensor) -> [Tensor] = { table, rows in
      let sum = table + rows.scatterAdd(Tensor([1, 1, 3] as [Int]), extent: 5)
      return [sum, table * 2, rows.matmul(table.transpose()) + (rows * 2).matmul(table.transpose())]
    }
    let table = RandomKey(1).normal([5, 4]), rows = RandomKey(2).normal([3, 4])
    for (compiled, eager) in zip(compile(f)(table, rows), f(table, rows)) { expectEqual(compiled, eager) }
  }
}
