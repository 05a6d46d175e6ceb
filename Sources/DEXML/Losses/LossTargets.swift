import WengertNN

/// What one batch's documents should be near to: B documents, L candidate labels, and of each document's positives P_i the drawn ones S_i.
public struct LossTargets: Sendable {
  /// A positive label of a document.
  public struct Entry: Sendable, Equatable {
    /// The number of the document in the batch.
    public var document: Int
    /// The number of the label.
    public var label: Int
    /// 1, or the relevance if the loss is weighted, for a drawn one; −1 for one that is not drawn.
    public var weight: Float

    /// Whether the positive is drawn.
    public var isDrawn: Bool { weight > 0 }
  }

  /// B, the number of documents.
  public let documentCount: Int
  /// L, the number of labels.
  public let labelCount: Int
  /// |P_i|, the number of positives of each document.
  public let positiveCounts: [Int]
  /// |S_i|, the number of drawn positives of each document.
  public let drawnCounts: [Int]
  /// Every document's positives, document by document.
  public let entries: [Entry]

  /// - Parameters:
  ///   - positives: relevance of the batch's documents [B, L]; entries above 0 are positives.
  ///   - drawn: for each document, which of its row's entries are drawn (positions in the row); nil draws all.
  ///   - weighted: whether each term is multiplied by its relevance.
  public init(positives: SparseMatrix, drawn: [[Int]]? = nil, weighted: Bool = false) {
    var entries: [Entry] = []
    var positiveCounts: [Int] = [], drawnCounts: [Int] = []
    for document in 0..<positives.rows {
      let row = positives.row(document)
      let chosen = drawn.map { Set($0[document]) }
      let first = entries.count
      for (position, (label, relevance)) in zip(row.indices, row.values).enumerated() where relevance > 0 {
        let isDrawn = chosen?.contains(position) ?? true
        entries.append(Entry(document: document, label: Int(label), weight: isDrawn ? (weighted ? relevance : 1) : -1))
      }
      positiveCounts.append(entries.count - first)
      drawnCounts.append(entries[first...].count { $0.isDrawn })
    }
    documentCount = positives.rows
    labelCount = positives.columns
    self.positiveCounts = positiveCounts
    self.drawnCounts = drawnCounts
    self.entries = entries
  }

  /// float64 [B, L]: an entry's weight, or 0 for a negative.
  var weights: Tensor {
    var weights = [Double](repeating: 0, count: documentCount * labelCount)
    for entry in entries { weights[entry.document * labelCount + entry.label] = Double(entry.weight) }
    return Tensor(weights, shape: [documentCount, labelCount])
  }
}
