import Foundation
import Logging

/// The events of a training run: what every step and every evaluation come to.
final class RunEvents {
  private var file: EventFile?
  private let log: Logger

  /// Events in a new file of the results folder.
  init(_ results: ResultsFolder, log: Logger) throws {
    file = try EventFile(in: results.url)
    self.log = log
  }

  /// A step of the optimizer, the `step`-th: `train/loss`, `train/learning_rate`, `train/gradient_norm` and `train/documents_per_second`.
  func step(_ step: Int, loss: Double, learningRate: Double, gradientNorm: Double, documents: Int, seconds: Double) {
    append(
      step,
      [
        .init("train/loss", Float(loss)), .init("train/learning_rate", Float(learningRate)),
        .init("train/gradient_norm", Float(gradientNorm)),
        .init("train/documents_per_second", Float(Double(documents) / max(seconds, 1e-9))),
      ])
  }

  /// An evaluation after `step` steps: `<split>/P@1` and so on.
  func evaluation(_ step: Int, _ metrics: RankingMetrics, _ split: EvaluationSplit) {
    append(step, metrics.metrics.map { .init("\(split.rawValue)/\($0.name)", Float($0.value)) })
  }

  private func append(_ step: Int, _ scalars: [Event.Scalar]) {
    do {
      try file?.append(Event(time: Date().timeIntervalSince1970, step: step, scalars: scalars))
    } catch {
      // A full disk must not end a training run for the sake of its curves; what is half written would hide what came after it.
      log.warning("\(oneLine(error)); events of this run are no longer written")
      file = nil
    }
  }
}
