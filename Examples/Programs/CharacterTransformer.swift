import Foundation
import WengertNN

/// A transformer that learns to write, letter by letter, like a text: made-up sentences whose verbs agree with their subjects, or a file.
func characterTransformer(_ run: Run) throws {
  let text = Array(try run.file.map { try String(contentsOf: $0, encoding: .utf8) } ?? Sentences.text(lines: 2000, key: RandomKey(1)))
  let letters = Array(Set(text)).sorted(), numbers = Dictionary(uniqueKeysWithValues: zip(letters, 0...))
  let data = Tensor(text.map { numbers[$0]! }), context = run.count(64, tiny: 32)
  print("\(text.count) letters, \(letters.count) different ones")

  let model = Transformer(
    letters: letters.count, width: run.count(64, tiny: 32), heads: 4, depth: 2, context: context, key: RandomKey(2))
  let training = TrainingStep(model, AdamW(), clipping: 1) { (model, batch: Tensor, _) in
    var caches: [KeyValueCache?] = [nil, nil]
    let logits = model(batch[0..., 0..<context], from: Tensor.zeros([], dtype: .int64), &caches)
    return crossEntropy(logits.reshape([-1, letters.count]), batch[0..., 1...].flatten())
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
  var letters: Embedding, places: Embedding, blocks: [Block], norm: LayerNorm, output: Linear
  static let fields: [Field<Self>] = [
    .init("letters", \.letters), .init("places", \.places), .init("blocks", \.blocks), .init("norm", \.norm), .init("output", \.output),
  ]

  init(letters count: Int, width: Int, heads: Int, depth: Int, context: Int, key: RandomKey) {
    letters = Embedding(count, width, standardDeviation: 0.1, key: key.fold(0))
    places = Embedding(context, width, standardDeviation: 0.1, key: key.fold(1))
    blocks = (0..<depth).map { Block(width, heads, key: key.fold(2 + $0)) }
    (norm, output) = (LayerNorm(width), Linear(width, count, key: key.fold(-1)))
  }

  /// Scores of each next letter of texts [batch, letters] that go on at place `start`, behind the letters in the caches.
  func callAsFunction(_ text: Tensor, from start: Tensor, _ caches: inout [KeyValueCache?]) -> Tensor {
    var x = letters(text) + places(Tensor.iota(text.shape[1]) + start)
    for (i, block) in blocks.enumerated() { x = block(x, &caches[i]) }
    return output(norm(x))
  }

  /// Texts of letters drawn one after another; a step is one program, and costs the same whatever was written before.
  func write(_ texts: Int, letters count: Int, after first: Int, key: RandomKey) -> [[Int]] {
    let (heads, width) = (blocks[0].heads, letters.weight.shape[1])
    let cache = KeyValueCache([texts, heads], capacity: count, width: width / heads)
    var state = Pair([KeyValueCache?](repeating: cache, count: blocks.count), Tensor.full(first, [texts, 1], dtype: .int64))
    let step = compileUpdate { (state: inout Pair<[KeyValueCache?], Tensor>, model: Transformer, key: RandomKey) -> Tensor in
      let scores = model(state.second, from: state.first[0]!.count, &state.first)
      state.second = key.categorical(scores[0..., -1])
      return state.second
    }
    let drawn = (0..<count).map { step(&state, self, key.fold($0)).array(of: Int.self) }
    return (0..<texts).map { text in drawn.map { $0[text] } }
  }
}

private struct Block: ParameterTree {
  var attentionNorm: LayerNorm, projections: Linear, attended: Linear, norm: LayerNorm, hidden: Linear, output: Linear
  var heads: Int
  static let fields: [Field<Self>] = [
    .init("attentionNorm", \.attentionNorm), .init("projections", \.projections), .init("attended", \.attended), .init("norm", \.norm),
    .init("hidden", \.hidden), .init("output", \.output), .setting(\.heads),
  ]

  init(_ width: Int, _ heads: Int, key: RandomKey) {
    (attentionNorm, norm, self.heads) = (LayerNorm(width), LayerNorm(width), heads)
    (projections, attended) = (Linear(width, 3 * width, key: key.fold(0)), Linear(width, width, key: key.fold(1)))
    (hidden, output) = (Linear(width, 4 * width, key: key.fold(2)), Linear(4 * width, width, key: key.fold(3)))
  }

  func callAsFunction(_ x: Tensor, _ cache: inout KeyValueCache?) -> Tensor {
    let (batch, letters) = (x.shape[0], x.shape[1])
    let parts = projections(attentionNorm(x)).reshape([batch, letters, 3 * heads, -1]).transpose(1, 2).split(into: 3, axis: 1)
    let seen = cache?.append(keys: parts[1], values: parts[2])
    let heads = dotProductAttention(
      query: parts[0], key: cache?.keys ?? parts[1], value: cache?.values ?? parts[2], mask: seen, isCausal: seen == nil)
    let y = x + attended(heads.transpose(1, 2).reshape(x.shape))
    return y + output(gelu(hidden(norm(y))))
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
