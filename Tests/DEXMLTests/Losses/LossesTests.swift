import DEXML
import Testing
import WengertNN
import WengertTestSupport

@Suite("Losses")
struct LossesTests {
  static let criteria: [SimilarityLoss.Criterion] = [
    .softmax, .decoupledSoftmax, .topK(.fixed(2), alpha: 2), .topK(.numberOfPositives, alpha: 1.5), .bce,
  ]

  /// Five documents, one of them without positives, one with a positive that was not drawn, and nine labels.
  static func small(weighted: Bool = true) throws -> LossTargets {
    let positives = try SparseMatrix.dense([
      [1, 0, 0, 0, 0, 0, 0, 0, 0], [0, 2, 0, 0.5, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 3, 0, 0, 0, 0, 0, 1],
      [1, 0, 0, 1, 0, 0, 1, 0, 0],
    ])
    return LossTargets(positives: positives, drawn: [[0], [0, 2], [], [0, 1], [0, 1, 2]], weighted: weighted)
  }

  static func embeddings(_ spread: Double = 1) -> [Tensor] {
    let key = RandomKey(3)
    return [key.fold(0).normal([5, 4], dtype: .float64) * spread, key.fold(1).normal([9, 4], dtype: .float64) * spread]
  }

  @Test("gradients are the central differences", arguments: criteria, [1.0, 5.0])
  func firstOrder(_ criterion: SimilarityLoss.Criterion, spread: Double) throws {
    try LossDevice.reference.run {
      let loss = SimilarityLoss(criterion, temperature: 0.8), targets = try Self.small(), x = Self.embeddings(spread)
      let f = { (x: [Tensor]) in loss(documents: x[0], labels: x[1], targets: targets) }
      let gradient = gradient(at: x, f)
      for seed in 0..<4 {
        let along = x.map { RandomKey(seed).normal($0.shape, dtype: .float64) }
        // Four points, as the similarities are steep where the spread is large.
        let step = 1e-5
        func across(_ step: Double) -> Double { f(moved(x, along, step)).item() - f(moved(x, along, -step)).item() }
        let difference = (8 * across(step) - across(2 * step)) / (12 * step)
        let slope = zip(gradient, along).reduce(0) { $0 + ($1.0 * $1.1).sum().item() }
        #expect(abs(difference - slope) <= 1e-8 * max(1, abs(slope)), "\(difference) \(slope)")
      }
    }
  }

  @Test("second derivatives, forward over reverse, are the central differences of gradients", arguments: criteria)
  func secondOrder(_ criterion: SimilarityLoss.Criterion) throws {
    try LossDevice.reference.run {
      let loss = SimilarityLoss(criterion, temperature: 0.8), targets = try Self.small(), x = Self.embeddings()
      let f = { (x: [Tensor]) in loss(documents: x[0], labels: x[1], targets: targets) }
      let along = x.map { RandomKey(8).normal($0.shape, dtype: .float64) }
      let product = hessianVectorProduct(at: x, along: along, f)
      let step = 1e-5
      let up = gradient(at: moved(x, along, step), f), down = gradient(at: moved(x, along, -step), f)
      for i in x.indices {
        let difference = ((up[i] - down[i]) / (2 * step)).array(of: Double.self)
        let found = relativeDifferences(product[i].array(of: Double.self), difference)
        #expect(found.norm <= 1e-7, "\(found)")
      }
      // Reverse over reverse: the gradient of ⟨∇f, along⟩.
      let reverse = gradient(at: x) { x in
        concatenate(zip(gradient(at: x, f), along).map { ($0 * $1).flatten() }).sum()
      }
      for i in x.indices {
        let found = relativeDifferences(reverse[i].array(of: Double.self), product[i].array(of: Double.self))
        #expect(found.norm <= 1e-11, "\(found)")
      }
    }
  }

  private func moved(_ x: [Tensor], _ along: [Tensor], _ step: Double) -> [Tensor] { zip(x, along).map { $0 + $1 * step } }

  @Test("a document without positives adds nothing to the loss and has no gradient", arguments: criteria.dropLast(), LossDevice.allCases)
  func withoutPositives(_ criterion: SimilarityLoss.Criterion, device: LossDevice) throws {
    try device.run {
      let loss = SimilarityLoss(criterion, temperature: 0.5, reduction: .sum), targets = try Self.small(), x = Self.embeddings()
      let (value, gradient) = valueAndGradient(at: x) { loss(documents: $0[0], labels: $0[1], targets: targets) }
      #expect(value.item().isFinite)
      let rows = gradient[0].array(of: Double.self)
      #expect(rows[8..<12].allSatisfy { $0 == 0 })
      #expect(rows[0..<4].contains { $0 != 0 })
    }
  }

  @Test(
    "decoupled positives do not compete with each other, and nothing with a document to which all labels belong",
    arguments: LossDevice.allCases)
  func onlyPositives(_ device: LossDevice) throws {
    try device.run {
      let targets = LossTargets(positives: try .dense([[1, 1, 1], [1, 0, 1]]))
      let loss = SimilarityLoss(.decoupledSoftmax, temperature: 1)
      let s = Tensor([5, 80, -80, 0, 0, 0] as [Float], shape: [2, 3])
      let (value, slope) = valueAndGradient(at: s) { loss.loss(similarity: $0, targets: targets) }
      // ln 2 for each of the second document's two, of which the mean over both documents is half.
      #expect(abs(value.item() - 0.34657359) < 1e-6)
      #expect(relativeDifferences(slope.array(of: Double.self), [0, 0, 0, -0.125, 0.25, -0.125]).largest < 1e-6)
    }
  }

  @Test("similarities far apart give finite losses and gradients", arguments: criteria, LossDevice.allCases)
  func extremes(_ criterion: SimilarityLoss.Criterion, device: LossDevice) throws {
    try device.run {
      let targets = try Self.small()
      let s = Tensor((0..<45).map { Float(($0 * 7) % 9) * 200 - 800 }, shape: [5, 9])
      for similarity in [s, s.cast(to: .float64), Tensor.full(1e4, [5, 9]), Tensor.zeros([5, 9])] {
        let (value, slope) = valueAndGradient(at: similarity) {
          SimilarityLoss(criterion, temperature: 1).loss(similarity: $0, targets: targets)
        }
        #expect(value.item().isFinite)
        #expect(slope.array(of: Double.self).allSatisfy { $0.isFinite })
      }
    }
  }

  @Test("K must be at least 1 and less than the labels that take part")
  func validation() throws {
    func loss(_ k: SimilarityLoss.TopK) -> SimilarityLoss { SimilarityLoss(.topK(k, alpha: 2), temperature: 1) }
    try LossDevice.reference.run {
      let all = LossTargets(positives: try .dense([[1, 0, 1, 1], [0, 0, 0, 0]]))
      let one = LossTargets(positives: try .dense([[1, 0, 1, 1]]), drawn: [[2]])
      for k in 1...3 { try loss(.fixed(k)).validate(all) }
      for k in [0, -1, 4, 9] { #expect(throws: FileError.self) { try loss(.fixed(k)).validate(all) } }
      // Two candidates are left: the drawn label and the one negative.
      try loss(.fixed(1)).validate(one)
      #expect(throws: FileError.self) { try loss(.fixed(2)).validate(one) }
      try loss(.numberOfPositives).validate(all)
      #expect(throws: FileError.self) { try loss(.numberOfPositives).validate(LossTargets(positives: .dense([[1, 1]]))) }
      try SimilarityLoss(.bce, temperature: 1).validate(LossTargets(positives: .dense([[1, 1]])))
      do {
        try loss(.fixed(7)).validate(all)
      } catch {
        #expect("\(error)".contains("topk_K: 7 of 4 candidate labels"))
      }
    }
  }
}
