import Testing
import Wengert

@testable import WengertCore

@Suite("Epilogues of products")
struct EpiloguePassTests {
  @Test("bias and gelu join the product before them")
  func biasGelu() {
    expectGraph(
      trace(.float32(16, 8), .float32(8, 4), .float32(4)) { x in [gelu(x[0].matmul(x[1]) + x[2])] }.optimized,
      """
      %3 = matmul then rows [16, 4] {gelu((x0 + x1))} %0, %1, %2 : float32[16, 4]
      return %3
      """)
  }

  @Test("the product is kept where something else reads it")
  func kept() {
    expectGraph(
      trace(.float32(16, 8), .float32(8, 4), .float32(4)) { x in
        let product = x[0].matmul(x[1])
        return [gelu(product + x[2]), product.cumulativeSum(axis: 0)]
      }.optimized,
      """
      %3, %4 = matmul then rows [16, 4] {gelu((x0 + x1))} %0, %1, %2 : float32[16, 4], float32[16, 4]
      %5 = cumulativeSum %3 : float32[16, 4]
      return %4, %5
      """)
  }

  @Test("a row reduction of the product joins it")
  func softmax() {
    expectGraph(
      trace(.float32("batch", 8), .float32(8, 4)) { x in [x[0].matmul(x[1]).softmax()] }.optimized,
      """
      %2 = matmul then rows [batch, 4] {v3 = exp((x0 - maximum(x0))); (v3 * (1 / sum(v3)))} %0, %1 : float32[batch, 4]
      return %2
      """)
  }

  @Test("a program of column sums runs on its own")
  func columnSums() {
    let graph = trace(.float32(16, 8), .float32(8, 4)) { x in [tanh(x[0].matmul(x[1])).sum(axes: [0])] }.optimized
    #expect(graph.nodes.map(\.operation.name) == ["matmul", "tanh+sum"])
  }

  @Test("column sums of what a program stores are taken after it")
  func sumsOfStored() {
    let f: ([Tensor]) -> [Tensor] = { x in
      let y = tanh(x[0].matmul(x[1]))
      return [y, y.sum(axes: [0])]
    }
    let graph = trace(.float32(16, 8), .float32(8, 4)) { f($0) }.optimized
    #expect(graph.nodes.map(\.operation.name) == ["matmul + tanh", "sum", "reshape"])
    let x = [RandomKey(1).normal([300, 20]), RandomKey(2).normal([20, 70])]
    for (a, b) in zip(compile(f)(x), f(x)) { expectEqual(a, b, tolerance: 1e-4) }
  }

  @Test("a bias gradient is one view of the sum, which fusion and epilogues give in shapes of their own")
  func biasGradient() {
    let layer: ([Tensor]) -> [Tensor] = { x in
      let (loss, gradient) = valueAndGradient(at: x) { x in (gelu(x[0].matmul(x[1]) + x[2]) * 0.5).sum() }
      return [loss] + gradient
    }
    for bias in ["width", 4] as [Dimension] {
      let graph = trace(.float32("rows", 3), .float32(3, bias), .float32(bias)) { layer($0) }.optimized
      func isReshape(_ node: Graph.Node?) -> Bool { if case .reshape? = node?.operation as? Movement { true } else { false } }
      #expect(!graph.nodes.contains { isReshape($0) && isReshape(graph.producer($0.operands[0])) }, "\(graph)")
      #expect(graph.producer(graph.producer(graph.outputs[3])!.operands[0])?.operation is Reduction, "\(graph)")
    }
  }

  @Test("batches of products keep their programs apart")
  func batches() {
    let graph = trace(.float32(3, 16, 8), .float32(3, 8, 4)) { x in [tanh(x[0].matmul(x[1])) + 1] }.optimized
    #expect(graph.nodes.map(\.operation.name) == ["matmul", "tanh+add"])
  }

  @Test("dropout on a product draws by the element's place in the whole, block by block")
  func dropout() {
    let f: (Tensor, Tensor) -> Tensor = { x, w in gelu(x.matmul(w)).dropout(0.5, key: RandomKey(5)) }
    let x = RandomKey(1).normal([300, 20]), w = RandomKey(2).normal([20, 70])
    let compiled = compile(f)
    expectEqual(compiled(x, w), f(x, w), tolerance: 1e-5)
    #expect(compiled.program?.kernelCount == 1)
  }
}
