import Foundation
import Testing
@testable import WengertNN
import WengertTestSupport

@Suite("States of training")
struct TrainingStateTests {
  private typealias Batch = Pair<Tensor, Tensor>

  private func model(_ seed: Int) -> Sequential {
    Sequential(Linear(4, 5, key: RandomKey(seed)), Dropout(0.2), Linear(5, 2, key: RandomKey(seed + 1)))
  }

  private func batches(_ number: Int) -> [Batch] {
    (0..<2).map { Pair(RandomKey(number).fold($0).normal([6, 4]), RandomKey(number).fold($0 + 2).normal([6, 2])) }
  }

  private func step(_ seed: Int) -> TrainingStep<Sequential, AdamW, Batch, [Tensor]> {
    TrainingStep(model(seed), AdamW(), clipping: 1, averageDecay: 0.9, key: RandomKey(seed)) { model, batch, key in
      square(model(batch.first, .training(key)) - batch.second).mean()
    }
  }

  private func bits(_ tree: some TensorTree) -> [Data] { tree.tensors.map(\.hostArray.data) }

  @Test("six steps of AdamW with average and accumulation are three, a file, and three more in a new object, bit for bit") func step()
    throws
  {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("training.safetensors"), whole = step(1), first = step(1)
      for number in 0..<6 { whole(accumulating: batches(number), learningRate: 0.01) }
      for number in 0..<3 { first(accumulating: batches(number), learningRate: 0.01) }
      try first.save(to: file)
      // Other weights and another key: all comes from the file.
      let second = step(7)
      try second.load(from: file)
      #expect(second.steps == 3)
      for number in 3..<6 { second(accumulating: batches(number), learningRate: 0.01) }
      #expect(bits(second.trainingState) == bits(whole.trainingState) && second.steps == 6)
      #expect(bits(second.averagedModel!) == bits(whole.averagedModel!) && bits(second.averagedModel!) != bits(second.model))
    }
  }

  private func train(_ state: inout TrainingState<Sequential, AdamW>, to end: Int) {
    while state.steps < end {
      let key = state.key.fold(state.steps), batch = batches(state.steps)[0]
      let slope = gradient(at: state.model) { square($0(batch.first, .training(key)) - batch.second).mean() }
      state.optimizer.update(&state.model, slope, learningRate: 0.01)
      state.average = zip(state.average!.tensors, state.model.tensors).map { $0 * 0.9 + $1 * 0.1 }.withUnsafeBufferPointer {
        state.average!.replacingTensors(Array($0))
      }
      state.steps += 1
    }
  }

  @Test("a loop of one's own goes on bit for bit too") func loop() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("training.safetensors")
      var whole = TrainingState(model(1), AdamW(), average: model(1), key: RandomKey(5)), first = whole
      train(&whole, to: 6)
      train(&first, to: 3)
      try first.save(to: file, metadata: ["epoch": "2"])
      var second = TrainingState(model(8), AdamW(), average: model(9))
      #expect(try second.load(from: file) == ["epoch": "2"])
      train(&second, to: 6)
      #expect(bits(second) == bits(whole) && second.steps == 6)
    }
  }

  @Test("any tree is a state, with several models, optimizers and keys") func tree() throws {
    try Fixtures.withTemporaryFolder { folder in
      func made(_ seed: Int) -> Pair<Pair<Linear, SGD>, Pair<[Linear], RandomKey>> {
        let layer = Linear(3, 2, key: RandomKey(seed), dtype: .bfloat16)
        var optimizer = SGD(momentum: 0.5)
        optimizer.state.prepare(for: layer)
        return Pair(Pair(layer, optimizer), Pair([Linear(2, 2, key: RandomKey(seed + 1))], RandomKey(seed)))
      }
      let saved = made(1), file = folder.appendingPathComponent("state.safetensors")
      var loaded = made(5)
      try saved.saveState(to: file, metadata: ["step": "3"])
      #expect(try loaded.loadState(from: file) == ["step": "3"])
      #expect(bits(loaded) == bits(saved) && loaded.first.first.weight.dtype == .bfloat16)
    }
  }

  @Test("a file of another state, of another dtype, or damaged is refused, and changes nothing") func refused() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("training.safetensors"), state = TrainingState(model(1), AdamW(), key: RandomKey(5))
      try state.save(to: file)
      func error<Model: TensorTree, Chosen: Optimizer>(_ other: TrainingState<Model, Chosen>) -> String {
        var other = other
        let before = bits(other), text = message { try other.load(from: file) }
        #expect(bits(other) == before)
        return text
      }
      #expect(error(TrainingState(model(1), SGD(momentum: 0.9))).contains("missing: optimizer.0.bias.momentum"))
      #expect(error(TrainingState(model(1), AdamW(), average: model(1))).contains("missing: average.0.weight"))
      #expect(error(TrainingState(Sequential(Linear(4, 5, key: RandomKey(1))), AdamW())).contains("unexpected: "))
      #expect(
        error(TrainingState(model(1).map { $1.cast(to: .float64) }, AdamW())).contains(
          "model.0.weight: float32; the state has it as float64"))
      var data = try Data(contentsOf: file)
      data[data.count - 5] ^= 1
      try data.write(to: file)
      #expect(error(state).contains("crc32"))
      try state.model.save(to: file)
      #expect(error(state).contains("crc32: missing"))
    }
  }
}

@Suite("Summaries of models")
struct ModelSummaryTests {
  private struct Counted: ParameterTree {
    var layer = Linear(4, 3, key: RandomKey(1))
    var seen = Tensor([0, 1] as [Int])
    static let fields: [Field<Self>] = [.init("layer", \.layer), .init("seen", \.seen)]
  }

  @Test("a table has a line for each tensor and their sums") func table() {
    let summary = summary(of: Counted())
    #expect(summary.parameterCount == 17 && summary.trainableCount == 15 && summary.byteCount == 15 * 4 + 16)
    #expect(
      summary.description == """
        name          shape   dtype                parameters  bytes
        layer.weight  [3, 4]  float32                      12     48
        layer.bias    [3]     float32                       3     12
        seen          [2]     int64 (not trained)           2     16
        all                   15 trained                   17     76
        """)
    #expect(WengertNN.summary(of: Embedding(50_000, 32, key: RandomKey(1))).description.contains("1,600,000  6,400,000"))
  }

  @Test("a call's operations are those of its products, and its memory that of its program") func cost() throws {
    let model = Sequential(Linear(20, 30, bias: false, key: RandomKey(1)), Linear(30, 10, bias: false, key: RandomKey(2)))
    let found = summary(of: model, at: RandomKey(3).normal([8, 20])) { $0($1) }, cost = try #require(found.cost)
    #expect(cost.flops == Double(2 * 8 * 20 * 30 + 2 * 8 * 30 * 10))
    #expect(cost.kernelCount == 2 && cost.arenaByteCount >= 8 * 30 * 4 && cost.results.map(\.type.shape) == [[8, 10]])
    #expect(
      found.description.contains("14,400 floating-point operations, 2 kernels") && found.description.hasSuffix("result: float32[8, 10]"))
  }
}

@Suite("Progress meters")
struct ProgressMeterTests {
  private final class Screen {
    var text = "", time = 0.0, messages = 0
    func meter(_ total: Int?, isTerminal: Bool, interval: Double? = 30, width: Int = 80) -> ProgressMeter {
      ProgressMeter(
        "epoch 1", total: total, interval: interval,
        output: .init(isTerminal: isTerminal, width: { width }, now: { self.time }, write: { self.text += $0 }))
    }
  }

  @Test("a terminal's line is drawn ten times a second at most, and the message made only then") func terminal() {
    let screen = Screen(), meter = screen.meter(1000, isTerminal: true)
    for _ in 0..<1000 {
      screen.time += 0.001
      meter.advance {
        screen.messages += 1
        return "loss 0.5"
      }
    }
    #expect((9...12).contains(screen.messages))
    meter.finish()
    meter.finish()
    let lines = screen.text.components(separatedBy: "\r\u{1B}[K")
    #expect(lines.count == screen.messages + 2)
    #expect(
      lines[2] == "epoch 1 [##..................] 101/1000 | loss 0.5 | 1000/s | 0:01 left"
        || lines[2].contains("| loss 0.5 | 1000/s | 0:01 left"))
    #expect(lines.last == "epoch 1 [####################] 1000/1000 | loss 0.5 | 1000/s | took 0:01\n")
    let narrow = Screen(), short = narrow.meter(10, isTerminal: true, width: 12)
    short.advance()
    #expect(narrow.text == "\r\u{1B}[Kepoch 1 [##")
  }

  @Test("elsewhere there are lines at intervals and one at the end, or none") func log() {
    let screen = Screen(), meter = screen.meter(8, isTerminal: false), silent = Screen(),
      nothing = silent.meter(8, isTerminal: false, interval: nil)
    for step in 1...8 {
      for screen in [screen, silent] { screen.time += 20 }
      meter.advance { "loss \(step)" }
      nothing.advance { fatalError() }
    }
    meter.finish()
    nothing.finish()
    #expect(silent.text.isEmpty)
    #expect(
      screen.text == """
        epoch 1 [#####...............] 2/8 | loss 2 | 20 s each | 2:00 left
        epoch 1 [##########..........] 4/8 | loss 4 | 20 s each | 1:20 left
        epoch 1 [###############.....] 6/8 | loss 6 | 20 s each | 0:40 left
        epoch 1 [####################] 8/8 | loss 8 | 20 s each | took 2:40

        """)
  }

  @Test("without a total there is no bar and no time left") func open() {
    let screen = Screen(), meter = screen.meter(nil, isTerminal: false, interval: 1)
    screen.time = 4000
    meter.advance(2000)
    meter.finish()
    #expect(screen.text == "epoch 1 2000 | 0.5/s\nepoch 1 2000 | 0.5/s | took 1:06:40\n")
  }
}
