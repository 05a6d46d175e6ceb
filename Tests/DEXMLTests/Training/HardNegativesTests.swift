import DEXML
import Foundation
import Testing
import WengertNN

@Suite("Hard negatives")
struct HardNegativesTests {
  private let positives = try! SparseMatrix.dense([[0, 1, 0, 0, 2, 0, 0, 0], [0, 1, 0, 1, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0, 0, 0]])

  @Test("a batch's labels are the drawn positives and negatives, each once, and every document's positives among them")
  func union() throws {
    let batch = try BatchLabels(positives: positives, drawn: [[1], [0], []], negatives: [[7, 0], [7], [6]])
    #expect(batch.labels == [0, 1, 4, 6, 7])
    // Label 1 was drawn for the second document and label 6 as a negative of the third: they are positives where they are true.
    #expect(batch.positives == (try SparseMatrix.dense([[0, 1, 2, 0, 0], [0, 1, 0, 1, 0], [0, 0, 0, 0, 0]])))
    #expect(batch.drawn == [[1], [0], []])
  }

  @Test("without a draw all positives take part, and without negatives those of the others compete")
  func inBatch() throws {
    let batch = try BatchLabels(positives: positives, drawn: nil)
    #expect(batch.labels == [1, 3, 4, 6] && batch.drawn == nil)
    #expect(batch.positives == (try SparseMatrix.dense([[1, 0, 2, 0], [1, 1, 0, 1], [0, 0, 0, 0]])))
  }

  @Test("the shortlist is the exact nearest labels without the true ones")
  func mining() throws {
    let queries = Tensor([1, 0, 0, 1] as [Float], shape: [2, 2])
    let labels = Tensor([0.9, 0, 0.5, 0.1, 0.7, 0.8, 0, 0.3] as [Float], shape: [4, 2])
    let truth = try SparseMatrix.dense([[1, 0, 0, 0], [0, 0, 0, 1]])
    let found = ExactSearch.search(documents: queries, labels: labels, topK: 3)
    let shortlist = try Shortlist(
      NearestLabels(rows: 2, width: 3, indices: found.indices.array(of: Int32.self), scores: found.scores.array(of: Float.self)),
      truth: truth)
    #expect(Array(shortlist.negatives.row(0).indices) == [2, 1])
    #expect(Array(shortlist.negatives.row(1).indices) == [2, 1])
    #expect(Array(shortlist.negatives.row(0).values) == [0.7, 0.5])
  }

  @Test("draws are without replacement, cover the list, and depend on the key")
  func draws() throws {
    let list = Shortlist(
      try SparseMatrix(rows: 2, columns: 9, rowOffsets: [0, 6, 7], indices: [0, 2, 4, 6, 7, 8, 3], values: Array(repeating: 1, count: 7)))
    var seen: Set<Int32> = [], different: Set<[Int32]> = []
    for seed in 0..<60 {
      let draw = list.draw(3, rows: [0, 1], key: RandomKey(seed))
      #expect(Set(draw[0]).count == 3 && draw[1] == [3])
      seen.formUnion(draw[0])
      different.insert(draw[0])
    }
    #expect(seen == [0, 2, 4, 6, 7, 8] && different.count > 20)
    #expect(list.draw(3, rows: [0, 1], key: RandomKey(1)) == list.draw(3, rows: [0, 1], key: RandomKey(1)))
  }

  @Test("a run mines from hard_neg_start on, every eval_interval epochs, and leaves the lists without true labels")
  func run() throws {
    var task = try TinyTask()
    task.configuration.net = .hardNegatives
    task.configuration.negType = .shorty
    task.configuration.hardNegStart = 2
    task.configuration.hardNegTopk = 3
    task.configuration.evalInterval = 2
    try task.useNewEncoder()
    try Trainer.run(task.configuration)
    let log = try task.text("log.txt")
    let mined = (1...6).filter { log.range(of: "epoch \($0): [0-9]+ negatives mined", options: .regularExpression) != nil }
    #expect(mined == [3, 5])
    let shortlist = try SparseMatrix(contentsOf: task.results.appendingPathComponent("trn_shorty.npz"))
    #expect(shortlist.rows == 40 && shortlist.columns == 4)
    #expect((0..<40).allSatisfy { row in !shortlist.row(row).indices.contains(Int32(row % 4)) && shortlist.row(row).indices.count >= 2 })
    #expect(try task.metrics("tst")["P@1"]! >= 50)
  }

  @Test("which labels a document is scored against makes a difference")
  func difference() throws {
    func losses(_ net: Configuration.Net, _ negatives: Configuration.NegativeType, count: Int = 1) throws -> String {
      var task = try TinyTask()
      task.configuration.net = net
      task.configuration.negType = negatives
      task.configuration.hardNegStart = 0
      task.configuration.hardNegTopk = 4
      task.configuration.numNegSamples = count
      // Batches of two documents: their own labels are fewer than all.
      task.configuration.bsz = 2
      task.configuration.numEpochs = 1
      try task.useNewEncoder()
      try Trainer.run(task.configuration)
      let log = try task.text("log.txt")
      return try #require(log.split(separator: "\n").first { $0.contains("epoch 1/1: loss") }.map { String($0.suffix(6)) })
    }
    let all = [
      try losses(.allLabels, .none), try losses(.hardNegatives, .inBatch), try losses(.hardNegatives, .shorty),
      try losses(.hardNegatives, .shorty, count: 2),
    ]
    #expect(Set(all).count == 4, "\(all)")
  }
}
