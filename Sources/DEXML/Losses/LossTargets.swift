/// What one batch's documents should be near to: B documents, L candidate labels, and of each document's positives P_i the drawn ones S_i.
public struct LossTargets: Sendable {
  public let documentCount: Int
  public let labelCount: Int
  /// |P_i|
  public let positiveCounts: [Int]
  /// |S_i|
  public let drawnCounts: [Int]

  /// bool [B, L]: l ∈ P_i.
  let isPositive: Tensor
  /// bool [B, L]: l ∈ P_i but not drawn.
  let isExcluded: Tensor
  /// int64 [B, max |S|]: the labels of S_i, padded with 0.
  let drawnLabels: Tensor
  /// float32 [B, max |S|]: 1, or the relevance where the loss is weighted; 0 for padding.
  let drawnWeights: Tensor

  /// - Parameters:
  ///   - positives: relevance of the batch's documents [B, L]; entries above 0 are positives.
  ///   - drawn: for each document, which of its row's entries are drawn (positions in the row); nil draws all.
  ///   - weighted: whether each term is multiplied by its relevance.
  public init(positives: SparseMatrix, drawn: [[Int]]? = nil, weighted: Bool = false) {
    let rows = positives.rows, columns = positives.columns
    var positive = [Bool](repeating: false, count: rows * columns)
    var excluded = positive
    var labels: [[(label: Int, relevance: Float)]] = []
    var counts: [Int] = []
    for i in 0..<rows {
      let row = positives.row(i)
      let entries = zip(row.indices, row.values).map { (label: Int($0), relevance: $1) }
      let chosen = Set(drawn?[i] ?? Array(entries.indices))
      for (position, entry) in entries.enumerated() where entry.relevance > 0 {
        positive[i * columns + entry.label] = true
        excluded[i * columns + entry.label] = !chosen.contains(position)
      }
      counts.append(entries.count { $0.relevance > 0 })
      labels.append(entries.enumerated().filter { chosen.contains($0) && $1.relevance > 0 }.map(\.element))
    }
    documentCount = rows
    labelCount = columns
    positiveCounts = counts
    drawnCounts = labels.map(\.count)
    isPositive = Tensor(positive, shape: [rows, columns])
    isExcluded = Tensor(excluded, shape: [rows, columns])
    let width = max(drawnCounts.max() ?? 0, 1)
    drawnLabels = Tensor(labels.flatMap { row in (0..<width).map { $0 < row.count ? row[$0].label : 0 } }, shape: [rows, width])
    drawnWeights = Tensor(
      labels.flatMap { row in (0..<width).map { $0 < row.count ? (weighted ? row[$0].relevance : 1) : Float(0) } }, shape: [rows, width])
  }
}
