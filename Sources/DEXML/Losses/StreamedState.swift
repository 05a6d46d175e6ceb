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
  /// What SoftTop-k's thresholds follow from, if K is small enough that it does.
  private(set) var moments: ThresholdMoments?
  /// SoftTop-k's thresholds, the sums over the labels at them, row by row, and what is found.
  private var search: ThresholdSearch?
  private var rounds = 0
  private var thresholdSums: [[Double]] = []
  private var thresholds: [Double] = [], slopes: [Double] = []

  init(_ loss: SimilarityLoss, _ targets: LossTargets, device: Device) {
    (self.loss, self.targets) = (loss, targets)
    scales = loss.scales(targets)
    similarities = Array(repeating: 0, count: targets.entries.count)
    greatest = Array(repeating: -.infinity, count: targets.documentCount)
    sums = Array(repeating: 0, count: targets.documentCount)
    least = Array(repeating: .infinity, count: targets.documentCount)
    if case .topK(let topK, let alpha) = loss.criterion {
      moments = ThresholdMoments.kept(targets.positiveCounts.map(topK.value).max() ?? 1).map {
        ThresholdMoments(rows: targets.documentCount, kept: $0, alpha: alpha, device: device)
      }
    }
  }

  // MARK: First pass

  mutating func take(first results: [Tensor], similarities block: [Float], _ entries: [Int]) {
    for (place, entry) in entries.enumerated() { similarities[entry] = Double(block[place]) }
    if moments != nil {
      moments!.take(best: results[0], columns: results.dropFirst().map { $0.array(of: Float.self) })
      return
    }
    let columns = results.map { $0.array(of: Float.self) }
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
    let best = moments?.best.cast(to: .float64)
    if let moments, let best { (greatest, sums, least) = moments.extremes(best) }
    if workers.count > 1 { combineFirst(workers) }
    lead = loss.criterion == .bce ? sums : zip(greatest, sums).map { $0 + log($1) }
    guard case .topK(let topK, let alpha) = loss.criterion else { return }
    search = ThresholdSearch(
      k: column(targets.positiveCounts.map { Double(topK.value($0)) }), alpha: alpha, resolution: moments == nil ? 1e-3 : 1e-7,
      labels: targets.labelCount,
      logSumExp: column(lead), least: column(least), skipping: column(targets.drawnCounts.map { $0 == 0 }))
    readSearch()
    let program = ThresholdSearch.sums(.float64, alpha: alpha)
    while let moments, let best, wantsThreshold {
      thresholdSums = moments.sums(at: search!.t, best, by: program)
      finishThreshold(workers)
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

  var wantsThreshold: Bool {
    guard let search, rounds < ThresholdSearch.mostSteps else { return false }
    return search.isDone.all().item() == 0
  }

  /// The current thresholds, as two float32 columns that add up to them.
  var threshold: [Tensor] { columns { thresholds[$0] } }

  mutating func take(threshold columns: [[Float]]) {
    for (place, column) in columns.enumerated() {
      for (i, value) in column.enumerated() { thresholdSums[place][i] += Double(value) }
    }
  }

  mutating func finishThreshold(_ workers: any Workers) {
    if workers.count > 1 {
      var sums = thresholdSums.flatMap(\.self)
      workers.allReduce(&sums, .sum)
      let count = targets.documentCount
      thresholdSums = thresholdSums.indices.map { Array(sums[$0 * count..<($0 + 1) * count]) }
    }
    let sums = thresholdSums.map { column($0) }
    search?.step(sums)
    rounds += 1
    readSearch()
  }

  /// Reads what is found so far; the sums begin anew.
  private mutating func readSearch() {
    guard let search else { return }
    (thresholds, slopes) = (search.t.array(of: Double.self), search.slopes.array(of: Double.self))
    thresholdSums = Array(repeating: Array(repeating: 0, count: targets.documentCount), count: ThresholdSearch.sumCount)
  }

  private func columns(_ value: (Int) -> Double) -> [Tensor] {
    let values = (0..<targets.documentCount).map(value)
    let high = values.map { Float($0) }
    return [column(high), column(zip(values, high).map { $1.isFinite ? Float($0 - Double($1)) : 0 })]
  }

  private func column<Number: TensorElement>(_ values: [Number]) -> Tensor { Tensor(values, shape: [values.count, 1]) }

  // MARK: Value and slopes

  /// The terms' derivative with respect to an entry's similarity, except for what it has in common with the labels that are not positive.
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
    case .topK(_, let alpha): alpha * sigmoid(-alpha * (similarities[number] + thresholds[i]))
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
      case .topK: slopes[i] > 0 ? scales[i] * pulls[i] / slopes[i] : 0
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
        case .topK(_, let alpha): softplus(-alpha * (s + thresholds[i]))
        }
      value += scales[i] * Double(entry.weight) * term
    }
    if loss.criterion == .bce { value += zip(scales, lead).reduce(0) { $0 + $1.0 * $1.1 } }
    return value
  }
}

private func sigmoid(_ x: Double) -> Double { x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)) }
private func softplus(_ x: Double) -> Double { x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)) }
