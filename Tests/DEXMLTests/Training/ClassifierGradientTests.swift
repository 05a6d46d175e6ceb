import DEXML
import Foundation
import Testing
import WengertNN
import WengertTestSupport

/// What PyTorch finds: Tests/Fixtures/classifier.py.
private struct GoldenClassifier: Decodable {
  struct Case: Decodable { let loss: Double, weight: [Double], bias: [Double], words: [Double] }
  let documents: [[Int32]], positives: [[Int]]
  let labels: Int, tau: Double
  let weight: [Double], bias: [Double]
  let cases: [String: Case]
}

@Suite("The gradient of a classifier")
struct ClassifierGradientTests {
  private let documents = [[2, 5, 6, 7, 3], [2, 11, 12, 3], [2, 9, 3], [2, 5, 11, 16, 17, 3], [2, 10, 10, 3]] as [[Int32]]

  private func chunks(_ size: Int, _ documents: [[Int32]]) -> [PackedTokens] {
    stride(from: 0, to: documents.count, by: size).map { PackedTokens(documents[$0..<min($0 + size, documents.count)], first: $0) }
  }

  private func cache(_ loss: SimilarityLoss) -> GradientCache<TextEncoder> { GradientCache(encode: EncoderPrograms.train, loss: loss) }

  @Test(
    "value and gradients of weights, biases and encoder equal those of the whole similarities, with dropout on",
    arguments: LossesTests.criteria, [(5, 9), (2, 4), (3, 1)])
  func dense(criterion: SimilarityLoss.Criterion, sizes: (documents: Int, labels: Int)) throws {
    let encoder = try ModelFolder(Fixtures.url("encoder/bert")).textEncoder(pooling: .mean, dropout: 0.2)
    var classifier = LabelClassifier(labels: 9, width: encoder.width, key: RandomKey(7))
    classifier.bias = RandomKey(8).normal([9]) * 0.3
    let loss = SimilarityLoss(criterion, temperature: 0.2), targets = try LossesTests.small(), key = RandomKey(11)
    let chunks = chunks(sizes.documents, documents)
    let found = cache(loss).valueAndGradient(
      at: encoder, documents: chunks, classifier: classifier, block: sizes.labels, key: key, targets: targets)
    let whole = valueAndGradient(at: DualEncoder(encoder, classifier: classifier)) { model in
      let x = model.encoder.embed(PackedTokens(documents), key: key.fold(0))
      let scores = x.matmul(model.classifier!.weight.transpose()) + model.classifier!.bias
      return loss.loss(similarity: scores * (1 / loss.temperature), targets: targets)
    }
    let expected: Double = whole.value.item()
    #expect(abs(found.value.item() - expected) <= 1e-5 * max(1, abs(expected)))
    let gradient = DualEncoder(found.gradient, classifier: found.classifier)
    for (a, b) in zip(gradient.namedTensors, whole.gradient.namedTensors) {
      #expect(a.name == b.name)
      let difference: Double = (a.tensor - b.tensor).norm().item(), size: Double = b.tensor.norm().item()
      #expect(difference <= 1e-4 * size + 1e-7, "\(a.name): \(difference) of \(size)")
    }
    #expect(found.classifier.bias.norm().item() > 1e-4 && found.classifier.weight.norm().item() > 1e-4)
  }

  @Test("value and gradients equal those of PyTorch")
  func golden() throws {
    let golden = try JSONDecoder().decode(GoldenClassifier.self, from: Data(contentsOf: Fixtures.url("classifier.json")))
    var rows = [[Float]](repeating: Array(repeating: 0, count: golden.labels), count: golden.documents.count)
    for (row, labels) in golden.positives.enumerated() { for label in labels { rows[row][label] = 1 } }
    let targets = LossTargets(positives: try .dense(rows))
    let criteria = [("softmax", .softmax), ("decoupled-softmax", .decoupledSoftmax), ("bce", .bce)] as [(String, SimilarityLoss.Criterion)]
    for (name, criterion) in criteria {
      for normalizes in [true, false] {
        let label = "\(name) \(normalizes ? "normalized" : "plain")"
        let expected = try #require(golden.cases[label])
        let encoder = try ModelFolder(Fixtures.url("encoder/bert")).textEncoder(pooling: .mean, normalizes: normalizes)
        let classifier = LabelClassifier(
          weight: Tensor(golden.weight, shape: [golden.labels, encoder.width]).cast(to: .float32),
          bias: Tensor(golden.bias, shape: [golden.labels]).cast(to: .float32))
        let found = cache(SimilarityLoss(criterion, temperature: golden.tau)).valueAndGradient(
          at: encoder, documents: chunks(3, golden.documents), classifier: classifier, block: 3, key: nil, targets: targets)
        #expect(abs(found.value.item() - expected.loss) <= 1e-5 * max(1, expected.loss), "\(label)")
        for (tensor, values) in [
          (found.classifier.weight, expected.weight), (found.classifier.bias, expected.bias),
          (found.gradient.encoder.wordEmbeddings.weight, expected.words),
        ] {
          let difference = relativeDifferences(tensor.array(of: Double.self), values)
          #expect(difference.norm <= 1e-4, "\(label) \(tensor.shape): \(difference)")
        }
      }
    }
  }

  @Test("weights decay and biases do not; a new classifier is uniform in ±1/√width, and the encoder's names are what they were")
  func parameters() throws {
    let encoder = try ModelFolder(Fixtures.url("encoder/bert")).textEncoder()
    let model = DualEncoder(encoder, classifier: LabelClassifier(labels: 50, width: 16, key: RandomKey(1)))
    let names = model.namedTensors.map(\.name)
    #expect(names == encoder.namedTensors.map(\.name) + ["classifier.weight", "classifier.bias"])
    let group = ParameterGroup.noDecayOnBiasesAndNorms
    #expect(model.namedTensors.suffix(2).map { group.matches($0.name, $0.tensor) } == [false, true])
    let weights = model.classifier!.weight.array(of: Float.self)
    let (least, most) = (weights.min()!, weights.max()!)
    #expect(most <= 0.25 && most > 0.24)
    #expect(least >= -0.25 && least < -0.24)
    #expect(model.classifier!.bias.array(of: Float.self) == [Float](repeating: 0, count: 50))
  }
}
