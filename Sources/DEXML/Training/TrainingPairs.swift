import WengertNN

/// What a run trains on: queries (rows) and the candidates (columns) that they should be near to. Usually training documents and labels.
package struct TrainingPairs: Sendable {
  /// [queries, candidates]
  package let relevance: SparseMatrix
  /// The rows that are trained on, each with at least one positive.
  package let rows: [Int]
  /// The text line of each row and of each column; nil: its own number.
  package let queryLines: [Int]?
  package let candidateLines: [Int]?
  /// Whether queries are label texts, and candidates documents.
  package let isTransposed: Bool

  /// - Parameters:
  ///   - labels: relevance of the training documents [documents, labels].
  ///   - documents: those that are trained on, each with at least one label.
  ///   - transposes: labels become queries, and these documents the candidates (`transpose_trn_dataset`).
  ///   - expands: each positive pair becomes a row of its own, in which the query's other positives are negatives (`expand_multilabel_dataset`).
  package init(_ labels: SparseMatrix, documents: [Int], transposes: Bool = false, expands: Bool = false) throws {
    isTransposed = transposes
    var relevance = labels, rows = documents
    if transposes {
      relevance = labels.selecting(rows: documents).transposed()
      let matrix = relevance
      rows = (0..<matrix.rows).filter { row in matrix.row(row).values.contains { $0 > 0 } }
    }
    candidateLines = transposes ? documents : nil
    guard expands else {
      (self.relevance, self.rows, queryLines) = (relevance, rows, nil)
      return
    }
    var lines: [Int] = [], indices: [Int32] = [], values: [Float] = []
    for row in rows {
      for (column, value) in zip(relevance.row(row).indices, relevance.row(row).values) where value > 0 {
        lines.append(row)
        indices.append(column)
        values.append(value)
      }
    }
    self.relevance = try SparseMatrix(
      rows: lines.count, columns: relevance.columns, rowOffsets: Array(0...lines.count), indices: indices, values: values)
    self.rows = Array(0..<lines.count)
    queryLines = lines
  }

  /// What its rows are called in messages.
  package var name: String {
    let one = isTransposed ? "labels" : "documents"
    return queryLines == nil ? one : "pairs of \(one) and their positives"
  }

  /// The text lines of some rows.
  package func lines(ofRows rows: [Int]) -> [Int] { queryLines.map { lines in rows.map { lines[$0] } } ?? rows }
}
