import DEXML
import Foundation
import Support
import WengertNN

/// The parts of the input are the members that SciPy writes, the format first.
func readMatrix(_ bytes: Data) throws {
  let parts = bytes.split(separator: Data("--".utf8), maxSplits: 4, omittingEmptySubsequences: false)
  let format = ["csr", "csc", "coo"][Int(bytes.first ?? 0) % 3]
  let names = format == "coo" ? ["shape", "data", "row", "col"] : ["shape", "data", "indices", "indptr"]
  let members = zip(names, parts.dropFirst()).map { (name: $0 + ".npy", contents: $1) }
  let matrix = try SparseMatrix(NPZ(archive([("format.npy", formatMember(format))] + members)))
  // Lines without entries take memory and time that the reader bounds; twenty million of them a million times is not for today.
  guard matrix.rows < 1 << 12, matrix.columns < 1 << 12 else { return }
  expect(matrix.transposed().transposed().count == matrix.count && matrix.columnCounts().reduce(0, +) == matrix.count)
}

private func formatMember(_ format: String) -> Data {
  let header = "{'descr': '|S3', 'fortran_order': False, 'shape': (), }"
  let padded = header + String(repeating: " ", count: 117 - header.utf8.count) + "\n"
  return Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, 118, 0]) + Data(padded.utf8) + Data(format.utf8)
}

/// The first part is the filter file, the second the label texts.
func readFilter(_ bytes: Data) throws {
  let parts = bytes.parts(2)
  let folder = try DatasetFolder(Folder.url)
  _ = Folder.put(parts[0], "filter_labels_train.txt")
  if let filter = try folder.readFilter(.train, documents: 40, labels: 30) { expect(filter.rows == 40 && filter.columns == 30) }
  guard let texts = parts[1] else { return }
  let file = Folder.put(texts, "Y.txt")
  try expect(TextLines.all(of: file).count == TextLines.count(of: file))
}
