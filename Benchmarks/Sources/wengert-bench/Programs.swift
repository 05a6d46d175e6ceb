import DEXML
import Foundation
import Wengert
import WengertNN

/// What comes before the first result of a six-block encoder's loss and gradient: compiled, and as a finished program that is read. Sequences are short, so that the kernels
/// take next to nothing.
enum Programs {
  private typealias Gradient = CompiledFunction<TextEncoder, TokenTensors, Pair<Tensor, TextEncoder>>

  static func run(_ arguments: inout Arguments, threads: Int) throws {
    let repeats = arguments.count("--repeats") ?? 7
    _ = arguments.end()
    Machine.showHeading(threads: threads)
    let configuration = BertConfiguration(vocabularySize: 1000, hiddenSize: 384, layers: 6, heads: 12, intermediateSize: 1536)
    var model = TextEncoder(BertEncoder(configuration, key: RandomKey(1)), pooling: .mean)
    model.encoder.pooler = nil
    let compiled: Gradient = compile(
      { (model: TextEncoder, tokens: TokenTensors) in
        let (loss, gradient) = valueAndGradient(at: model) { square($0.embed(tokens)).mean() }
        return Pair(loss, gradient)
      }, CompileOptions(shapes: TokenTensors.symbolicShapes(argument: 1)))
    let first = bindings(of: compiled, model, sizes: 1)
    let code = try compiled.program!.code()
    let clock = ContinuousClock()
    var finished: Gradient!
    var readings: [Double] = []
    for _ in 0..<repeats {
      let start = clock.now
      finished = Gradient(finished: try FinishedProgram(code: code)) { model, _ in Pair(model.tensors[0], model) }
      readings.append((clock.now - start) / .milliseconds(1))
    }
    let letters = try compiled.program!.literal().utf8.count
    show("literal \(letters) bytes, \(compiled.program!.kernelCount) kernels")
    show(line("traced and optimized", [compiled.statistics.compilationTime / .milliseconds(1)]))
    show(line("read", readings))
    // As in a process that has planned nothing yet.
    Device.cpu.trimMemory()
    show(line("bound, the first time", bindings(of: finished, model, sizes: 1)))
    show(line("bound to other sizes", bindings(of: finished, model, sizes: 20)))
    show(line("compiled, bound the first time", first))
    show(line("compiled, bound to other sizes", bindings(of: compiled, model, sizes: 20)))
  }

  /// How long each binding took, in milliseconds, at sizes that grow.
  private static func bindings(of function: Gradient, _ model: TextEncoder, sizes: Int) -> [Double] {
    (0..<sizes).map { size in
      let tokens = PackedTokens([3, 4 + sizes + size].map { [Int32](repeating: 5, count: $0) }).tensors()
      let before = function.statistics.bindingTime
      withExtendedLifetime(function(model, tokens)) {}
      return (function.statistics.bindingTime - before) / .milliseconds(1)
    }
  }

  private static func line(_ name: String, _ times: [Double]) -> String {
    let sorted = times.sorted()
    let padded = name + String(repeating: " ", count: max(0, 32 - name.count))
    return padded + String(format: "%.2f ms (least %.2f, greatest %.2f)", sorted[sorted.count / 2], sorted[0], sorted[sorted.count - 1])
  }
}
