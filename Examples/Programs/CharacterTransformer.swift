import Foundation
import WengertNN

/// A transformer that learns to write, letter by letter, like a text: made-up sentences whose verbs agree with their subjects, or a file.
func characterTransformer(_ run: Run) throws {
  let text = Array(try run.file.map { try String(contentsOf: $0, encoding: .utf8) } ?? Sentences.text(lines: 2000, key: RandomKey(1)))
  let letters = Array(Set(text)).sorted(), numbers = Dictionary(uniqueKeysWithValues: zip(letters, 0...))
  let data = Tensor(text.map { numbers[$0]! }), context = run.count(64, tiny: 32)
  print("\(text.count) letters, \(letters.count) different ones")

  let model = Transformer(letters: letters.count, width: run.count(64, tiny: 32), heads: 4, depth: 2, key: RandomKey(2))
  let training = TrainingStep(model, AdamW(), clipping: 1) { (model, batch: Tensor, _) in
    crossEntropy(model(batch[0..., 0..<context]).reshape([-1, letters.count]), batch[0..., 1...].flatten())
  }
  let steps = run.count(400, tiny: 60), schedule = CosineSchedule(warmup: steps / 10, total: steps)
  for step in 0..<steps {
    let starts = RandomKey(3).fold(step).integers(0..<text.count - context, [16, 1])
    let loss = training(data.gather(starts + Tensor.iota(context + 1)), learningRate: 5e-3 * schedule.factor(step)).loss
    if step % (steps / 5) == 0 || step == steps - 1 { print("step \(step): loss \(loss.item().text())") }
  }

  let written = training.model.write(run.count(12, tiny: 4), letters: context, after: numbers["\n"] ?? 0, key: RandomKey(4))
  let lines = written.map { text in String(text.map { letters[$0] }).prefix { $0 != "\n" } }
  print(lines.map { "  \($0)" }.joined(separator: "\n"))
  if run.file == nil { print("sentences of the grammar: \(try lines.count(where: Sentences.hold)) of \(lines.count)") }
}

private struct Transformer: ParameterTree {
  var letters: Embedding, blocks: [TransformerLayer], norm: LayerNorm, output: Linear
  static let fields: [Field<Self>] = [
    .init("letters", \.letters), .init("blocks", \.blocks), .init("norm", \.norm), .init("output", \.output),
  ]

  init(letters count: Int, width: Int, heads: Int, depth: Int, key: RandomKey) {
    letters = Embedding(count, width, standardDeviation: 0.1, key: key.fold(0))
    blocks = (0..<depth).map {
      TransformerLayer(width: width, heads: heads, isCausal: true, normFirst: true, rotary: .init(), key: key.fold(1 + $0))
    }
    (norm, output) = (LayerNorm(width), Linear(width, count, key: key.fold(-1)))
  }

  /// Scores of each next letter of texts [batch, letters].
  func callAsFunction(_ text: Tensor) -> Tensor { output(norm(blocks.reduce(letters(text)) { $1($0) })) }

  /// The same of texts that go on behind the letters in the caches.
  func callAsFunction(_ text: Tensor, _ caches: inout [KeyValueCache]) -> Tensor {
    output(norm(blocks.indices.reduce(letters(text)) { blocks[$1]($0, cache: &caches[$1]) }))
  }

  /// Texts of letters drawn one after another; a step is one program, and costs the same whatever was written before.
  func write(_ texts: Int, letters count: Int, after first: Int, key: RandomKey) -> [[Int]] {
    var state = Pair(blocks.map { $0.attention.cache([texts], capacity: count) }, Tensor.full(first, [texts, 1], dtype: .int64))
    let step = compileUpdate { (state: inout Pair<[KeyValueCache], Tensor>, model: Transformer, key: RandomKey) -> Tensor in
      state.second = key.categorical(model(state.second, &state.first)[0..., -1])
      return state.second
    }
    let drawn = (0..<count).map { step(&state, self, key.fold($0)).array(of: Int.self) }
    return (0..<texts).map { text in drawn.map { $0[text] } }
  }
}

/// Sentences such as "the old cats see a dog": what stands behind "a" is one, and its verb ends in s.
private enum Sentences {
  static let nouns = ["cat", "dog", "bird", "horse"], verbs = ["see", "hear", "follow"], adjectives = ["", "old ", "small ", "quick "]

  static func text(lines: Int, key: RandomKey) -> String {
    let numbers = key.integers(0..<12, [lines, 7]).array(of: Int.self)
    return (0..<lines).map { line in
      let n = numbers[7 * line..<7 * line + 7].map(\.self)
      func noun(_ i: Int) -> String {
        "\(n[i] % 2 == 0 ? "a " : "the ")\(adjectives[n[i + 1] % 4])\(nouns[n[i + 2] % 4])\(n[i] % 2 == 0 ? "" : "s")"
      }
      return "\(noun(0)) \(verbs[n[6] % 3])\(n[0] % 2 == 0 ? "s" : "") \(noun(3))\n"
    }.joined()
  }

  static func hold(_ line: Substring) throws -> Bool {
    let noun = "(old |small |quick )?(cat|dog|bird|horse)", verb = "(see|hear|follow)"
    return try Regex("(a \(noun) \(verb)s|the \(noun)s \(verb)) (a \(noun)|the \(noun)s)").wholeMatch(in: line) != nil
  }
}
