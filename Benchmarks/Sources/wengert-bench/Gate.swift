import Foundation

/// Ratios that were recorded (`--json`), against which those of today are held (`--gate`).
struct Gate {
  private struct Recorded: Decodable {
    struct Line: Decodable {
      var row: String
      var ratio: Double?
      var ratioToCopy: Double?
      var ratioToBLAS: Double?
    }
    var level: String
    var threads: Int
    var lines: [Line]
  }

  private let recorded: Recorded
  /// A row has fallen if its ratio is more than so many times what it was.
  private let allowance: Double

  init(_ path: String, allowance: Double) throws {
    recorded = try JSONDecoder().decode(Recorded.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    self.allowance = allowance
  }

  /// Prints what fell and what is new or gone. Ratios to a peer count first; where there was or is none, those to a copy or to OpenBLAS.
  ///
  /// - Returns: the rows that fell.
  func compare(_ report: Report) -> [String] {
    if recorded.level != report.level || recorded.threads != report.threads {
      show("recorded at \(recorded.level) with \(recorded.threads) threads, and measured at \(report.level) with \(report.threads)")
    }
    var fallen: [String] = [], better = 0, measured = 0
    for line in report.lines {
      guard let old = recorded.lines.first(where: { $0.row == line.row }) else {
        show("\(line.row): not recorded")
        continue
      }
      let pairs = [
        ("peer", line.ratio, old.ratio), ("copy", line.ratioToCopy, old.ratioToCopy), ("OpenBLAS", line.ratioToBLAS, old.ratioToBLAS),
      ]
      guard let (what, new, known) = pairs.lazy.compactMap({ what, new, old in new.flatMap { new in old.map { (what, new, $0) } } }).first
      else {
        show("\(line.row): nothing to compare it with")
        continue
      }
      measured += 1
      if new > known * allowance {
        fallen.append(line.row)
        show(String(format: "\(line.row): fell, %.2f of the \(what)'s time where it was %.2f", new, known))
      } else if new * allowance < known {
        better += 1
        show(String(format: "\(line.row): better, %.2f of the \(what)'s time where it was %.2f", new, known))
      }
    }
    for line in recorded.lines where !Row.all.contains(where: { $0.name == line.row }) {
      show("\(line.row): recorded, and no longer a row")
    }
    show("\(measured) rows compared: \(fallen.count) fell, \(better) are better, by more than a factor of \(allowance)")
    return fallen
  }
}
