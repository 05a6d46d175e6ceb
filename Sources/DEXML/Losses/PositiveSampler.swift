/// Draws labels among each document's positives, without replacement, with probability proportional to relevance.
public enum PositiveSampler {
  /// The positions drawn in each row of `positives`, `count` or as many as there are.
  ///
  /// A document's draw depends on the key and its row in the global batch alone. The largest of ln(relevance) + Gumbel noise are such a draw (Kool et al. 2019).
  public static func draw(_ count: Int, from positives: SparseMatrix, key: RandomKey) -> [[Int]] {
    let width = (0..<positives.rows).map { positives.row($0).indices.count }.max() ?? 0
    guard width > 0 else { return [[Int]](repeating: [], count: positives.rows) }
    let uniform = key.uniform([positives.rows, width], dtype: .float64).array(of: Double.self)
    return (0..<positives.rows).map { i in
      let values = positives.row(i).values
      let scores = values.enumerated().filter { $1 > 0 }.map { position, relevance in
        (position: position, score: logarithm(Double(relevance)) - logarithm(-logarithm(uniform[i * width + position])))
      }
      return scores.sorted { $0.score > $1.score }.prefix(count).map(\.position).sorted()
    }
  }
}
