import Foundation

// Curves over steps.
extension ReportPage {
  var trainingCurves: Markup {
    let charts = [
      ("Loss", "train/loss", true), ("Gradient norm", "train/gradient_norm", true), ("Learning rate", "train/learning_rate", false),
      ("Documents per second", "train/documents_per_second", true),
    ].compactMap { title, tag, isNoisy -> Markup? in
      let raw = curves { $0.curves?.points[tag] ?? [] }
      guard isNoisy else { return LineChart(title: title, series: raw).markup }
      let faint = raw.map { series in
        var series = series
        series.isFaint = true
        return series
      }
      let smooth = raw.map { series in
        var series = series
        series.points = LineChart.smoothed(series.points)
        return series
      }
      return LineChart(title: title, series: faint + smooth).markup
    }
    let missing = notes { run in
      guard let curves = run.curves else { return ["no event file (\(EventFile.prefix)…), so no curves of its training."] }
      return curves.damage + (curves.points["train/loss"] == nil ? ["no training step in its event files."] : [])
    }
    let explanation: [Markup] =
      charts.isEmpty
      ? [] : [legend, "<p>Faint: every step. Strong: a running mean over about a fortieth of the steps.</p>", grid(charts, kind: " two")]
    return section("Training", explanation + missing)
  }

  var metricCurves: Markup {
    let shown = ["P@1", "P@5", "nDCG@5", "PSP@5", "R@10", "R@100"]
    let parts = EvaluationSplit.allCases.flatMap { split -> [Markup] in
      let names = runs.flatMap { $0.histories[split]?.names ?? [] }.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
      func charts(_ names: [String]) -> [Markup] {
        names.compactMap { name in LineChart(title: name, series: curves { $0.histories[split]?.points(name) ?? [] }).markup }
      }
      let first = charts(names.filter(shown.contains)), others = charts(names.filter { !shown.contains($0) })
      guard !first.isEmpty || !others.isEmpty else { return [] }
      let heading: Markup = "<h3>\(split == .tst ? "Test set" : "Held-out documents"), percent</h3>"
      let more: Markup = "<details><summary>Other metrics</summary>\(grid(others))</details>"
      return [heading, grid(first)] + (others.isEmpty ? [] : [more])
    }
    return parts.isEmpty ? "" : section("Metrics", [legend] + parts)
  }

  private func curves(_ points: (RunRecord) -> [LineChart.Point]) -> [LineChart.Series] {
    runs.enumerated().map { .init(name: $1.name, run: $0, points: points($1)) }
  }

  func grid(_ charts: [Markup], kind: String = "") -> Markup { "<div class=\"charts\(kind)\">\(charts)</div>" }
}
