import Foundation

/// A sparse matrix in compressed rows: the entries of row `i` are at `rowOffsets[i]..<rowOffsets[i + 1]`.
///
/// No column occurs twice in a row. Compressed rows without duplicates keep the order of their entries, so that a ranking
/// stays a ranking.
///
/// ```swift
/// let matrix = try SparseMatrix(rows: 2, columns: 3, rowIndices: [0, 1, 0], columnIndices: [2, 0, 1], values: [1, 1, 1])
/// let columns = Array(matrix.row(0).indices)  // [1, 2]
/// ```
public struct SparseMatrix: Sendable, Equatable {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// `[rows + 1]`, from 0 to the number of entries, never falling.
  public let rowOffsets: [Int]
  /// The column of each entry.
  public let indices: [Int32]
  /// The value of each entry.
  public let values: [Float]

  /// The matrix of these compressed rows; errors name `file`.
  ///
  /// If a column occurs twice in a row, duplicates are summed and all rows come out sorted by column.
  ///
  /// - Throws: `FileError` if offsets, indices and values contradict each other or the shape.
  public init(
    rows: Int, columns: Int, rowOffsets: [Int], indices: [Int32], values: [Float], file: String = "sparse matrix"
  ) throws {
    try Self.check(rows: rows, columns: columns, entries: indices.count, file: file)
    try Self.check(offsets: rowOffsets, name: "indptr", lines: rows, entries: indices.count, file: file)
    try Self.check(indices: indices, name: "indices", below: columns, axis: "columns", file: file)
    guard values.count == indices.count else {
      throw FileError(file: file, field: "data", value: "\(values.count) entries", advice: "indices has \(indices.count)")
    }
    self.init(unchecked: rows, columns, rowOffsets, indices, values)
    if (0..<rows).contains(where: { hasDuplicates($0) }) { self = summingDuplicates() }
  }

  /// The matrix with these entries, in any order; those at the same place are summed, and rows come out sorted by column.
  ///
  /// - Throws: `FileError` if the lists differ in length, or an index is outside of the shape.
  public init(
    rows: Int, columns: Int, rowIndices: [Int32], columnIndices: [Int32], values: [Float], file: String = "sparse matrix"
  ) throws {
    try Self.check(rows: rows, columns: columns, entries: values.count, file: file)
    guard rowIndices.count == columnIndices.count, values.count == rowIndices.count else {
      throw FileError(
        file: file, field: "row, col, data", value: "\(rowIndices.count), \(columnIndices.count), \(values.count) entries",
        advice: "they must have the same number")
    }
    try Self.check(indices: rowIndices, name: "row", below: rows, axis: "rows", file: file)
    try Self.check(indices: columnIndices, name: "col", below: columns, axis: "columns", file: file)
    let (offsets, order) = Self.grouped(rowIndices, groups: rows)
    self = SparseMatrix(
      unchecked: rows, columns, offsets, order.map { columnIndices[$0] }, order.map { values[$0] }
    ).summingDuplicates()
  }

  private init(unchecked rows: Int, _ columns: Int, _ rowOffsets: [Int], _ indices: [Int32], _ values: [Float]) {
    self.rows = rows
    self.columns = columns
    self.rowOffsets = rowOffsets
    self.indices = indices
    self.values = values
  }

  /// The number of stored entries.
  public var count: Int { indices.count }

  /// The columns and values of row `i`.
  public func row(_ i: Int) -> (indices: ArraySlice<Int32>, values: ArraySlice<Float>) {
    let range = rowOffsets[i]..<rowOffsets[i + 1]
    return (indices[range], values[range])
  }

  /// How many entries each column has.
  public func columnCounts() -> [Int] {
    var counts = [Int](repeating: 0, count: columns)
    for column in indices { counts[Int(column)] += 1 }
    return counts
  }

  /// The matrix with rows and columns exchanged, its rows sorted.
  public func transposed() -> SparseMatrix {
    let (offsets, order) = Self.grouped(indices, groups: columns)
    var rowOfEntry = [Int32](repeating: 0, count: count)
    for i in 0..<rows {
      for entry in rowOffsets[i]..<rowOffsets[i + 1] { rowOfEntry[entry] = Int32(i) }
    }
    return SparseMatrix(unchecked: columns, rows, offsets, order.map { rowOfEntry[$0] }, order.map { values[$0] })
  }

  /// The matrix of these rows, in this order; each must be one of the matrix.
  public func selecting(rows selected: [Int]) -> SparseMatrix {
    var offsets = [0]
    var (indices, values): ([Int32], [Float]) = ([], [])
    for i in selected {
      let row = row(i)
      indices += row.indices
      values += row.values
      offsets.append(indices.count)
    }
    return SparseMatrix(unchecked: selected.count, columns, offsets, indices, values)
  }

  /// The matrix of the entries for which `keeps(row, column, value)` holds, in their order.
  public func filtered(_ keeps: (Int, Int, Float) -> Bool) -> SparseMatrix {
    var offsets = [0]
    var (indices, values): ([Int32], [Float]) = ([], [])
    for i in 0..<rows {
      for entry in rowOffsets[i]..<rowOffsets[i + 1] where keeps(i, Int(self.indices[entry]), self.values[entry]) {
        indices.append(self.indices[entry])
        values.append(self.values[entry])
      }
      offsets.append(indices.count)
    }
    return SparseMatrix(unchecked: rows, columns, offsets, indices, values)
  }

  /// The matrix without the entries at places where `other` has one.
  ///
  /// - Precondition: the shapes are equal.
  public func removing(_ other: SparseMatrix) -> SparseMatrix {
    ensure(
      rows == other.rows && columns == other.columns,
      "removing: [\(other.rows), \(other.columns)] from [\(rows), \(columns)]: the shapes must be equal")
    var current = -1
    var removed: Set<Int32> = []
    return filtered { row, column, _ in
      if row != current {
        current = row
        removed = Set(other.row(row).indices)
      }
      return !removed.contains(Int32(column))
    }
  }
}

extension SparseMatrix {
  /// Offsets of the groups, and the positions of the keys ordered by group, equal ones in their order.
  private static func grouped(_ keys: [Int32], groups: Int) -> (offsets: [Int], order: [Int]) {
    var offsets = [Int](repeating: 0, count: groups + 1)
    for key in keys { offsets[Int(key) + 1] += 1 }
    for group in 0..<groups { offsets[group + 1] += offsets[group] }
    var next = offsets
    var order = [Int](repeating: 0, count: keys.count)
    for position in keys.indices {
      let group = Int(keys[position])
      order[next[group]] = position
      next[group] += 1
    }
    return (offsets, order)
  }

  private func hasDuplicates(_ i: Int) -> Bool {
    let row = row(i).indices
    // Sorted rows, the usual ones, need no copy.
    if zip(row, row.dropFirst()).allSatisfy({ $0 < $1 }) { return false }
    let sorted = row.sorted()
    return zip(sorted, sorted.dropFirst()).contains { $0 == $1 }
  }

  /// The matrix with its rows sorted by column and duplicates summed.
  private func summingDuplicates() -> SparseMatrix {
    var offsets = [0]
    offsets.reserveCapacity(rows + 1)
    var (indices, values): ([Int32], [Float]) = ([], [])
    indices.reserveCapacity(count)
    values.reserveCapacity(count)
    for i in 0..<rows {
      let start = indices.count
      // Of millions of rows most may be empty.
      guard rowOffsets[i] < rowOffsets[i + 1] else {
        offsets.append(start)
        continue
      }
      // Ties by position keep the order of summation, and with it the rounding.
      let entries = (rowOffsets[i]..<rowOffsets[i + 1]).sorted { (self.indices[$0], $0) < (self.indices[$1], $1) }
      for entry in entries {
        if indices.count > start, indices.last == self.indices[entry] {
          values[values.count - 1] += self.values[entry]
        } else {
          indices.append(self.indices[entry])
          values.append(self.values[entry])
        }
      }
      offsets.append(indices.count)
    }
    return SparseMatrix(unchecked: rows, columns, offsets, indices, values)
  }

  static func check(rows: Int, columns: Int, entries: Int, file: String) throws {
    for (name, size) in [("rows", rows), ("columns", columns)] {
      guard size >= 0, size <= Int(Int32.max) else {
        throw FileError(file: file, field: "shape", value: "\(size) \(name)", advice: "0 to \(Int32.max) are possible")
      }
      // Offsets and counts take memory for each line, filled or not: a false shape must not ask for gigabytes of it.
      guard size <= 1 << 24 || size <= entries else {
        throw FileError(
          file: file, field: "shape", value: "\(size) \(name)", advice: "with \(entries) entries that is taken for damage: check the shape")
      }
    }
  }

  static func check(offsets: [Int], name: String, lines: Int, entries: Int, file: String) throws {
    guard offsets.count == lines + 1 else {
      throw FileError(file: file, field: name, value: "\(offsets.count) entries", advice: "the shape asks for \(lines) + 1")
    }
    guard offsets[0] == 0 else {
      throw FileError(file: file, field: "\(name)[0]", value: "\(offsets[0])", advice: "offsets begin at 0: the file is damaged")
    }
    for i in 0..<lines where offsets[i + 1] < offsets[i] {
      throw FileError(
        file: file, field: "\(name)[\(i + 1)]", value: "\(offsets[i + 1])",
        advice: "offsets never fall, and the one before is \(offsets[i])")
    }
    guard offsets[lines] == entries else {
      throw FileError(
        file: file, field: "\(name)[\(lines)]", value: "\(offsets[lines])",
        advice: "the last offset must be the number of indices, \(entries)")
    }
  }

  static func check(indices: [Int32], name: String, below limit: Int, axis: String, file: String) throws {
    guard let i = indices.firstIndex(where: { $0 < 0 || Int($0) >= limit }) else { return }
    throw FileError(
      file: file, field: "\(name)[\(i)]", value: "\(indices[i])", advice: "the matrix has \(limit) \(axis), counted from 0")
  }
}
