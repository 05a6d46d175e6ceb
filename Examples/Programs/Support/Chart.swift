import WengertNN

/// Lines, points and bands over two axes, as SVG.
struct Chart {
  private enum Mark { case line, points, band }
  private var series: [(name: String, mark: Mark, points: [(x: Double, y: Double)])] = []
  private let title: String, across: String, up: String

  /// - Parameters:
  ///   - across: what the horizontal axis is.
  ///   - up: what the vertical one is.
  init(_ title: String, across: String, up: String) { (self.title, self.across, self.up) = (title, across, up) }

  mutating func line(_ name: String, _ x: [Double], _ y: [Double]) { add(name, .line, x, y) }
  mutating func points(_ name: String, _ x: [Double], _ y: [Double]) { add(name, .points, x, y) }

  /// What is between two lines.
  mutating func band(_ name: String, _ x: [Double], from low: [Double], to high: [Double]) {
    add(name, .band, x + x.reversed(), low + high.reversed())
  }

  private mutating func add(_ name: String, _ mark: Mark, _ x: [Double], _ y: [Double]) {
    series.append((name, mark, zip(x, y).filter { $0.isFinite && $1.isFinite }.map { (x: $0, y: $1) }))
  }

  var svg: String {
    let all = series.flatMap(\.points), (left, right, top, bottom) = (60.0, 620.0, 40.0, 360.0)
    func range(_ values: [Double]) -> (low: Double, high: Double) {
      let (low, high) = (values.min() ?? 0, values.max() ?? 1)
      return low < high ? (low, high) : (low - 1, low + 1)
    }
    let (h, v) = (range(all.map(\.x)), range(all.map(\.y)))
    func x(_ value: Double) -> String { (left + (value - h.low) / (h.high - h.low) * (right - left)).text(1) }
    func y(_ value: Double) -> String { (bottom - (value - v.low) / (v.high - v.low) * (bottom - top)).text(1) }
    let colors = ["#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed"]

    var body = label(title, 340, 22, "middle", size: 15) + label(across, 340, 395, "middle") + label(up, left, 34, "end")
    for i in 0...4 {
      let (a, b) = (h.low + (h.high - h.low) * Double(i) / 4, v.low + (v.high - v.low) * Double(i) / 4)
      body += "<path d='M\(left) \(y(b))H\(right)' stroke='#e5e7eb'/>"
      body += label(a.text(2), Double(x(a))!, bottom + 18, "middle") + label(b.text(2), left - 6, Double(y(b))! + 4, "end")
    }
    for (i, one) in series.enumerated() {
      let color = colors[i % colors.count], path = one.points.map { "\(x($0.x)) \(y($0.y))" }.joined(separator: "L")
      switch one.mark {
      case .line: body += "<path d='M\(path)' fill='none' stroke='\(color)' stroke-width='2'/>"
      case .band: body += "<path d='M\(path)Z' fill='\(color)' fill-opacity='0.15'/>"
      case .points: for point in one.points { body += "<circle cx='\(x(point.x))' cy='\(y(point.y))' r='3' fill='\(color)'/>" }
      }
      body += label(one.name, right - 8, top + 16 * Double(i + 1), "end", color: color)
    }
    return picture(width: 680, height: 400, body)
  }
}

/// Texts at places of the plane, as SVG.
func wordMap(_ words: [String], _ x: [Double], _ y: [Double], colors: [String]) -> String {
  func scaled(_ values: [Double], _ length: Double) -> [Double] {
    let (low, high) = (values.min()!, values.max()!)
    return values.map { 60 + ($0 - low) / max(high - low, 1e-9) * (length - 120) }
  }
  let places = zip(scaled(x, 680), scaled(y, 400))
  return picture(width: 680, height: 400, zip(zip(words, colors), places).map { label($0.0, $1.0, $1.1, "middle", color: $0.1) }.joined())
}

/// Gray images [count, height, width] side by side, with a text below each, as SVG: the least number is white, the greatest black.
func imageGrid(_ images: Tensor, columns: Int, captions: [String] = []) -> String {
  let (count, height, width) = (images.shape[0], images.shape[1], images.shape[2]), values = images.doubles
  let (low, high) = (values.min()!, values.max()!), side = 64.0, step = captions.isEmpty ? side + 4 : side + 20
  var body = ""
  for i in 0..<count {
    let (left, top) = (Double(i % columns) * (side + 4), Double(i / columns) * step)
    let (cell, line) = (side / Double(width), side / Double(height))
    for place in 0..<height * width {
      let shade = Int(255 * (high - values[i * height * width + place]) / max(high - low, 1e-9))
      let (x, y) = (left + Double(place % width) * cell, top + Double(place / width) * line)
      body +=
        "<rect x='\(x.text(1))' y='\(y.text(1))' width='\(cell.text(1))' height='\(line.text(1))' fill='rgb(\(shade),\(shade),\(shade))'/>"
    }
    if i < captions.count { body += label(captions[i], left + side / 2, top + side + 13, "middle") }
  }
  return picture(width: Double(columns) * (side + 4), height: Double((count + columns - 1) / columns) * step, body)
}

private func label(_ text: String, _ x: Double, _ y: Double, _ anchor: String, size: Int = 12, color: String = "#374151") -> String {
  let text = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
  return "<text x='\(x.text(1))' y='\(y.text(1))' text-anchor='\(anchor)' font-size='\(size)' fill='\(color)'>\(text)</text>"
}

private func picture(width: Double, height: Double, _ body: String) -> String {
  """
  <svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 \(Int(width)) \(Int(height))' font-family='sans-serif'>\
  <rect width='100%' height='100%' fill='white'/>\(body)</svg>

  """
}
