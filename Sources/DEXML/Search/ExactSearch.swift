/// Exact inner-product search: the labels with the greatest ⟨x, y⟩ for each document.
public enum ExactSearch {
  /// The `topK` best labels of each document, best first; all labels where there are fewer.
  ///
  /// Blocked over documents and labels: memory is one block of similarities and the running best, which every block's are appended to before the best are taken again.
  ///
  /// - Parameters:
  ///   - documents: [B, width]
  ///   - labels: [L, width]
  /// - Returns: scores and label numbers (int64), [B, min(topK, L)] each; the earlier labels first among equals.
  public static func search(
    documents: Tensor, labels: Tensor, topK: Int, documentBlock: Int = 512, labelBlock: Int = 8192
  ) -> (scores: Tensor, indices: Tensor) {
    let wanted = min(topK, labels.shape[0]), size = max(labelBlock, wanted)
    guard documents.shape[0] > 0, wanted > 0 else {
      let empty = Tensor([Float](), shape: [documents.shape[0], 0])
      return (empty, empty.cast(to: .int64))
    }
    let begin = compile { (documents: Tensor, labels: Tensor) -> [Tensor] in
      let top = documents.matmul(labels.transpose()).topK(wanted)
      return [top.values, top.indices]
    }
    // The number of the block's first label, less those of the best that stand before it.
    let goOn = compile { (documents: Tensor, labels: Tensor, best: [Tensor], first: Tensor) -> [Tensor] in
      let scores = concatenate([best[0], documents.matmul(labels.transpose())], axis: 1)
      let top = scores.topK(wanted)
      let earlier = best[1].takeAlong(
        minimum(top.indices, .full(Double(wanted - 1), [], dtype: .int64, backend: top.indices.backend)), axis: 1)
      return [top.values, select(top.indices .< Double(wanted), earlier, top.indices + first)]
    }
    var found: [[Tensor]] = []
    for start in stride(from: 0, to: documents.shape[0], by: documentBlock) {
      let block = documents[start..<min(start + documentBlock, documents.shape[0])]
      var best = begin(block, labels[0..<min(size, labels.shape[0])])
      for first in stride(from: size, to: labels.shape[0], by: size) {
        let offset = Tensor([Int64(first - wanted)], shape: [])
        best = goOn(block, labels[first..<min(first + size, labels.shape[0])], best, offset)
      }
      found.append(best)
    }
    return (concatenate(found.map { $0[0] }), concatenate(found.map { $0[1] }))
  }
}
