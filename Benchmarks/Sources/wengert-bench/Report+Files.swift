import Foundation

// The table as a document and as a picture.
extension Report {
  /// A table of Markdown.
  var markdown: String {
    func number(_ value: Double?, _ digits: Int = 2) -> String { value.map { String(format: "%.\(digits)f", $0) } ?? "" }
    func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    var lines = [
      "Processor: \(processor), \(threads) threads, level \(level); medians of \(rounds) rounds in milliseconds.", "",
      row(["row", "shape", "ours"] + peers + ["ours / best peer", "ours / copy", "ours / OpenBLAS"]),
      "|" + String(repeating: "---|", count: peers.count + 6),
    ]
    for line in self.lines {
      let theirs = peers.map { name in line.uncounted.contains(name) ? "(\(number(line.peers[name], 3)))" : number(line.peers[name], 3) }
      let ratios = [line.ratio, line.ratioToCopy, line.ratioToBLAS].map { number($0) }
      lines.append(row([line.row, line.shape, line.isRefused ? "refused" : number(line.ours, 3)] + theirs + ratios))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Bars of the ratios to the best peer, on a logarithmic scale: to the left of the line we are faster.
  var svg: String {
    let rows = lines.filter { $0.ratio != nil }, height = 22, left = 260.0, unit = 160.0, width = 960
    func x(_ ratio: Double) -> Double { left + 330 + unit * log2(min(max(ratio, 0.25), 4)) }
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(rows.count * height + 50)\" font-family=\"sans-serif\" font-size=\"12\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
      "<text x=\"10\" y=\"18\">our time over the best peer's, \(Self.escaped(processor)), \(level), \(threads) threads</text>",
    ]
    for ratio in [0.25, 0.5, 1, 2, 4] {
      let text = ratio < 1 ? "1/\(Int(1 / ratio))" : "\(Int(ratio))"
      parts.append(
        "<line x1=\"\(x(ratio))\" x2=\"\(x(ratio))\" y1=\"40\" y2=\"\(rows.count * height + 45)\" stroke=\"\(ratio == 1 ? "black" : "lightgray")\"/>"
          + "<text x=\"\(x(ratio))\" y=\"36\" text-anchor=\"middle\">\(text)</text>")
    }
    for (number, line) in rows.enumerated() {
      let ratio = line.ratio!, y = 45 + number * height, ends = [x(1), x(ratio)].sorted()
      parts.append(
        "<text x=\"\(left - 8)\" y=\"\(y + 14)\" text-anchor=\"end\">\(Self.escaped(line.row))</text>"
          + "<rect x=\"\(ends[0])\" y=\"\(y + 3)\" width=\"\(ends[1] - ends[0])\" height=\"\(height - 7)\" fill=\"\(ratio <= 1 ? "seagreen" : "indianred")\"/>"
          + String(format: "<text x=\"%.1f\" y=\"\(y + 14)\">%.2f</text>", max(ends[1], x(1)) + 5, ratio))
    }
    return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
  }
}
