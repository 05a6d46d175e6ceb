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
  /// Documents / τ, labels, positions and masks of the block's positives, and threshold columns: the positives' similarities and columns of sums [B, 1].
  private let firstSums: CompiledFunction<[Tensor], [Tensor]>
  /// The same with the best so far, by how many those are: the best of both, and what `ThresholdMoments` takes.
  private var firstMoments: [Int: CompiledFunction<[Tensor], [Tensor]>] = [:]
  private let thresholdSums: CompiledFunction<[Tensor], [Tensor]>
  /// Adds the block's part to the documents' gradient; the labels' gradient.
  private let slopes: CompiledUpdate<Tensor, [Tensor], Tensor>

  /// The streamed form of `loss`.
  public init(_ loss: SimilarityLoss) {
    self.loss = loss
    let rows = StreamedRows(loss.criterion)
    firstSums = compile { (x: [Tensor]) -> [Tensor] in
      let s = Self.similarities(x)
      return [s.flatten().gather(x[2])] + rowFunction(rows.first, [Self.added(s, x[2], x[3])])
    }
    thresholdSums = compile { (x: [Tensor]) -> [Tensor] in
      rowFunction(rows.threshold, [Self.added(Self.similarities(x), x[2], x[3]), x[4], x[5]])
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

  private func momentsProgram(_ moments: ThresholdMoments) -> CompiledFunction<[Tensor], [Tensor]> {
    let kept = moments.best.shape[1]
    if let program = firstMoments[kept] { return program }
    let rows = ThresholdMoments.program(alpha: moments.alpha)
    let program = compile { (x: [Tensor]) -> [Tensor] in
      let s = Self.similarities(x)
      let all = concatenate([x[4], Self.added(s, x[2], x[3])], axis: 1)
      let best = all.topK(kept).values
      return [s.flatten().gather(x[2]), best] + rowFunction(rows, [all, best[Axis.all, (kept - 1)..<kept]])
    }
    firstMoments[kept] = program
    return program
  }

  /// The compiled programs and what each is for.
  public var programs: [(name: String, program: CompiledHandle)] {
    let moments = firstMoments.sorted { $0.key < $1.key }.map { ("loss moments", $0.value as CompiledHandle) }
    let all: [(String, CompiledHandle)] =
      [("loss sums", firstSums)] + moments + [("loss threshold", thresholdSums), ("loss gradient", slopes)]
    return all.filter { $0.1.statistics.compilations > 0 }
  }

  /// The loss, and its gradient with respect to the documents [B, width], both float32.
  ///
  /// - Parameters:
  ///   - documents: embeddings [B, width].
  ///   - labels: this worker's labels' embeddings, in blocks [block, width]: `workers.part(of:)` of all labels.
  ///   - targets: of B documents and all labels.
  ///   - workers: they have the same documents and targets, and get the same value and gradient of the documents.
  ///   - receive: gets each block's gradient, the last block's first.
  public func valueAndGradient(
    documents: Tensor, labels: [Tensor], targets: LossTargets, workers: any Workers = OneWorker(), receive: Receiver
  ) -> (value: Double, documents: Tensor) {
    let count = labels.reduce(0) { $0 + $1.shape[0] }, part = workers.part(of: targets.labelCount)
    ensure(
      documents.shape[0] == targets.documentCount && count == part.count,
      "streamed loss: \(documents.shape[0]) documents and \(count) labels, but targets of \(targets.documentCount) and \(part.count)"
    )
    let scaled = stopGradient(documents).cast(to: .float32) * (1 / loss.temperature)
    let batch = StreamedBatch(loss, targets, part, blocks: labels.map { $0.shape[0] })
    var state = StreamedState(loss, targets, device: documents.device)

    for (index, block) in labels.enumerated() {
      let inputs = [scaled, block] + batch.places(index)
      let results = state.moments.map { momentsProgram($0)(inputs + [$0.best]) } ?? firstSums(inputs)
      state.take(first: Array(results.dropFirst()), similarities: results[0].array(of: Float.self), batch.entries[index])
    }
    state.finishFirst(workers)
    while state.wantsThreshold {
      for (index, block) in labels.enumerated() {
        let results = thresholdSums([scaled, block] + batch.places(index) + state.threshold)
        state.take(threshold: results.map { $0.array(of: Float.self) })
      }
      state.finishThreshold(workers)
    }

    let numbers = state.rowNumbers()
    var gradient = Tensor.zeros(documents.shape, dtype: .float32, device: documents.device)
    for (index, block) in labels.enumerated().reversed() {
      let values = batch.padded(batch.entries[index].map { state.slope(ofEntry: $0) })
      receive(index, slopes(&gradient, [scaled, block] + batch.places(index) + numbers + [values]))
    }
    if let workers = workers as? DeviceWorkers {
      gradient = workers.group.sums([gradient])[0]
    } else if workers.count > 1 {
      var sum = gradient.array(of: Float.self)
      workers.allReduce(&sum, .sum)
      gradient = Tensor(sum, shape: gradient.shape, device: documents.device)
    }
    return (state.value, gradient * (1 / loss.temperature))
  }
}

/// Which of a batch's positives are in which block of labels, and where in it.
private struct StreamedBatch {
  /// For each block, the numbers of the targets' entries in it.
  let entries: [[Int]]
  private let positions: [[Int32]]
  private let masks: [[Float]]
  private let width: Int

  init(_ loss: SimilarityLoss, _ targets: LossTargets, _ part: Range<Int>, blocks: [Int]) {
    var starts: [Int] = [], next = part.lowerBound
    for size in blocks {
      starts.append(next)
      next += size
    }
    var entries = [[Int]](repeating: [], count: blocks.count)
    var positions = [[Int32]](repeating: [], count: blocks.count)
    var masks = [[Float]](repeating: [], count: blocks.count)
    for (number, entry) in targets.entries.enumerated() where part.contains(entry.label) {
      let block = starts.lastIndex(before: entry.label, sizes: blocks)
      entries[block].append(number)
      positions[block].append(Int32(entry.document * blocks[block] + entry.label - starts[block]))
      masks[block].append(loss.takesPart(entry) ? 0 : -.infinity)
    }
    // One width for all blocks, so that they share a program.
    var width = 16
    while width < (entries.map(\.count).max() ?? 0) { width *= 2 }
    (self.entries, self.positions, self.masks, self.width) = (entries, positions, masks, width)
  }

  /// Positions in the flattened block, and what is added there before anything else; the rest adds nothing to the first element.
  func places(_ block: Int) -> [Tensor] {
    let list = positions[block] + [Int32](repeating: 0, count: width - positions[block].count)
    return [Tensor(list, shape: [width]), padded(masks[block])]
  }

  func padded(_ values: [Float]) -> Tensor { Tensor(values + [Float](repeating: 0, count: width - values.count), shape: [width]) }
}

extension [Int] {
  /// The block that a label is in; the receiver are the blocks' first labels.
  fileprivate func lastIndex(before label: Int, sizes: [Int]) -> Int {
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
