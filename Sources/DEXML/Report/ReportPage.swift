import Foundation

/// The page: its frame and the order of its sections.
struct ReportPage {
  let runs: [RunRecord]

  var markup: Markup {
    get throws {
      let title = runs.count == 1 ? "Run \(runs[0].name)" : "\(runs.count) runs of dexml"
      let datasets = Set(runs.map(\.configuration.dataset)).sorted().joined(separator: ", ")
      let sections = try [summary, trainingCurves, metricCurves, deciles, labels, examples, settings]
      return """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>\(title)</title>
        <style>\(ReportStyle.sheet)</style>
        </head>
        <body>
        <main>
        <header><h1>\(title)</h1><p>\(datasets)</p></header>
        \(sections)
        </main>
        </body>
        </html>

        """
    }
  }

  /// A heading with what is below it.
  func section(_ title: String, _ parts: [Markup]) -> Markup {
    "<section><h2>\(title)</h2>\n\(parts)\n</section>"
  }

  /// What the colors mean; nothing for one run alone.
  var legend: Markup {
    if runs.count == 1 { return "" }
    let entries = runs.indices.map { run -> Markup in "<li>\(swatch(run))<span class=\"text\">\(runs[run].name)</span></li>" }
    return "<ul class=\"legend\">\(entries)</ul>"
  }

  func swatch(_ run: Int) -> Markup {
    #"<svg class="swatch" viewBox="0 0 24 8" aria-hidden="true"><path class="curve \#(RunColor.classes(run))" d="M0 4L24 4"/></svg>"#
  }

  /// A run's name with its color, if there are several.
  func nameOf(_ run: Int) -> Markup { runs.count == 1 ? "\(runs[run].name)" : "\(swatch(run)) \(runs[run].name)" }

  /// What is missing, by run.
  func notes(_ reason: (RunRecord) -> [String]) -> [Markup] {
    runs.flatMap { run in reason(run).map { "<p class=\"note\"><b>\(run.name)</b>: \($0)</p>" } }
  }

  /// Why a run's predictions are not shown.
  var predictionNotes: [Markup] {
    notes { if case .missing(let reason) = $0.predictions { [reason] } else { [] } }
  }

  /// A table in a box of its own, which scrolls sideways if the page is too narrow for it.
  func table(_ head: [Markup], _ rows: [[Markup]], kind: String = "") -> Markup {
    let headings = head.map { cell -> Markup in "<th>\(cell)</th>" }
    let body = rows.map { row -> Markup in
      let cells = row.enumerated().map { column, cell -> Markup in column == 0 ? "<th>\(cell)</th>" : "<td>\(cell)</td>" }
      return "<tr>\(cells)</tr>"
    }
    return "<div class=\"wide\"><table class=\"\(kind)\"><thead><tr>\(headings)</tr></thead><tbody>\n\(body)\n</tbody></table></div>"
  }

  /// A percentage with two decimals, or a dash.
  func percent(_ value: Double?) -> String { value.map { String(format: "%.2f", $0) } ?? "–" }
}
