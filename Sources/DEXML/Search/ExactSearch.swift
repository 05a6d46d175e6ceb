/// Exact inner-product search: the labels with the greatest ⟨x, y⟩ for each document. Keeps its compiled programs. Not thread-safe: call from one thread at a time.
public final class ExactSearch {
  /// [documents, width], [labels, width], the best so far and the place of the block's first label: the best of both.
  private typealias Program = CompiledFunction<Tensor, Tensor, [Tensor], Tensor, [Tensor]>
  /// By how many labels they keep.
  private var programs: [Int: Program] = [:]

  /// A search that has compiled nothing yet.
  public init() {}

  /// Labels that are searched at once, unless the caller says otherwise.
  public static let labelBlock = 32768

  /// The `topK` best labels of each document, best first; all labels if there are fewer.
  ///
  /// Blocked over documents and labels: memory is one block of similarities and the running best, which every block's are appended to before the best are taken again.
  ///
  /// - Parameters:
  ///   - documents: [B, width]
  ///   - labels: blocks of labels, [any, width] each, numbered through.
  ///   - topK: how many labels each document gets.
  ///   - documentBlock: how many documents are scored at once.
  /// - Returns: scores and label numbers (int64), [B, min(topK, L)] each; the earlier labels first among equals.
  public func search(documents: Tensor, labels: [Tensor], topK: Int, documentBlock: Int = 512) -> (scores: Tensor, indices: Tensor) {
    let wanted = min(topK, labels.reduce(0) { $0 + $1.shape[0] })
    guard documents.shape[0] > 0, wanted > 0 else {
      let empty = Tensor([Float](), shape: [documents.shape[0], 0])
      return (empty, empty.cast(to: .int64))
    }
    // Rounded up, so that a few programs serve every number of labels.
    var kept = 8
    while kept < wanted { kept *= 2 }
    let program = program(keeping: kept)
    let found = stride(from: 0, to: documents.shape[0], by: documentBlock).map { start in
      let block = documents[start..<min(start + documentBlock, documents.shape[0])]
      // Nothing yet: every label is better.
      let shape: Shape = [block.shape[0], kept], device = documents.device
      var best = [Tensor.full(-.infinity, shape, device: device), Tensor.full(0, shape, dtype: .int64, device: device)]
      var first = 0
      for rows in labels where rows.shape[0] > 0 {
        best = program(block, rows, best, Tensor([Int64(first - kept)], shape: [], device: device))
        first += rows.shape[0]
      }
      return best
    }
    func joined(_ part: Int) -> Tensor { (found.count == 1 ? found[0][part] : concatenate(found.map { $0[part] }))[Axis.all, 0..<wanted] }
    return (joined(0), joined(1))
  }

  /// One search in a matrix of labels, [L, width], by programs compiled for it.
  public static func search(
    documents: Tensor, labels: Tensor, topK: Int, documentBlock: Int = 512, labelBlock: Int = ExactSearch.labelBlock
  ) -> (scores: Tensor, indices: Tensor) {
    let blocks = stride(from: 0, to: labels.shape[0], by: labelBlock).map { labels[$0..<min($0 + labelBlock, labels.shape[0])] }
    return ExactSearch().search(documents: documents, labels: blocks, topK: topK, documentBlock: documentBlock)
  }

  private func program(keeping kept: Int) -> Program {
    if let program = programs[kept] { return program }
    let documents: Dimension = "documents", labels: Dimension = "labels", best: [Dimension] = [documents, Dimension(kept)]
    let program = compile(
      { (documents: Tensor, labels: Tensor, best: [Tensor], first: Tensor) -> [Tensor] in
        let scores = concatenate([best[0], documents.matmul(labels.transpose())], axis: 1)
        let top = scores.topK(kept)
        let earlier = best[1].takeAlong(
          minimum(top.indices, .full(Double(kept - 1), [], dtype: .int64, beside: top.indices)), axis: 1)
        // `first` is the number of the block's first label, less those of the best that stand before it.
        return [top.values, select(top.indices .< Double(kept), earlier, top.indices + first)]
      }, CompileOptions(shapes: ["0": [documents, -1], "1": [labels, -1], "2.0": best, "2.1": best]))
    programs[kept] = program
    return program
  }
}
