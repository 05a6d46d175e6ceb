import Foundation
import WengertNN

// One row per evaluation, in a table of tab-separated values.
extension RankingMetrics {
  /// Appends a row to `<prefix>_metrics.tsv`: epoch, step, and each metric with two decimals; a new file gets a header.
  ///
  /// An existing file must have the same columns.
  ///
  /// - Throws: `FileError` if the file has other columns, or cannot be read or written.
  public func append(to prefix: URL, epoch: Int, step: Int) throws {
    let url = Self.tableFile(prefix)
    let header = Self.header(metrics)
    try Self.check(url, header)
    let row = (["\(epoch)", "\(step)"] + metrics.map { String(format: "%.2f", $0.value) }).joined(separator: "\t")
    let before = FileManager.default.fileExists(atPath: url.path) ? try mapFile(url) : Data()
    // A row that an interruption cut short keeps a line of its own.
    let start = before.isEmpty ? header + "\n" : before.last == 0x0a ? "" : "\n"
    try appendToFile(Data("\(start)\(row)\n".utf8), url)
  }

  /// An error if `<prefix>_metrics.tsv` exists with other columns than an evaluation of `evalTopK` labels has.
  static func checkTable(_ prefix: URL, evalTopK: Int) throws {
    try check(tableFile(prefix), header(MetricSums().metrics(evalTopK: evalTopK)))
  }

  private static func check(_ url: URL, _ header: String) throws {
    guard FileManager.default.fileExists(atPath: url.path), case let lines = try mapFile(url), !lines.isEmpty else { return }
    let found = String(decoding: lines.prefix { $0 != 0x0a }, as: UTF8.self)
    guard found == header else {
      throw FileError(
        file: url.path, field: "header", value: found.debugDescription,
        advice: "this evaluation has the columns \(header.debugDescription): move the file away")
    }
  }

  private static func header(_ metrics: [Metric]) -> String { (["epoch", "step"] + metrics.map(\.name)).joined(separator: "\t") }

  /// The number of lines of `<prefix>_metrics.tsv`, the header among them.
  static func lineCount(of prefix: URL) throws -> Int { try lines(of: prefix).count }

  /// Removes from `<prefix>_metrics.tsv` the rows of later steps than `step` below the first `lineCount` lines: those of evaluations that are
  /// made again.
  static func removeRows(after step: Int, below lineCount: Int, of prefix: URL) throws {
    let before = try lines(of: prefix)
    let kept = before.enumerated().filter { number, line in
      let cells = line.split(separator: "\t")
      return number < lineCount || (cells.count > 1 && Int(cells[1]).map { $0 <= step } == true)
    }.map(\.element)
    guard kept.count < before.count else { return }
    try FileBeingWritten.write(Data(kept.map { $0 + "\n" }.joined().utf8), to: tableFile(prefix))
  }

  private static func lines(of prefix: URL) throws -> [Substring] {
    let file = tableFile(prefix)
    guard FileManager.default.fileExists(atPath: file.path) else { return [] }
    return String(decoding: try mapFile(file), as: UTF8.self).split(separator: "\n")
  }

  private static func tableFile(_ prefix: URL) -> URL {
    prefix.deletingLastPathComponent().appendingPathComponent(prefix.lastPathComponent + "_metrics.tsv")
  }
}
