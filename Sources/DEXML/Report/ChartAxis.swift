import Foundation

/// The range of a chart's axis, and where its marks are.
struct ChartAxis {
  let range: ClosedRange<Double>
  let ticks: [Double]
  private let step: Double

  /// An axis that holds all values, with about `count` marks at round numbers. It ends at such numbers, or where the values do if it is tight.
  init(_ values: some Collection<Double>, ticks count: Int, from least: Double? = nil, isTight: Bool = false) {
    let low = min(values.min() ?? 0, least ?? .infinity), high = max(values.max() ?? 1, low)
    // A flat line still needs a height.
    let span = high - low > 1e-100 ? high - low : max(abs(high) * 0.1, 1e-9)
    let rough = span / Double(count)
    let power = pow(10, floor(log10(rough)))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
    let first = Int((low / step + 1e-9).rounded(.down)), last = Int(((low + span) / step - 1e-9).rounded(.up))
    self.step = step
    let marks = (first...max(last, first + 1)).map { Double($0) * step }
    let ends = isTight ? low...(low + span) : marks.first!...marks.last!
    range = ends
    ticks = marks.filter { ends.contains($0) }
  }

  /// Where a value is between the ends of the axis, from 0 to 1.
  func share(_ value: Double) -> Double { (value - range.lowerBound) / (range.upperBound - range.lowerBound) }

  /// A mark's text, with as many decimals as tell it from the next.
  func text(_ tick: Double) -> String {
    if tick == 0 { return "0" }
    let largest = max(abs(range.lowerBound), abs(range.upperBound))
    if largest >= 10_000 || largest < 0.001 { return String(format: "%.3g", tick).replacing("e-0", with: "e-").replacing("e+0", with: "e") }
    let decimals = max(0, Int((-log10(step)).rounded(.up)))
    return String(format: "%.\(decimals)f", tick)
  }
}
