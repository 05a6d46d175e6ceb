import DEXML
import Foundation
import Testing
import WengertTestSupport

@Suite("Ranking metrics")
struct RankingMetricsTests {
  struct Golden: Decodable {
    struct Case: Decodable {
      var dataset: String
      var topK: Int
      var filtered: Bool
      var scored: Int
      var names: [String]
      var values: [Double]
    }
    var frequencies: [Int]
    var training: Int
    var cases: [Case]
  }

  @Test("all metrics, cuts, propensities and filters agree with an independent computation")
  func golden() throws {
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: Fixtures.url("metrics/expected.json")))
    let predictions = try SparseMatrix(contentsOf: Fixtures.url("metrics/predictions.npz"))
    let truth = try SparseMatrix(contentsOf: Fixtures.url("metrics/truth.npz"))
    let filter = try DatasetFolder(Fixtures.url("metrics")).readFilter(.test, documents: truth.rows, labels: truth.columns)
    #expect(golden.cases.count == 32)
    for example in golden.cases {
      let result = try RankingMetrics(
        predictions: predictions, truth: truth, trainingFrequencies: golden.frequencies, trainingDocuments: golden.training,
        dataset: example.dataset, evalTopK: example.topK, filter: example.filtered ? filter : nil)
      #expect(result.metrics.map(\.name) == example.names)
      #expect(result.metrics.map(\.value) == example.values, "\(example.dataset), \(example.topK), \(example.filtered)")
      #expect(result.scoredDocuments == example.scored)
      #expect(result.skippedDocuments == truth.rows - example.scored)
    }
  }

  func metrics(_ predictions: [[Float]], _ truth: [[Float]]) throws -> RankingMetrics {
    try RankingMetrics(
      predictions: .dense(predictions), truth: .dense(truth), trainingFrequencies: truth[0].map { _ in 1 }, trainingDocuments: 10,
      dataset: "toy", evalTopK: 100)
  }

  @Test("a perfect ranking scores 100 wherever the cut allows it, a wrong one 0")
  func extremes() throws {
    let perfect = try metrics([[3, 2, 0, 0]], [[1, 1, 0, 0]])
    #expect(perfect["P@1"] == 100 && perfect["P@3"] == 66.67 && perfect["P@5"] == 40)
    for name in ["nDCG@1", "nDCG@5", "MRR@10", "PSP@1", "PSP@3", "PSP@5", "R@10", "R@100"] { #expect(perfect[name] == 100, "\(name)") }
    let wrong = try metrics([[0, 0, 1, 2]], [[1, 1, 0, 0]])
    #expect(wrong.metrics.allSatisfy { $0.value == 0 })
    #expect(wrong["R@7"] == nil)
  }

  @Test("documents without labels are left out and counted; with none left all is 0")
  func emptyDocuments() throws {
    let some = try metrics([[1, 2], [1, 2]], [[0, 1], [0, 0]])
    #expect(some["P@1"] == 100 && some.scoredDocuments == 1 && some.skippedDocuments == 1)
    let none = try metrics([[1, 2]], [[0, 0]])
    #expect(none.metrics.count == 13 && none.metrics.allSatisfy { $0.value == 0 } && none.skippedDocuments == 1)
  }

  @Test("a score that is not a number ranks last")
  func notANumber() throws {
    let result = try metrics([[.nan, 1, -.infinity]], [[0, 1, 0]])
    #expect(result["P@1"] == 100)
  }

  @Test("the data set's name sets the propensities' constants")
  func propensities() {
    #expect(Propensity(dataset: "LF-AmazonTitles-1.3M") == Propensity(a: 0.6, b: 2.6))
    #expect(Propensity(dataset: "LF-Wikipedia-500K") == Propensity(a: 0.5, b: 0.4))
    #expect(Propensity(dataset: "LF-WikiSeeAlsoTitles-320K") == Propensity(a: 0.55, b: 1.5))
    #expect(Propensity(dataset: "EURLex-4K") == Propensity(a: 0.55, b: 1.5))
  }

  @Test("matrices of different shapes are errors")
  func shapes() throws {
    let (a, b) = (try SparseMatrix.dense([[1, 2]]), try SparseMatrix.dense([[1, 2, 3]]))
    func scored(_ predictions: SparseMatrix, _ frequencies: Int, _ filter: SparseMatrix?) -> String {
      message {
        _ = try RankingMetrics(
          predictions: predictions, truth: a, trainingFrequencies: Array(repeating: 1, count: frequencies), trainingDocuments: 1,
          dataset: "toy", evalTopK: 5, filter: filter)
      }
    }
    #expect(scored(a, 2, nil) == "no error")
    #expect(scored(b, 2, nil).contains("toy: predictions: shape [1, 3]; the labels have shape [1, 2]"))
    #expect(scored(a, 2, b).contains("filter: shape [1, 3]"))
    #expect(scored(a, 3, nil).contains("training labels: 3; the truth has 2 labels"))
  }

  @Test("each evaluation appends one row; a new table gets a header, one of other columns is left alone")
  func table() throws {
    try Fixtures.withTemporaryFolder { folder in
      let prefix = folder.appendingPathComponent("tst")
      let url = folder.appendingPathComponent("tst_metrics.tsv")
      let result = try metrics([[3, 2, 0, 0]], [[1, 1, 0, 0]])
      try result.append(to: prefix, epoch: 5, step: 100)
      try result.append(to: prefix, epoch: 10, step: 200)
      let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count == 4 && lines[3].isEmpty)
      #expect(
        lines[0]
          == "epoch\tstep\tP@1\tP@3\tP@5\tnDCG@1\tnDCG@3\tnDCG@5\tMRR@10\tPSP@1\tPSP@3\tPSP@5\tR@10\tR@50\tR@100")
      #expect(lines[2].hasPrefix("10\t200\t100.00\t66.67\t40.00\t100.00\t"))
      let before = try Data(contentsOf: url)
      let short = try RankingMetrics(
        predictions: .dense([[1]]), truth: .dense([[1]]), trainingFrequencies: [1], trainingDocuments: 1, dataset: "toy", evalTopK: 10)
      #expect(message { try short.append(to: prefix, epoch: 1, step: 1) }.contains("tst_metrics.tsv: header:"))
      try #expect(Data(contentsOf: url) == before)
      try before.dropLast(4).write(to: url)
      try result.append(to: prefix, epoch: 15, step: 300)
      try #expect(String(contentsOf: url, encoding: .utf8).split(separator: "\n").count == 4)
    }
  }
}

extension RankingMetricsTests {
  @Test("a table with other columns is refused before anything is computed")
  func otherColumns() throws {
    var task = try TinyTask()
    task.configuration.evalTopk = 4
    let table = task.results.appendingPathComponent("tst_metrics.tsv")
    try FileManager.default.createDirectory(at: task.results, withIntermediateDirectories: true)
    try "epoch\tstep\tP@1\n1\t5\t50.00\n".write(to: table, atomically: true, encoding: .utf8)
    for run in [{ try Trainer.run($0) }, { try Evaluator.run($0, split: .tst) }] as [(DEXML.Configuration) throws -> Void] {
      let error = #expect(throws: FileError.self) { try run(task.configuration) }
      #expect(error?.field == "header")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: task.results.path).contains("tst_score_mat.npz") == false)
    #expect(try String(contentsOf: table, encoding: .utf8).split(separator: "\n").count == 2)
  }
}
