import Testing
import Wengert
@_spi(Backend) import WengertCPU

@_spi(Backend) @testable import WengertCore

@Suite("Constant folding")
struct ConstantFoldingTests {
  private func folded(_ type: TensorType, f: ([Tensor]) -> [Tensor]) -> Graph {
    let graph = trace(type, f: f)
    return Passes.deadCode(Passes.constantFolding(Passes.algebra(graph), on: CPUBackend.shared))
  }

  private func constants(_ graph: Graph) -> [Tensor] {
    graph.values.compactMap { if case .constant(let tensor) = $0.origin { tensor } else { nil } }
  }

  @Test("keys that are derived from a seed are computed once, at compile time")
  func keys() {
    let graph = folded(.float32(2, 3)) { x in [x[0].dropout(0.5, key: RandomKey(7).fold(3).split(2)[1])] }
    expectGraph(
      graph,
      """
      %1 = constant : int64[]
      %2 = rows  {v9 = select(greaterOrEqual(unitInterval(random(x1, 0)), 0.5), (x0 * 2), 0); v9} %0, %1 : float32[2, 3]
      return %2
      """)
    let expected = RandomKey(7).fold(3).split(2)[1].data
    #expect(constants(graph).contains { $0.array(of: Int64.self) == expected.array(of: Int64.self) })
  }

  @Test("one number everywhere stays one number, however large the tensor")
  func fills() {
    let graph = folded(.float32(1000, 1000)) { x in
      [x[0] * sqrt(Tensor.full(0, [1000, 1000], dtype: .float32, beside: x[0]) + 9)]
    }
    expectGraph(
      graph,
      """
      %1 = fill(3.0) : float32[1000, 1000]
      %2 = multiply %0, %1 : float32[1000, 1000]
      return %2
      """)
  }

  @Test("a function that backends round differently is computed by the program, of one element")
  func kernels() {
    let f: (Tensor) -> Tensor = { $0 * exp(Tensor.full(0, [20, 30], dtype: .float32, beside: $0) + 1) }
    let nodes = folded(.float32(20, 30)) { x in [f(x[0])] }.nodes
    #expect(nodes.map(\.operation.name) == ["fill(1.0)", "exp", "broadcast", "multiply"])
    let x = Tensor.ones([20, 30])
    #expect(compile(f)(x).array(of: Float.self) == f(x).array(of: Float.self))
  }

  @Test("numbers that are folded have the bits that a kernel gives them", arguments: DType.allCases)
  func bits(_ dtype: DType) {
    let all = [-2.5, -1, -0.0, 0, 0.1, 0.5, 1, 1.5, 3, 200, 1e-40, 3e38, 1e10, .infinity, -.infinity, .nan]
    let numbers = all.map(dtype.rounded).filter(dtype.holds)
    func check(_ operation: Elementwise, _ operands: [Double], _ dtypes: [DType]) {
      guard let number = operation.folded(operands, dtypes) else { return }
      let tensors = zip(operands, dtypes).map { Tensor.full($0, [], dtype: $1, backend: CPUBackend.shared) }
      let expected = apply1(operation, tensors, Caller(#fileID, #line)).item()
      let isSame = number.bitPattern == expected.bitPattern || (number.isNaN && expected.isNaN)
      #expect(isSame, "\(operation.name) of \(operands): \(number), not \(expected)")
    }
    for a in numbers {
      for op in UnaryOp.allCases { check(.unary(op), [a], [dtype]) }
      for target in DType.allCases { check(.cast(target), [a], [dtype]) }
      for b in numbers {
        for op in BinaryOp.allCases { check(.binary(op), [a, b], [dtype, dtype]) }
        for op in CompareOp.allCases { check(.compare(op), [a, b], [dtype, dtype]) }
        for choice in [0.0, 1] { check(.select, [choice, a, b], [.bool, dtype, dtype]) }
      }
    }
    #expect(Elementwise.binary(.add).folded([1, 0], [dtype, dtype]) == 1)
    #expect(Elementwise.binary(.add).folded([200, 200], [.uint8, .uint8]) == nil)
    #expect(Elementwise.unary(.exp).folded([1], [.float32]) == nil)
  }

  @Test("a large result is computed by the program, and not kept")
  func large() {
    func nodes(_ count: Int) -> [String] {
      folded(.float32(Dimension(count))) { x in [x[0] + (Tensor.iota(Dimension(count), beside: x[0]) * 2).cast(to: .float32)] }
        .nodes.map(\.operation.name)
    }
    #expect(nodes(65_537) == ["iota", "fill(2.0)", "multiply", "cast(to: float32)", "add"])
    let table = Tensor.iota(65_536)
    #expect(folded(.float32(65_536)) { x in [x[0] + (table * 2).cast(to: .float32)] }.nodes.map(\.operation.name) == ["add"])
    let larger = Tensor.iota(65_537)
    #expect(
      folded(.float32(65_537)) { x in [x[0] + (stopGradient(larger) * x[0].constant(2).cast(to: .int64)).cast(to: .float32)] }
        .nodes.map(\.operation.name) == ["fill(2.0)", "broadcast", "multiply", "cast(to: float32)", "add"])
  }

  @Test("a result without elements, whose other extents are symbols, is left to the program")
  func empty() {
    let none = Tensor([] as [Float]).reshape([0, 1])
    let f = compile(
      { (x: Tensor) in concatenate([x, none.broadcast(to: Shape(dimensions: [0, x.shape[dim: 1]]))]) * 2 },
      CompileOptions(shapes: ["0": ["rows", "width"]]))
    #expect(f(Tensor.ones([2, 3])).array(of: Double.self) == [2, 2, 2, 2, 2, 2])
    #expect(f(Tensor.ones([1, 1])).shape == [1, 1])
  }

  @Test("whole numbers that no double holds are folded exactly or not at all")
  func wholeNumbers() {
    let big = Int64(1) << 62
    let f = { (x: Tensor) in x + Tensor([big + 1], shape: []) * Tensor([1], shape: []) }
    let graph = folded(TensorType(shape: [2], dtype: .int64)) { [f($0[0])] }
    #expect(constants(graph).map { $0.array(of: Int64.self) } == [[big + 1, big + 1]])
    #expect(compile(f)(Tensor([1, 2] as [Int])).array(of: Int64.self) == [big + 2, big + 3])
  }

  @Test("nothing is folded across a barrier")
  func barriers() {
    let table = Tensor([1.0, 2, 3])
    let graph = folded(.float32(3)) { x in
      [x[0] + exp(x[0].constant(0).broadcast(to: [3]) + table).move(.barrier(1), Caller(#fileID, #line))]
    }
    expectGraph(
      graph,
      """
      %1 = constant : float32[3]
      %2 = barrier %1 : float32[3]
      %3 = add %0, %2 : float32[3]
      return %3
      """)
  }
}
