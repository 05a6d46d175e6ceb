import Foundation
import WengertNN

// Documents with what is true of them and what was predicted.
extension ReportPage {
  var examples: Markup {
    get throws {
      // Runs that predict for the same documents share their examples.
      var groups: [[Int]] = []
      for run in runs.indices where runs[run].found != nil {
        if let place = groups.firstIndex(where: { sharesDocuments($0[0], run) }) { groups[place].append(run) } else { groups.append([run]) }
      }
      let parts = try groups.map(examples)
      let explanation: Markup = """
        <p>Documents at equal distances through the data, with the first predicted labels and their scores. \
        <span class="hit">✓ true</span>, <span class="miss">✗ not among the true labels</span>.</p>
        """
      return section("Examples", (parts.isEmpty ? [] : [explanation]) + parts + predictionNotes)
    }
  }

  private func sharesDocuments(_ one: Int, _ other: Int) -> Bool {
    guard let one = runs[one].found, let other = runs[other].found else { return false }
    return one.split == other.split && one.textFile.standardizedFileURL == other.textFile.standardizedFileURL && one.lines == other.lines
  }

  private func examples(_ group: [Int]) throws -> Markup {
    let (mostDocuments, mostLabels) = (8, 5)
    let first = runs[group[0]].found!
    let scored = first.scoredDocuments
    let count = min(mostDocuments, scored.count)
    let documents = (0..<count).map { scored[(2 * $0 + 1) * scored.count / (2 * count)] }
    let rankings = group.map { run in documents.map { runs[run].found!.ranking($0, mostLabels) } }
    let truths = documents.map { first.positives($0) }
    let needed = Set(truths.joined()).union(rankings.joined().joined().map(\.label))
    let labelTexts = try TextLines.pick(Set(needed.map(Int.init)), of: first.dataset.labelTextFile)
    let texts = try TextLines.pick(Set(documents.map { first.lines[$0] }), of: first.textFile)

    func label(_ label: Int32) -> Markup { "<span class=\"text\">\(labelTexts[Int(label)]!.shortened(to: 120))</span>" }
    let articles = documents.indices.map { place -> Markup in
      let truth = truths[place]
      let predictions = group.indices.map { run -> Markup in
        let items = rankings[run][place].map { entry -> Markup in
          let isHit = truth.contains(entry.label)
          let mark: Markup = isHit ? "<b>✓</b>" : "<b>✗</b>"
          return
            "<li class=\"\(isHit ? "hit" : "miss")\">\(mark) \(label(entry.label)) <small>\(String(format: "%.3f", entry.score))</small></li>"
        }
        let name: Markup = runs.count > 1 ? "\(nameOf(group[run]))" : "predicted"
        return "<div><h4>\(name)</h4><ol>\(items)</ol></div>"
      }
      // The order of a set changes from run to run; a page should not.
      let trueLabels = truth.sorted().prefix(20).map { one -> Markup in "<li>\(label(one))</li>" }
      let more: Markup = truth.count > 20 ? "<li>and \(truth.count - 20) more</li>" : ""
      return """
        <article><p class="document text">\(texts[first.lines[documents[place]]]!.shortened(to: 600))</p>
        <div class="columns"><div><h4>true</h4><ul>\(trueLabels)\(more)</ul></div>\(predictions)</div></article>
        """
    }
    return "<h3>\(first.dataset.name) (\(first.split.rawValue))</h3>\n\(articles)"
  }
}

extension TextLines {
  /// The lines with these numbers, counted from 0; reading stops at the last.
  static func pick(_ wanted: Set<Int>, of file: URL) throws -> [Int: String] {
    var lines = try TextLines(contentsOf: file)
    var picked: [Int: String] = [:]
    while picked.count < wanted.count, let line = try lines.next() {
      if wanted.contains(lines.count - 1) { picked[lines.count - 1] = line }
    }
    guard picked.count == wanted.count else {
      throw FileError(
        file: file.path, field: "lines",
        value: "has \(lines.count), but line \(wanted.max()! + 1) is wanted: are the texts those of the matrices?")
    }
    return picked
  }
}
