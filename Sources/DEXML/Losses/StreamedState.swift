import Collectives
import Foundation
import WengertNN

/// What a streamed loss knows of each document between the passes, in float64.
struct StreamedState {
  private let loss: SimilarityLoss
  private let targets: LossTargets
  private let scales: [Double]
  /// The similarity of each entry of the targets.
  private var similarities: [Double]
  /// Running maxima and sums; after the first pass, the log-sum-exp of the labels that compete (or bce's sums).
  private var greatest: [Double], sums: [Double], least: [Double]
  private var lead: [Double] = []
  private var rows: [ThresholdSearch] = []

  init(_ loss: SimilarityLoss, _ targets: LossTargets) {
    (self.loss, self.targets) = (loss, targets)
    scales = loss.scales(targets)
    similarities = Array(repeating: 0, count: targets.entries.count)
    greatest = Array(repeating: -.infinity, count: targets.documentCount)
    sums = Array(repeating: 0, count: targets.documentCount)
    least = Array(repeating: .infinity, count: targets.documentCount)
  }

  // MARK: First pass

  mutating func take(first columns: [[Float]], similarities block: [Float], _ entries: [Int]) {
    for (place, entry) in entries.enumerated() { similarities[entry] = Double(block[place]) }
    for i in 0..<targets.documentCount {
      if loss.criterion == .bce {
        sums[i] += Double(columns[0][i])
        continue
      }
      let top = Double(columns[0][i]), sum = Double(columns[1][i])
      if top > greatest[i] {
        sums[i] = sums[i] * (greatest[i] == -.infinity ? 0 : exp(greatest[i] - top)) + sum
        greatest[i] = top
      } else if top > -.infinity {
        sums[i] += sum * exp(top - greatest[i])
      } else if top.isNaN {
        (greatest[i], sums[i]) = (top, sum)
      }
      if columns.count > 2 { least[i] = min(least[i], Double(columns[2][i])) }
    }
  }

  /// After the last block, with what all workers have taken of theirs.
  mutating func finishFirst(_ workers: any Workers) {
    if workers.count > 1 { combineFirst(workers) }
    lead = loss.criterion == .bce ? sums : zip(greatest, sums).map { $0 + log($1) }
    guard case .topK(let topK, let alpha) = loss.criterion else { return }
    rows = (0..<targets.documentCount).map { i in
      let labels = targets.labelCount - targets.positiveCounts[i] + targets.drawnCounts[i]
      return ThresholdSearch(
        k: Double(topK.value(targets.positiveCounts[i])), alpha: alpha, labels: labels, logSumExp: lead[i], least: least[i],
        isWanted: targets.drawnCounts[i] > 0)
    }
  }

  private mutating func combineFirst(_ workers: any Workers) {
    for i in greatest.indices where greatest[i].isNaN { (greatest[i], sums[i]) = (-.infinity, .nan) }
    var tops = greatest
    workers.allReduce(&tops, .maximum)
    for i in sums.indices where greatest[i] > -.infinity { sums[i] *= exp(greatest[i] - tops[i]) }
    greatest = tops
    workers.allReduce(&sums, .sum)
    workers.allReduce(&least, .minimum)
    // Each positive is one worker's, zero for the others.
    workers.allReduce(&similarities, .sum)
  }

  // MARK: Threshold

  var wantsThreshold: Bool { rows.contains { !$0.isDone } }

  /// The thresholds in hand, as two float32 columns that add up to them.
  var threshold: [Tensor] { columns { rows[$0].t } }

  mutating func take(threshold columns: [[Float]]) {
    for i in rows.indices { rows[i].add(columns.map { Double($0[i]) }) }
  }

  mutating func finishThreshold(_ workers: any Workers) {
    if workers.count > 1 {
      var sums = rows.flatMap(\.sums)
      workers.allReduce(&sums, .sum)
      for i in rows.indices { rows[i].sums = Array(sums[i * ThresholdSearch.sumCount..<(i + 1) * ThresholdSearch.sumCount]) }
    }
    for i in rows.indices { rows[i].step() }
  }

  private func columns(_ value: (Int) -> Double) -> [Tensor] {
    let values = (0..<targets.documentCount).map(value)
    let high = values.map { Float($0) }
    return [column(high), column(zip(values, high).map { $1.isFinite ? Float($0 - Double($1)) : 0 })]
  }

  private func column(_ values: [Float]) -> Tensor { Tensor(values, shape: [values.count, 1]) }

  // MARK: Value and slopes

  /// The terms' derivative with respect to an entry's similarity, but for what it has in common with the labels that are not positive.
  func slope(ofEntry number: Int) -> Float {
    let entry = targets.entries[number]
    guard entry.isDrawn else { return 0 }
    return Float(-scales[entry.document] * Double(entry.weight) * pull(number))
  }

  /// −d term / ds: how strongly a drawn positive is pulled, without its weight.
  private func pull(_ number: Int) -> Double {
    let i = targets.entries[number].document
    return switch loss.criterion {
    case .softmax, .bce: 1
    case .decoupledSoftmax: sigmoid(lead[i] - similarities[number])
    case .topK(_, let alpha): alpha * sigmoid(-alpha * (similarities[number] + rows[i].t))
    }
  }

  /// The three columns of `StreamedRows.slope`.
  func rowNumbers() -> [Tensor] {
    var pulls = [Double](repeating: 0, count: targets.documentCount), weights = pulls
    for (number, entry) in targets.entries.enumerated() where entry.isDrawn {
      pulls[entry.document] += Double(entry.weight) * pull(number)
      weights[entry.document] += Double(entry.weight)
    }
    let factors = (0..<targets.documentCount).map { i -> Double in
      switch loss.criterion {
      case .softmax, .decoupledSoftmax: scales[i] * pulls[i]
      case .bce: scales[i]
      case .topK: rows[i].slopes > 0 ? scales[i] * pulls[i] / rows[i].slopes : 0
      }
    }
    let shifts: [Tensor]
    if case .topK = loss.criterion {
      shifts = threshold
    } else {
      // Where nothing competes, e^(−∞ − 0) is nothing.
      shifts = columns { lead[$0].isFinite || lead[$0].isNaN ? lead[$0] : 0 }
    }
    return [shifts[0], column(factors.map { Float($0) }), shifts[1]]
  }

  var value: Double {
    var value = 0.0
    for (number, entry) in targets.entries.enumerated() where entry.isDrawn {
      let s = similarities[number], i = entry.document
      let term =
        switch loss.criterion {
        case .softmax: lead[i] - s
        case .decoupledSoftmax: softplus(lead[i] - s)
        case .bce: -s
        case .topK(_, let alpha): softplus(-alpha * (s + rows[i].t))
        }
      value += scales[i] * Double(entry.weight) * term
    }
    if loss.criterion == .bce { value += zip(scales, lead).reduce(0) { $0 + $1.0 * $1.1 } }
    return value
  }
}

/// SoftTop-k's threshold t of one row, Σ_l σ(α(s_l + t)) = K, from sums over the row at one t after another.
///
/// Solved as ln A = ln B, A what the labels below the threshold have too much and B what those above lack (see `SoftTopK`), by Newton's method, held in a bracket.
struct ThresholdSearch {
  private let k: Double, alpha: Double
  private var low: Double, high: Double
  static let sumCount = 6
  fileprivate var sums = [Double](repeating: 0, count: sumCount)
  private var last = Double.infinity, rounds = 0
  private(set) var t: Double
  /// Σ p (1 − p) at t.
  private(set) var slopes = 0.0
  private(set) var isDone: Bool

  /// - Parameters:
  ///   - logSumExp: of αs. As σ(z) < e^z, t lies above (ln K − logSumExp) / α.
  ///   - least: the least similarity: at −least + ln(labels) / α the sum is above K.
  init(k: Double, alpha: Double, labels: Int, logSumExp: Double, least: Double, isWanted: Bool) {
    (self.k, self.alpha) = (k, alpha)
    low = (log(k) - logSumExp) / alpha
    high = -least + log(Double(max(labels, 2))) / alpha
    t = low
    isDone = !isWanted || !low.isFinite || !high.isFinite
  }

  mutating func add(_ columns: [Double]) {
    if isDone { return }
    for (place, value) in columns.enumerated() { sums[place] += value }
  }

  /// Where the sums have led to; they begin anew.
  mutating func step() {
    if isDone { return }
    let (below, above, count, belowSlope, aboveSlope, curve) = (sums[0], sums[1], sums[2], sums[3], sums[4], sums[5])
    sums = Array(repeating: 0, count: Self.sumCount)
    let a = below + max(count - k, 0), b = above + max(k - count, 0)
    // Both nothing: every probability is 0 or 1, and K of them are 1.
    let distance = a == 0 && b == 0 ? 0 : log(a) - log(b)
    if distance > 0 { high = min(high, t) } else { low = max(low, t) }
    let move = distance == 0 ? 0 : -distance / (alpha * (belowSlope / a + aboveSlope / b))
    rounds += 1
    // Newton's error is of the order of the step's square, and so is that of the slopes' sum, moved along with it.
    if abs(alpha * move) < 1e-3 || rounds == 100 || distance.isNaN || high - low <= abs(t) * 1e-15 {
      let last = abs(alpha * move) < 1e-3 ? move : 0
      slopes = belowSlope + aboveSlope + alpha * last * curve
      t += distance.isNaN ? .nan : last
      isDone = true
      return
    }
    let next = t + move
    t = next > low && next < high && abs(distance) < 0.5 * last ? next : (low + high) / 2
    last = abs(distance)
  }
}

private func sigmoid(_ x: Double) -> Double { x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)) }
private func softplus(_ x: Double) -> Double { x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)) }
