/// Times in milliseconds, of everything in turn, several times over: what a noisy machine does to one round it does to all.
struct Rounds {
  private var times: [String: [Double]] = [:]

  /// - Parameter measures: what gives each time; it is told whether it has been called before.
  init(_ count: Int, _ measures: [(name: String, measure: (_ isWarm: Bool) -> Double?)]) {
    for round in 0..<count {
      for (name, measure) in measures {
        guard let time = measure(round > 0) else { continue }
        times[name, default: []].append(time)
      }
    }
  }

  func median(_ name: String) -> Double? { times[name].map(Self.median) }

  /// The median of the rounds' ratios.
  func ratio(_ name: String, to other: String?) -> Double? {
    guard let mine = times[name], let other, let theirs = times[other] else { return nil }
    return Self.median(zip(mine, theirs).map { $0 / $1 })
  }

  /// The name with the least median.
  func best(of names: [String]) -> String? {
    names.filter { times[$0] != nil }.min { median($0)! < median($1)! }
  }

  mutating func remove(_ name: String) { times[name] = nil }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return (sorted[(values.count - 1) / 2] + sorted[values.count / 2]) / 2
  }
}
