import Testing
import WengertNN
import WengertTestSupport

/// Mistakes with layers and optimizers, and their lines.
private enum Mistakes {
  static func width() {
    let layer = Linear(3, 2, key: RandomKey(1))
    _ = layer(Tensor.ones([4, 5]))
  }
  static let widthLine = #line - 2

  static func blockWidth() {
    let block = TransformerBlock(width: 8, heads: 2, key: RandomKey(1))
    _ = block(Tensor.ones([4, 6]), offsets: Tensor([0, 4] as [Int]))
  }
  static let blockWidthLine = #line - 2

  static func missingRow() {
    let table = Embedding(3, 2, key: RandomKey(1))
    _ = table(Tensor([0, 3] as [Int]))
  }
  static let missingRowLine = #line - 2

  static func unprepared() {
    let step = compileUpdate { (state: inout Pair<Linear, AdamW>, x: Tensor) in
      let slope = gradient(at: state.first) { $0(x).sum() }
      state.second.update(&state.first, slope, learningRate: 0.1)
      return x * 2
    }
    var state = Pair(Linear(3, 2, key: RandomKey(1)), AdamW())
    _ = step(&state, Tensor.ones([4, 3]))
  }
  static let unpreparedLine = #line - 2

  /// A loss of x [n, D] and y, compiled for these symbols.
  private static func loss(
    _ shape: [Dimension], _ y: Tensor, _ f: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) -> @Sendable () -> Void {
    { _ = compile(f, CompileOptions(shapes: ["0": ["n", "D"], "1": shape]))(Tensor.ones([2, 3]), y) }
  }
  static let losses = [
    loss(["m"], Tensor([0, 1] as [Int])) { crossEntropy($0, $1) },
    loss(["n", "K"], Tensor.ones([2, 3])) { meanSquaredError($0, $1) },
    loss(["n", "K"], Tensor.ones([2, 3])) { binaryCrossEntropyWithLogits($0, $1) },
  ]
  static let lossesLine = #line - 4
}

struct Counters: ParameterTree, Sendable {
  var weight = Tensor([1, 2] as [Int]), bias = Tensor([3] as [Int])
  static let fields: [Field<Self>] = [.init("weight", \.weight), .init("bias", \.bias)]
}

/// The user's line is that outside of layers, optimizers and losses, and the words are theirs.
@Suite("Messages of layers, losses and optimizers")
struct MessageTests {
  @Test("a layer's operation names the line that called the layer")
  func layers() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { Mistakes.width() } }
      .expectsParts("MessageTests.swift:\(Mistakes.widthLine)", "matmul: inner extents differ: [4, 5] · [3, 2]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { Mistakes.blockWidth() } }
      .expectsParts("MessageTests.swift:\(Mistakes.blockWidthLine)", "matmul: inner extents differ: [4, 6] · [8, 8]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { Mistakes.missingRow() } }
      .expectsParts("MessageTests.swift:\(Mistakes.missingRowLine)", "gather: index 3 is out of range for axis 0 with extent 3")
  }

  @Test("a loss in a function with symbols names itself, the shapes with their symbols, and the line")
  func losses() {
    let open = "depends on the symbols; give both one symbol, or compile for numbers"
    let pairs = "shapes [n, D] and [n, K] differ, and a loss does not broadcast; reshape one to the other's; whether D equals K \(open)"
    let texts = [
      "crossEntropy: needs [rows, classes] and [rows], got [n, D] and [m]; whether n equals m \(open)", "meanSquaredError: \(pairs)",
      "binaryCrossEntropyWithLogits: \(pairs)",
    ]
    #expect(
      collectingMistakes(Mistakes.losses).map { $0.description }
        == texts.enumerated().map { "WengertNNTests/MessageTests.swift:\(Mistakes.lossesLine + $0.offset): \($0.element)" })
  }

  @Test("an optimizer that was not prepared for a compiled update says what to do, and the line of the call")
  func unprepared() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { Mistakes.unprepared() } }
      .expectsParts(
        "MessageTests.swift:\(Mistakes.unpreparedLine)", "compileUpdate: the function adds 4 tensors (second.bias.firstMoment, ",
        "in its first argument, which must hold the same tensors before and after", "optimizer.state.prepare(for: model)")
  }

  @Test("a tree with too few or too many tensors")
  func replacing() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Linear(3, 2, key: RandomKey(1)).replacingTensors([Tensor(1)])
    }
    .expectsParts("MessageTests.swift:\(#line - 3)", "replacingTensors: Linear holds 2 tensors, got 1; the first that is missing is bias")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = [Tensor(1)].replacingTensors([]) }
      .expectsParts("replacingTensors: Array<Tensor> holds 1 tensors, got 0; the first that is missing is 0")
  }

  @Test("losses")
  func losses() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = crossEntropy(Tensor.ones([2, 3]), Tensor([0] as [Int]))
    }
    .expectsParts("MessageTests.swift:\(#line - 3)", "crossEntropy: needs [rows, classes] and [rows], got [2, 3] and [1]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = crossEntropy(Tensor.ones([2, 3]), Tensor([0, 1] as [Int]), labelSmoothing: 2)
    }
    .expectsParts("crossEntropy: the label smoothing 2.0 is not in 0...1")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = crossEntropy(Tensor.ones([2, 3]), Tensor([0, -1] as [Int]))
    }
    .expectsParts("MessageTests.swift:\(#line - 3)", "crossEntropy: class -1 is not in 0..<3")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = crossEntropy(Tensor.ones([2, 3]), Tensor([0.0, 1.4]))
    }
    .expectsParts("MessageTests.swift:\(#line - 3)", "crossEntropy: classes must be whole numbers, they are float32; cast them")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let loss = compile { (x: Tensor, classes: Tensor) in crossEntropy(x, classes) }
      _ = loss(Tensor.ones([2, 3]), Tensor([0, -1] as [Int]))
    }
    .expectsParts("crossEntropy: class -1 is not in 0..<3")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = meanSquaredError(Tensor.ones([2, 1]), Tensor.ones([2]))
    }
    .expectsParts("MessageTests.swift:\(#line - 3)", "meanSquaredError: shapes [2, 1] and [2] differ")
  }

  @Test("layers of the wrong sizes")
  func sizes() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Linear(weight: .ones([2, 3]), bias: .ones([3])) }
      .expectsParts(
        "MessageTests.swift:\(#line - 2)", "Linear: the weight must be [outputs, inputs] and the bias [outputs], got [2, 3] and [3]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Dropout(1) }
      .expectsParts("MessageTests.swift:\(#line - 1)", "Dropout: the rate 1.0 is not in 0..<1")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = MultiHeadAttention(width: 8, heads: 3, key: RandomKey(1))
    }
    .expectsParts("MessageTests.swift:\(#line - 3)", "MultiHeadAttention: the width 8 does not divide into 3 heads")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = SGD(nesterov: true) }
      .expectsParts("MessageTests.swift:\(#line - 1)", "SGD: Nesterov's momentum needs a momentum above 0")
  }

  @Test("parameters of whole numbers, which would never learn")
  func wholeNumbers() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Linear(weight: Tensor([1, 2] as [Int]).reshape([1, 2]))
    }
    .expectsParts("MessageTests.swift:\(#line - 3)", "Linear: the weight is int64[1, 2], and whole numbers never learn")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = LayerNorm(weight: .ones([2]), bias: .zeros([2], dtype: .int32))
    }
    .expectsParts("LayerNorm: the bias is int32[2]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Embedding(weight: .ones([2, 2], dtype: .int64)) }
      .expectsParts("Embedding: the weight is int64[2, 2]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = gradient(at: Counters()) { ($0.weight * 0.5).sum() }
    }
    .expectsParts("gradient: the argument has no floating tensor", "it is weight int64[2], bias int64[1]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var model = Counters(), optimizer = AdamW()
      optimizer.update(&model, model, learningRate: 0.1)
    }
    .expectsParts(
      "MessageTests.swift:\(#line - 5)", "update: the model has no floating parameter and would never learn: weight int64[2], bias int64[1]"
    )
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var optimizer = SGD(momentum: 0.9)
      optimizer.state.prepare(for: Counters())
    }
    .expectsParts("MessageTests.swift:\(#line - 4)", "prepare: the model has no floating parameter")
  }

  @Test("a gradient that does not fit its model")
  func gradients() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var model = [Tensor.ones([2])], optimizer = SGD()
      optimizer.update(&model, [Tensor.ones([2]), Tensor.ones([2])], learningRate: 0.1)
    }
    .expectsParts("MessageTests.swift:\(#line - 4)", "update: the gradient holds 2 tensors, the model 1")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var model = [Tensor.ones([2])], optimizer = SGD()
      optimizer.update(&model, [Tensor.ones([3])], learningRate: 0.1)
    }
    .expectsParts("MessageTests.swift:\(#line - 4)", "update: 0 has the shape [2], its gradient [3]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var small = ["w": Tensor.ones([2])], large = ["w": Tensor.ones([3])], optimizer = AdamW()
      optimizer.update(&small, small, learningRate: 0.1)
      optimizer.update(&large, large, learningRate: 0.1)
    }
    .expectsParts("MessageTests.swift:\(#line - 5)", "update: the optimizer's state for w has the shape [2], the parameter [3]")
  }

  // MARK: Faults of data

  private func fault<Result>(_ body: () throws -> Result) -> DataFault? {
    do {
      _ = try catchingDataFaults(body)
      return nil
    } catch { return error as? DataFault }
  }

  @Test("a class or an id out of range is caught, eagerly and compiled; a layer's fault has the scope's line")
  func faults() throws {
    let logits = Tensor.ones([2, 3])
    let compiled = compile { (x: Tensor, classes: Tensor) in crossEntropy(x, classes) }
    for loss in [{ crossEntropy($0, $1) }, { compiled($0, $1) }] as [(Tensor, Tensor) -> Tensor] {
      for (number, classes) in [(3, [0, 3]), (-2, [-2, 1])] {
        nonisolated(unsafe) var value = 0.0
        let fault = try #require(fault { value = loss(logits, Tensor(classes)).item() })
        #expect(fault.operation == "crossEntropy" && fault.kind == .outOfRange && fault.number == number)
        #expect(fault.message == "class \(number) is not in 0..<3" && value.isNaN)
      }
      #expect(fault { loss(logits, Tensor([0, 2] as [Int])) } == nil)
    }
    let table = Embedding(3, 2, key: RandomKey(1))
    let line = #line + 1
    let fault = try #require(fault { table(Tensor([3] as [Int])) })
    #expect(fault.operation == "gather" && fault.number == 3 && fault.file.hasSuffix("MessageTests.swift") && fault.line < line)
  }

  @Test("an eager training step that meets a fault leaves model and optimizer as they were")
  func eagerStep() {
    var model = Embedding(3, 2, key: RandomKey(1)), optimizer = AdamW()
    func step(_ ids: [Int]) -> DataFault? {
      fault {
        let slope = gradient(at: model) { square($0(Tensor(ids))).sum() }
        optimizer.update(&model, slope, learningRate: 0.1)
      }
    }
    #expect(step([0, 1]) == nil && optimizer.state.step == 1)
    let before = (model.weight.array(of: Float.self), optimizer.tensors.map { $0.array(of: Float.self) })
    #expect(step([0, 7])?.number == 7)
    #expect(model.weight.array() == before.0 && optimizer.tensors.map { $0.array(of: Float.self) } == before.1)
    #expect(step([0, 2]) == nil && optimizer.state.step == 2)
  }

  @Test("a compiled training step that meets a fault leaves model and optimizer as they were, bit for bit, and goes on")
  func compiledStep() {
    let step = compileUpdate { (state: inout Pair<Embedding, AdamW>, ids: Tensor) in
      let (loss, slope) = valueAndGradient(at: state.first) { square($0(ids)).sum() }
      state.second.update(&state.first, slope, learningRate: 0.1)
      return loss
    }
    func prepared() -> Pair<Embedding, AdamW> {
      var state = Pair(Embedding(3, 2, key: RandomKey(1)), AdamW())
      state.second.state.prepare(for: state.first)
      return state
    }
    var state = prepared(), other = prepared()
    // Compiled in a scope that has met a fault: the update is in the program nevertheless.
    #expect(
      fault {
        _ = Tensor([[-1.0]]).cholesky()
        _ = step(&state, Tensor([0, 1] as [Int]))
      } != nil)
    let first = state.tensors.map { $0.array(of: Float.self) }
    #expect(first == prepared().tensors.map { $0.array(of: Float.self) })
    for ids in [[0, 1], [0, 5], [2, 1], [9, 9]] {
      let fault = fault { step(&state, Tensor(ids)) }
      #expect((fault != nil) == ids.contains { $0 > 2 })
      if fault == nil { _ = step(&other, Tensor(ids)) }
      #expect(state.tensors.map { $0.array(of: Float.self) } == other.tensors.map { $0.array(of: Float.self) })
    }
    #expect(state.second.state.step == 2)
  }
}

extension Optional where Wrapped == ExitTest.Result {
  /// Expects every part in what the process wrote.
  func expectsParts(_ parts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
    guard let self else { return }
    let text = String(decoding: self.standardErrorContent, as: UTF8.self)
    for part in parts where !text.contains(part) {
      Issue.record("\"\(part)\" is not in the message: \(text)", sourceLocation: sourceLocation)
    }
  }
}
