import WengertNN

/// Label texts and their embeddings, to which more can be added, and the exact search in them. Not thread-safe: call from one thread at a time.
///
/// The embeddings are in blocks of rows. A full block is never touched again, and the last one doubles until it is full, so that adding a label costs the same however
/// many there are.
///
/// ```swift
/// let index = LabelIndex()
/// index.append(["east", "north"], embeddings: Tensor([[1, 0], [0, 1]]))
/// let nearest = index.nearest(Tensor([[0.6, 0.8]]), topK: 1)[0][0]  // "north", of similarity 0.8
/// ```
public final class LabelIndex {
  /// The texts of the labels, in their order.
  public private(set) var texts: [String] = []
  private let blockRows: Int
  private let search = ExactSearch()
  /// [capacity, width] each; all but the last are full.
  private var blocks: [Tensor] = []

  /// An index without labels, in blocks of `blockRows` rows.
  public init(blockRows: Int = 8192) { self.blockRows = blockRows }

  /// Adds labels at the end: one text for each row of `embeddings`, [labels, width].
  ///
  /// - Precondition: there are as many rows as texts.
  public func append(_ texts: [String], embeddings: Tensor) {
    ensure(embeddings.shape[0] == texts.count, "\(texts.count) labels with \(embeddings.shape[0]) embeddings")
    var done = 0
    while done < texts.count {
      let filled = rowsInLastBlock, missing = min(texts.count - done, blockRows - filled)
      reserve(filled, missing, like: embeddings)
      blocks[blocks.count - 1][filled..<filled + missing] = embeddings[done..<done + missing]
      self.texts += texts[done..<done + missing]
      done += missing
    }
  }

  /// How many rows of the last block are labels; 0 if the next label begins a new one.
  private var rowsInLastBlock: Int { texts.count % blockRows }

  /// Makes room for `missing` rows behind the `filled` ones of the last block.
  private func reserve(_ filled: Int, _ missing: Int, like rows: Tensor) {
    let width = rows.shape[1], device = rows.device
    if filled == 0 {
      blocks.append(.zeros([missing, width], device: device))
    } else if let last = blocks.last, last.shape[0] < filled + missing {
      let capacity = min(blockRows, max(2 * filled, filled + missing))
      blocks[blocks.count - 1] = concatenate([last, .zeros([capacity - last.shape[0], width], device: device)])
    }
  }

  /// The `topK` nearest labels of each of `documents`, [documents, width], best first; the earlier labels first among equals.
  public func nearest(_ documents: Tensor, topK: Int) -> [[Prediction]] {
    var rows = blocks
    if let last = rows.last, rowsInLastBlock > 0 { rows[rows.count - 1] = last[0..<rowsInLastBlock] }
    let found = search.search(documents: documents, labels: rows, topK: topK)
    let scores = found.scores.array(of: Float.self), indices = found.indices.array(of: Int.self)
    let width = found.scores.shape[1]
    return (0..<documents.shape[0]).map { i in
      (i * width..<(i + 1) * width).map { Prediction(label: texts[indices[$0]], score: scores[$0], index: indices[$0]) }
    }
  }
}

/// A label and its similarity.
public struct Prediction: Encodable, Equatable, Sendable {
  /// The text of the label.
  public var label: String
  /// The similarity.
  public var score: Float
  /// The label's number among all, from 0; not encoded.
  public var index: Int

  private enum CodingKeys: CodingKey { case label, score }
}
