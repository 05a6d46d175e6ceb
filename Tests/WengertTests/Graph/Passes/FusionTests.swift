import Testing
import Wengert
@_spi(Backend) import WengertCPU

@_spi(Backend) @testable import WengertCore

@Suite("Fusion")
struct FusionTests {
  private func fused(_ types: TensorType..., f: ([Tensor]) -> [Tensor]) -> Graph {
    let tracer = Tracer(target: CPUBackend.shared)
    let results = f(types.enumerated().map { tracer.input("\($0)", $1) }).map { tracer.value(of: $0) }
    var graph = tracer.graph
    graph.outputs = results
    return Passes.fusion(Passes.simplify(graph, CompileOptions(), on: CPUBackend.shared))
  }

  @Test("a chain of element-wise operations is one program")
  func chain() {
    expectGraph(
      fused(.float32(2, 3), .float32(2, 3)) { x in [tanh(x[0] * 2 + x[1])] },
      """
      %2 = rows [2, 3] {tanh(((x0 * 2) + x1))} %0, %1 : float32[2, 3]
      return %2
      """)
  }

  @Test("a softmax written by hand is one program")
  func softmax() {
    expectGraph(
      fused(.float32(4, 8)) { x in
        let e = exp(x[0] - x[0].max(axes: [1], keepDims: true))
        return [e / e.sum(axes: [1], keepDims: true)]
      },
      """
      %1 = rows [4, 8] {v3 = exp((x0 - maximum(x0))); (v3 / sum(v3))} %0 : float32[4, 8]
      return %1
      """)
  }

  @Test("a layer norm written by hand is one program, its row operands read as they are")
  func layerNorm() {
    expectGraph(
      fused(.float32(4, 8), .float32(8), .float32(8)) { x in
        let centered = x[0] - x[0].mean(axes: [1], keepDims: true)
        let variance = square(centered).mean(axes: [1], keepDims: true)
        return [centered * rsqrt(variance + 1e-5) * x[1] + x[2]]
      },
      """
      %3 = rows [4, 8] {v4 = (x0 - (sum(x0) / 8)); (((v4 * rsqrt(((sum(square(v4)) / 8) + 1e-05))) * x1) + x2)} %0, %1, %2 : float32[4, 8]
      return %3
      """)
  }

  @Test("column sums join the program that makes what they sum")
  func columnSums() {
    expectGraph(
      fused(.float32(4, 8), .float32(4, 8)) { x in [(x[0] * x[1]).sum(axes: [0])] },
      """
      %2 = rows [4, 8] {columns sum (x0 * x1)} %0, %1 : float32[8]
      %3 = reshape %2 : float32[1, 8]
      %4 = reshape %3 : float32[8]
      return %4
      """)
  }

  @Test("what follows from a column sum is another program: the sum is known at the end only")
  func afterColumnSums() {
    expectGraph(
      fused(.float32(4, 8)) { x in [x[0] - square(x[0]).sum(axes: [0], keepDims: true)] },
      """
      %1 = rows [4, 8] {columns sum square(x0)} %0 : float32[8]
      %2 = reshape %1 : float32[1, 8]
      %3 = broadcast %2 : float32[4, 8]
      %4 = subtract %0, %3 : float32[4, 8]
      return %4
      """)
  }

  @Test("a value that is read elsewhere is stored too")
  func stored() {
    expectGraph(
      fused(.float32(4, 4)) { x in
        let y = exp(x[0])
        return [y, y + 1]
      },
      """
      %1, %2 = rows [4, 4] {v1 = exp(x0); v1; (v1 + 1)} %0 : float32[4, 4], float32[4, 4]
      return %1, %2
      """)
  }

  @Test("a detour through another kernel keeps two groups apart")
  func detour() {
    expectGraph(
      fused(.float32(4, 4)) { x in
        let y = exp(x[0])
        return [y + y.cumulativeSum(axis: 0)]
      },
      """
      %1 = exp %0 : float32[4, 4]
      %2 = cumulativeSum %1 : float32[4, 4]
      %3 = add %1, %2 : float32[4, 4]
      return %3
      """)
  }

  @Test("groups that would wait for each other are not merged")
  func mutualWait() {
    // c needs a; b needs d; c and d are one program, which a and b together would wait for, and it for them.
    let graph = fused(.float32(4, 4)) { x in
      let a = exp(x[0]), d = sin(x[0].transpose())
      let c = tanh(a.cumulativeSum(axis: 0).transpose()) * d
      return [a * d.cumulativeSum(axis: 0).transpose(), c]
    }
    #expect(graph.outputs.count == 2)
  }

  @Test("a number per row joins the rows, and is stored with an extent of one where it is a result")
  func scalarsPerRow() {
    expectGraph(
      fused(.float32(4, 8), .float32(4, 1)) { x in
        let scale = exp(x[1])
        let sum = (x[0] * scale).sum(axes: [1], keepDims: true)
        return [x[0] / sum, sum]
      },
      """
      %2, %3 = rows [4, 8] {v4 = sum((x1 * exp(x0))); v4; (x1 / v4)} %1, %0 : float32[4, 1], float32[4, 8]
      return %3, %2
      """)
  }

  @Test("a sum along rows of one number per row counts it once per column")
  func sumOfRepeated() {
    let f: (Tensor) -> Tensor = { x in exp(x).broadcast(to: [3, 5]).sum(axes: [1]) + x.broadcast(to: [3, 5]).max(axes: [1]) }
    let x = Tensor([[0.5], [1], [2]])
    expectEqual(compile(f)(x), f(x))
  }

  @Test("broadcast operands are read through, and nothing is stretched in memory")
  func broadcasts() {
    let graph = fused(.float32(4, 8), .float32(8), .float32()) { x in [x[0] * x[1] + x[2]] }
    #expect(!graph.nodes.contains { $0.operation.name == "broadcast" })
    expectGraph(
      graph,
      """
      %3 = rows [4, 8] {((x0 * x1) + x2)} %0, %1, %2 : float32[4, 8]
      return %3
      """)
  }

  @Test("whole numbers of eight bits are not fused: they wrap when they are stored")
  func eightBits() {
    let f: (Tensor, Tensor) -> Tensor = { a, b in (a + b).cast(to: .float32) / 2 }
    let a = Tensor([200, 250] as [UInt8]), b = Tensor([100, 10] as [UInt8])
    #expect(fused(.uint8(2), .uint8(2)) { [f($0[0], $0[1])] }.nodes.map(\.operation.name) == ["add", "cast(to: float32)+divide"])
    #expect(compile(f)(a, b).array(of: Double.self) == [22, 2])
  }

  @Test("extents in symbols are one shape where they are one expression")
  func symbols() {
    expectGraph(
      fused(.float32("batch", 8), .float32("batch", 8)) { x in [tanh(x[0] + x[1]).sum(axes: [1])] },
      """
      %2 = rows [batch, 8] {sum(tanh((x0 + x1)))} %0, %1 : float32[batch, 1]
      %3 = reshape %2 : float32[batch]
      return %3
      """)
  }

  @Test("a program never grows beyond what stands in the cache")
  func limit() {
    let graph = fused(.float32(4, 4)) { x in [(0..<200).reduce(x[0]) { y, i in sin(y) + Double(i + 2) }] }
    let sizes = graph.nodes.compactMap { ($0.operation as? RowOperation)?.program.instructions.count }
    #expect(sizes.count > 1)
    #expect(sizes.allSatisfy { $0 <= 2 * FusionGroups.largest })
  }

  @Test("the search for groups looks at a number of nodes that grows with the graph, not with its square")
  func searches() {
    // A simulation and its gradient, whose backward steps read what the forward ones have left.
    func searched(_ steps: Int) -> (nodes: Int, searched: Int) {
      let graph = trace(.float32(64), .float32(64)) { x in
        [
          gradient(at: x[0]) { start in
            var position = start, speed = x[1]
            for _ in 0..<steps {
              speed = speed + 0.01 * (0.1 * sin(speed) - position - 0.05 * speed * speed)
              position = position + 0.01 * speed
            }
            return (position * position).sum()
          }
        ]
      }
      let simple = Passes.simplify(graph, CompileOptions(), on: CPUBackend.shared)
      return (simple.nodes.count, FusionGroups(simple).searched)
    }
    let (short, long) = (searched(100), searched(400))
    #expect(long.nodes > 3 * short.nodes)
    #expect(long.searched <= 6 * short.searched, "\(short.searched) nodes, then \(long.searched)")
  }
}
