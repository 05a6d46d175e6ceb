import WengertNN

/// The labels that one batch is scored against if not all are (`dist-de-hnm`): every document's drawn positives and negatives, each label once.
package struct BatchLabels: Sendable {
  /// In ascending order.
  package let labels: [Int]
  /// Relevance of the batch's documents for these labels: all their positives that are among them, whoever they were drawn for.
  package let positives: SparseMatrix
  /// For each document, which of its row's entries were drawn (positions in the row); nil: all.
  package let drawn: [[Int]]?

  /// - Parameters:
  ///   - positives: relevance of the batch's documents [B, L].
  ///   - drawn: positions in each row; nil draws all positives.
  ///   - negatives: labels drawn for each document; none: those of the other documents are the negatives.
  package init(positives: SparseMatrix, drawn: [[Int]]?, negatives: [[Int32]] = []) throws {
    var all = Set(negatives.joined())
    for row in 0..<positives.rows {
      let (indices, values) = positives.row(row)
      for position in drawn?[row] ?? Array(0..<indices.count) where values[values.startIndex + position] > 0 {
        all.insert(indices[indices.startIndex + position])
      }
    }
    let labels = all.sorted()
    let number = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, Int32($0)) })
    var offsets = [0], indices: [Int32] = [], values: [Float] = [], kept: [[Int]] = []
    for row in 0..<positives.rows {
      let chosen = drawn.map { Set($0[row]) }
      var positions: [Int] = []
      for (position, (label, value)) in zip(positives.row(row).indices, positives.row(row).values).enumerated() {
        guard value > 0, let place = number[label] else { continue }
        if chosen?.contains(position) ?? true { positions.append(indices.count - offsets[row]) }
        indices.append(place)
        values.append(value)
      }
      offsets.append(indices.count)
      kept.append(positions)
    }
    self.labels = labels.map(Int.init)
    self.positives = try SparseMatrix(rows: positives.rows, columns: labels.count, rowOffsets: offsets, indices: indices, values: values)
    self.drawn = drawn == nil ? nil : kept
  }
}

/// Mined negatives: for each row that is trained on, the nearest labels that are not its own.
package struct Shortlist: Sendable {
  /// Similarities [rows, labels] of the nearest labels, best first, without the true ones.
  package let negatives: SparseMatrix

  package init(_ negatives: SparseMatrix) { self.negatives = negatives }

  /// The nearest labels of each row, the true ones removed.
  package init(_ nearest: NearestLabels, truth: SparseMatrix) throws {
    negatives = try nearest.matrix(columns: truth.columns).removing(truth)
  }

  /// Up to `count` of each of these rows' negatives, drawn without replacement. The draw depends on the key, the place in `rows` and the row's list alone.
  package func draw(_ count: Int, rows: [Int], key: RandomKey) -> [[Int32]] {
    let lists = rows.map { Array(negatives.row($0).indices) }
    let width = lists.map(\.count).max() ?? 0
    guard width > 0 else { return lists }
    // A column per row: the place of its numbers does not move with the longest list.
    let uniform = key.uniform([width, rows.count], dtype: .float64).array(of: Double.self)
    return lists.enumerated().map { place, list in
      list.indices.sorted { uniform[$0 * rows.count + place] < uniform[$1 * rows.count + place] }.prefix(count).map { list[$0] }
    }
  }
}
