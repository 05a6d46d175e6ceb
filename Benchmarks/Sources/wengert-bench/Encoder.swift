import DEXML
import Foundation
import Wengert
import WengertNN

/// A training step of a BERT encoder: forward, backward, AdamW; packed sequences, mean pooling.
struct EncoderSetting {
  var model = "minilm"
  var batch = 64
  var tokens = 128
  /// All sequences full, or lengths that fill 45% of the batch (lognormal).
  var isFull = true
  var dropout = 0.0

  var configuration: BertConfiguration {
    var c =
      model == "base"
      ? BertConfiguration(vocabularySize: 30522, hiddenSize: 768, layers: 12, heads: 12, intermediateSize: 3072)
      : BertConfiguration(vocabularySize: 30522, hiddenSize: 384, layers: 6, heads: 12, intermediateSize: 1536)
    c.hiddenDropout = dropout
    c.attentionDropout = dropout
    return c
  }

  /// Token counts: the quantiles of a lognormal distribution with deviation 0.6, cut to the longest, scaled to a mean of 45%.
  var lengths: [Int] {
    if isFull { return Array(repeating: tokens, count: batch) }
    let quantiles = (0..<batch).map { exp(0.6 * Self.normalQuantile((Double($0) + 0.5) / Double(batch))) }
    var scale = 0.2 * Double(tokens)
    while true {
      let lengths = quantiles.map { min(max(Int(($0 * scale).rounded()), 3), tokens) }
      if Double(lengths.reduce(0, +)) >= 0.45 * Double(tokens * batch) { return lengths }
      scale *= 1.01
    }
  }

  private static func normalQuantile(_ p: Double) -> Double {
    var low = -8.0, high = 8.0
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if erfc(-middle / 2.0.squareRoot()) / 2 < p { low = middle } else { high = middle }
    }
    return low
  }

  /// Multiplications and additions of the products of one forward pass.
  var productFlops: Double {
    let c = configuration
    let width = Double(c.hiddenSize), inner = Double(c.intermediateSize)
    let dense = 2 * (4 * width * width + 2 * width * inner)
    return Double(c.layers) * lengths.reduce(0) { $0 + dense * Double($1) + 4 * Double($1 * $1) * width }
  }

  /// Random tokens.
  var packed: PackedTokens {
    var generator = SystemRandomNumberGenerator()
    return PackedTokens(lengths.map { length in (0..<length).map { _ in Int32.random(in: 1000..<30522, using: &generator) } })
  }
}

/// The compiled forward pass and training step of a setting.
final class EncoderBench {
  typealias State = Pair<TextEncoder, AdamW>
  let setting: EncoderSetting
  private var state: State
  private let tokens: TokenTensors
  private let target: Tensor
  private let rate = Tensor(1e-5)
  private let key: Tensor?
  let forward: CompiledFunction<TextEncoder, TokenTensors, Tensor>
  let step: CompiledUpdate<State, TokenTensors, Tensor, Tensor, Tensor?, Tensor>

  init(_ setting: EncoderSetting, memoryBudget: Int? = nil) {
    self.setting = setting
    let encoder = BertEncoder(setting.configuration, key: RandomKey(1))
    var model = TextEncoder(encoder, pooling: .mean)
    model.encoder.pooler = nil
    state = Pair(model, AdamW(groups: [.noDecayOnBiasesAndNorms]))
    state.second.state.prepare(for: model)
    tokens = setting.packed.tensors()
    target = RandomKey(2).normal([setting.configuration.hiddenSize])
    key = setting.dropout > 0 ? Tensor([Int64(7)], shape: []) : nil
    forward = compile(
      { (model: TextEncoder, tokens: TokenTensors) in model.embed(tokens) },
      CompileOptions(shapes: TokenTensors.symbolicShapes(argument: 1)))
    step = compileUpdate(
      { (state: inout State, tokens: TokenTensors, target: Tensor, rate: Tensor, key: Tensor?) -> Tensor in
        let (loss, gradient) = valueAndGradient(at: state.first) {
          ($0.embed(tokens, key: key.map(RandomKey.init)) * target).sum()
        }
        state.second.update(&state.first, gradient, learningRate: rate)
        return loss
      }, CompileOptions(shapes: TokenTensors.symbolicShapes(argument: 1), memoryBudget: memoryBudget))
  }

  func runForward() { withExtendedLifetime(forward(state.first, tokens)) {} }
  func runStep() { withExtendedLifetime(step(&state, tokens, target, rate, key)) {} }

  /// The same step, operation by operation.
  func runEager() {
    let (_, gradient) = valueAndGradient(at: state.first) { ($0.embed(tokens, key: key.map(RandomKey.init)) * target).sum() }
    state.second.update(&state.first, gradient, learningRate: 1e-5)
  }

  static func run(_ arguments: inout Arguments, threads: Int) {
    var setting = EncoderSetting()
    setting.model = arguments.choice("--model", of: ["minilm", "base"]) ?? setting.model
    setting.batch = arguments.count("--batch") ?? setting.batch
    setting.tokens = arguments.count("--tokens") ?? setting.tokens
    setting.isFull = !arguments.flag("--real")
    setting.dropout = arguments.number("--dropout") ?? setting.dropout
    let repeats = arguments.count("--repeats") ?? 5
    let isForward = arguments.flag("--forward"), isPlain = arguments.flag("--plain")
    let budget = arguments.count("--budget").map { $0 << 20 }
    let mode = arguments.end(["step", "forward", "eager", "profile", "program"]) ?? (isForward ? "forward" : "step")
    if !isPlain { Machine.showHeading(threads: threads) }
    let bench = EncoderBench(setting, memoryBudget: budget)
    let profiler = mode == "profile" ? Profiler() : nil
    let body = mode == "forward" ? bench.runForward : mode == "eager" ? bench.runEager : bench.runStep
    body()
    bench.step.profiler = profiler
    let clock = ContinuousClock()
    if isPlain {
      // The peak counts from here, as the peers' does.
      body()
      try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    }
    let times = (0..<repeats).map { _ in clock.measure(body) / .milliseconds(1) }.sorted()
    if isPlain { return show("\(times[times.count / 2]) \(peakMiB())") }
    let flops = setting.productFlops * (mode == "forward" ? 1 : 3)
    show(
      "\(setting.model) \(mode): \(times[times.count / 2]) ms, \(flops / times[times.count / 2] / 1e6) GFLOP/s in products, peak \(peakMiB()) MiB"
    )
    let statistics = bench.step.statistics
    if let profiler {
      show(profiler.table)
      show(bench.step.program?.memoryDescription ?? "")
    }
    if mode == "program" { show(bench.step.program?.description ?? "") }
    show("compiled in \(statistics.compilationTime), bound in \(statistics.bindingTime)")
  }

  /// The most memory that this process had in RAM, MiB.
  static func peakMiB() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
    return (line?.split(separator: " ").compactMap { Int($0) }.first ?? 0) / 1024
  }
}
