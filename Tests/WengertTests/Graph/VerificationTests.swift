import Testing
import Wengert
import WengertTestSupport

@_spi(Backend) @testable import WengertCore

/// What a pass could break is found, and named with the node.
@Suite("Verification of graphs and row programs")
struct VerificationTests {
  private static let caller = Caller(#fileID, #line)
  private typealias Instruction = RowProgram.Instruction

  @Test("graphs and programs are verified in every test")
  func isOn() { #expect(Verification.isOn) }

  /// x and y, float32[2, 3] and float32[3, 4].
  private func arguments() -> Graph {
    var graph = Graph()
    _ = graph.addInput("x", .float32(2, 3))
    _ = graph.addInput("y", .float32(3, 4))
    return graph
  }

  private func fault(_ change: (inout Graph) -> Void) -> String {
    var graph = arguments()
    change(&graph)
    return graph.fault ?? "none"
  }

  private func node(_ operation: any Operation, _ operands: [Int], _ types: TensorType...) -> String {
    fault { _ = $0.addNode(operation, operands, types, Self.caller) }
  }

  private func add(_ graph: inout Graph, _ operands: [Int], _ type: TensorType) -> Int {
    graph.addNode(Elementwise.binary(.add), operands, [type], Self.caller)[0]
  }

  @Test("a graph that is traced has no fault")
  func traced() {
    let graph = trace(.float32("n", 3), .float32(3, 4), updating: 0) { x in [x[0].matmul(x[1]).softmax(), x[0].sum(axes: [0])] }
    #expect(graph.fault == nil)
    #expect(graph.optimized.fault == nil)
    #expect(fault { $0.outputs = [add(&$0, [0, 0], .float32(2, 3))] } == "none")
  }

  @Test("operands that are not made before")
  func order() {
    #expect(node(Elementwise.unary(.exp), [7], .float32(2, 3)) == "%2 = exp %7: %7 is not made before")
    #expect(node(Elementwise.unary(.exp), [2], .float32(2, 3)) == "%2 = exp %2: %2 is not made before")
    #expect(node(Elementwise.unary(.exp), [-1], .float32(2, 3)) == "%2 = exp %-1: %-1 is not made before")
    let swapped = fault { graph in
      let first = graph.addNode(Elementwise.unary(.exp), [0], [.float32(2, 3)], Self.caller)
      _ = graph.addNode(Elementwise.unary(.sin), first, [.float32(2, 3)], Self.caller)
      graph.nodes.swapAt(0, 1)
    }
    #expect(swapped == "%3 = sin %2: %2 is not made before")
  }

  @Test("types that the rule does not give")
  func types() {
    #expect(node(Elementwise.unary(.exp), [0], .float32(2, 4)).hasPrefix("%2 = exp %0: recorded with results [float32[2, 4]]"))
    #expect(node(Elementwise.unary(.exp), [0], .float64(2, 3)).contains("its rule gives [float32[2, 3]]"))
    #expect(node(Elementwise.unary(.exp), [0], .float32("n", 3)).contains("its rule gives [float32[2, 3]]"))
    #expect(node(Elementwise.unary(.exp), [0], .float32(2, 3), .float32(2, 3)).contains("its rule gives [float32[2, 3]]"))
  }

  @Test("operands that a rule takes for granted")
  func operands() {
    #expect(node(Elementwise.binary(.add), [0], .float32(2, 3)).contains("needs 2 operands"))
    #expect(node(Elementwise.binary(.add), [0, 1], .float32(3, 4)).contains("the operands' shapes differ"))
    #expect(node(Elementwise.select, [0, 0, 0], .float32(2, 3)).contains("the condition must be bool"))
    #expect(node(MatMul(), [1, 0], .float32(3, 3)).contains("the factors do not fit"))
    #expect(node(MatMul(), [0], .float32(3, 3)).contains("needs two factors"))
    #expect(node(MatMulAdd(), [0, 1, 0], .float32(2, 3)).contains("the product is float32[2, 4]"))
    #expect(node(MatMulAdd(), [0, 1], .float32(2, 4)).contains("needs two factors and a sum"))
    #expect(node(ScatterAddInto(axis: 0), [0, 1, 0], .float32(2, 3)).contains("the indices must be a list of whole numbers"))
    #expect(node(ScatterAddInto(axis: 0), [0, 1], .float32(2, 3)).contains("needs updates, indices and a tensor"))
    #expect(node(Movement.copy, [0, 1], .float32(2, 3)).contains("needs one operand"))
    #expect(node(Movement.concatenate(axis: 0), [], .float32(2, 3)).contains("needs an operand"))
    #expect(node(Reduction(op: .sum, axes: [0], dtype: .float32), [], .float32(1, 3)).contains("needs one operand"))
    #expect(node(Creation.iota(3), [0], .int64(3)).contains("needs no operand"))
    let updates = fault { graph in
      let indices = graph.addInput("indices", .int64(5))
      _ = graph.addNode(ScatterAddInto(axis: 0), [0, indices, 0], [.float32(2, 3)], Self.caller)
    }
    #expect(updates.contains("the updates do not fit the tensor"))
  }

  @Test("row programs whose operands are not their inputs")
  func rows() {
    let b = RowBuilder("shift")
    b.store(b.row(.float32) + b.scalar(.float32), as: .float32)
    let shift = RowOperation(program: b.finish(), rule: .constant)
    #expect(node(shift, [0], .float32(2, 3)).contains("the program has 2 inputs"))
    #expect(node(shift, [0, 0], .float32(2, 3)).contains("input 1 is one number per row"))
    let other = fault { graph in
      let key = graph.addInput("k", .int64(2, 1))
      _ = graph.addNode(shift, [0, key], [.float32(2, 3)], Self.caller)
    }
    #expect(other.contains("input 1 is float32"))
    var broken = shift
    var program = shift.program
    program.outputs[0].value = 9
    broken = RowOperation(program: program, rule: .constant)
    #expect(node(broken, [0, 0], .float32(2, 3)).contains("output 0 is v9 of 3 values"))
    let epilogue = MatMulEpilogue(rows: shift, product: 2, keepsProduct: false)
    #expect(node(epilogue, [0, 1, 0], .float32(2, 4)).contains("a product stands for input 2 of 2"))
    #expect(node(MatMulEpilogue(rows: shift, product: 0, keepsProduct: false), [1, 0, 0], .float32(2, 4)).contains("do not fit"))
  }

  @Test("values that are made twice or by nothing")
  func definitions() {
    let twice = fault { graph in
      _ = add(&graph, [0, 0], .float32(2, 3))
      graph.nodes.append(graph.nodes[0])
    }
    #expect(twice == "%2 = add %0, %0: %2 is not a value of this node alone")
    let nothing = fault { graph in
      _ = add(&graph, [0, 0], .float32(2, 3))
      graph.nodes.removeAll()
    }
    #expect(nothing == "%2 is made by nothing")
    let argument = fault { $0.values[1].origin = .input(0) }
    #expect(argument == "argument 1 is %1, which is not that argument")
  }

  @Test("constants of another type")
  func constants() {
    let found = fault { graph in
      let value = graph.addConstant(Tensor([1.0, 2]))
      graph.values[value].type = .float64(2)
    }
    #expect(found == "the constant %2 : float64[2] is a tensor float32[2]")
  }

  @Test("outputs, updates and late arguments out of range")
  func ends() {
    #expect(fault { $0.outputs = [2] } == "an output is %2 of 2 values")
    #expect(fault { $0.lateInputCount = 3 } == "2 arguments with 2 names, of which 3 come late")
    #expect(fault { $0.updates = [.init(input: 2, output: 0)] } == "output 0 of 0 is written over argument 2 of 2")
    let types = fault { graph in
      graph.outputs = [1]
      graph.updates = [.init(input: 0, output: 0)]
    }
    #expect(types == "argument 0 : float32[2, 3] is written over with float32[3, 4]")
    let twice = fault { graph in
      graph.outputs = [0, 0]
      graph.updates = [.init(input: 0, output: 0), .init(input: 0, output: 1)]
    }
    #expect(twice == "an argument is written over twice")
  }

  @Test("a broken graph ends the program with the pass and the node")
  func message() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var graph = Graph()
      _ = graph.addInput("x", .float32(2))
      _ = graph.addNode(Elementwise.unary(.exp), [3], [.float32(2)], Caller(#fileID, #line))
      _ = graph.verified(after: "fusion")
    }
    .expectsMessage("the graph after the pass fusion is broken: %1 = exp %3: %3 is not made before")
  }

  /// What is wrong with a program of these instructions over the inputs x, a row, and s, one number per row, both float32.
  private func program(
    _ instructions: [Instruction], _ dtypes: [DType], isRow: [Bool], output: RowProgram.Output = .init(value: 0, dtype: .float32)
  ) -> String {
    RowProgram(
      name: "p", inputs: [.init(dtype: .float32, isRow: true), .init(dtype: .float32, isRow: false)], instructions: instructions,
      dtypes: dtypes, isRow: isRow, outputs: [output]
    ).fault ?? "none"
  }

  @Test("a row program that is built has no fault, and a broken one ends the program with the instruction")
  func programs() async {
    #expect(program([.load(0), .load(1), .binary(.add, 0, 1)], [.float32, .float32, .float32], isRow: [true, false, true]) == "none")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let b = RowBuilder("mixed")
      b.store(b.row(.float32) + b.row(.float64), as: .float32)
      _ = b.finish()
    }
    .expectsMessage("the row program mixed is broken: v2 = binary", "of operands [float32, float64]")
  }

  @Test("instructions that read what is not there")
  func reads() {
    #expect(program([.unary(.exp, 0)], [.float32], isRow: [false]).contains("v0 is not made before"))
    #expect(
      program([.load(0), .unary(.exp, 2), .load(0)], [.float32, .float32, .float32], isRow: [true, true, true]).contains("v2 is not"))
    #expect(program([.load(2)], [.float32], isRow: [true]).contains("there are 2 inputs"))
    #expect(program([.load(0)], [], isRow: [true]) == "1 instructions, 0 dtypes, 1 marks of rows")
  }

  @Test("dtypes that an instruction does not take")
  func dtypes() {
    func after(_ instruction: Instruction, _ dtype: DType, isRow: Bool = true) -> String {
      program([.load(0), .load(1), instruction], [.float32, .float32, dtype], isRow: [true, false, isRow])
    }
    let faults = [
      after(.unary(.exp, 0), .float64), after(.unary(.isNaN, 0), .float32), after(.unary(.unitInterval, 0), .float32),
      after(.binary(.add, 0, 1), .int32), after(.compare(.less, 0, 1), .float32), after(.select(0, 0, 1), .float32),
      after(.random(key: 1, stream: 0, lane: 0, numbering: .byElement), .int64), after(.reduce(.sum, 0), .float64, isRow: false),
      after(.columnIndex, .int32),
    ]
    for fault in faults { #expect(fault.contains("of operands"), "\(fault)") }
    #expect(program([.load(0)], [.float64], isRow: [true]).contains("of operands"))
    #expect(after(.cast(0), .int32) == "none")
    #expect(after(.random(key: 1, stream: 0, lane: 4, numbering: .byElement), .int64).contains("numbered from 0 to 3"))
  }

  @Test("marks of rows that do not follow from the operands")
  func marks() {
    #expect(program([.load(0)], [.float32], isRow: [false]).contains("marked as one number per row"))
    #expect(program([.load(1)], [.float32], isRow: [true]).contains("marked as a row"))
    #expect(program([.load(0), .reduce(.sum, 0)], [.float32, .float32], isRow: [true, true]).contains("marked as a row"))
    #expect(program([.load(0), .unary(.exp, 0)], [.float32, .float32], isRow: [true, false]).contains("marked as one number"))
    #expect(program([.constant(1)], [.float32], isRow: [true]).contains("marked as a row"))
  }

  @Test("outputs that cannot be stored")
  func outputs() {
    let loads: [Instruction] = [.load(0), .load(1)]
    func stored(_ output: RowProgram.Output) -> String { program(loads, [.float32, .float32], isRow: [true, false], output: output) }
    #expect(stored(.init(value: 2, dtype: .float32)) == "output 0 is v2 of 2 values")
    #expect(stored(.init(value: 0, dtype: .int64)) == "output 0 stores float32 as int64; cast")
    #expect(stored(.init(value: 1, dtype: .float32, accumulate: .sum)) == "output 0 combines rows, and v1 is not one")
    #expect(stored(.init(value: 0, dtype: .bfloat16)) == "none")
  }
}
