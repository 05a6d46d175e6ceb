import Foundation

// Which labels are predicted well.
extension ReportPage {
  var deciles: Markup {
    get throws {
      let known = try runs.enumerated().compactMap { run, record in
        try record.found.map { (run: run, split: $0.split, deciles: try LabelDecile.all($0)) }
      }
      guard !known.isEmpty else { return section("Metrics by label frequency", predictionNotes) }
      let charts = LabelDecile.metricNames.compactMap { name in
        BarChart(
          title: "\(name) by decile", ends: ("most frequent labels", "rarest labels"),
          series: known.map { .init(name: runs[$0.run].name, run: $0.run, values: $0.deciles.map { $0.metrics[name] }) }
        ).markup
      }
      let tables = known.map { one -> Markup in
        let rows = one.deciles.enumerated().map { place, decile -> [Markup] in
          let frequencies = decile.frequencies.map {
            $0.lowerBound == $0.upperBound ? "\($0.lowerBound)" : "\($0.upperBound)–\($0.lowerBound)"
          }
          return ["\(place + 1)", "\(decile.labels)", "\(frequencies ?? "–")", "\(decile.documents)"]
            + LabelDecile.metricNames.map { "\(percent(decile.metrics[$0]))" }
        }
        let head: [Markup] = ["decile", "labels", "training documents of each", "documents"] + LabelDecile.metricNames.map { "\($0)" }
        return "<h3>\(nameOf(one.run)) <small>(\(one.split.rawValue))</small></h3>\n\(table(head, rows, kind: "numbers"))"
      }
      let explanation: Markup = """
        <p>From the score matrix in each results folder: that of the best evaluation in training, or of a later one by dexml evaluate. Labels in ten groups of equal size, from the most frequent in training to the rarest. The rankings stay as they are and only the group’s labels count as \
        true: R@10 and nDCG@5 are means over the documents that have one; P@5 is the group’s share in the P@5 of all labels, so that the ten add up to it.</p>
        """
      return section(
        "Metrics by label frequency",
        [legend, explanation, grid(charts), "<details><summary>Numbers</summary>\(tables)</details>"] + predictionNotes)
    }
  }

  /// A percentage of few documents, or a dash.
  private func whole(_ value: Double?) -> String { value.map { String(format: "%.0f", $0) } ?? "–" }

  var labels: Markup {
    get throws {
      let most = 12
      let parts = try runs.enumerated().compactMap { run, record -> Markup? in
        guard let predictions = record.found else { return nil }
        let ranked = LabelStatistic.ranked(predictions)
        let best = Array(ranked.prefix(most)), worst = Array(LabelStatistic.worst(ranked).prefix(most))
        let texts = try TextLines.pick(Set((best + worst).map(\.label)), of: predictions.dataset.labelTextFile)
        func list(_ title: String, _ statistics: [LabelStatistic]) -> Markup {
          let rows = statistics.map { one -> [Markup] in
            [
              "<span class=\"text\">\(texts[one.label]!.shortened(to: 120))</span>", "\(predictions.frequencies[one.label])",
              "\(one.support)", "\(whole(one.recall))", "\(whole(one.precision))",
            ]
          }
          let head: [Markup] = ["\(title)", "in training", "support", "R@10", "precision<wbr>@5"]
          return table(head, rows, kind: "numbers labels")
        }
        return """
          <h3>\(nameOf(run)) <small>(\(predictions.split.rawValue), \(ranked.count) labels with a document)</small></h3>
          <div class="pair">\(list("Worst", worst))\(list("Best", best))</div>
          """
      }
      let explanation: Markup = """
        <p>Labels that at least one document has (support). R@10: in how many of its documents the label is among the first ten predicted; \
        precision@5: where it is among the first five predicted, how often rightly; both in percent.</p>
        """
      return section("Worst and best labels", (parts.isEmpty ? [] : [explanation]) + parts + predictionNotes)
    }
  }
}
