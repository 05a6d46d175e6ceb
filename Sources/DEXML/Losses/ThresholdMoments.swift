import Foundation
@_spi(Backend) import WengertNN

/// What one pass over the labels must keep of each row so that SoftTop-k's threshold follows without another pass: the greatest similarities as they are, and of the
/// others, x ≤ c, the moments M_j = Σ u^j of u = e^(α(x − c)).
///
/// As Σσ(α(x + t)) = K, no more than K / p labels have a probability above p; so with `kept` labels as they are, all others have one below q = e^(α(c + t)) ≤ K / (kept − K),
/// and the series σ(ln uq) = uq − (uq)² + (uq)³ − …, added up over them, is Σ_j ±q^j M_j. What is cut off after five terms is less than q⁵ of the first.
struct ThresholdMoments {
  private static let order = 5

  let alpha: Double
  /// The greatest similarities of each row [B, kept], the greatest first; −∞ where there are fewer.
  private(set) var best: Tensor
  /// The least of `best` of each row, and the moments of what is below, order by order.
  private var cut: [Double], moments: [[Double]]

  /// How many labels are kept for such a K, a power of two; nil if that would be more than a pass over the labels is worth.
  static func kept(_ k: Int) -> Int? {
    var kept = 64
    while kept < 24 * k { kept *= 2 }
    return kept <= 1024 ? kept : nil
  }

  init(rows: Int, kept: Int, alpha: Double, device: Device) {
    self.alpha = alpha
    best = .full(-.infinity, [rows, kept], device: device)
    cut = Array(repeating: -.infinity, count: rows)
    moments = Array(repeating: Array(repeating: 0, count: rows), count: Self.order)
  }

  /// Of rows x and a column c: how many x are c, and the moments of those that are less.
  static func program(alpha: Double) -> RowProgram {
    let b = RowBuilder("soft top-k moments")
    let x = b.row(.float32), c = b.scalar(.float32)
    let isBelow = x.compare(.less, c), zero = x.constant(0)
    b.store(x.compare(.equal, c).select(x.constant(1), zero).reduce(.sum), as: .float32)
    let u = isBelow.select(((x - c) * alpha)(.exp), zero)
    var power = u
    for j in 1...order {
      b.store(power.reduce(.sum), as: .float32)
      if j < order { power = power * u }
    }
    return b.finish()
  }

  /// Takes the greatest of what is kept so far and a block, and the columns of all these.
  mutating func take(best: Tensor, columns: [[Float]]) {
    self.best = best
    let kept = best.shape[1], values = best.array(of: Float.self)
    for i in cut.indices {
      let list = values[i * kept..<(i + 1) * kept], least = list.last!
      guard least > -.infinity else { continue }
      // Equal ones that are not in the list are below it.
      let ties = Double(columns[0][i]) - Double(list.count { $0 == least })
      let fall = cut[i] == -.infinity ? 0 : exp(alpha * (cut[i] - Double(least)))
      for j in 0..<Self.order { moments[j][i] = moments[j][i] * pow(fall, Double(j + 1)) + Double(columns[j + 1][i]) + ties }
      cut[i] = Double(least)
    }
  }

  /// The greatest αx, Σ e^(αx − greatest), and the least x that is kept, of each row; x is `best` in float64.
  func extremes(_ x: Tensor) -> (greatest: [Double], sums: [Double], least: [Double]) {
    let greatest = x.max(axes: [1]).array(of: Double.self).map { alpha * $0 }
    let least = -select(x .> -Double.infinity, -x, x).max(axes: [1])
    let shift = Tensor(greatest.map { $0.isFinite ? $0 : 0 }, shape: [greatest.count, 1])
    var sums = exp(x * alpha - shift).sum(axes: [1]).array(of: Double.self)
    for i in sums.indices where cut[i] > -.infinity { sums[i] += moments[0][i] * exp(alpha * cut[i] - greatest[i]) }
    return (greatest, sums, least.array(of: Double.self))
  }

  /// The columns that `ThresholdSearch` takes, of all labels, at thresholds t [B, 1]: those of x, `best` in float64, by its `program`, and the others'.
  func sums(at t: Tensor, _ x: Tensor, by program: RowProgram) -> [[Double]] {
    var columns = rowFunction(program, [x, t, Tensor.zeros(t.shape, dtype: .float64)]).map { $0.array(of: Double.self) }
    for (i, t) in t.array(of: Double.self).enumerated() where cut[i] > -.infinity {
      let q = exp(alpha * (cut[i] + t))
      var (sum, slope, curve) = (0.0, 0.0, 0.0)
      if q <= 0.125 {
        for j in 1...Self.order {
          let term = (j % 2 == 1 ? 1 : -1) * pow(q, Double(j)) * moments[j - 1][i]
          (sum, slope, curve) = (sum + term, slope + Double(j) * term, curve + Double(j * j) * term)
        }
      } else {
        // Far above the threshold, since what is kept adds up to more than K already: not less than this.
        sum = moments[0][i] * (q.isFinite ? q / (1 + q) : 1)
        slope = sum / (1 + q)
      }
      columns[0][i] += sum
      columns[3][i] += slope
      columns[5][i] += curve
    }
    return columns
  }
}
