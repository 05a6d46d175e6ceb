import DEXML
import Foundation
import Testing
import WengertNN

extension TinyTask {
  /// Training documents with one label of relevance 1, every second one with another of relevance 3.
  fileprivate static func multiLabel(_ change: (inout Configuration) -> Void) throws -> TinyTask {
    var task = try TinyTask()
    try task.useNewEncoder()
    let rows = (0..<40).map { i in (0..<4).map { Float($0 == i % 4 ? 1 : i % 2 == 0 && $0 == (i + 1) % 4 ? 3 : 0) } }
    try SparseMatrix.dense(rows).write(to: task.folder.url.appendingPathComponent("Tiny/Y.trn.npz"))
    task.configuration.numEpochs = 1
    change(&task.configuration)
    return task
  }

  /// The losses by step. The first is that of the model at the start, as is the second: the first rate is 0.
  fileprivate func losses() throws -> [Double] {
    var losses: [Double] = []
    try Trainer.run(configuration, resumes: false) { losses.append($1) }
    return losses
  }
}

@Suite("Options of a run", .serialized)
struct OptionTests {
  private func losses(_ change: (inout Configuration) -> Void) throws -> [Double] { try TinyTask.multiLabel(change).losses() }

  @Test("relevances weigh, positives are drawn, and sum is mean times the number of documents")
  func terms() throws {
    func first(_ change: (inout Configuration) -> Void) throws -> Double {
      try losses {
        $0.lossSample = false
        change(&$0)
      }[0]
    }
    let plain = try first { _ in }
    #expect(try first { $0.lossWeighted = true } > 1.05 * plain)
    #expect(try abs(first { $0.lossSample = true } - plain) > 1e-3)
    #expect(try abs(first { $0.lossReduction = .sum } - 8 * plain) < 1e-4 * plain)
  }

  @Test("topk: K, each document's own number, and the steepness; as many positives are drawn")
  func topK() throws {
    func first(_ k: Configuration.TopK, alpha: Double = 2, samples: Bool = false) throws -> Double {
      try losses {
        $0.lossCriterion = .topk
        $0.lossSample = samples
        $0.topkK = k
        $0.topkAlpha = alpha
      }[0]
    }
    let found = [try first(.numPos), try first(.labels(1)), try first(.labels(2)), try first(.labels(1), alpha: 3)]
    #expect(Set(found.map { ($0 * 1e4).rounded() }).count == 4, "\(found)")
    // Documents have one positive or two.
    #expect(found[0] > min(found[1], found[2]) && found[0] < max(found[1], found[2]), "\(found)")
    #expect(try first(.labels(2), samples: true) == found[2])
    #expect(try first(.labels(1), samples: true) != found[1])
  }

  @Test("mined negatives are preceded by those of the batch, in which each label stands once")
  func negatives() throws {
    func mined(_ type: Configuration.NegativeType, _ change: (inout Configuration) -> Void = { _ in }) throws -> [Double] {
      try losses {
        $0.net = .hardNegatives
        $0.negType = type
        $0.hardNegStart = 1
        $0.hardNegTopk = 4
        $0.numEpochs = 2
        $0.bsz = 2
        change(&$0)
      }
    }
    let inBatch = try mined(.inBatch), shorty = try mined(.shorty)
    #expect(shorty.prefix(20) == inBatch.prefix(20))
    #expect(shorty.suffix(20) != inBatch.suffix(20))
    #expect(try mined(.inBatch) { $0.numPosSamples = 2 }[0] != inBatch[0])
    // All labels are among those of all documents: once each, they are what dist-de-all has.
    let whole = try mined(.inBatch) { ($0.bsz, $0.numEpochs) = (40, 1) }[0], all = try losses { $0.bsz = 40 }[0]
    #expect(abs(whole - all) < 1e-5, "\(whole) \(all)")
  }

  @Test("hard_neg_topk bounds what is mined")
  func mining() throws {
    let task = try TinyTask.multiLabel {
      $0.net = .hardNegatives
      $0.negType = .shorty
      $0.hardNegStart = 0
      $0.hardNegTopk = 1
    }
    _ = try task.losses()
    let mined = try SparseMatrix(contentsOf: task.results.appendingPathComponent("trn_shorty.npz"))
    #expect((0..<40).allSatisfy { mined.row($0).indices.count <= 1 } && mined.count > 0)
  }

  @Test("pairs of the filter files are not ranked: the test set's for it, the training set's for held-out documents")
  func filters() throws {
    var task = try TinyTask.multiLabel { $0.numValPoints = 8 }
    func ranked(_ split: EvaluationSplit) throws -> Int {
      try Evaluator.run(task.configuration, split: split)
      return try SparseMatrix(contentsOf: task.results.appendingPathComponent("\(split.rawValue)_score_mat.npz")).count
    }
    #expect(try ranked(.tst) == 48)
    #expect(try ranked(.val) == 32)
    let plain = try task.metrics("tst")
    try task.folder.write("Tiny/filter_labels_test.txt", "0 0\n1 1\n1 2\n")
    #expect(try ranked(.tst) == 45)
    #expect(try ranked(.val) == 32)
    #expect(try task.metrics("tst") != plain)
    try task.folder.write("Tiny/filter_labels_train.txt", (0..<40).map { "\($0) \($0 % 4)\n" }.joined())
    #expect(try ranked(.val) == 24)
    #expect(try ranked(.tst) == 45)
    task.configuration.evalTopk = 2
    // The filter takes away what is among the two best.
    #expect(try (21...24).contains(ranked(.tst)))
  }

  @Test("the best model is chosen by track_metric")
  func tracking() throws {
    for metric in [Configuration.Metric.precision1, .precision3, .propensityScored3] {
      let task = try TinyTask.multiLabel { $0.trackMetric = metric }
      _ = try task.losses()
      let value = try #require(try task.metrics("tst")[metric.rawValue])
      let log = try task.text("log.txt")
      #expect(log.contains("best \(metric.rawValue) so far, \(String(format: "%.2f", value)): model in"))
      #expect(log.components(separatedBy: "the best model is chosen on the test set").count == 2, "said once")
    }
  }

  @Test("online tokens are those of the file, and leave no file; amp_encode says what comes of it")
  func tokens() throws {
    func files(_ task: TinyTask) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: task.folder.url.appendingPathComponent("Tiny/raw").path).filter {
        $0.hasSuffix(".dat")
      }
    }
    let offline = try TinyTask.multiLabel { _ in }
    let online = try TinyTask.multiLabel {
      $0.dataTokenization = .online
      $0.ampEncode = false
    }
    #expect(try offline.losses() == online.losses())
    #expect(try files(offline).count == 3 && files(online).isEmpty)
    #expect(try offline.text("log.txt").contains("amp_encode: the encoder computes in float32 on this device"))
    #expect(try !online.text("log.txt").contains("amp_encode"))
  }
}
