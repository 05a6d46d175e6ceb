import Foundation
import Logging
import WengertNN

/// A data set as one run sees it: documents to train on, documents to evaluate on, label texts; everything checked against everything.
struct DatasetTask {
  let folder: DatasetFolder
  /// Relevance of the training documents [documents, labels], all of them.
  let trainingLabels: SparseMatrix
  let pairs: TrainingPairs
  let training: TokenSource
  let labels: TokenSource
  private let configuration: Configuration
  private let readers: (documents: TextReader, labels: TextReader)
  private let maximumLength: Int
  private let log: Logger

  init(_ configuration: Configuration, _ model: ModelFolder, maximumLength: Int, log: Logger) throws {
    self.configuration = configuration
    readers = (
      try model.reader(for: .query, maximumLength: maximumLength), try model.reader(for: .candidate, maximumLength: maximumLength)
    )
    self.maximumLength = maximumLength
    self.log = log
    folder = try DatasetFolder(configuration.datasetFolder())
    trainingLabels = try folder.readLabels(.train)
    training = try TokenSource.open(
      folder.textFile(.train), readers.documents.tokenizer, maximumLength: maximumLength, configuration.dataTokenization,
      rows: trainingLabels.rows, log: log)
    labels = try TokenSource.open(
      folder.labelTextFile, readers.labels.tokenizer, maximumLength: maximumLength, configuration.dataTokenization,
      rows: trainingLabels.columns, log: log)
    try Self.check(folder.textFile(.train), training.count, trainingLabels.rows, "rows", folder.labelMatrixFile(.train))
    try Self.check(folder.labelTextFile, labels.count, trainingLabels.columns, "columns", folder.labelMatrixFile(.train))

    let matrix = trainingLabels
    let heldOut = Set(try Self.heldOut(folder, configuration, rows: matrix.rows))
    let kept = (0..<matrix.rows).filter { !heldOut.contains($0) }
    let labeled = kept.filter { row in matrix.row(row).values.contains { $0 > 0 } }
    if labeled.count < kept.count {
      log.warning("\(kept.count - labeled.count) training documents have no label and are left out")
    }
    guard !labeled.isEmpty else {
      throw FileError(
        file: folder.labelMatrixFile(.train).path, field: "rows", value: "none with a label", advice: "there is nothing to train on")
    }
    pairs = try TrainingPairs(
      matrix, documents: labeled, transposes: configuration.transposeTrnDataset, expands: configuration.expandMultilabelDataset)
  }

  /// How many of a prompt's tokens poolings leave out: of documents and labels, and of the pairs' rows and candidates.
  var skippedTokens: (documents: Int, labels: Int) { (readers.documents.skipped, readers.labels.skipped) }
  var skippedQueryTokens: Int { pairs.isTransposed ? skippedTokens.labels : skippedTokens.documents }
  var skippedCandidateTokens: Int { pairs.isTransposed ? skippedTokens.documents : skippedTokens.labels }

  /// The tokens of some rows of the pairs.
  func queryTokens(_ rows: [Int]) -> [[Int32]] { (pairs.isTransposed ? labels : training).tokens(pairs.lines(ofRows: rows)) }

  /// The tokens of some candidates.
  func candidateTokens(_ candidates: [Int]) -> [[Int32]] {
    let lines = pairs.candidateLines
    return (pairs.isTransposed ? training : labels).tokens(candidates.map { lines?[$0] ?? $0 })
  }

  /// The tokens of all candidates.
  func candidateTokens() -> [[Int32]] {
    let source = pairs.isTransposed ? training : labels
    return pairs.candidateLines.map { source.tokens($0) } ?? source.all()
  }

  private static func check(_ texts: URL, _ lines: Int, _ expected: Int, _ what: String, _ matrix: URL) throws {
    guard lines == expected else {
      throw FileError(
        file: texts.path, field: "lines", value: "\(lines)", advice: "\(matrix.lastPathComponent) has \(expected) \(what); they must agree")
    }
  }

  private static func heldOut(_ folder: DatasetFolder, _ configuration: Configuration, rows: Int) throws -> [Int] {
    guard configuration.numValPoints > 0 else { return [] }
    return try folder.heldOutRows(configuration.numValPoints, of: rows, seed: UInt64(bitPattern: Int64(configuration.seed)))
  }

  /// Documents to evaluate on: their tokens, true labels, and pairs that do not count.
  struct Evaluated {
    let split: EvaluationSplit
    let tokens: [[Int32]]
    let truth: SparseMatrix
    let filter: SparseMatrix?
    /// Where the texts are, and which of the file's lines; nil: all.
    let texts: URL
    let lines: [Int]?

    /// The line of a document, from 1.
    func line(_ document: Int) -> Int { (lines?[document] ?? document) + 1 }
  }

  /// An error if no document has a label: there is nothing to find.
  private func check(_ evaluated: Evaluated) throws -> Evaluated {
    if evaluated.truth.values.contains(where: { $0 > 0 }) { return evaluated }
    let isTest = evaluated.split == .tst
    throw FileError(
      file: folder.labelMatrixFile(isTest ? .test : .train).path, field: isTest ? "rows" : "held-out rows",
      value: "none of \(evaluated.truth.rows) with a label",
      advice: "there is nothing to score: \(isTest ? "give the test documents their labels" : "hold more rows out (num_val_points)")")
  }

  func evaluated(_ split: EvaluationSplit) throws -> Evaluated {
    switch split {
    case .val:
      guard configuration.numValPoints > 0 else {
        throw FileError(
          field: "num_val_points", value: "0", advice: "no training documents are held out to evaluate on, set it or use --split tst")
      }
      let rows = try Self.heldOut(folder, configuration, rows: trainingLabels.rows)
      let filter = try folder.readFilter(.train, documents: trainingLabels.rows, labels: trainingLabels.columns)
      return try check(
        Evaluated(
          split: split, tokens: training.tokens(rows), truth: trainingLabels.selecting(rows: rows), filter: filter?.selecting(rows: rows),
          texts: folder.textFile(.train), lines: rows))
    case .tst:
      let truth = try folder.readLabels(.test)
      guard truth.columns == trainingLabels.columns else {
        throw FileError(
          file: folder.labelMatrixFile(.test).path, field: "columns", value: "\(truth.columns)",
          advice: "\(folder.labelMatrixFile(.train).lastPathComponent) has \(trainingLabels.columns); they must agree")
      }
      let source = try TokenSource.open(
        folder.textFile(.test), readers.documents.tokenizer, maximumLength: maximumLength, configuration.dataTokenization, rows: truth.rows,
        log: log)
      try Self.check(folder.textFile(.test), source.count, truth.rows, "rows", folder.labelMatrixFile(.test))
      let filter = try folder.readFilter(.test, documents: truth.rows, labels: truth.columns)
      return try check(
        Evaluated(split: split, tokens: source.all(), truth: truth, filter: filter, texts: folder.textFile(.test), lines: nil))
    }
  }
}
