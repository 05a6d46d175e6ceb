import Foundation

/// A drawing of groups of bars, one bar for each run.
struct BarChart {
  struct Series {
    var name: String
    /// The place of the run in the report, which sets the color.
    var run: Int
    /// One number for each group; nil if there is none.
    var values: [Double?]
  }

  var title: String
  /// What the groups are, left and right end.
  var ends: (String, String)
  var series: [Series]

  private static let (width, height) = (480.0, 220.0)
  private static let (left, right, top, bottom) = (44.0, 8.0, 8.0, 34.0)

  /// The figure; nothing if no series has a number.
  var markup: Markup? {
    let values = series.flatMap(\.values).compactMap(\.self)
    guard !values.isEmpty, let groups = series.map(\.values.count).max() else { return nil }
    let axis = ChartAxis(values, ticks: 5, from: 0)
    let plotHeight = Self.height - Self.top - Self.bottom
    let groupWidth = (Self.width - Self.left - Self.right) / Double(groups)
    let barWidth = groupWidth * 0.8 / Double(series.count)
    func y(_ value: Double) -> Double { Self.top + plotHeight * (1 - axis.share(value)) }

    let rows = axis.ticks.map { tick -> Markup in
      """
      <line class="grid" x1="\(Self.left)" x2="\(Self.width - Self.right)" y1="\(y(tick))" y2="\(y(tick))"/>\
      <text class="tick" x="\(Self.left - 6)" y="\(y(tick) + 4)" text-anchor="end">\(axis.text(tick))</text>
      """
    }
    let bars = series.enumerated().flatMap { place, series in
      series.values.enumerated().compactMap { group, value -> Markup? in
        guard let value else { return nil }
        let x = Self.left + groupWidth * (Double(group) + 0.1) + barWidth * Double(place)
        return """
          <rect class="bar \(RunColor.classes(series.run))" x="\(x)" y="\(y(value))" width="\(barWidth)" height="\(y(0) - y(value))">\
          <title>\(series.name), decile \(group + 1): \(String(format: "%.2f", value))</title></rect>
          """
      }
    }
    let names = (0..<groups).map { group -> Markup in
      let x = Self.left + groupWidth * (Double(group) + 0.5)
      return #"<text class="tick" x="\#(x)" y="\#(Self.height - Self.bottom + 15)" text-anchor="middle">\#(group + 1)</text>"#
    }
    return """
      <figure><figcaption>\(title)</figcaption>
      <svg viewBox="0 0 \(Self.width) \(Self.height)" role="img" aria-label="\(title)">
      \(rows)
      \(bars)
      \(names)
      <text class="tick" x="\(Self.left)" y="\(Self.height - 3)">\(ends.0)</text>
      <text class="tick" x="\(Self.width - Self.right)" y="\(Self.height - 3)" text-anchor="end">\(ends.1)</text>
      </svg></figure>
      """
  }
}
