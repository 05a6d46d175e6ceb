import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertCPU

@testable import WengertCore

@Suite("How primitives are written")
struct PrimitiveCodeTests {
  private static let rows: RowOperation = {
    let b = RowBuilder("everything")
    let x = b.row(.float32), key = b.scalar(.int64)
    let sum = (x + b.inverse(of: Dimension("n") + 1, .float32)).reduce(.sum)
    let random = b.random(key: key, stream: 7, lane: 3, numbering: .byColumn) + b.columnIndex()
    let chosen = x.compare(.less, 0.1).select(x(.exp) * sum, x.constant(-.infinity))
    b.store(chosen, as: .float32)
    b.store(x.cast(.float64) * 0.044_715, as: .float64, accumulate: .sum)
    b.store(random.cast(.float32), as: .bfloat16)
    return RowOperation(program: b.finish(), rule: .replay, shape: Shape(dimensions: ["n", 3]))
  }()

  private static let elementwise: [any Operation] = {
    var list: [any Operation] = [Elementwise.select]
    for op in UnaryOp.allCases { list.append(Elementwise.unary(op)) }
    for op in BinaryOp.allCases { list.append(Elementwise.binary(op)) }
    for op in CompareOp.allCases { list.append(Elementwise.compare(op)) }
    for dtype in DType.allCases { list.append(Elementwise.cast(dtype)) }
    list += [Elementwise.special(.erfinv), Elementwise.special(.polygamma(order: 2)), Elementwise.special(.logBeta)] as [any Operation]
    return list
  }()

  private static let movements: [any Operation] = [
    Movement.reshape(Shape(dimensions: [Dimension("n") * 2, 3])), Movement.permute([2, 0, 1]), Movement.broadcast([2, 0, 5]),
    Movement.pick(.slice(starts: [-1, 4], steps: [-1, Int.max], counts: [0, 1])),
    Movement.pick(.diagonal(first: 1, second: 0, offset: -3)),
    Movement.place(.slice(starts: Shape(dimensions: [Dimension("n") - 1]), steps: [2], counts: [3]), shape: [9], fill: 0.5),
    Movement.concatenate(axis: 3), Movement.copy, Movement.barrier(77),
  ]

  private static let ofRows: [any Operation] = [
    rows, RowOperation(program: rows.program, rule: .softmax), RowOperation(program: rows.program, rule: .logSoftmax),
    RowOperation(program: rows.program, rule: .logSumExp), RowOperation(program: rows.program, rule: .layerNorm(epsilon: 1e-12)),
    RowOperation(program: rows.program, rule: .l2Normalize(epsilon: 0)), RowOperation(program: rows.program, rule: .selfAdjoint),
    RowOperation(program: rows.program, rule: .constant), MatMulEpilogue(rows: rows, product: 0, keepsProduct: true),
  ]

  private static let others: [any Operation] = [
    Reduction(op: .maximum, axes: [0, 2], dtype: .bool), Reduction(op: .product, axes: [], dtype: .float16),
    MatMul(), MatMul(rightIsTransposed: true), MatMulAdd(), ScatterAddInto(axis: 1),
    Creation.fill(.nan, [], .float64), Creation.fill(-0.0, [3], .float32), Creation.fill(0x1p53, [3], .int64),
    Creation.iota("n"), Creation.extent(Dimension("n") * Dimension("m") - 2, .float32),
    Indexing.gather(axis: 1), Indexing.scatterAdd(axis: 0, extent: "n"), Indexing.takeAlong(axis: 2),
    Indexing.scatterAddAlong(axis: 1, extent: 40),
    Scan(op: .product, axis: 2, reverse: true), Scan(op: .sum, axis: 0, reverse: false), Recurrence(axis: 1, reverse: true),
    Windows.unfold(axis: 1, size: "n", step: 2, dilation: 3), Windows.fold(axis: 0, extent: Dimension("n") + 1, step: 1, dilation: 2),
    Convolution(
      role: .weight, extents: [3, 2], strides: [1, 2], padding: Shape(dimensions: [-1, Dimension("n").divided(by: 2)]), dilation: [2, 1],
      groups: "g"),
    Convolution(role: .output, extents: Shape(dimensions: ["n"]), strides: [1], padding: [0], dilation: [1], groups: 1),
    Sorting.argSort(axis: 0, descending: true, count: "n"), Sorting.argReduce(axis: 1, .minimum),
    Attention(heads: 3, scale: .number(0.25), dropout: 0.1, hasTokenKeys: true),
    AttentionBackward(attention: Attention(heads: 3, scale: .ofWidth("n", heads: 3), dropout: 0, hasTokenKeys: false)),
    ClassLoss(), LinearAlgebra(kernel: .cholesky), LinearAlgebra(kernel: .solve),
    LinearAlgebra(kernel: .solveTriangular(upper: true)), LinearAlgebraWithInfo(kernel: .solve),
    Factorization(kernel: .lu), Factorization(kernel: .qr(full: true)), Factorization(kernel: .svd(full: false)),
    Factorization(kernel: .eigh), Factorization(kernel: .eig),
    Loop(body: step, carryCount: 1, elementCount: 1, constantCount: 0, length: 7, isReversed: true, hasCount: true),
    Loop(
      body: step, condition: question, carryCount: 1, elementCount: 0, constantCount: 1, conditionConstantCount: 1, length: Loop.unbounded,
      isReversed: false),
    Branch(branches: [step, step]),
  ]

  private static let step = Body.closed([.float32(2), .float32(2)], on: CPUBackend.shared) { [sin($0[0]) * $0[1], $0[0].cumulativeSum()] }
  private static let question = Body.closed([.float32(2), .float32(2)], on: CPUBackend.shared) { [($0[0] .> $0[1]).any()] }

  private static let operations = elementwise + movements + ofRows + others

  private func copy<Primitive: Operation>(_ operation: Primitive) throws -> (operation: any Operation, isEqual: Bool) {
    var writer = ProgramWriter()
    operation.write(to: &writer)
    #expect(writer.refusal == nil)
    let bytes = writer.finish()
    var reader = try ProgramReader(bytes, in: 0..<bytes.count)
    let copy = try Primitive(from: &reader)
    try reader.finish()
    return (copy, copy == operation)
  }

  @Test("each is read as it was written, its numbers to the bit")
  func all() throws {
    for operation in Self.operations {
      let (found, isEqual) = try copy(operation)
      #expect(isEqual, "\(operation) was read as \(found)")
    }
    let place = try copy(Movement.place(.diagonal(first: 0, second: 1, offset: 0), shape: [2, 2], fill: -0.0)).operation
    if case .place(_, _, let fill)? = place as? Movement { #expect(fill.sign == .minus) } else { Issue.record("\(place)") }
  }

  @Test("the list has all of them, and each is in the table of this test")
  func list() {
    let names = Self.operations.map { PrimitiveList.name(of: $0) ?? "none for \($0)" }
    #expect(Set(names) == Set(PrimitiveList.all.keys))
  }

  @Test("what belongs to this process is refused by name")
  func refused() {
    func refusal(_ operation: any Operation) -> String {
      var graph = Graph()
      let x = graph.addInput("x", .float32(2))
      graph.outputs = graph.addNode(operation, [x], [.float32(2)], Caller("Models/Encoder.swift", 12))
      return programError { _ = try ProgramCode(graph: graph).bytes(largestConstant: 0) }
    }
    let custom = Custom("swish", forward: { $0 }, vjp: { _, _, cotangents in cotangents })
    #expect(refusal(custom) == "swish (Models/Encoder.swift:12) cannot be written: swish is a Swift function")
    let cpu = Transfer.Place(backend: Device.cpu.backend)
    #expect(refusal(Transfer(source: cpu, target: cpu)).contains("to (Models/Encoder.swift:12) cannot be written: to leads to a device"))
  }

  @Test("extents of every kind are read as they were written, and no table entry is there twice")
  func extents() throws {
    let n: Dimension = "n", m: Dimension = "m"
    let half = n.divided(by: 2), rest = n.remainder(dividingBy: m), least = Dimension.minimum(n * m, 7 * n + 1)
    let extents: [Dimension] = [
      0, 5, n, n + 1, 2 * n * m - 3, half, half * m + 1, rest, least, .maximum(least, half), (n * 3).share(of: 4), n * n * m - n,
      .maximum(0, n - 5),
    ]
    var writer = ProgramWriter()
    for extent in extents + extents { writer.dimension(extent) }
    #expect(writer.refusal == nil)
    let bytes = writer.finish()
    var reader = try ProgramReader(bytes, in: 0..<bytes.count)
    for extent in extents + extents {
      let found = try reader.dimension()
      #expect(found.equals(extent) == true, "\(extent) was read as \(found)")
    }
    try reader.finish()
    #expect(reader.symbols == ["n", "m"])
    var once = ProgramWriter()
    for extent in extents { once.dimension(extent) }
    #expect(bytes.count - once.finish().count <= 2 * extents.count)
  }

  @Test("an extent that takes too long to compare is refused, and so are its bytes")
  func involved() {
    let symbols = (0..<24).map { Dimension(symbol: "s\($0)") }
    let product = symbols.reduce(1 as Dimension) { $0 * $1 }
    var writer = ProgramWriter()
    writer.dimension(product)
    #expect(writer.refusal?.description.contains("is too involved; give a part of it a symbol of its own") == true)
    #expect(!ExpressionSize(product).isBearable)
    #expect(ExpressionSize(symbols[0] * symbols[1] * 1024).isBearable)
  }
}
