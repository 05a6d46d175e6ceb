import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

@testable import WengertCore

@Suite("Calls of finished programs")
struct FinishedProgramTests {
  private typealias Gradient = CompiledFunction<[Tensor], [Tensor], Pair<Tensor, [Tensor]>>

  private static func compiledGradient() -> Gradient {
    compile({ (weights: [Tensor], input: [Tensor]) in SmallEncoder.lossAndGradient(weights, input) }, SmallEncoder.options)
  }

  @Test("one program serves every size, with the bits of the compiled function; nothing is traced, and no pass runs")
  func sizes() throws {
    let compiled = Self.compiledGradient(), weights = SmallEncoder.weights(blocks: 2)
    _ = compiled(weights, SmallEncoder.input([3, 2]))
    let program = try FinishedProgram(code: compiled.program!.code())
    let finished = Gradient(finished: program) { weights, _ in Pair(weights[0], weights) }
    var calls: [CompileStatistics.Call?] = []
    for lengths in [[4, 1, 2], [3, 2], [9], [4, 1, 2]] {
      let input = SmallEncoder.input(lengths)
      let (a, b) = (finished(weights, input), compiled(weights, input))
      #expect(a.tensors.map { $0.bits } == b.tensors.map { $0.bits }, "\(lengths)")
      calls.append(finished.statistics.lastCall)
    }
    #expect(calls == [.rebound, .rebound, .rebound, .reused])
    #expect(finished.statistics.compilations == 0 && finished.statistics.compilationTime == .zero)
    #expect(finished.statistics.bindings == 3 && finished.statistics.calls == 4)
    #expect(compiled.statistics.compilations == 1)
    // The program in memory is the same, node by node.
    #expect(finished.program!.graph.description == compiled.program!.graph.description)
  }

  @Test("programs are shared: two functions of one finished program read it once")
  func shared() throws {
    let compiled = compile { (x: Tensor) in square(x) + 1 }
    _ = compiled(Tensor([1.0, 2]))
    let program = try FinishedProgram(code: compiled.program!.code())
    let first = CompiledFunction<Tensor, Tensor>(finished: program), second = CompiledFunction<Tensor, Tensor>(finished: program)
    #expect(first(Tensor([1.0, 2])).array() == [2, 5] as [Float])
    #expect(second(Tensor([3.0, 4])).array() == [10, 17] as [Float])
    #expect(first.program === second.program && second.statistics.lastCall == .reused)
  }

  @Test("an update is written over its state, as that of compileUpdate")
  func update() throws {
    let step = { (state: inout [Tensor], x: Tensor) -> Tensor in
      let old = state[0]
      state[0] = state[0] + x
      state[1] = old
      return old.sum()
    }
    let compiled = compileUpdate(step)
    var state = [Tensor([1.0, 2]), Tensor([0.0, 0])]
    _ = compiled(&state, Tensor([10.0, 10]))
    let program = try FinishedProgram(code: compiled.program!.code())
    let finished = CompiledUpdate<[Tensor], Tensor, Tensor>(finished: program) { state, x in x }
    #expect(finished(&state, Tensor([1.0, 1])).item() == 23)
    #expect(state[0].array() == [12, 13] as [Float] && state[1].array() == [11, 12] as [Float])
  }

  @Test("a pullback adds the gradient up, as that of compilePullback")
  func pullback() throws {
    let compiled = compilePullback(
      { (w: [Tensor], x: Tensor) in gelu(x.matmul(w[0]) + w[1]).sum(axes: [1]) }, CompileOptions(shapes: ["1": ["batch", 3]]))
    let weights = [RandomKey(1).normal([3, 4]), RandomKey(2).normal([4])]
    _ = compiled(weights, .ones([2, 3]))
    let finished = CompiledPullback<[Tensor], Tensor>(finished: try FinishedProgram(code: compiled.program!.code()))
    var sums = weights.map { Tensor.ones($0.shape) }, expected = weights.map { Tensor.ones($0.shape) }
    for batch in [5, 1] {
      let x = RandomKey(batch).normal([batch, 3]), cotangent = RandomKey(batch + 10).normal([batch])
      let (a, b) = (finished(weights, x), compiled(weights, x))
      #expect(a.value.bits == b.value.bits)
      a.add(cotangent, to: &sums)
      b.add(cotangent, to: &expected)
    }
    #expect(sums.map { $0.bits } == expected.map { $0.bits })
    #expect(finished.statistics.compilations == 0)
  }

  @Test("a program made for one device runs on another, whose products end otherwise")
  func otherDevice() throws {
    let f: (Tensor, Tensor) -> Tensor = { x, w in gelu(x.matmul(w) + 1) }
    let compiled = compile(f)
    let x = RandomKey(1).normal([3, 4]), w = RandomKey(2).normal([4, 5])
    let expected = compiled(x, w)
    #expect(compiled.program!.graph.nodes.contains { $0.operation is MatMulEpilogue })
    let finished = CompiledFunction<Tensor, Tensor, Tensor>(finished: try FinishedProgram(code: compiled.program!.code()))
    let reference = Device(ReferenceBackend.shared)
    #expect(finished(x, w).bits == expected.bits)
    let found = finished(x.to(reference), w.to(reference))
    #expect(found.backend === ReferenceBackend.shared)
    #expect(!finished.program!.graph.nodes.contains { $0.operation is MatMulEpilogue })
    expectEqual(found.to(.cpu), expected, tolerance: 1e-5)
    // The compiled function itself is compiled for each.
    #expect(compiled(x.to(reference), w.to(reference)).backend === ReferenceBackend.shared)
    #expect(compiled.statistics.compilations == 2)
  }

  @Test("arguments on two devices end the program")
  func mixed() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let y = Tensor([1.0, 2]).to(Device(ReferenceBackend.shared))
      _ = compile { (x: Tensor, y: Tensor) in x * 2 }(Tensor([1.0, 2]), y)
    }
    .expectsMessage("compile: its operands are on different devices, cpu and reference; move one with to(_:)")
  }

  @Test("several threads call one finished program")
  func threads() async throws {
    let compiled = Self.compiledGradient(), weights = SmallEncoder.weights(blocks: 1)
    let inputs = [[3, 2], [4], [1, 1, 1]].map { SmallEncoder.input($0) }
    let expected = inputs.map { compiled(weights, $0).tensors.map { $0.bits } }
    let finished = Gradient(finished: try FinishedProgram(code: compiled.program!.code())) { weights, _ in Pair(weights[0], weights) }
    await withTaskGroup(of: Bool.self) { group in
      for call in 0..<12 {
        group.addTask { finished(weights, inputs[call % 3]).tensors.map { $0.bits } == expected[call % 3] }
      }
      for await isEqual in group { #expect(isEqual) }
    }
  }

  private static func double() -> CompiledFunction<Tensor, Tensor> {
    let compiled = compile({ (x: Tensor) in x * 2 }, CompileOptions(shapes: ["0": ["n", 2]]))
    _ = compiled(Tensor.ones([3, 2]))
    return CompiledFunction(finished: try! FinishedProgram(code: compiled.program!.code()))
  }

  @Test("arguments that the program was not made for end the program, with what it was made for")
  func arguments() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = FinishedProgramTests.double()(Tensor.ones([3, 4]))
    }
    .expectsMessage("finished program: argument 0 is float32[3, 4], and the program was made for float32[n, 2]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let compiled = compile { (x: [Tensor]) in x[0] }
      _ = compiled([Tensor(1)])
      let finished = CompiledFunction<Tensor, Tensor>(finished: try FinishedProgram(code: compiled.program!.code()))
      _ = finished(Tensor(1))
    }
    .expectsMessage("finished program: its arguments' tensors are \"0\" where the program has \"0.0\"")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let compiled = compile { (x: Tensor) in [x, x + 1] }
      _ = compiled(Tensor(1))
      let finished = CompiledFunction<Tensor, Tensor>(finished: try FinishedProgram(code: compiled.program!.code()))
      _ = finished(Tensor(1))
    }
    .expectsMessage("finished program: its result's tensors are \"\" where the program has \"0\"", "give `like` the structure")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let compiled = compileUpdate { (x: inout Tensor) -> Tensor in
        x = x + 1
        return x
      }
      var x = Tensor(1)
      _ = compiled(&x)
      _ = CompiledFunction<Tensor, Tensor>(finished: try FinishedProgram(code: compiled.program!.code()))(x)
    }
    .expectsMessage("finished program: it is that of another kind of compiled function")
  }

  @Test("values of a graph, of a derivative or of vmap end the program: there is no function that could be called")
  func transformed() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let finished = FinishedProgramTests.double()
      _ = gradient(at: Tensor.ones([3, 2])) { finished($0).sum() }
    }
    .expectsMessage("finished program: it takes no value of a graph, of a derivative or of vmap in progress")
  }

  @Test("what the numbers of the symbols contradict is told with the operation, its line and the numbers, as by the compiled function")
  func requirements() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let f: @Sendable (Tensor) -> Tensor = { $0[5] }
      let compiled = compile(f, CompileOptions(shapes: ["0": ["n"]]))
      _ = compiled(Tensor.ones([9]))
      let finished = CompiledFunction<Tensor, Tensor>(finished: try FinishedProgram(code: compiled.program!.code()))
      ensure(finished(Tensor.ones([6])).item() == 1, "it is in range")
      _ = finished(Tensor.ones([4]))
    }
    .expectsMessage("WengertTests/FinishedProgramTests.swift:", "subscript: index 5 is out of range for axis 0 of [n], with n = 4")
  }

  @Test("faults of data name the operation and the line of the function that the program was made of")
  func faults() throws {
    let compiled = compile { (x: Tensor, places: Tensor) in x.gather(places) }
    let line = #line - 1
    _ = compiled(Tensor([1.0, 2]), Tensor([0, 1] as [Int]))
    let finished = CompiledFunction<Tensor, Tensor, Tensor>(finished: try FinishedProgram(code: compiled.program!.code()))
    let fault = #expect(throws: DataFault.self) {
      try catchingDataFaults { finished(Tensor([1.0, 2]), Tensor([0, 7] as [Int])) }
    }
    #expect(fault?.kind == .outOfRange && fault?.number == 7 && fault?.line == line)
    #expect(fault?.file == "WengertTests/FinishedProgramTests.swift")
  }
}
