import Foundation
import WengertNN

/// The files of one data set: texts, label texts, and the matrices that join them.
///
/// ```
/// <NAME>/raw/trn_X.txt  raw/tst_X.txt  raw/Y.txt      one text per line
/// <NAME>/Y.trn.npz  Y.tst.npz                         documents × labels
/// <NAME>/filter_labels_train.txt  filter_labels_test.txt   optional: "document label" pairs to drop before scoring
/// <NAME>/val_inds_<n>.npy                             the training rows held out for validation
/// ```
///
/// ```swift
/// let data = try DatasetFolder(folder)
/// let labels = try data.readLabels(.train)  // one row for each line of raw/trn_X.txt, one column for each of raw/Y.txt
/// ```
public struct DatasetFolder: Sendable {
  /// The part of the data set that a file belongs to.
  public enum Split: String, CaseIterable, Sendable {
    /// What is trained on.
    case train = "trn"
    /// What is evaluated on.
    case test = "tst"
  }

  /// The folder.
  public let url: URL
  /// The folder's own name, from which the metrics take their constants.
  public var name: String { url.standardizedFileURL.lastPathComponent }

  /// The data set in the folder at `url`.
  ///
  /// - Throws: `FileError` if there is no such folder.
  public init(_ url: URL) throws {
    guard url.isFolder else {
      throw FileError(
        file: url.path, field: "data set", value: "no such folder",
        advice: "it should hold raw/trn_X.txt, raw/tst_X.txt, raw/Y.txt, Y.trn.npz and Y.tst.npz")
    }
    self.url = url
  }

  /// The file of documents of a split.
  public func textFile(_ split: Split) -> URL { url.appendingPathComponent("raw/\(split.rawValue)_X.txt") }
  /// The file of label texts.
  public var labelTextFile: URL { url.appendingPathComponent("raw/Y.txt") }
  /// The file of the relevance matrix of a split.
  public func labelMatrixFile(_ split: Split) -> URL { url.appendingPathComponent("Y.\(split.rawValue).npz") }
  /// The file of pairs to drop before scoring, which need not exist.
  public func filterFile(_ split: Split) -> URL {
    url.appendingPathComponent(split == .train ? "filter_labels_train.txt" : "filter_labels_test.txt")
  }
  /// The file of `count` held-out training rows.
  public func heldOutFile(_ count: Int) -> URL { url.appendingPathComponent("val_inds_\(count).npy") }

  /// The relevance of each label to each document, `[documents, labels]`; explicit zeros are dropped.
  ///
  /// The lines of the texts must be as many as the rows and columns of the matrix.
  ///
  /// - Throws: `FileError` if a file cannot be read or is damaged, a relevance is negative or not finite, or the numbers of lines are not those of rows and
  ///   columns.
  public func readLabels(_ split: Split) throws -> SparseMatrix {
    let file = labelMatrixFile(split)
    let matrix = try SparseMatrix(contentsOf: file)
    for (texts, lines, axis) in [(textFile(split), matrix.rows, "rows"), (labelTextFile, matrix.columns, "columns")] {
      let found = try TextLines.count(of: texts)
      guard found == lines else {
        let text = try mapFile(texts)
        let hint = text.contains(0x0D) && !text.contains(0x0A) ? "; its lines end with CR alone, save it with LF" : ""
        throw FileError(
          file: texts.path, field: "lines", value: "\(found)",
          advice: "\(file.lastPathComponent) has \(lines) \(axis): they must be equal\(hint)")
      }
    }
    if let i = matrix.values.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw FileError(file: file.path, field: "data[\(i)]", value: "\(matrix.values[i])", advice: "a relevance is positive, usually 1")
    }
    return matrix.values.contains(0) ? matrix.filtered { $2 != 0 } : matrix
  }

  /// The pairs to drop before scoring, as a matrix of the same shape as the labels', or nil without a filter file.
  ///
  /// - Throws: `FileError` if a line is not two numbers within the matrix.
  public func readFilter(_ split: Split, documents: Int, labels: Int) throws -> SparseMatrix? {
    let file = filterFile(split)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    var (rows, columns): ([Int32], [Int32]) = ([], [])
    let names = ["document", "label"]
    let lines = try Lines(unchecked: file)
    for number in 0..<lines.count {
      try lines.withLine(number) { line in
        let words = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d })
        if words.isEmpty { return }
        guard words.count == 2 else {
          throw FileError(
            file: file.path, field: "line \(number + 1)", value: "\(words.count) words",
            advice: "a document's and a label's number are expected"
          )
        }
        for (word, (name, limit)) in zip(words, zip(names, [documents, labels])) {
          let text = String(decoding: word, as: UTF8.self)
          guard let value = Int32(text), value >= 0, value < limit else {
            throw FileError(
              file: file.path, field: "line \(number + 1), \(name)", value: text.debugDescription, advice: "0 to \(limit - 1) are possible")
          }
          if name == "document" { rows.append(value) } else { columns.append(value) }
        }
      }
    }
    return try SparseMatrix(
      rows: documents, columns: labels, rowIndices: rows, columnIndices: columns, values: [Float](repeating: 1, count: rows.count),
      file: file.path)
  }
}
