import Foundation

/// Draws labels among each document's positives, without replacement, with probability proportional to relevance.
public enum PositiveSampler {
  /// The positions drawn in each row of `positives`, in ascending order: `count`, or as many as are above 0.
  ///
  /// A document's draw depends on the key, its row and the number of rows, not on the other documents' labels. The largest of ln(relevance) + Gumbel noise are
  /// such a draw (Kool, van Hoof & Welling 2019).
  public static func draw(_ count: Int, from positives: SparseMatrix, key: RandomKey) -> [[Int]] {
    let rows = positives.rows
    let width = (0..<rows).map { positives.row($0).indices.count }.max() ?? 0
    guard width > 0 else { return [[Int]](repeating: [], count: rows) }
    // A column per document: the place of its numbers does not move with the longest row.
    let uniform = key.uniform([width, rows], dtype: .float64).array(of: Double.self)
    return (0..<rows).map { i in
      let scores = positives.row(i).values.enumerated().filter { $1 > 0 }.map { position, relevance in
        (position: position, score: log(Double(relevance)) - log(-log(uniform[position * rows + i])))
      }
      return scores.sorted { $0.score > $1.score }.prefix(count).map(\.position).sorted()
    }
  }
}
