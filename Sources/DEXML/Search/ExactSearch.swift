/// Exact inner-product search: the labels with the greatest ⟨x, y⟩ for each document.
public enum ExactSearch {
  /// The `topK` best labels of each document, best first; all labels where there are fewer.
  ///
  /// Blocked over documents and labels: memory is one block of similarities and the running best.
  ///
  /// - Parameters:
  ///   - documents: [B, width]
  ///   - labels: [L, width]
  /// - Returns: scores and label numbers (int64), [B, min(topK, L)] each.
  public static func search(
    documents: Tensor, labels: Tensor, topK: Int, documentBlock: Int = 1024, labelBlock: Int = 16384
  ) -> (scores: Tensor, indices: Tensor) {
    var scores: [Tensor] = [], indices: [Tensor] = []
    for start in stride(from: 0, to: max(documents.shape[0], 1), by: documentBlock) {
      let block = documents[start..<min(start + documentBlock, documents.shape[0])]
      var best: (scores: Tensor, indices: Tensor)?
      for first in stride(from: 0, to: labels.shape[0], by: labelBlock) {
        let part = labels[first..<min(first + labelBlock, labels.shape[0])]
        let top = block.matmul(part.transpose()).topK(min(topK, part.shape[0]))
        let found = (scores: top.values, indices: top.indices + Double(first))
        best = best.map { merge($0, found, topK) } ?? found
      }
      guard let best else { break }
      scores.append(best.scores)
      indices.append(best.indices)
    }
    guard !scores.isEmpty else {
      let empty = Tensor([Float](), shape: [documents.shape[0], 0])
      return (empty, empty.cast(to: .int64))
    }
    return (concatenate(scores), concatenate(indices))
  }

  /// The best of both, the earlier labels first among equals.
  private static func merge(
    _ a: (scores: Tensor, indices: Tensor), _ b: (scores: Tensor, indices: Tensor), _ topK: Int
  ) -> (scores: Tensor, indices: Tensor) {
    let scores = concatenate([a.scores, b.scores], axis: 1)
    let top = scores.topK(min(topK, scores.shape[1]))
    return (top.values, concatenate([a.indices, b.indices], axis: 1).takeAlong(top.indices, axis: 1))
  }
}
