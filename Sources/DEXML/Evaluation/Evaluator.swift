import Collectives
import Foundation
import Logging
import WengertNN

/// Predicts labels for documents and scores the predictions.
public enum Evaluator {
  /// Evaluates the encoder of a configuration, trained here or not, on a part of its data set: metrics on the log and in `<split>_metrics.tsv`, scores in
  /// `<split>_score_mat.npz`.
  ///
  /// - Parameters:
  ///   - configuration: names the encoder, the data set and the results folder.
  ///   - split: the part of the data set.
  ///   - ofRunsModel: whether the model in the results folder is evaluated instead of `tf`.
  ///   - workers: those that evaluate together, all with the same configuration and the same files.
  /// - Throws: `FileError` if the model, the data set or the results folder cannot be used, or a similarity is not a number; `FolderInUse` if another process
  ///   writes into the results folder.
  public static func run(
    _ configuration: Configuration, split: EvaluationSplit, ofRunsModel: Bool = false, workers: any Workers = OneWorker()
  ) throws {
    var configuration = configuration
    if ofRunsModel {
      let model = ResultsFolder(ResultsFolder.location(for: configuration)).model
      guard FileManager.default.fileExists(atPath: model.path) else {
        throw FileError(
          value: "no model in \(model.path): train one with these settings, or name another encoder with --tf",
          advice: "--split \(split.rawValue) instead of '\(split.rawValue)' evaluates the one that tf names")
      }
      configuration.tf = model.path
    }
    try ResultsFolder.recordingErrors(configuration, workers) { [configuration] in
      try evaluate(configuration, split: split, workers: workers)
    }
  }

  private static func evaluate(_ configuration: Configuration, split: EvaluationSplit, workers: any Workers) throws {
    let modelFolder = try ModelFolder(configuration.encoderFolder())
    let length = try modelFolder.maximumLength(configuration.tfMaxLen)
    var model = DualEncoder(
      try modelFolder.textEncoder(
        pooling: configuration.tfPooler, normalizes: modelFolder.comparesNormalized(configuration.normEmbs)))
    let results = try ResultsFolder(for: configuration)
    let lock = workers.rank == 0 ? try ResultsLock(results) : nil
    defer { withExtendedLifetime(lock) {} }
    let prefix = results.url.appendingPathComponent(split.rawValue)
    try RankingMetrics.checkTable(prefix, evalTopK: configuration.evalTopk)
    let log = try Logger.run(in: results, workers)
    if let dead = lock?.predecessor { log.notice("taken over from \(dead), which has died") }
    log.info("evaluating \(modelFolder.url.path) on \(split.rawValue)")
    let task = try workers.firstAlone { try DatasetTask(configuration, modelFolder, maximumLength: length, log: log) }
    if configuration.net == .classifier {
      model.classifier = try modelFolder.requiredClassifier(labels: task.labels.count, width: model.encoder.width)
    }
    let outcome = try evaluate(model, task, workers.firstAlone { try task.evaluated(split) }, configuration, workers: workers)
    guard workers.rank == 0 else { return }
    try outcome.metrics.append(to: prefix, epoch: 0, step: 0)
    try outcome.scores.write(to: results.scores(split.rawValue))
    report(outcome.metrics, split, log)
  }

  /// Encodes documents, and labels unless a classifier replaces them; searches and scores. An error if a similarity is not a number.
  static func evaluate(
    _ model: DualEncoder, _ task: DatasetTask, _ documents: DatasetTask.Evaluated, _ configuration: Configuration,
    workers: any Workers = OneWorker()
  ) throws -> (metrics: RankingMetrics, scores: SparseMatrix) {
    let search = SharedSearch(model, configuration, workers: workers)
    let nearest = search.nearest(
      (documents.tokens.count, "documents", task.skippedTokens.documents, { Array(documents.tokens[$0]) }),
      (task.labels.count, "labels", task.skippedTokens.labels, { task.labels.tokens($0) }),
      topK: configuration.evalTopk)
    // Those that are not numbers come first in each row.
    if let place = nearest.scores.firstIndex(where: { !$0.isFinite }) {
      throw FileError(
        file: documents.texts.path, field: "score of line \(documents.line(place / nearest.width))", value: "\(nearest.scores[place])",
        advice: "the model gives similarities that are no numbers; look at its weights")
    }
    var scores = try nearest.matrix(columns: documents.truth.columns)
    if let filter = documents.filter { scores = scores.removing(filter) }
    let metrics = try RankingMetrics(
      predictions: scores, truth: documents.truth, trainingFrequencies: task.trainingLabels.columnCounts(),
      trainingDocuments: task.trainingLabels.rows, dataset: task.folder.name, evalTopK: configuration.evalTopk)
    return (metrics, scores)
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
