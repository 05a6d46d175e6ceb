import Testing
import Wengert
@_spi(Backend) import WengertCPU

@_spi(Backend) @testable import WengertCore

@Suite("Rematerialization")
struct RematerializationTests {
  /// Loss and gradients of a network of several layers of matmul and gelu.
  private func network(_ layers: Int) -> Graph {
    trace(.float32(64, 8), .float32(8, 8)) { x in
      gradient(at: [x[1]]) { w in square((0..<layers).reduce(x[0]) { y, _ in gelu(y.matmul(w[0])) }).sum() }
    }
  }

  private func simplified(_ graph: Graph) -> Graph {
    var graph = Passes.constantFolding(Passes.algebra(Passes.deadCode(graph)), on: CPUBackend.shared)
    graph = Passes.deadCode(Passes.commonSubexpressions(Passes.algebra(graph)))
    return Passes.layout(graph)
  }

  private func count(_ graph: Graph, _ name: String) -> Int { graph.nodes.count { $0.operation.name == name } }

  @Test("the activations of early layers are computed again in the backward pass, behind a barrier")
  func network() {
    let before = simplified(network(8))
    let after = Passes.rematerialization(before)
    #expect(count(before, "gelu") == 8)
    #expect(count(after, "gelu") > 8)
    #expect(count(after, "barrier") == count(after, "gelu") - 8)
    // The passes after it keep the two apart.
    #expect(count(Passes.commonSubexpressions(Passes.algebra(after)), "gelu") == count(after, "gelu"))
  }

  @Test("a two-layer network's activation is computed again where the backward pass is long enough")
  func smallNetwork() {
    let graph = trace(.float32(64, 8), .float32(8, 8), .float32(8, 8)) { x in
      gradient(at: [x[1], x[2]]) { w in
        let hidden = gelu(x[0].matmul(w[0]))
        // A long way between.
        return square((0..<20).reduce(hidden.matmul(w[1])) { y, _ in y.cumulativeSum(axis: 0) }).sum()
      }
    }
    let before = simplified(graph), after = Passes.rematerialization(before)
    #expect(count(before, "gelu") == 1)
    #expect(count(after, "gelu") == 2)
  }

  @Test("short programs are left as they are")
  func short() {
    let graph = simplified(network(1))
    #expect(Passes.rematerialization(graph).lines == graph.lines)
  }

  @Test("a value that is a result is not computed again")
  func results() {
    let graph = trace(.float32(64, 8)) { x in
      let early = exp(x[0])
      return [early, early * (0..<40).reduce(x[0]) { y, _ in y.cumulativeSum(axis: 0) }]
    }
    #expect(count(Passes.rematerialization(graph), "exp") == 1)
  }

  @Test("gradients stay those of the eager run")
  func values() {
    let f: (Tensor, Tensor) -> Tensor = { x, w in
      gradient(at: w) { w in square((0..<8).reduce(x) { y, _ in gelu(y.matmul(w)) }).sum() }
    }
    let x = RandomKey(1).normal([64, 8]), w = RandomKey(2).normal([8, 8])
    expectEqual(compile(f)(x, w), f(x, w), tolerance: 1e-4)
  }
}
