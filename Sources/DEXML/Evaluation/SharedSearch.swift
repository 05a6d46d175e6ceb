import Collectives
import WengertNN

/// Exact search by all workers: each encodes its part of the labels and of the documents, and searches for its documents in all labels.
struct SharedSearch {
  private let model: DualEncoder
  private let program: EmbeddingProgram
  private let chunk: Int
  private let workers: any Workers

  init(_ model: DualEncoder, _ configuration: Configuration, workers: any Workers) {
    self.model = model
    program = EmbeddingProgram(model.encoder, autocast: configuration.encodingDType)
    chunk = min(configuration.gcBsz, 256)
    self.workers = workers
  }

  /// Texts by their numbers, what they are called, and how many of a prompt's tokens poolings leave out.
  typealias Texts = (count: Int, name: String, skipped: Int, tokens: (Range<Int>) -> [[Int32]])

  /// The `topK` nearest labels of each document, best first, or all if there are fewer; a classifier's instead of those with texts if the model has one.
  func nearest(_ documents: Texts, _ labels: Texts, topK: Int) -> NearestLabels {
    let candidates = model.candidates(workers.gathered([embedded(labels)], labels.count))
    let found = ExactSearch.search(documents: model.queries(embedded(documents)), labels: candidates, topK: topK)
    return NearestLabels(
      rows: documents.count, width: min(topK, labels.count), indices: workers.allGather(found.indices.array(of: Int32.self)),
      scores: workers.allGather(found.scores.array(of: Float.self)))
  }

  /// This worker's part.
  private func embedded(_ texts: Texts) -> Tensor {
    let part = workers.part(of: texts.count)
    var bar = ProgressBar("encoding \(texts.name)", total: part.count, isShown: workers.rank == 0)
    defer { bar.finish() }
    return program.embed(texts.tokens(part), chunk: chunk, skipping: texts.skipped) { bar.update(step: $0, documents: $0) }
  }
}

/// For each row the labels that are nearest to it, and their scores, [rows, width] each.
package struct NearestLabels {
  package let rows: Int, width: Int
  package let indices: [Int32], scores: [Float]

  package init(rows: Int, width: Int, indices: [Int32], scores: [Float]) {
    (self.rows, self.width, self.indices, self.scores) = (rows, width, indices, scores)
  }

  /// The scores as a matrix [rows, columns].
  package func matrix(columns: Int) throws -> SparseMatrix {
    try SparseMatrix(rows: rows, columns: columns, rowOffsets: (0...rows).map { $0 * width }, indices: indices, values: scores)
  }
}

extension Workers {
  /// The sums of all workers' tensors, float32, as many of each.
  func summed(_ tensors: [Tensor]) -> [Tensor] {
    if count == 1 { return tensors }
    if let workers = self as? DeviceWorkers { return workers.group.sums(tensors) }
    return tensors.map { tensor in
      var sum = tensor.array(of: Float.self)
      allReduce(&sum, .sum)
      return Tensor(sum, shape: tensor.shape, device: tensor.device)
    }
  }

  /// All workers' rows, `count` of them, from this worker's, float32 or float64; they follow each other by rank.
  func gathered(_ rows: [Tensor], _ count: Int) -> Tensor {
    if self.count == 1 { return rows.count == 1 ? rows[0] : concatenate(rows) }
    if let workers = self as? DeviceWorkers, let rows = workers.joined(rows, count) { return rows }
    func all<Number: CollectiveElement & TensorElement>(_: Number.Type) -> Tensor {
      let all = allGather(rows.flatMap { $0.array(of: Number.self) })
      return Tensor(all, shape: [count, all.count / count], device: rows.first.map { $0.device } ?? .current)
    }
    return rows.first?.dtype == .float64 ? all(Double.self) : all(Float.self)
  }
}
