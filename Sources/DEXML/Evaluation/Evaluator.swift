import Foundation
import Logging
import WengertNN

/// Predicts labels for documents and scores the predictions.
public enum Evaluator {
  /// Evaluates the encoder of a configuration, trained here or not, on a part of its data set: metrics on the log and in `<split>_metrics.tsv`, scores in
  /// `<split>_score_mat.npz`.
  public static func run(_ configuration: Configuration, split: EvaluationSplit) throws {
    let modelFolder = try ModelFolder(configuration.encoderFolder())
    let length = try modelFolder.maximumLength(configuration.tfMaxLen)
    let tokenizer = try modelFolder.tokenizer()
    let model = try modelFolder.textEncoder(pooling: configuration.tfPooler, normalizes: configuration.normEmbs)
    let results = try ResultsFolder(for: configuration)
    let log = try Logger.run(in: results)
    let task = try DatasetTask(configuration, tokenizer, maximumLength: length, log: log)
    let outcome = try evaluate(model, task, task.evaluated(split), configuration)
    try outcome.metrics.append(to: results.url.appendingPathComponent(split.rawValue), epoch: 0, step: 0)
    try outcome.scores.write(to: results.scores(split.rawValue))
    report(outcome.metrics, split, log)
  }

  /// Encodes labels and documents, searches and scores.
  static func evaluate(
    _ model: TextEncoder, _ task: DatasetTask, _ documents: DatasetTask.Evaluated, _ configuration: Configuration
  ) throws -> (metrics: RankingMetrics, scores: SparseMatrix) {
    let program = EmbeddingProgram(model)
    let labels = embed(program, task.labels.all(), chunk: configuration.gcBsz, "labels")
    let texts = embed(program, documents.tokens, chunk: configuration.gcBsz, "documents")
    let top = min(configuration.evalTopk, documents.truth.columns)
    let found = ExactSearch.search(documents: texts, labels: labels, topK: top)
    var scores = try SparseMatrix(
      rows: documents.truth.rows, columns: documents.truth.columns, rowOffsets: (0...documents.truth.rows).map { $0 * top },
      indices: found.indices.array(of: Int32.self), values: found.scores.array(of: Float.self))
    if let filter = documents.filter { scores = scores.removing(filter) }
    let metrics = try RankingMetrics(
      predictions: scores, truth: documents.truth, trainingFrequencies: task.trainingLabels.columnCounts(),
      trainingDocuments: task.trainingLabels.rows, dataset: task.folder.name, evalTopK: configuration.evalTopk)
    return (metrics, scores)
  }

  static func embed(_ program: EmbeddingProgram, _ sequences: [[Int32]], chunk: Int, _ what: String) -> Tensor {
    var bar = ProgressBar("encoding \(what)", total: sequences.count)
    defer { bar.finish() }
    return program.embed(sequences, chunk: min(chunk, 256)) { bar.update(step: $0, documents: $0) }
  }

  static func report(_ metrics: RankingMetrics, _ split: EvaluationSplit, _ log: Logger) {
    let values = metrics.metrics.map { "\($0.name) \(String(format: "%.2f", $0.value))" }
    log.info("\(split.rawValue): \(values.joined(separator: " · "))")
    if metrics.skippedDocuments > 0 {
      log.warning("\(split.rawValue): \(metrics.skippedDocuments) documents without labels are not scored")
    }
  }
}

/// The documents that are evaluated.
public enum EvaluationSplit: String, CaseIterable, Sendable {
  /// Training documents held out.
  case val
  /// The test set.
  case tst
}
