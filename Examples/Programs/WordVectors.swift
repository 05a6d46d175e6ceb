import Foundation
import WengertNN

/// Word vectors by skip-gram with negative sampling (Mikolov et al. 2013), of made-up sentences or a file of text: words that stand beside the same words come to point in one direction.
func wordVectors(_ run: Run) throws {
  let text = try run.file.map { try String(contentsOf: $0, encoding: .utf8) } ?? sentences(run.count(3000, tiny: 800), key: RandomKey(1))
  let lines = text.lowercased().split(separator: "\n").map { $0.split { !$0.isLetter }.map(String.init) }
  let counts = lines.joined().reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
  let words = counts.keys.sorted { (counts[$1]!, $0) < (counts[$0]!, $1) }, numbers = Dictionary(uniqueKeysWithValues: zip(words, 0...))
  // Each word with each that is at most two places away.
  let pairs = lines.flatMap { line in
    line.indices.flatMap { i in line.indices.filter { $0 != i && abs($0 - i) <= 2 }.map { (numbers[line[i]]!, numbers[line[$0]]!) } }
  }
  let centers = Tensor(pairs.map(\.0)), beside = Tensor(pairs.map(\.1))
  let frequency = 0.75 * log(Tensor(words.map { Double(counts[$0]!) }))
  print("\(words.count) words, \(pairs.count) pairs")

  // Of two tables with a row for each word, a step reads some rows, and moves those alone.
  let width = 16, negatives = 5
  var tables = Pair(RandomKey(2).normal([words.count, width], standardDeviation: 0.1), Tensor.zeros([words.count, width]))
  let step = compileUpdate { (tables: inout Pair<Tensor, Tensor>, word: Tensor, others: Tensor, rate: Tensor) -> Tensor in
    let rows = [tables.first.gather(word), tables.second.gather(others)]  // [pairs, width], [pairs, 1 + negatives, width]
    let (loss, slope) = valueAndGradient(at: rows) { rows in
      let scores = (rows[0].expandDims(1) * rows[1]).sum(axis: 2)
      return (softplus(-scores[0..., 0]) + softplus(scores[0..., 1...]).sum(axis: 1)).sum()
    }
    tables.first = tables.first.scatter(-rate * slope[0], at: word, mode: .add)
    tables.second = tables.second.scatter(-rate * slope[1], at: others, mode: .add)
    return loss / word.extent(0)
  }
  let loader = DataLoader(count: pairs.count, batchSize: 64, key: RandomKey(3), dropsLast: true) { Tensor($0) }
  for epoch in 0..<run.count(6, tiny: 2) {
    var losses: [Tensor] = []
    for (number, rows) in loader.epoch(epoch).enumerated() {
      let drawn = RandomKey(4).fold(epoch).fold(number).categorical(frequency, count: rows.count * negatives)
      let others = concatenate([beside.gather(rows).expandDims(1), drawn.reshape([-1, negatives])], axis: 1)
      losses.append(step(&tables, centers.gather(rows), others, Tensor(0.03)))
    }
    print("epoch \(epoch): loss \(stack(losses).mean().item().text())")
  }

  let vectors = tables.first.l2Normalize()
  let near = vectors.matmul(vectors.transpose()).topK(min(4, words.count)).indices
  let shown = run.file == nil ? kinds.map { $0[0] } : Array(words.prefix(12))
  for word in shown {
    let others = near[numbers[word]!].array(of: Int.self).map { words[$0] }.filter { $0 != word }
    print("\(word): \(others.prefix(3).joined(separator: ", "))")
  }
  let drawn = run.file == nil ? kinds.flatMap(\.self) : Array(words.prefix(60))
  let places = vectors.gather(Tensor(drawn.map { numbers[$0]! })).matmul(spread(of: vectors))
  let colors = drawn.map { word in ["#2563eb", "#dc2626", "#059669", "#d97706"][kinds.firstIndex { $0.contains(word) } ?? 0] }
  try run.draw(wordMap(drawn, places[0..., 0].doubles, places[0..., 1].doubles, colors: colors))
}

/// The two directions in which points [count, width] differ most, [width, 2], by power iteration.
private func spread(of points: Tensor) -> Tensor {
  var rest = points - points.mean(axes: [0])
  return stack(
    (0..<2).map { number in
      var direction = RandomKey(number).normal([points.shape[1]])
      for _ in 0..<100 { direction = rest.transpose().matmul(rest.matmul(direction)).l2Normalize() }
      rest = rest - rest.matmul(direction).expandDims(1) * direction
      return direction
    }, axis: 1)
}

private let kinds = [
  ["cat", "dog", "horse", "bird"], ["bread", "cheese", "apples", "rice"], ["paris", "london", "rome", "berlin"],
  ["train", "bus", "car", "ship"],
]

/// Sentences about animals, food, cities and vehicles.
private func sentences(_ count: Int, key: RandomKey) -> String {
  let forms = [
    "the 0 eats 1", "a 0 likes some 1", "in 2 they sell fresh 1", "we live in 2", "the 3 goes to 2", "my 3 is too slow", "the 0 sleeps",
  ]
  let drawn = key.integers(0..<forms.count * 4, [count, 5]).array(of: Int.self)
  return (0..<count).map { line in
    let n = drawn[5 * line..<5 * line + 5].map(\.self)
    return String(forms[n[4] / 4].flatMap { letter in letter.wholeNumberValue.map { kinds[$0][n[$0] % 4] } ?? String(letter) }) + "\n"
  }.joined()
}
