import Collectives
import Foundation
import WengertNN

/// A loss on the similarities of documents and labels, and its gradients, block by block of the labels: the similarities [B, L] are never there as a whole.
///
/// A first pass over the blocks takes what the loss needs of each row (the log-sum-exp of the labels that compete, or what SoftTop-k's threshold follows from: for a K
/// above 42, that takes a few passes more); the last pass makes each block's similarities again with their backward pass. Between the passes, only a few numbers per
/// document (for SoftTop-k at most 1,024 similarities) and those of its positives are kept, so memory grows with B × block. Value and gradients are those of `SimilarityLoss` to rounding.
///
/// Every block runs the same compiled programs.
///
/// ```swift
/// var slopes: [Tensor] = []
/// let streamed = StreamedLoss(SimilarityLoss(.softmax, temperature: 1))
/// let (value, slope) = streamed.valueAndGradient(documents: documents, labels: blocks, targets: targets) { slopes.append($1) }
/// // The last block's gradient is the first of slopes.
/// ```
public final class StreamedLoss {
  /// A block's gradient [block, width], given out as soon as it is known.
  public typealias Receiver = (_ block: Int, _ gradient: Tensor) -> Void

  /// The loss that is computed.
  public let loss: SimilarityLoss
  /// Of documents / τ, a block of labels, positions and masks of the block's positives, and what is kept so far: the positives' similarities, and what is kept then.
  private let first: CompiledFunction<[Tensor], [Tensor]>
  /// Of thresholds and what is kept of the similarities: the sums of `ThresholdSearch`.
  private let momentSums: CompiledFunction<[Tensor], [Tensor]>
  /// The same by another pass over the blocks, added to the sums so far.
  private let thresholdSums: CompiledFunction<[Tensor], [Tensor]>
  /// `StreamedState.pulls` and `StreamedState.numbers`.
  private let pulls: CompiledFunction<[Tensor], [Tensor]>
  private let numbers: CompiledFunction<[Tensor], [Tensor]>
  /// Adds the block's part to the documents' gradient; the labels' gradient.
  private let slopes: CompiledUpdate<Tensor, [Tensor], Tensor>

  /// The streamed form of `loss`.
  public init(_ loss: SimilarityLoss) {
    self.loss = loss
    let rows = StreamedRows(loss.criterion)
    var alpha = 1.0
    if case .topK(_, let value) = loss.criterion { alpha = value }
    first = compile { [alpha] (x: [Tensor]) -> [Tensor] in
      let s = Self.similarities(x), competing = Self.added(s, x[2], x[3]), kept = Array(x[4...])
      return [s.flatten().gather(x[2])]
        + (kept.count > 3
          ? ThresholdMoments.taking(competing, kept, alpha: alpha)
          : StreamedState.extremes(kept, with: rowFunction(rows.first, [competing]).map { $0.cast(to: .float64) }))
    }
    momentSums = compile { [alpha] (x: [Tensor]) -> [Tensor] in ThresholdMoments.sums(at: x[0], Array(x[1...]), alpha: alpha) }
    thresholdSums = compile { (x: [Tensor]) -> [Tensor] in
      let sums = rowFunction(rows.threshold, [Self.added(Self.similarities(x), x[2], x[3]), x[4], x[5]])
      return zip(x[6...], sums).map { $0 + $1.cast(to: .float64) }
    }
    pulls = compile { (x: [Tensor]) -> [Tensor] in
      StreamedState.pulls(loss, found: Array(x[3...]), similarities: x[0], documents: x[1], coefficients: x[2])
    }
    numbers = compile { (x: [Tensor]) -> [Tensor] in
      StreamedState.numbers(loss, found: Array(x[3...]), sums: Array(x[..<2]), scales: x[2])
    }
    slopes = compileUpdate { (gradient: inout Tensor, x: [Tensor]) -> Tensor in
      let slope = rowFunction(rows.slope, [Self.added(Self.similarities(x), x[2], x[3]), x[4], x[5], x[6]])[0]
      let whole = Self.added(slope, x[2], x[7])
      gradient = gradient + whole.matmul(x[1])
      return whole.transpose().matmul(x[0])
    }
  }

  private static func similarities(_ x: [Tensor]) -> Tensor { x[0].matmul(x[1].transpose()) }

  private static func added(_ s: Tensor, _ positions: Tensor, _ values: Tensor) -> Tensor {
    (s.flatten() + values.scatterAdd(positions, extent: s.shape.elementCount)).reshape(s.shape)
  }

  /// The compiled programs and what each is for.
  public var programs: [(name: String, program: CompiledHandle)] {
    let all: [(String, CompiledHandle)] = [
      ("loss sums", first), ("loss moments", momentSums), ("loss threshold", thresholdSums), ("loss pulls", pulls),
      ("loss numbers", numbers),
      ("loss gradient", slopes),
    ]
    return all.filter { $0.1.statistics.compilations > 0 }
  }

  /// The loss, a float64 scalar, and its gradient with respect to the documents [B, width], float32. Unless SoftTop-k's thresholds are searched, nobody waits for the
  /// documents' device.
  ///
  /// - Parameters:
  ///   - documents: embeddings [B, width].
  ///   - labels: this worker's labels' embeddings, in blocks [block, width]: `workers.part(of:)` of all labels.
  ///   - targets: of B documents and all labels.
  ///   - workers: they have the same documents and targets, and get the same value and gradient of the documents.
  ///   - receive: gets each block's gradient, the last block's first.
  public func valueAndGradient(
    documents: Tensor, labels: [Tensor], targets: LossTargets, workers: any Workers = OneWorker(), receive: Receiver
  ) -> (value: Tensor, documents: Tensor) {
    let count = labels.reduce(0) { $0 + $1.shape[0] }, part = workers.part(of: targets.labelCount)
    ensure(
      documents.shape[0] == targets.documentCount && count == part.count,
      "streamed loss: \(documents.shape[0]) documents and \(count) labels, but targets of \(targets.documentCount) and \(part.count)"
    )
    let scaled = stopGradient(documents).cast(to: .float32) * (1 / loss.temperature)
    let batch = StreamedBatch(loss, targets, part, blocks: labels.map { $0.shape[0] }, device: documents.device)
    var state = StreamedState(loss, targets, device: documents.device, workers: workers)

    var similarities: [Tensor] = []
    for (index, block) in labels.enumerated() {
      let results = first([scaled, block] + batch.places(index) + state.running)
      similarities.append(results[0])
      state.take(Array(results[1...]))
    }
    state.finishFirst(momentSums.callAsFunction)
    while state.wantsThreshold {
      var sums = ThresholdSearch.noSums(batch.scales)
      for (index, block) in labels.enumerated() { sums = thresholdSums([scaled, block] + batch.places(index) + state.threshold + sums) }
      state.step(sums)
    }

    let ofEntries = batch.withFillers(similarities)
    let pulled = pulls([ofEntries, batch.documents, batch.coefficients] + state.found)
    let found = numbers(state.summed(Array(pulled[..<2])) + [batch.scales] + state.found)
    var gradient = Tensor.zeros(documents.shape, dtype: .float32, device: documents.device)
    for (index, block) in labels.enumerated().reversed() {
      receive(index, slopes(&gradient, [scaled, block] + batch.places(index) + found[1...] + [batch.values(pulled[2], index)]))
    }
    return (found[0], workers.summed([gradient])[0] * (1 / loss.temperature))
  }
}

/// Which of a batch's positives are in which block of labels, and where in it: for every block as many entries, the positives' and then fillers, which change nothing.
private struct StreamedBatch {
  /// Entries of a block: one width for all, so that they share a program.
  private let width: Int
  /// Each entry's place in the flattened block, int32, and what is added there before anything else, float32: [blocks · width].
  private let positions: Tensor, masks: Tensor
  /// Each entry's document, int32, and what its term is multiplied by, float64, 0 for what is not drawn: [blocks · width].
  let documents: Tensor, coefficients: Tensor
  /// What each document's terms are multiplied by, float64 [B, 1].
  let scales: Tensor

  init(_ loss: SimilarityLoss, _ targets: LossTargets, _ part: Range<Int>, blocks: [Int], device: Device) {
    var starts: [Int] = [], next = part.lowerBound
    for size in blocks {
      starts.append(next)
      next += size
    }
    // A worker without labels has a block of fillers.
    var entries = [[LossTargets.Entry]](repeating: [], count: max(blocks.count, 1))
    for entry in targets.entries where part.contains(entry.label) { entries[starts.lastIndex(before: entry.label)].append(entry) }
    var width = 16
    while width < (entries.map(\.count).max() ?? 0) { width *= 2 }

    let scales = loss.scales(targets)
    func padded<Number: TensorElement>(_ filler: Number, _ value: (LossTargets.Entry, _ block: Int) -> Number) -> Tensor {
      let values = entries.enumerated().flatMap { block, list in
        list.map { value($0, block) } + Array(repeating: filler, count: width - list.count)
      }
      return Tensor(values, shape: [values.count], device: device)
    }
    self.width = width
    positions = padded(0) { Int32($0.document * blocks[$1] + $0.label - starts[$1]) }
    masks = padded(0) { entry, _ in loss.takesPart(entry) ? Float(0) : -.infinity }
    documents = padded(0) { entry, _ in Int32(entry.document) }
    coefficients = padded(0) { entry, _ in entry.isDrawn ? scales[entry.document] * Double(entry.weight) : 0 }
    self.scales = Tensor(scales, shape: [scales.count, 1], device: device)
  }

  /// Positions in the flattened block, and what is added there before anything else.
  func places(_ block: Int) -> [Tensor] { [values(positions, block), values(masks, block)] }

  /// A block's part of numbers of all entries.
  func values(_ all: Tensor, _ block: Int) -> Tensor { all[block * width..<(block + 1) * width] }

  /// All entries' similarities, from the blocks'.
  func withFillers(_ blocks: [Tensor]) -> Tensor {
    blocks.isEmpty ? Tensor.zeros([width], dtype: .float32, device: scales.device) : concatenate(blocks)
  }
}

extension [Int] {
  /// The block that a label is in; the receiver are the blocks' first labels.
  fileprivate func lastIndex(before label: Int) -> Int {
    var low = 0, high = count
    while high - low > 1 {
      let middle = (low + high) / 2
      if self[middle] <= label { low = middle } else { high = middle }
    }
    return low
  }
}

extension SimilarityLoss {
  /// Whether a positive takes part in its document's sums over labels.
  fileprivate func takesPart(_ entry: LossTargets.Entry) -> Bool {
    switch criterion {
    case .softmax, .bce: true
    case .decoupledSoftmax: false
    case .topK: entry.isDrawn
    }
  }
}
