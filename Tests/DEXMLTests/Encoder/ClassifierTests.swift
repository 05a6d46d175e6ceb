import DEXML
import Foundation
import Testing
import WengertNN
import WengertTestSupport

extension TinyTask {
  /// A run with a classifier, whose labels do not divide into equal blocks.
  static func classifier() throws -> TinyTask {
    var task = try TinyTask()
    try task.useNewEncoder()
    task.configuration.net = .classifier
    task.configuration.gcBsz = 3
    return task
  }

  var model: URL { results.appendingPathComponent("model") }
}

@Suite("The classifier", .serialized)
struct ClassifierTests {
  private let labels = ["cat", "mat", "dogs", "sleep"]

  @Test("training lowers the loss and raises P@1, whatever the criterion", arguments: Configuration.LossCriterion.allCases)
  func trains(criterion: Configuration.LossCriterion) throws {
    var task = try TinyTask.classifier()
    task.configuration.lossCriterion = criterion
    task.configuration.lossSample = criterion != .bce
    task.configuration.numEpochs = 15
    var losses: [Double] = []
    try Trainer.run(task.configuration, resumes: false) { losses.append($1) }
    let first: Double = losses.prefix(5).reduce(0, +), last: Double = losses.suffix(5).reduce(0, +)
    #expect(last < 0.8 * first, "\(losses)")
    #expect(try task.metrics("tst")["P@1"]! >= 75)
    let classifier = try #require(try ModelFolder(task.model).classifier(labels: 4, width: 32))
    #expect(classifier.bias.norm().item() > 0)
  }

  @Test("label texts play no part in training, expanded pairs work, and evaluation and prediction use the saved classifier")
  func uses() throws {
    func trained(_ names: [String], expands: Bool = false) throws -> TinyTask {
      var task = try TinyTask.classifier()
      task.configuration.expandMultilabelDataset = expands
      task.configuration.numEpochs = 12
      try task.folder.write("Tiny/raw/Y.txt", names.map { $0 + "\n" }.joined())
      try Trainer.run(task.configuration)
      return task
    }
    func weights(_ task: TinyTask) throws -> [Float] {
      try #require(try ModelFolder(task.model).classifier(labels: 4, width: 32)).weight.array(of: Float.self)
    }
    let task = try trained(labels)
    #expect(try weights(trained(["sleep", "a", "a", "the the"])) == weights(task))
    #expect(try trained(labels, expands: true).metrics("tst")["P@1"]! >= 75)

    var evaluation = task
    evaluation.configuration.tf = task.model.path
    evaluation.configuration.expname = "evaluation"
    try Evaluator.run(evaluation.configuration, split: .tst)
    #expect(
      try SparseMatrix(contentsOf: evaluation.results.appendingPathComponent("tst_score_mat.npz"))
        == SparseMatrix(contentsOf: task.results.appendingPathComponent("tst_score_mat.npz")))

    let truth = try SparseMatrix(contentsOf: task.results.appendingPathComponent("tst_score_mat.npz"))
    let texts = try TextLines.all(of: task.folder.url.appendingPathComponent("Tiny/raw/tst_X.txt"))
    let predictor = try Predictor(model: task.model, labelTexts: labels)
    for (row, best) in predictor.predict(texts, topK: 4).enumerated() {
      let found = best.map { labels.firstIndex(of: $0.label)! }, expected = truth.row(row)
      #expect(found == expected.indices.map(Int.init))
      #expect(zip(best, expected.values).allSatisfy { abs($0.score - $1) < 1e-5 })
    }
    let error = message { _ = try Predictor(model: task.model, labelTexts: ["cat", "mat"]) }
    #expect(error.contains("classifier.safetensors: labels: 4; there are 2 label texts"), "\(error)")
    // A report reads such a run like any other.
    try Report.run(results: [task.results], output: task.folder.url.appendingPathComponent("report.html"))
  }

  @Test("a folder gives back its classifier, and keeps none of a model that was there before")
  func saved() throws {
    let folder = try TemporaryFolder(), url = folder.url.appendingPathComponent("model")
    let source = try ModelFolder(Fixtures.url("encoder/bert")), encoder = try source.textEncoder()
    let classifier = LabelClassifier(labels: 5, width: 16, key: RandomKey(2))
    try ModelFolder.save(encoder, classifier: classifier, tokenizer: source.tokenizer(), maximumLength: 8, to: url)
    let read = try #require(try ModelFolder(url).classifier(labels: 5, width: 16))
    #expect(read.weight.array(of: Float.self) == classifier.weight.array(of: Float.self))
    #expect(read.bias.array(of: Float.self) == classifier.bias.array(of: Float.self))
    try ModelFolder.save(encoder, tokenizer: source.tokenizer(), maximumLength: 8, to: url)
    #expect(try ModelFolder(url).classifier(labels: 5, width: 16) == nil)
  }

  @Test("a classifier that does not fit is refused with what is wrong")
  func misfits() throws {
    let folder = try TemporaryFolder(), file = folder.url.appendingPathComponent("classifier.safetensors")
    try FileManager.default.copyItem(at: Fixtures.url("encoder/bert/config.json"), to: folder.url.appendingPathComponent("config.json"))
    func refusal(_ tensors: [(String, HostArray)], labels: Int = 3) throws -> String {
      try SafeTensors.write(tensors.map { (name: $0.0, array: $0.1) }, to: file)
      return message { _ = try ModelFolder(folder.url).classifier(labels: labels, width: 2) }
    }
    let weight = try HostArray([Float](repeating: 1, count: 6), shape: [3, 2]), bias = try HostArray([1, 2, 3] as [Float])
    #expect(try refusal([("weight", weight), ("bias", bias)]) == "no error")
    #expect(try refusal([("weight", weight), ("bias", bias)], labels: 4).contains("labels: 3; there are 4 label texts"))
    #expect(try refusal([("weight", weight)]).contains("weights: [\"weight\"]; expected weight [labels, width] and bias [labels]"))
    #expect(try refusal([("weight", weight), ("bias", HostArray([1, 2] as [Float]))]).contains("bias float32 [2]"))
    #expect(try refusal([("weight", bias), ("bias", bias)]).contains("weight float32 [3]"))
    #expect(try refusal([("weight", weight), ("bias", HostArray([1, 2, 3] as [Int32]))]).contains("bias int32 [3]"))
    let wide = try HostArray([Float](repeating: 1, count: 9), shape: [3, 3])
    #expect(try refusal([("weight", wide), ("bias", bias)]).contains("width: 3; the encoder's embeddings have the width 2"))

    try SafeTensors.write([("weight", weight), ("bias", bias)], to: file)
    let whole = try Data(contentsOf: file)
    for seed in 0..<300 {
      try whole.damaged(seed: UInt64(seed)).write(to: file)
      do { _ = try ModelFolder(folder.url).classifier(labels: 3, width: 2) } catch is FileError {}
    }
  }

  @Test("what does not go with a classifier is refused by name")
  func refusals() throws {
    func refusal(_ change: (inout Configuration) -> Void, _ run: (Configuration) throws -> Void) throws -> String {
      var task = try TinyTask.classifier()
      change(&task.configuration)
      do {
        try run(task.configuration)
        return "no error"
      } catch { return oneLine(error) }
    }
    let train = { (configuration: Configuration) in try Trainer.run(configuration) }
    #expect(try refusal({ $0.negType = .shorty }, train).hasPrefix("neg_type: 'shorty' needs net dist-de-hnm; with dist-clf-net"))
    #expect(try refusal({ $0.negType = .inBatch }, train).hasPrefix("neg_type: 'in-batch' needs net dist-de-hnm; with dist-clf-net"))
    #expect(try refusal({ $0.transposeTrnDataset = true }, train).hasPrefix("transpose_trn_dataset: true makes documents the candidates"))
    let error = try refusal({ _ in }) { try Evaluator.run($0, split: .tst) }
    #expect(error.contains("classifier.safetensors: file: not there; net dist-clf-net needs it"), "\(error)")
  }
}
