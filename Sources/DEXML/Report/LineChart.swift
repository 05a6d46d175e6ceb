import Foundation

/// A drawing of curves over steps.
struct LineChart {
  struct Point: Sendable, Equatable {
    var step: Int
    var value: Double
  }

  struct Series {
    var name: String
    /// The place of the run in the report, which sets the color.
    var run: Int
    var points: [Point]
    /// Whether the curve is drawn faintly behind a smoothed one.
    var isFaint = false
  }

  var title: String
  var series: [Series]

  private static let (width, height) = (480.0, 250.0)
  private static let (left, right, top, bottom) = (54.0, 12.0, 8.0, 34.0)
  /// As many points as a curve can show.
  private static let mostPoints = 500

  /// Beyond this a number is damage, and would leave no room for the others.
  private static let largest = 1e100

  /// The figure; nothing if no series has a number.
  var markup: Markup? {
    let drawn = series.map { series in
      var series = series
      series.points = Self.thinned(series.points.filter { $0.value.magnitude < Self.largest })
      return series
    }.filter { !$0.points.isEmpty }
    guard !drawn.isEmpty else { return nil }
    let points = drawn.flatMap(\.points)
    let xAxis = ChartAxis(points.map { Double($0.step) }, ticks: 5, from: 0, isTight: true)
    let yAxis = ChartAxis(points.map(\.value), ticks: 5)
    let plotWidth = Self.width - Self.left - Self.right, plotHeight = Self.height - Self.top - Self.bottom
    func x(_ step: Double) -> Double { Self.left + plotWidth * xAxis.share(step) }
    func y(_ value: Double) -> Double { Self.top + plotHeight * (1 - yAxis.share(value)) }

    let rows = yAxis.ticks.map { tick -> Markup in
      """
      <line class="grid" x1="\(Self.left)" x2="\(Self.width - Self.right)" y1="\(y(tick))" y2="\(y(tick))"/>\
      <text class="tick" x="\(Self.left - 6)" y="\(y(tick) + 4)" text-anchor="end">\(yAxis.text(tick))</text>
      """
    }
    let columns = xAxis.ticks.map { tick -> Markup in
      #"<text class="tick" x="\#(x(tick))" y="\#(Self.height - Self.bottom + 16)" text-anchor="middle">\#(xAxis.text(tick))</text>"#
    }
    let curves = drawn.map { series -> Markup in
      let path = series.points.enumerated().map { i, point -> Markup in "\(i == 0 ? "M" : "L")\(x(Double(point.step))) \(y(point.value))" }
      let kind: Markup = "\(RunColor.classes(series.run))\(series.isFaint ? " faint" : "")"
      let line: Markup = #"<path class="curve \#(kind)" d="\#(path)"/>"#
      // Few points are seen, and tell their values.
      guard !series.isFaint, series.points.count <= 40 else { return line }
      let dots = series.points.map { point -> Markup in
        """
        <circle class="dot \(kind)" cx="\(x(Double(point.step)))" cy="\(y(point.value))" r="3">\
        <title>\(series.name), step \(point.step): \(String(format: "%.4g", point.value))</title></circle>
        """
      }
      return "\(line)\(dots)"
    }
    return """
      <figure><figcaption>\(title)</figcaption>
      <svg viewBox="0 0 \(Self.width) \(Self.height)" role="img" aria-label="\(title) over steps">
      \(rows)
      \(columns)
      <text class="tick" x="\(Self.left + plotWidth / 2)" y="\(Self.height - 3)" text-anchor="middle">step</text>
      \(curves)
      </svg></figure>
      """
  }

  /// The points, or if they are many the least and the greatest of each stretch, so that no peak is lost.
  private static func thinned(_ points: [Point]) -> [Point] {
    guard points.count > mostPoints else { return points }
    let stretches = mostPoints / 2
    return (0..<stretches).flatMap { i -> [Point] in
      let part = points[i * points.count / stretches..<(i + 1) * points.count / stretches]
      let ends = [part.min { $0.value < $1.value }!, part.max { $0.value < $1.value }!].sorted { $0.step < $1.step }
      return ends[0] == ends[1] ? [ends[0]] : ends
    }
  }

  /// The running mean of the points, older ones fading: each weighs 1 − 1/n of the next, with n a fortieth of their number.
  static func smoothed(_ points: [Point]) -> [Point] {
    let decay = 1 - 1 / max(Double(points.count) / 40, 1)
    var (sum, weight) = (0.0, 0.0)
    return points.filter(\.value.isFinite).map { point in
      sum = sum * decay + point.value
      weight = weight * decay + 1
      return Point(step: point.step, value: sum / weight)
    }
  }
}

/// The colors by which runs are told apart.
enum RunColor {
  static let count = 8

  /// The style classes of a run: a color of eight, and dashes from the ninth run on.
  static func classes(_ run: Int) -> String { "s\(run % count)" + (run >= count ? " dashed" : "") }
}
