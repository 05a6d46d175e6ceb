import Testing
import WengertNN
import WengertTestSupport

/// Values and gradients of PyTorch, made by Tests/Fixtures/make_losses.py; the gradients are those of the sum of the losses' squares.
@Suite("Losses agree with PyTorch for every reduction")
struct LossGoldenTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var sources: [String]
    var loss: @Sendable (_ x: [Tensor], _ given: (String) -> Tensor, _ reduction: LossReduction) -> Tensor
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(name: "crossEntropy", sources: ["x"]) { crossEntropy($0[0], $1("classes"), reduction: $2) },
    Case(name: "crossEntropy smoothed", sources: ["x"]) { crossEntropy($0[0], $1("classes"), labelSmoothing: 0.2, reduction: $2) },
    Case(name: "crossEntropy weighted", sources: ["x"]) { crossEntropy($0[0], $1("classes"), weights: $1("weights"), reduction: $2) },
    Case(name: "crossEntropy ignoring", sources: ["x"]) { crossEntropy($0[0], $1("classes"), ignoreIndex: 2, reduction: $2) },
    Case(name: "crossEntropy of all", sources: ["x"]) {
      crossEntropy($0[0], $1("classes"), weights: $1("weights"), ignoreIndex: 2, labelSmoothing: 0.2, reduction: $2)
    },
    Case(name: "negativeLogLikelihood", sources: ["x"]) {
      negativeLogLikelihood($0[0].logSoftmax(), $1("classes"), weights: $1("weights"), ignoreIndex: 2, reduction: $2)
    },
    Case(name: "binaryCrossEntropyWithLogits", sources: ["x", "t"]) {
      binaryCrossEntropyWithLogits($0[0], $0[1], weight: $1("elementWeights"), positiveWeight: $1("weights"), reduction: $2)
    },
    Case(name: "binaryCrossEntropy", sources: ["p"]) { binaryCrossEntropy($0[0], $1("t"), weight: $1("elementWeights"), reduction: $2) },
    Case(name: "meanSquaredError", sources: ["x", "y"]) { x, _, r in meanSquaredError(x[0], x[1], reduction: r) },
    Case(name: "meanAbsoluteError", sources: ["x", "y"]) { x, _, r in meanAbsoluteError(x[0], x[1], reduction: r) },
    Case(name: "huberLoss", sources: ["x", "y"]) { x, _, r in huberLoss(x[0], x[1], delta: 0.7, reduction: r) },
    Case(name: "smoothL1Loss", sources: ["x", "y"]) { x, _, r in smoothL1Loss(x[0], x[1], beta: 0.7, reduction: r) },
    Case(name: "klDivergence", sources: ["x", "p"]) { x, _, r in klDivergence(x[0].logSoftmax(), x[1], reduction: r) },
    Case(name: "klDivergence of logarithms", sources: ["x", "y"]) { x, _, r in
      klDivergence(x[0].logSoftmax(), x[1].logSoftmax(), targetIsLog: true, reduction: r)
    },
    Case(name: "poissonNLLLoss", sources: ["x"]) { poissonNLLLoss($0[0], $1("counts"), full: true, reduction: $2) },
    Case(name: "poissonNLLLoss of rates", sources: ["p"]) { poissonNLLLoss($0[0], $1("counts"), isLog: false, reduction: $2) },
    Case(name: "gaussianNLLLoss", sources: ["x", "variance"]) {
      gaussianNLLLoss($0[0], $1("y"), variance: $0[1], full: true, reduction: $2)
    },
    Case(name: "cosineEmbeddingLoss", sources: ["x", "y"]) { cosineEmbeddingLoss($0[0], $0[1], $1("signs"), margin: 0.1, reduction: $2) },
    Case(name: "tripletMarginLoss", sources: ["x", "y", "z"]) { x, _, r in tripletMarginLoss(x[0], x[1], x[2], reduction: r) },
    Case(name: "tripletMarginLoss swapped", sources: ["x", "y", "z"]) { x, _, r in
      tripletMarginLoss(x[0], x[1], x[2], margin: 0.5, p: 1, swap: true, reduction: r)
    },
    Case(name: "marginRankingLoss", sources: ["x", "y"]) { marginRankingLoss($0[0], $0[1], sign($1("z")), margin: 0.3, reduction: $2) },
    Case(name: "ctcLoss", sources: ["sequence"]) {
      ctcLoss(
        $0[0][Axis.all, ..<3].logSoftmax(), $1("targets")[..<3], inputLengths: $1("inputLengths")[..<3],
        targetLengths: $1("targetLengths")[..<3], reduction: $2)
    },
    Case(name: "ctcLoss without infinities", sources: ["sequence"]) {
      ctcLoss(
        $0[0].logSoftmax(), $1("targets"), inputLengths: $1("inputLengths"), targetLengths: $1("targetLengths"), zeroInfinity: true,
        reduction: $2)
    },
  ]

  @Test("values and gradients", arguments: cases)
  func agrees(_ test: Case) throws {
    let golden = try Golden("losses")
    let given = { (name: String) in try! golden.tensor("given/\(name)") }
    for reduction in LossReduction.allCases {
      let name = "\(test.name)/\(reduction)", x = test.sources.map(given)
      let loss = { (x: [Tensor]) in test.loss(x, given, reduction) }
      try golden.expect(loss(x), "\(name)/value")
      let slopes = gradient(at: x) { square(loss($0)).sum() }
      for (source, slope) in zip(test.sources, slopes) { try golden.expect(slope, "\(name)/\(source)") }
    }
  }

  @Test("a compiled loss is the eager one", arguments: cases)
  func compiled(_ test: Case) throws {
    let golden = try Golden("losses")
    let names = ["classes", "weights", "t", "elementWeights", "counts", "y", "z", "signs", "targets", "inputLengths", "targetLengths"]
    let fixed = Dictionary(uniqueKeysWithValues: names.map { ($0, try! golden.tensor("given/\($0)")) })
    let x = try test.sources.map { try golden.tensor("given/\($0)") }
    let loss = { @Sendable (x: [Tensor]) in test.loss(x, { fixed[$0]! }, .mean) }
    let slopes = compile { (x: [Tensor]) in gradient(at: x) { loss($0) } }
    for (a, b) in zip(slopes(x), gradient(at: x) { loss($0) }) { #expect(abs(a - b).max().item() < 1e-12) }
  }
}
