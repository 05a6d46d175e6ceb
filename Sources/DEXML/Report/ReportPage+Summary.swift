import Foundation

// What the runs came to.
extension ReportPage {
  var summary: Markup {
    let splits = EvaluationSplit.allCases.filter { split in runs.contains { $0.histories[split] != nil } }
    let tables = splits.map(metricTable)
    let missing = notes { $0.histories.isEmpty ? ["no evaluations (tst_metrics.tsv or val_metrics.tsv)."] : [] }
    let cut = notes { run in
      run.histories.sorted { $0.key.rawValue < $1.key.rawValue }.filter { $0.value.cutLines > 0 }.map {
        "\($0.key.rawValue)_metrics.tsv: \($0.value.cutLines) lines cut short are left out."
      }
    }
    return section("Summary", [facts] + tables + missing + cut)
  }

  private var facts: Markup {
    let rows: [(String, (RunRecord) -> String)] = [
      ("data set", { $0.configuration.dataset }),
      ("steps", { $0.curves?.points["train/loss"]?.last.map { "\($0.step)" } ?? "–" }),
      ("time", { $0.curves.map { ProgressBar.duration($0.seconds) } ?? "–" }),
      (
        "loss, smoothed, at the end",
        { run in
          guard let last = LineChart.smoothed(run.curves?.points["train/loss"] ?? []).last else { return "–" }
          return String(format: "%.4f", last.value)
        }
      ),
      (
        "documents/s, median",
        { run in
          let rates = (run.curves?.points["train/documents_per_second"] ?? []).map(\.value).filter(\.isFinite).sorted()
          return rates.isEmpty ? "–" : String(format: "%.0f", rates[rates.count / 2])
        }
      ),
      ("note", { $0.configuration.desc.isEmpty ? "–" : $0.configuration.desc }),
    ]
    return table(
      [""] + runs.indices.map(nameOf), rows.map { name, value in ["\(name)"] + runs.map { "<span class=\"text\">\(value($0))</span>" } },
      kind: "facts")
  }

  /// Every metric of a part of the data: the last evaluation, and the one that the tracked metric was best in.
  private func metricTable(_ split: EvaluationSplit) -> Markup {
    let shown = runs.indices.filter { runs[$0].histories[split]?.rows.isEmpty == false }
    guard !shown.isEmpty else { return "<p class=\"note\">\(split.rawValue)_metrics.tsv: no evaluation is complete.</p>" }
    var names: [String] = []
    for run in shown { for name in runs[run].histories[split]!.names where !names.contains(name) { names.append(name) } }
    let chosen = shown.map { run in
      let history = runs[run].histories[split]!
      return (run: run, history: history, final: history.rows.last!, best: history.best(by: runs[run].configuration.trackMetric.rawValue)!)
    }
    let head = chosen.map { one -> [Markup] in
      [
        "\(nameOf(one.run))<br><small>last, epoch \(one.final.epoch)</small>",
        "<small>best \(runs[one.run].configuration.trackMetric.rawValue), epoch \(one.best.epoch)</small>",
      ]
    }
    let rows = names.map { name -> [Markup] in
      let values = chosen.flatMap { [$0.history.value(name, $0.final), $0.history.value(name, $0.best)] }
      let highest = chosen.count > 1 ? values.compactMap(\.self).max() : nil
      return ["\(name)"] + values.map { $0 != nil && $0 == highest ? "<strong>\(percent($0))</strong>" : "\(percent($0))" }
    }
    let title = split == .tst ? "Test set" : "Held-out documents"
    return "<h3>\(title) (\(split.rawValue)), percent</h3>\n\(table([""] + head.flatMap(\.self), rows, kind: "numbers metrics"))"
  }
}
