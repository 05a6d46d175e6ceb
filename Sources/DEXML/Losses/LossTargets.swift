import WengertNN

/// What one batch's documents should be near to: B documents, L candidate labels, and of each document's positives P_i the drawn ones S_i.
///
/// As a tree of tensors it is its weights and counts.
public struct LossTargets: TensorTree, Sendable {
  public let documentCount: Int
  public let labelCount: Int
  /// |P_i|
  public let positiveCounts: [Int]
  /// |S_i|
  public let drawnCounts: [Int]

  /// float32 [B, L]: the weight of a drawn positive (1, or its relevance where the loss is weighted), −1 for a positive that was not drawn, 0 for a negative.
  private(set) var weights: Tensor
  /// |P_i| and |S_i| as float32 [B, 1].
  private(set) var positives: Tensor, drawn: Tensor

  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    body(dotted(prefix, "weights"), &weights)
    body(dotted(prefix, "positives"), &positives)
    body(dotted(prefix, "drawn"), &drawn)
  }

  /// - Parameters:
  ///   - positives: relevance of the batch's documents [B, L]; entries above 0 are positives.
  ///   - drawn: for each document, which of its row's entries are drawn (positions in the row); nil draws all.
  ///   - weighted: whether each term is multiplied by its relevance.
  public init(positives: SparseMatrix, drawn: [[Int]]? = nil, weighted: Bool = false) {
    let rows = positives.rows, columns = positives.columns
    var weights = [Float](repeating: 0, count: rows * columns)
    var positiveCounts = [Int](repeating: 0, count: rows)
    var drawnCounts = positiveCounts
    for i in 0..<rows {
      let entries = positives.rowOffsets[i]..<positives.rowOffsets[i + 1]
      func isPositive(_ entry: Int) -> Bool { positives.values[entry] > 0 }
      func place(_ entry: Int) -> Int { i * columns + Int(positives.indices[entry]) }
      for entry in entries where isPositive(entry) {
        weights[place(entry)] = -1
        positiveCounts[i] += 1
      }
      let chosen = drawn?[i].map { entries.lowerBound + $0 } ?? Array(entries)
      for entry in chosen where isPositive(entry) {
        weights[place(entry)] = weighted ? positives.values[entry] : 1
        drawnCounts[i] += 1
      }
    }
    documentCount = rows
    labelCount = columns
    self.positiveCounts = positiveCounts
    self.drawnCounts = drawnCounts
    self.weights = Tensor(weights, shape: [rows, columns])
    self.positives = Tensor(positiveCounts.map(Float.init), shape: [rows, 1])
    self.drawn = Tensor(drawnCounts.map(Float.init), shape: [rows, 1])
  }
}
