import DEXML
import Foundation
import Testing

@Suite("Training pairs")
struct TrainingPairsTests {
  private let labels = try! SparseMatrix.dense([[1, 0, 2], [0, 0, 0], [0, 1, 1], [3, 0, 0]])

  @Test("documents are trained on as they are")
  func plain() throws {
    let pairs = try TrainingPairs(labels, documents: [0, 2, 3])
    #expect(pairs.relevance == labels && pairs.rows == [0, 2, 3] && pairs.candidateLines == nil)
    #expect(pairs.lines(ofRows: [2, 0]) == [2, 0])
  }

  @Test("transposed, labels are the rows and the documents trained on the columns; a label of none of them is left out")
  func transposed() throws {
    let pairs = try TrainingPairs(labels, documents: [0, 3], transposes: true)
    #expect(pairs.relevance == (try SparseMatrix.dense([[1, 3], [0, 0], [2, 0]])))
    #expect(pairs.rows == [0, 2] && pairs.candidateLines == [0, 3] && pairs.isTransposed)
  }

  @Test("expanded, every pair is a row with its text and one positive")
  func expanded() throws {
    let pairs = try TrainingPairs(labels, documents: [0, 2], expands: true)
    #expect(pairs.relevance == (try SparseMatrix.dense([[1, 0, 0], [0, 0, 2], [0, 1, 0], [0, 0, 1]])))
    #expect(pairs.rows == [0, 1, 2, 3] && pairs.lines(ofRows: pairs.rows) == [0, 0, 2, 2])
  }

  @Test("both: a row for every pair of a label and a document")
  func both() throws {
    let pairs = try TrainingPairs(labels, documents: [0, 2, 3], transposes: true, expands: true)
    #expect(pairs.rows.count == 5 && pairs.lines(ofRows: pairs.rows) == [0, 0, 1, 2, 2])
    #expect(pairs.relevance.indices == [0, 2, 1, 0, 1])
  }

  @Test("a run trains on what the options make of the data set", arguments: [(true, false, 4), (false, true, 40), (true, true, 40)])
  func runs(transposes: Bool, expands: Bool, rows: Int) throws {
    var task = try TinyTask()
    task.configuration.transposeTrnDataset = transposes
    task.configuration.expandMultilabelDataset = expands
    task.configuration.numEpochs = 2
    try Trainer.run(task.configuration)
    let log = try String(contentsOf: task.results.appendingPathComponent("log.txt"), encoding: .utf8)
    let name = transposes ? "labels" : "documents"
    #expect(log.contains("\(rows) training \(expands ? "pairs of \(name) and their positives" : name)"), "\(log)")
    #expect(log.contains("loss"))
  }
}
