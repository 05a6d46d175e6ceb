import Foundation

// One row per evaluation, in a table of tab-separated values.
extension RankingMetrics {
  /// Appends a row to `<prefix>_metrics.tsv`: epoch, step, and each metric with two decimals; a new file gets a header.
  ///
  /// An error where the file is there with other columns.
  public func append(to prefix: URL, epoch: Int, step: Int) throws {
    let url = prefix.deletingLastPathComponent().appendingPathComponent(prefix.lastPathComponent + "_metrics.tsv")
    let header = (["epoch", "step"] + metrics.map(\.name)).joined(separator: "\t")
    let row = (["\(epoch)", "\(step)"] + metrics.map { String(format: "%.2f", $0.value) }).joined(separator: "\t")
    let before = FileManager.default.fileExists(atPath: url.path) ? try mapFile(url) : Data()
    if !before.isEmpty {
      let found = String(decoding: before.prefix { $0 != 0x0a }, as: UTF8.self)
      guard found == header else {
        throw FileError(
          file: url.path, field: "header", value: found.debugDescription,
          advice: "this evaluation has the columns \(header.debugDescription): move the file away")
      }
    }
    // A row that an interruption cut short keeps a line of its own.
    let start = before.isEmpty ? header + "\n" : before.last == 0x0a ? "" : "\n"
    try appendToFile(Data("\(start)\(row)\n".utf8), url)
  }
}
