import Foundation

/// A tenth of the labels, by how often they are in training.
struct LabelDecile: Equatable {
  let labels: Int
  /// The training documents of its rarest and of its most frequent label; nil without labels.
  let frequencies: ClosedRange<Int>?
  /// Documents that have one of its labels.
  let documents: Int
  /// `R@10` and `nDCG@5` over those documents, and the share of `P@5` that is the decile's, in percent; nil if nothing is known.
  let metrics: [String: Double]

  static let metricNames = ["P@5", "R@10", "nDCG@5"]

  /// The labels in ten groups of equal size to one, by falling frequency, equal ones in their order.
  static func groups(_ frequencies: [Int]) -> [[Int]] {
    let order = frequencies.indices.sorted { (-frequencies[$0], $0) < (-frequencies[$1], $1) }
    return (0..<10).map { Array(order[$0 * order.count / 10..<($0 + 1) * order.count / 10]) }
  }

  /// Each decile as if only its labels were true. The documents' rankings stay, so that the ten P@5 add up to that of all labels.
  static func all(_ predictions: RunPredictions) throws -> [LabelDecile] {
    let frequencies = predictions.frequencies
    let scored = predictions.scoredDocuments.count
    return try groups(frequencies).map { labels in
      guard !labels.isEmpty else { return LabelDecile(labels: 0, frequencies: nil, documents: 0, metrics: [:]) }
      let members = Set(labels)
      let found = try RankingMetrics(
        predictions: predictions.scores, truth: predictions.truth.filtered { members.contains($1) && $2 > 0 },
        trainingFrequencies: frequencies, trainingDocuments: predictions.trainingDocuments, dataset: predictions.dataset.name,
        evalTopK: predictions.evalTopK)
      var metrics: [String: Double] = [:]
      if found.scoredDocuments > 0 {
        for name in metricNames { metrics[name] = found[name] }
        metrics["P@5"] = found["P@5"].map { $0 * Double(found.scoredDocuments) / Double(scored) }
      }
      return LabelDecile(
        labels: labels.count, frequencies: frequencies[labels.last!]...frequencies[labels.first!], documents: found.scoredDocuments,
        metrics: metrics)
    }
  }
}

/// How well one label is predicted.
struct LabelStatistic: Equatable {
  let label: Int
  /// Documents that have the label, and how many of them have it among the first ten predicted.
  var support = 0
  var found = 0
  /// Documents that have it among the first five predicted, and how many of them rightly.
  var predicted = 0
  var right = 0

  init(label: Int) { self.label = label }

  /// In percent.
  var recall: Double { support > 0 ? 100 * Double(found) / Double(support) : 0 }
  /// In percent; nil for a label that is never predicted.
  var precision: Double? { predicted > 0 ? 100 * Double(right) / Double(predicted) : nil }

  /// The labels that some document has, the best first: by recall among the first ten, then by precision among the first five, then by support.
  static func ranked(_ predictions: RunPredictions) -> [LabelStatistic] {
    var statistics = (0..<predictions.truth.columns).map(LabelStatistic.init)
    for document in 0..<predictions.truth.rows {
      let positives = predictions.positives(document)
      if positives.isEmpty { continue }
      for label in positives { statistics[Int(label)].support += 1 }
      for (rank, label) in RankingMetrics.ranking(predictions.scores.row(document)).prefix(10).enumerated() {
        let isRight = positives.contains(label)
        if isRight { statistics[Int(label)].found += 1 }
        guard rank < 5 else { continue }
        statistics[Int(label)].predicted += 1
        if isRight { statistics[Int(label)].right += 1 }
      }
    }
    func key(_ one: LabelStatistic) -> (Double, Double, Int, Int) { (-one.recall, -(one.precision ?? 0), -one.support, one.label) }
    return statistics.filter { $0.support > 0 }.sorted { key($0) < key($1) }
  }

  /// The worst first; of equals, the one that the most documents have.
  static func worst(_ ranked: [LabelStatistic]) -> [LabelStatistic] {
    func key(_ one: LabelStatistic) -> (Double, Double, Int, Int) { (one.recall, one.precision ?? 0, -one.support, one.label) }
    return ranked.sorted { key($0) < key($1) }
  }
}
