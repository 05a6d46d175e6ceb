import Collectives
import DEXML
import Testing
import WengertNN
import WengertTestSupport

@Suite("Streamed losses")
struct StreamedLossTests {
  /// Value and gradients, documents' and labels', with the labels in blocks of these sizes.
  private func streamed(_ loss: SimilarityLoss, _ x: [Tensor], _ blocks: [Int], _ targets: LossTargets) -> (Double, [Tensor]) {
    let labels = x[1].split(blocks)
    var parts: [Tensor?] = Array(repeating: nil, count: blocks.count)
    let (value, documents) = StreamedLoss(loss).valueAndGradient(documents: x[0], labels: labels, targets: targets) { parts[$0] = $1 }
    return (value.item(), [documents, concatenate(parts.map { $0! })])
  }

  @Test("value and gradients are those that PyTorch finds, for every criterion, in one block and in several")
  func golden() throws {
    let golden = try GoldenLosses()
    for example in golden.cases {
      let x = try golden.inputs(example, dtype: .float32), targets = try golden.targets(example)
      let count = x[1].shape[0]
      for blocks in [[count], [count / 3, 1, count - count / 3 - 1]] {
        let (value, gradients) = streamed(example.loss, x, blocks, targets)
        let expected = try golden.expected(example, "loss")[0]
        #expect(abs(value - expected) <= 1e-5 * max(1, abs(expected)), "\(example.name) \(blocks): \(value), expected \(expected)")
        for (gradient, name) in zip(gradients, ["documents", "labels"]) {
          let found = relativeDifferences(gradient.array(of: Double.self), try golden.expected(example, name))
          #expect(found.norm <= 2e-4, "\(example.name) \(blocks) \(name): \(found)")
        }
      }
    }
  }

  @Test("blocks make no difference beyond rounding: random targets, spreads and block sizes", arguments: 0..<12)
  func blocks(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    let (documents, labels) = (1 + random.below(9), 8 + random.below(53))
    let rows = (0..<documents).map { _ in (0..<labels).map { _ in random.below(10) == 0 ? Float(1) : 0 } }
    let targets = LossTargets(
      positives: try .dense(rows), drawn: rows.map { Array(0..<min(2, $0.count { $0 > 0 })) }, weighted: true)
    let spread = [0.3, 1, 4][seed % 3], key = RandomKey(seed)
    let x = [key.fold(0).normal([documents, 6]) * spread, key.fold(1).normal([labels, 6]) * spread]
    var sizes: [Int] = [], left = labels
    while left > 0 {
      sizes.append(1 + random.below(left))
      left -= sizes.last!
    }
    for criterion in LossesTests.criteria {
      let loss = SimilarityLoss(criterion, temperature: 0.7)
      let (whole, gradient) = valueAndGradient(at: x) { loss(documents: $0[0], labels: $0[1], targets: targets) }
      let (value, gradients) = streamed(loss, x, sizes, targets)
      #expect(abs(value - whole.item()) <= 1e-5 * max(1, abs(whole.item())), "seed \(seed) \(criterion) \(sizes)")
      for (a, b): (Tensor, Tensor) in zip(gradients, gradient) {
        let size: Double = max(b.norm().item(), 1e-6), distance: Double = (a - b).norm().item()
        #expect(distance <= 3e-4 * size, "seed \(seed) \(criterion) \(sizes): \(distance) of \(size)")
      }
    }
  }

  /// Similarities of thousands of labels of which only the greatest are kept as they are, many of them equal.
  @Test("SoftTop-k's threshold follows from one pass over thousands of labels, also where many are equal", arguments: [1, 5, 30, 60])
  func manyLabels(k: Int) throws {
    let (documents, labels) = (4, 3000), key = RandomKey(k)
    let rows = (0..<documents).map { i in (0..<labels).map { $0 % 997 == i ? Float(1) : 0 } }
    let targets = LossTargets(positives: try .dense(rows))
    for spread in [0.2, 1, 6] {
      var y = key.fold(1).normal([labels, 6])
      // A thousand labels are ten, a hundred times each.
      y = concatenate([y[0..<2000]] + (0..<100).map { _ in y[2000..<2010] })
      let x = [key.fold(0).normal([documents, 6]) * spread, y]
      let loss = SimilarityLoss(.topK(.fixed(k), alpha: 2), temperature: 0.7)
      let (whole, gradient) = valueAndGradient(at: x) { loss(documents: $0[0], labels: $0[1], targets: targets) }
      let (value, gradients) = streamed(loss, x, [1000, 1000, 10, 990], targets)
      #expect(abs(value - whole.item()) <= 1e-5 * max(1, abs(whole.item())), "K \(k), spread \(spread)")
      for (a, b): (Tensor, Tensor) in zip(gradients, gradient) {
        let size: Double = b.norm().item(), distance: Double = (a - b).norm().item()
        #expect(distance <= 1e-4 * size, "K \(k), spread \(spread): \(distance) of \(size)")
      }
    }
  }

  @Test("two and three workers with their parts of the labels get the value and gradients of one, for every criterion", arguments: [2, 3])
  func workers(count: Int) throws {
    let rows = (0..<5).map { i in (0..<11).map { j in Float((i * 3 + j * 5) % 7 == 0 ? 1 : 0) } }
    let targets = LossTargets(positives: try .dense(rows)), key = RandomKey(8)
    let x = [key.fold(0).normal([5, 6]), key.fold(1).normal([11, 6])]
    for criterion in LossesTests.criteria {
      let loss = SimilarityLoss(criterion, temperature: 0.5)
      let (value, gradients) = streamed(loss, x, [4, 4, 3], targets)
      let parts = try ThreadWorkers.run(count) { workers in
        let part = workers.part(of: 11), own = x[1][part.lowerBound..<part.upperBound].split([part.count - 1, 1])
        var found: [Tensor?] = [nil, nil]
        let (value, documents) = StreamedLoss(loss).valueAndGradient(
          documents: x[0], labels: own, targets: targets, workers: workers
        ) { found[$0] = $1 }
        return (value.item(), documents, concatenate(found.map { $0! }))
      }
      for part in parts {
        #expect(abs(part.0 - value) <= 1e-6 * max(1, abs(value)), "\(criterion)")
        #expect((part.1 - gradients[0]).norm().item() <= 1e-5 * gradients[0].norm().item(), "\(criterion)")
      }
      let labels = concatenate(parts.map(\.2))
      #expect((labels - gradients[1]).norm().item() <= 1e-5 * gradients[1].norm().item(), "\(criterion)")
    }
  }

  @Test("a row whose labels are all positives, and one without any, give finite gradients")
  func extremes() throws {
    let targets = LossTargets(positives: try .dense([[1, 1, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0]]))
    let x = [RandomKey(1).normal([3, 5]) * 30, RandomKey(2).normal([4, 5]) * 30]
    for criterion in [SimilarityLoss.Criterion.softmax, .decoupledSoftmax, .bce, .topK(.fixed(2), alpha: 2)] {
      let loss = SimilarityLoss(criterion, temperature: 0.05)
      let (value, gradients) = streamed(loss, x, [3, 1], targets)
      let whole = loss(documents: x[0], labels: x[1], targets: targets).item()
      #expect(abs(value - whole) <= 1e-4 * max(1, abs(whole)), "\(criterion)")
      #expect(gradients.allSatisfy { $0.array(of: Float.self).allSatisfy(\.isFinite) }, "\(criterion)")
    }
  }

  @Test("what is not finite does not become a number")
  func notFinite() throws {
    let targets = LossTargets(positives: try .dense([[1, 0, 0, 0]]))
    var x = [RandomKey(1).normal([1, 5]), RandomKey(2).normal([4, 5])]
    x[1][2, 0] = Tensor(.nan)
    for criterion in LossesTests.criteria {
      let (value, gradients) = streamed(SimilarityLoss(criterion, temperature: 1), x, [2, 2], targets)
      #expect(value.isNaN || gradients[0].array(of: Float.self).contains(where: \.isNaN), "\(criterion)")
    }
  }

  @Test("SoftTop-k's threshold takes passes of its own only for a K too large to be found from the first", arguments: [5, 42, 43])
  func passes(k: Int) throws {
    let targets = LossTargets(positives: try .dense([[1] + [Float](repeating: 0, count: 199)]))
    let loss = StreamedLoss(SimilarityLoss(.topK(.fixed(k), alpha: 2), temperature: 1)), labels = RandomKey(2).normal([200, 5])
    _ = loss.valueAndGradient(documents: RandomKey(1).normal([1, 5]), labels: [labels], targets: targets) { _, _ in }
    #expect(loss.programs.contains { $0.name == "loss threshold" } == (k > 42))
  }

  @Test("all blocks of one size run one program")
  func programs() throws {
    let targets = LossTargets(positives: try .dense([[1] + [Float](repeating: 0, count: 39)]))
    let loss = StreamedLoss(SimilarityLoss(.topK(.fixed(3), alpha: 2), temperature: 1))
    let labels = RandomKey(2).normal([40, 5]).split([10, 10, 10, 10])
    _ = loss.valueAndGradient(documents: RandomKey(1).normal([1, 5]), labels: labels, targets: targets) { _, _ in }
    for (name, program) in loss.programs {
      #expect(program.statistics.compilations == 1 && program.statistics.bindings == 1, "\(name)")
    }
  }
}
