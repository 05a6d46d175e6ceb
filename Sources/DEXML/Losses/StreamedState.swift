import Collectives
import WengertNN

/// What a streamed loss knows of each document between the passes: columns [B, 1] in float64 on the documents' device, for which nobody waits but SoftTop-k's search.
struct StreamedState {
  private let loss: SimilarityLoss
  private let targets: LossTargets
  private let workers: any Workers
  /// What the first pass keeps from one block to the next: what `ThresholdMoments.taking` keeps, or maxima and sums of the labels that compete (of bce, the sums), and for
  /// SoftTop-k the least similarities.
  private(set) var running: [Tensor]
  /// What SoftTop-k's thresholds follow from, if K is small enough that it does.
  private let moments: ThresholdMoments?
  /// The log-sum-exp of the labels that compete (or bce's sums), of all workers' labels.
  private var lead: Tensor
  /// SoftTop-k's thresholds and what is found.
  private var search: ThresholdSearch?
  private var steps = 0

  init(_ loss: SimilarityLoss, _ targets: LossTargets, device: Device, workers: any Workers) {
    (self.loss, self.targets, self.workers) = (loss, targets, workers)
    lead = .zeros([targets.documentCount, 1], dtype: .float64, device: device)
    switch loss.criterion {
    case .bce: (running, moments) = ([lead], nil)
    case .softmax, .decoupledSoftmax: (running, moments) = ([lead - .infinity, lead], nil)
    case .topK(let topK, let alpha):
      moments = ThresholdMoments(mostLabels: targets.positiveCounts.map(topK.value).max() ?? 1, alpha: alpha)
      running = moments?.start(lead) ?? [lead - .infinity, lead, lead + .infinity]
    }
  }

  // MARK: First pass

  /// Of how many similarities per document the first pass keeps the greatest.
  var kept: Int? { moments?.kept }

  mutating func take(_ running: [Tensor]) { self.running = running }

  /// Maxima, sums and least similarities so far, with those of more labels.
  static func extremes(_ old: [Tensor], with new: [Tensor]) -> [Tensor] {
    if old.count == 1 { return [old[0] + new[0]] }
    let greatest = maximum(old[0], new[0]), shift = select(isFinite(greatest), greatest, zero)
    let sums = old[1] * exp(old[0] - shift) + new[1] * exp(new[0] - shift)
    return [greatest, sums] + zip(old, new).dropFirst(2).map { minimum($0, $1) }
  }

  /// After the last block, with what all workers have taken of theirs.
  ///
  /// - Parameter sums: `ThresholdMoments.sums`, of the thresholds and what is kept.
  mutating func finishFirst(_ sums: ([Tensor]) -> [Tensor]) {
    let all = everybodys(moments?.extremes(running) ?? running)
    let extremes = all.dropFirst().reduce(all[0], Self.extremes)
    lead = extremes.count == 1 ? extremes[0] : extremes[0] + log(extremes[1])
    guard case .topK(let topK, let alpha) = loss.criterion else { return }
    search = ThresholdSearch(
      k: column(targets.positiveCounts.map { Double(topK.value($0)) }), alpha: alpha, resolution: moments == nil ? 1e-3 : 1e-7,
      labels: targets.labelCount, logSumExp: lead, least: extremes[2], skipping: column(targets.drawnCounts.map { $0 == 0 }))
    if moments == nil { return }
    // Newton's method takes about ten steps: nobody looks sooner, since a step less is worth less than not waiting for the device.
    while steps < 8 || steps % 4 != 0 || wantsThreshold { step(sums([search!.t] + running)) }
  }

  // MARK: Threshold

  /// Whether SoftTop-k's thresholds take another pass over the labels. This waits for what is computed.
  var wantsThreshold: Bool {
    guard let search, steps < ThresholdSearch.mostSteps else { return false }
    return search.isDone.all().item() == 0
  }

  /// The current thresholds, as two float32 columns that add up to them.
  var threshold: [Tensor] { search.map { Self.halves($0.t) } ?? [] }

  /// Moves the thresholds by the sums of `ThresholdSearch` over this worker's labels.
  mutating func step(_ sums: [Tensor]) {
    let all = summed(sums)
    search?.step(all)
    steps += 1
  }

  // MARK: Value and slopes

  /// The columns that `pulls` takes.
  var found: [Tensor] { search.map { [$0.t, $0.slopes] } ?? [lead] }

  /// Of this worker's entries, their similarities, documents and coefficients (weight times scale; 0 for what is not drawn): for each document the sum of pulls and of
  /// terms, [B, 1], and the terms' derivative with respect to each entry's similarity, float32, except for what it has in common with the labels that are not positive.
  static func pulls(_ loss: SimilarityLoss, found: [Tensor], similarities: Tensor, documents: Tensor, coefficients: Tensor) -> [Tensor] {
    let s = similarities.cast(to: .float64), row = found[0].flatten().gather(documents)
    let (pull, term): (Tensor, Tensor) =
      switch loss.criterion {
      case .softmax: (s * 0 + 1, row - s)
      case .bce: (s * 0 + 1, -s)
      case .decoupledSoftmax: (sigmoid(row - s), softplus(row - s))
      case .topK(_, let alpha): (sigmoid((s + row) * -alpha) * alpha, softplus((s + row) * -alpha))
      }
    // What is not drawn adds nothing, also where there is no threshold.
    let isDrawn = coefficients .> 0
    let pulls = select(isDrawn, coefficients * pull, zero), terms = select(isDrawn, coefficients * term, zero)
    let rows = found[0].shape.dimensions[0]
    let sums = [pulls, terms].map { $0.scatterAdd(documents, extent: rows).expandDims(1) }
    return sums + [-pulls.cast(to: .float32)]
  }

  /// From what `pulls` has summed and the documents' scales: the loss and the three columns of `StreamedRows.slope`.
  static func numbers(_ loss: SimilarityLoss, found: [Tensor], sums: [Tensor], scales: Tensor) -> [Tensor] {
    let lead = found[0], value = sums[1].sum()
    let (factors, shift): (Tensor, Tensor) =
      switch loss.criterion {
      case .bce: (scales, zero)
      // Where nothing competes, e^(−∞ − 0) is nothing.
      case .softmax, .decoupledSoftmax: (sums[0], select(isFinite(lead) .| isNaN(lead), lead, zero))
      case .topK: (select(found[1] .> 0, sums[0] / found[1], zero), lead)
      }
    let columns = halves(shift.broadcast(to: lead.shape))
    return [loss.criterion == .bce ? value + (scales * lead).sum() : value, columns[0], factors.cast(to: .float32), columns[1]]
  }

  /// The sums over all workers' columns.
  func summed(_ columns: [Tensor]) -> [Tensor] {
    let all = everybodys(columns)
    return all.dropFirst().reduce(all[0]) { zip($0, $1).map { $0 + $1 } }
  }

  /// Every worker's columns.
  private func everybodys(_ columns: [Tensor]) -> [[Tensor]] {
    if workers.count == 1 { return [columns] }
    let rows = targets.documentCount, all = workers.gathered([concatenate(columns, axis: 1)], workers.count * rows)
    return (0..<workers.count).map { rank in columns.indices.map { all[rank * rows..<(rank + 1) * rows].narrow(1, from: $0, count: 1) } }
  }

  private static var zero: Tensor { Tensor(0, dtype: .float64) }

  /// A column as two of float32 that add up to it.
  private static func halves(_ column: Tensor) -> [Tensor] {
    let high = column.cast(to: .float32), rest = column - high.cast(to: .float64)
    return [high, select(isFinite(column), rest, zero).cast(to: .float32)]
  }

  private func column<Number: TensorElement>(_ values: [Number]) -> Tensor {
    Tensor(values, shape: [values.count, 1], device: lead.device)
  }
}
