import Testing
import Wengert
@_spi(Backend) import WengertCPU

@_spi(Backend) @testable import WengertCore

@Suite("Layout of products and whole sums")
struct ContractionLayoutTests {
  @Test("a transposed product is the product of the transposed factors in reverse")
  func transposedProduct() {
    expectGraph(
      Passes.layout(trace(.float32(2, 3), .float32(3, 4)) { x in [x[0].matmul(x[1]).transpose()] }),
      """
      %2 = permute([1, 0]) %1 : float32[4, 3]
      %3 = permute([1, 0]) %0 : float32[3, 2]
      %4 = matmul %2, %3 : float32[4, 2]
      return %4
      """)
  }

  @Test("transposes of transposed factors cancel: a weight [outputs, inputs] gets its gradient without a copy")
  func weightGradient() {
    let graph = trace(.float32(5, 3), .float32(4, 3)) { x in
      [gradient(at: x[1]) { w in square(x[0].matmul(w.transpose())).sum() }]
    }
    let simple = Passes.simplify(graph, CompileOptions(), on: CPUBackend.shared)
    expectGraph(
      simple,
      """
      %2 = permute([1, 0]) %1 : float32[3, 4]
      %3 = matmul %0, %2 : float32[5, 4]
      %4 = fill(1.0) : float32[5, 4]
      %5 = fill(0.0) : float32[]
      %6 = rows [5, 4] {((2 * x0) * x2)} %3, %5, %4 : float32[5, 4]
      %7 = permute([1, 0]) %0 : float32[3, 5]
      %8 = permute([1, 0]) %6 : float32[4, 5]
      %9 = matmul %8, %0 : float32[4, 3]
      return %9
      """)
  }

  @Test("a batch of products is turned as well, other orders of axes are not")
  func batches() {
    let turned = Passes.layout(trace(.float32(7, 2, 3), .float32(7, 3, 4)) { x in [x[0].matmul(x[1]).transpose()] })
    #expect(turned.nodes.map(\.operation.name) == ["permute", "permute", "matmul"])
    let kept = Passes.layout(trace(.float32(7, 2, 3), .float32(7, 3, 4)) { x in [x[0].matmul(x[1]).permute([1, 0, 2])] })
    #expect(kept.nodes.map(\.operation.name) == ["matmul", "permute"])
  }

  @Test("a sum of a whole matrix runs over one row, with the element-wise operations before it")
  func wholeSum() {
    expectGraph(
      Passes.layout(trace(.float32(2, 3), .float32(2, 3)) { x in [square(x[0] - x[1]).sum()] }),
      """
      %2 = reshape %0 : float32[6]
      %3 = reshape %1 : float32[6]
      %4 = subtract %2, %3 : float32[6]
      %5 = square %4 : float32[6]
      %6 = sum(axes: [0]) %5 : float32[1]
      %7 = reshape %6 : float32[1, 1]
      %8 = reshape %6 : float32[]
      return %8
      """)
  }

  @Test("a whole sum of a transposed or broadcast value is left as it is")
  func wholeSumOfView() {
    expectGraph(
      Passes.layout(trace(.float32(2, 3)) { x in [x[0].transpose().sum()] }),
      """
      %1 = permute([1, 0]) %0 : float32[3, 2]
      %2 = sum(axes: [0, 1]) %1 : float32[1, 1]
      %3 = reshape %2 : float32[]
      return %3
      """)
  }
}
