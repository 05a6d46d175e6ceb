import Foundation
import WengertNN

/// What a run predicted, beside what is true.
struct RunPredictions {
  let split: EvaluationSplit
  let dataset: DatasetFolder
  /// Scores and relevance `[documents, labels]`.
  let scores: SparseMatrix
  let truth: SparseMatrix
  /// The training documents of each label, and all of them.
  let frequencies: [Int]
  let trainingDocuments: Int
  /// The line of each document in its text file.
  let lines: [Int]
  let evalTopK: Int

  /// The documents that have labels.
  var scoredDocuments: [Int] { (0..<truth.rows).filter { !positives($0).isEmpty } }

  /// The true labels of a document.
  func positives(_ document: Int) -> Set<Int32> {
    let row = truth.row(document)
    return Set(zip(row.indices, row.values).lazy.filter { $0.1 > 0 }.map { $0.0 })
  }

  /// The labels of a document by falling score, and the scores.
  func ranking(_ document: Int, _ count: Int) -> [(label: Int32, score: Float)] {
    let row = scores.row(document)
    let score = Dictionary(zip(row.indices, row.values)) { first, _ in first }
    return RankingMetrics.ranking(row).prefix(count).map { ($0, score[$0]!) }
  }

  var textFile: URL { dataset.textFile(split == .tst ? .test : .train) }
}

/// Reads what runs predicted; matrices of data sets that several runs share are read once.
struct PredictionReader {
  /// What there is to show, or a sentence that says why there is nothing.
  enum Outcome {
    case found(RunPredictions)
    case missing(String)
  }

  private var matrices: [URL: SparseMatrix] = [:]

  mutating func read(_ results: ResultsFolder, _ configuration: Configuration, dataRoot: String?) throws -> Outcome {
    let files = FileManager.default
    guard let split = [EvaluationSplit.tst, .val].first(where: { files.fileExists(atPath: results.scores($0.rawValue).path) }) else {
      return .missing("no score matrix (tst_score_mat.npz or val_score_mat.npz): train with save: true, or use dexml evaluate.")
    }
    var located = configuration
    if let dataRoot { located.dataRoot = dataRoot }
    let dataset: DatasetFolder
    do {
      dataset = try DatasetFolder(located.datasetFolder())
    } catch  where dataRoot == nil {
      return .missing("the data set is not there (\(oneLine(error))); name its parent folder with --data_root.")
    }
    let training = try labels(dataset, .train)
    let truth: SparseMatrix
    var lines = Array(0..<training.rows)
    switch split {
    case .tst:
      truth = try labels(dataset, .test)
      lines = Array(0..<truth.rows)
    case .val:
      let count = configuration.numValPoints
      guard files.fileExists(atPath: dataset.heldOutFile(count).path) else {
        return .missing("\(dataset.heldOutFile(count).lastPathComponent), which says what documents were held out, is not in the data set.")
      }
      lines = try dataset.heldOutRows(count, of: training.rows, seed: UInt64(bitPattern: Int64(configuration.seed)))
      truth = training.selecting(rows: lines)
    }
    let scores = try SparseMatrix(contentsOf: results.scores(split.rawValue))
    guard scores.rows == truth.rows, scores.columns == truth.columns, truth.columns == training.columns else {
      throw FileError(
        file: results.scores(split.rawValue).path, field: "shape", value: "[\(scores.rows), \(scores.columns)]",
        advice:
          "\(dataset.url.path) has \(truth.rows) documents and \(training.columns) labels: name the data set of this run with --data_root")
    }
    return .found(
      RunPredictions(
        split: split, dataset: dataset, scores: scores, truth: truth, frequencies: training.columnCounts(),
        trainingDocuments: training.rows,
        lines: lines, evalTopK: configuration.evalTopk))
  }

  private mutating func labels(_ dataset: DatasetFolder, _ split: DatasetFolder.Split) throws -> SparseMatrix {
    let file = dataset.labelMatrixFile(split).standardizedFileURL
    if let matrix = matrices[file] { return matrix }
    let matrix = try dataset.readLabels(split)
    matrices[file] = matrix
    return matrix
  }
}
