import DEXML
import Foundation
import Testing
import WengertNN
import WengertTestSupport

/// A data set of a few documents on the tiny encoder of the fixtures: a document's label is the word that it is about.
struct TinyTask {
  let folder: TemporaryFolder
  var configuration = Configuration()

  init() throws {
    folder = try TemporaryFolder()
    let labels = ["cat", "mat", "dogs", "sleep"]
    let fillers = ["the", "a", "on", "and", "run", "fast", "sat"]
    func texts(_ count: Int) -> [String] {
      (0..<count).map { i in "\(fillers[i % 7]) \(labels[i % 4]) \(fillers[(i / 4 + 3) % 7]) \(fillers[(i / 7 + 5) % 7])" }
    }
    func write(_ name: String, _ lines: [String]) throws {
      try folder.write("Tiny/raw/\(name).txt", lines.map { $0 + "\n" }.joined())
    }
    try write("trn_X", texts(40))
    try write("tst_X", texts(12))
    try write("Y", labels)
    for (name, count) in [("trn", 40), ("tst", 12)] {
      let matrix = try SparseMatrix(
        rows: count, columns: 4, rowOffsets: Array(0...count), indices: (0..<count).map { Int32($0 % 4) },
        values: [Float](repeating: 1, count: count))
      try matrix.write(to: folder.url.appendingPathComponent("Tiny/Y.\(name).npz"))
    }
    configuration.dataset = "Tiny"
    configuration.dataRoot = folder.url.path
    configuration.resultsRoot = folder.url.appendingPathComponent("Results").path
    configuration.tf = Fixtures.url("encoder/bert").path
    configuration.tfPooler = .mean
    configuration.tfMaxLen = 8
    configuration.bsz = 8
    configuration.gcBsz = 4
    configuration.numEpochs = 6
    configuration.evalInterval = 3
    configuration.evalTopk = 4
    configuration.trackMetric = .precision1
    configuration.lr = 5e-3
    configuration.topkK = .labels(1)
  }

  /// A new encoder of one layer and width 32, without dropout, instead of the random one of the fixtures.
  mutating func useNewEncoder() throws {
    let source = try ModelFolder(Fixtures.url("encoder/bert"))
    var shape = source.configuration
    (shape.hiddenSize, shape.layers, shape.heads, shape.intermediateSize) = (32, 1, 4, 64)
    (shape.hiddenDropout, shape.attentionDropout) = (0, 0)
    let folder = folder.url.appendingPathComponent("encoder")
    let model = TextEncoder(BertEncoder(shape, key: RandomKey(5)), pooling: .mean)
    try ModelFolder.save(model, tokenizer: source.tokenizer(), maximumLength: 8, to: folder)
    configuration.tf = folder.path
  }

  var results: URL { folder.url.appendingPathComponent("Results/DEXML/Tiny/dexml-exp") }

  func text(_ name: String) throws -> String { try String(contentsOf: results.appendingPathComponent(name), encoding: .utf8) }

  /// The last row of the metrics table, by column.
  func metrics(_ split: String) throws -> [String: Double] {
    let lines = try text("\(split)_metrics.tsv").split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
    return Dictionary(uniqueKeysWithValues: zip(lines[0], lines.last!.map { Double($0)! }))
  }
}

@Suite("The trainer", .serialized)
struct TrainerTests {
  @Test("a profiled run says what it compiled, tabulates its kernels in the log and leaves a trace of them")
  func profile() throws {
    var task = try TinyTask()
    task.configuration.numEpochs = 1
    try Trainer.run(task.configuration, profiles: true)
    let log = try task.text("log.txt")
    for program in ["encoder forward", "encoder pullback", "loss sums", "loss gradient", "optimizer"] {
      #expect(log.contains("\(program): compiled in"), "\(program)")
    }
    #expect(log.contains("GFLOP/s") && log.contains("matmul"))
    let trace = try JSONSerialization.jsonObject(with: Data(task.text("profile.json").utf8)) as? [String: Any]
    let events = try #require(trace?["traceEvents"] as? [[String: Any]])
    #expect(events.count > 100)
    #expect(events.allSatisfy { $0["dur"] is Double && $0["name"] is String })
  }

  @Test("training raises P@1 and leaves model, scores, metrics, settings and log", arguments: Configuration.LossCriterion.allCases)
  func trains(criterion: Configuration.LossCriterion) throws {
    var task = try TinyTask()
    task.configuration.lossCriterion = criterion
    task.configuration.lossSample = criterion != .bce
    task.configuration.numEpochs = 15
    try task.useNewEncoder()
    try Trainer.run(task.configuration)
    let metrics = try task.metrics("tst")
    #expect(metrics["P@1"]! >= 75)
    #expect(metrics["epoch"] == Double(task.configuration.numEpochs) && metrics["step"] == Double(task.configuration.numEpochs * 5))
    for name in ["log.txt", "config.yaml", "tst_score_mat.npz", "model/config.json", "model/model.safetensors", "model/tokenizer.json"] {
      #expect(FileManager.default.fileExists(atPath: task.results.appendingPathComponent(name).path), "\(name)")
    }
    #expect(try task.text("log.txt").contains("trn_X.encoder_8.dat"))

    let predictor = try Predictor(model: task.results.appendingPathComponent("model"), labelTexts: ["cat", "mat", "dogs", "sleep"])
    let best = predictor.predict(["the cat run fast", "and dogs sat on"], topK: 2)
    #expect(best.map(\.count) == [2, 2])
    #expect(best.map { $0[0].score }.allSatisfy { $0 <= 1.0001 })
  }

  @Test("the same seed gives the same bits, another seed does not")
  func repeatable() throws {
    func weights(_ seed: Int) throws -> [Float] {
      var task = try TinyTask()
      task.configuration.seed = seed
      task.configuration.numEpochs = 1
      try Trainer.run(task.configuration)
      return try ModelFolder(task.results.appendingPathComponent("model")).model().encoder.wordEmbeddings.weight.array()
    }
    let first = try weights(1)
    #expect(try weights(1) == first)
    #expect(try weights(2) != first)
  }

  @Test(
    "each option changes what is trained",
    arguments: [
      ("weight_decay", "0.5"), ("dropout", "0.5"), ("bottleneck_dim", "4"), ("tau", "0.5"), ("optim", "sgd"), ("optim", "adam"),
      ("warmup", "0.9"),
      ("norm_embs", "false"), ("tf_pooler", "cls"), ("tf_pooler", "pooler"), ("tf_pooler", "lightxml"), ("loss_reduction", "sum"),
      ("loss_criterion", "softmax"), ("num_val_points", "8"),
    ])
  func options(key: String, value: String) throws {
    func run(_ extra: [(key: String, value: String)]) throws -> (task: TinyTask, weights: [Float]) {
      var task = try TinyTask()
      task.configuration.numEpochs = 2
      // Settings go through the same door as a user's.
      let file = try task.folder.write("settings.yaml", task.configuration.yaml())
      task.configuration = try Configuration(files: [file], overrides: extra)
      try Trainer.run(task.configuration)
      return (task, try ModelFolder(task.results.appendingPathComponent("model")).model().encoder.blocks[0].output.weight.array())
    }
    let plain = try run([]), other = try run([(key, value)])
    #expect(plain.weights != other.weights)
    if key == "num_val_points" { #expect(try other.task.metrics("val")["P@1"] != nil) }
  }

  @Test("documents without labels are left out with a warning")
  func unlabeled() throws {
    let task = try TinyTask()
    let matrix = try SparseMatrix(
      rows: 40, columns: 4, rowOffsets: (0...40).map { max($0 - 5, 0) }, indices: (5..<40).map { Int32($0 % 4) },
      values: [Float](repeating: 1, count: 35))
    try matrix.write(to: task.folder.url.appendingPathComponent("Tiny/Y.trn.npz"))
    var configuration = task.configuration
    configuration.numEpochs = 1
    try Trainer.run(configuration)
    #expect(try task.text("log.txt").contains("5 training documents have no label"))
  }

  @Test("an encoder that was never trained is evaluated too")
  func evaluates() throws {
    let task = try TinyTask()
    try Evaluator.run(task.configuration, split: .tst)
    #expect(try task.metrics("tst")["R@10"] == nil)
    #expect(try SparseMatrix(contentsOf: task.results.appendingPathComponent("tst_score_mat.npz")).count == 48)
  }

  @Test("bad input is one clear error")
  func errors() throws {
    func message(_ change: (inout TinyTask) throws -> Void) throws -> String {
      var task = try TinyTask()
      try change(&task)
      do {
        try Trainer.run(task.configuration)
        return "no error"
      } catch { return oneLine(error) }
    }
    #expect(try message { try $0.folder.write("Tiny/raw/tst_X.txt", "the cat\n") }.contains("12"))
    #expect(try message { try $0.folder.write("Tiny/Y.trn.npz", "PK") }.contains("Y.trn.npz"))
    #expect(
      try message { try FileManager.default.removeItem(at: $0.folder.url.appendingPathComponent("Tiny/raw/Y.txt")) }.contains("Y.txt"))
    #expect(
      try message {
        $0.configuration.lossCriterion = .topk
        $0.configuration.topkK = .labels(4)
      }.contains("topk_K: 4 of 4 candidate labels"))
    #expect(try message { $0.configuration.tf = "distilbert-base-uncased" }.contains("config.json, model.safetensors"))
    #expect(try message { $0.configuration.tfMaxLen = 17 }.contains("max_position_embeddings"))
    #expect(try message { $0.configuration.dataset = "Nowhere" }.contains("raw/trn_X.txt"))
    #expect(
      try message {
        $0.configuration.tf = Fixtures.url("encoder/distilbert").path
        $0.configuration.tfPooler = .pooler
      }.contains("pooler"))
  }
}
