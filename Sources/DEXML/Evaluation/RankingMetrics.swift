import Foundation

/// How well rankings find the true labels, in percent: P@1,3,5 · nDCG@1,3,5 · MRR@10 · PSP@1,3,5 · R@10,50,100.
///
/// With P_i the labels of document i, means over the documents that have any:
///
///     P@k    = mean |top-k ∩ P_i| / k
///     nDCG@k = mean Σ_{hits} 1/log2(1 + rank) / Σ_{rank ≤ min(|P_i|, k)} 1/log2(1 + rank)
///     MRR@10 = mean 1 / rank of the first hit, 0 without one among the first ten
///     PSP@k  = Σ_i Σ_{hits} w_l / Σ_i (sum of the k largest w_l of P_i), w of `Propensity`
///     R@k    = mean |top-k ∩ P_i| / |P_i|
///
/// ```swift
/// let truth = try SparseMatrix(rows: 1, columns: 3, rowOffsets: [0, 1], indices: [2], values: [1])
/// let scores = try SparseMatrix(rows: 1, columns: 3, rowOffsets: [0, 3], indices: [0, 1, 2], values: [0.9, 0.1, 0.5])
/// let metrics = try RankingMetrics(
///   predictions: scores, truth: truth, trainingFrequencies: [1, 1, 1], trainingDocuments: 3, dataset: "Demo", evalTopK: 3)
/// let reciprocalRank = metrics["MRR@10"]  // 50: the label is the second of the ranking
/// ```
public struct RankingMetrics: Sendable, Equatable {
  /// A metric by its name.
  public struct Metric: Sendable, Equatable {
    /// The name, such as `P@1`.
    public var name: String
    /// Percent, rounded to two decimals.
    public var value: Double
  }

  /// The metrics in their order.
  public let metrics: [Metric]
  /// Documents that have labels.
  public let scoredDocuments: Int
  /// Documents that have none, and are left out of the means.
  public let skippedDocuments: Int

  /// The metric of this name, in percent.
  public subscript(name: String) -> Double? { metrics.first { $0.name == name }?.value }

  /// Scores predictions against the truth.
  /// - Parameters:
  ///   - predictions: scores `[documents, labels]`; the entries of a row are ranked by falling score, equal ones in their
  ///     order, NaN last.
  ///   - truth: relevance `[documents, labels]`; entries above 0 count.
  ///   - trainingFrequencies: how many training documents each label has.
  ///   - trainingDocuments: how many training documents there are.
  ///   - dataset: the data set's name, which sets the constants of PSP.
  ///   - evalTopK: how many labels were predicted per document: R@k for larger k is left out.
  ///   - filter: pairs that are taken out of the predictions first.
  /// - Throws: `FileError` if the shapes of the matrices or the number of frequencies differ.
  public init(
    predictions: SparseMatrix, truth: SparseMatrix, trainingFrequencies: [Int], trainingDocuments: Int, dataset: String,
    evalTopK: Int, filter: SparseMatrix? = nil
  ) throws {
    for (name, matrix) in [("predictions", predictions), ("filter", filter ?? predictions)] {
      guard matrix.rows == truth.rows, matrix.columns == truth.columns else {
        throw FileError(
          file: dataset, field: name, value: "shape [\(matrix.rows), \(matrix.columns)]",
          advice: "the labels have shape [\(truth.rows), \(truth.columns)]: score the same documents and labels")
      }
    }
    guard trainingFrequencies.count == truth.columns else {
      throw FileError(
        file: dataset, field: "training labels", value: "\(trainingFrequencies.count)", advice: "the truth has \(truth.columns) labels")
    }
    let weights = Propensity(dataset: dataset).weights(frequencies: trainingFrequencies, documents: trainingDocuments)
    var sums = MetricSums()
    for document in 0..<truth.rows {
      let labels = truth.row(document)
      let positives = Set(zip(labels.indices, labels.values).lazy.filter { $0.1 > 0 }.map { $0.0 })
      if positives.isEmpty { continue }
      let removed = Set(filter?.row(document).indices ?? [])
      let ranking = Self.ranking(predictions.row(document)).lazy.filter { !removed.contains($0) }.prefix(MetricSums.depth)
      sums.add(hits: ranking.map { positives.contains($0) ? weights[Int($0)] : nil }, truth: positives.map { weights[Int($0)] })
    }
    metrics = sums.metrics(evalTopK: evalTopK)
    scoredDocuments = sums.documents
    skippedDocuments = truth.rows - sums.documents
  }

  /// The labels of a row by falling score, equal ones in their order.
  static func ranking(_ row: (indices: ArraySlice<Int32>, values: ArraySlice<Float>)) -> [Int32] {
    func score(_ entry: Int) -> Float { row.values[entry].isNaN ? -.infinity : row.values[entry] }
    let entries = row.values.indices
    // Searches deliver ranked rows.
    if zip(entries, entries.dropFirst()).allSatisfy({ score($0) >= score($1) }) { return Array(row.indices) }
    return entries.sorted { (score($1), $0) < (score($0), $1) }.map { row.indices[$0] }
  }
}

/// Sums over documents, from which the means follow.
struct MetricSums {
  static let shortCuts = [1, 3, 5]
  static let recallCuts = [10, 50, 100]
  static let depth = 100
  /// 1/log2(1 + rank) for the ranks that count.
  static let gains = (1...5).map { 1 / log2(1 + Double($0)) }

  var documents = 0
  var precision = [0.0, 0.0, 0.0]
  var gain = [0.0, 0.0, 0.0]
  var reciprocalRank = 0.0
  var weightOfHits = [0.0, 0.0, 0.0]
  var weightOfBest = [0.0, 0.0, 0.0]
  var recall = [0.0, 0.0, 0.0]

  /// Adds a document.
  /// - Parameters:
  ///   - hits: by rank, the weight of a true label, nil for a false one.
  ///   - truth: the weights of all true labels.
  mutating func add(hits: [Double?], truth: [Double]) {
    documents += 1
    let best = truth.sorted(by: >)
    for (i, k) in Self.shortCuts.enumerated() {
      let found = zip(hits, Self.gains).prefix(k).filter { $0.0 != nil }
      precision[i] += Double(found.count) / Double(k)
      gain[i] += found.reduce(0) { $0 + $1.1 } / Self.gains.prefix(min(truth.count, k)).reduce(0, +)
      weightOfHits[i] += found.reduce(0) { $0 + $1.0! }
      weightOfBest[i] += best.prefix(k).reduce(0, +)
    }
    if let first = hits.prefix(10).firstIndex(where: { $0 != nil }) { reciprocalRank += 1 / Double(first + 1) }
    for (i, k) in Self.recallCuts.enumerated() {
      recall[i] += Double(hits.prefix(k).count { $0 != nil }) / Double(truth.count)
    }
  }

  func metrics(evalTopK: Int) -> [RankingMetrics.Metric] {
    func percent(_ part: Double, _ whole: Double) -> Double {
      // Without documents, or with weights that cancel, there is nothing to find.
      whole > 0 ? (part / whole * 10_000).rounded(.toNearestOrEven) / 100 : 0
    }
    let count = Double(documents)
    func family(_ name: String, _ cuts: [Int], _ sums: [Double]) -> [RankingMetrics.Metric] {
      zip(cuts, sums).map { .init(name: "\(name)@\($0)", value: percent($1, count)) }
    }
    return family("P", Self.shortCuts, precision) + family("nDCG", Self.shortCuts, gain)
      + [.init(name: "MRR@10", value: percent(reciprocalRank, count))]
      + Self.shortCuts.indices.map { .init(name: "PSP@\(Self.shortCuts[$0])", value: percent(weightOfHits[$0], weightOfBest[$0])) }
      + family("R", Self.recallCuts, recall).enumerated().filter { Self.recallCuts[$0.offset] <= evalTopK }.map(\.element)
  }
}
