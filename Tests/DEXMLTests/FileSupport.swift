import DEXML
import Foundation
import Testing

/// Runs `body`, which must throw a `FileError`, and gives its text.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch let error as FileError {
    return error.description
  } catch {
    return "another error: \(error)"
  }
}

extension SparseMatrix {
  /// The entries of a row-major dense matrix that are not 0.
  static func dense(_ rows: [[Float]]) throws -> SparseMatrix {
    var (offsets, indices, values): ([Int], [Int32], [Float]) = ([0], [], [])
    for row in rows {
      for (column, value) in row.enumerated() where value != 0 {
        indices.append(Int32(column))
        values.append(value)
      }
      offsets.append(indices.count)
    }
    return try SparseMatrix(rows: rows.count, columns: rows.first?.count ?? 0, rowOffsets: offsets, indices: indices, values: values)
  }

  /// All elements, row-major.
  var dense: [Double] {
    var result = [Double](repeating: 0, count: rows * columns)
    for i in 0..<rows {
      let row = row(i)
      for (column, value) in zip(row.indices, row.values) { result[i * columns + Int(column)] += Double(value) }
    }
    return result
  }
}
