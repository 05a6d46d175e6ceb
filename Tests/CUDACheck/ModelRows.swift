import DEXML
import WengertNN
@_spi(Backend) import Wengert

/// Training as models do it: a step of BERT-base in mixed precision, and the loss of a batch over 1.3 million labels.
struct ModelRows {
  let device: Device
  /// Whether sizes are such that a CPU can try them.
  let isTiny: Bool

  var rows: [Times.Row] { steps() + losses() }

  /// Lengths as texts have them, and all equal: 256 texts, of at most 128 tokens.
  private func lengths(isFull: Bool) -> [Int] {
    let count = isTiny ? 3 : 256, most = isTiny ? 9 : 128
    return (0..<count).map { isFull ? most : most / 8 + $0 * 37 % (most - most / 8 + 1) }
  }

  private var shape: BertConfiguration {
    isTiny
      ? BertConfiguration(vocabularySize: 40, hiddenSize: 16, layers: 1, heads: 2, intermediateSize: 32)
      : BertConfiguration(vocabularySize: 30522, hiddenSize: 768, layers: 12, heads: 12, intermediateSize: 3072)
  }

  private func steps() -> [Times.Row] {
    [("packed lengths", false), ("full lengths", true)].map { name, isFull in
      let lengths = lengths(isFull: isFull), tokens = lengths.reduce(0, +)
      return Times.Row(name: "BERT-base training step, bfloat16, \(name)", flops: 6 * 85e6 * Double(tokens)) { step(lengths) }
    }
  }

  /// Forward and backward with the dropout of BERT, and AdamW on the float32 parameters, as one program.
  private func step(_ lengths: [Int]) -> () -> Void {
    let shape = shape
    let ids = lengths.map { length in (0..<length).map { Int32($0 * 7 % (shape.vocabularySize - 1) + 1) } }
    let tokens = PackedTokens(ids).tensors(on: device, rounds: false)
    let model = BertEncoder(shape, key: RandomKey(1))
    var state = Pair(model, AdamW(groups: [.noDecayOnBiasesAndNorms]))
    state.second.state.prepare(for: model)
    let weights = RandomKey(2).normal([lengths.reduce(0, +), shape.hiddenSize])
    let program = compileUpdate { (state: inout Pair<BertEncoder, AdamW>, tokens: TokenTensors, weights: Tensor, key: Tensor) -> Tensor in
      let (loss, gradient) = valueAndGradient(at: state.first) { model in
        let mode = Mode(dropoutKey: RandomKey(key), rows: tokens.tokenNumbers)
        return Autocast.with(.bfloat16) { (model.hiddenStates(tokens, mode)[0] * weights).mean() }
      }
      state.second.update(&state.first, gradient, learningRate: 1e-5)
      return loss
    }
    let key = RandomKey(3).data
    return { _ = program(&state, tokens, weights, key) }
  }

  private func losses() -> [Times.Row] {
    let labels = isTiny ? 50 : 1_300_000, width = isTiny ? 8 : 768, documents = isTiny ? 4 : 3000, block = isTiny ? 16 : 16384
    let flops = 2 * Double(labels) * Double(width) * Double(documents)
    return [
      // Similarities twice, and the gradients of documents and labels.
      Times.Row(name: "products of the loss of \(documents) documents and \(labels) labels", flops: 4 * flops) {
        let (x, blocks) = embeddings(documents, labels, width, block)
        let f = compile { (x: Tensor, y: Tensor) in x.matmul(y.transpose()) }
        let g = compile { (s: Tensor, x: Tensor, y: Tensor) -> Pair<Tensor, Tensor> in Pair(s.matmul(y), s.transpose().matmul(x)) }
        return {
          for y in blocks {
            _ = f(x, y)
            _ = g(f(x, y), x, y)
          }
        }
      },
      Times.Row(name: "decoupled softmax of \(documents) documents and \(labels) labels, with gradients", flops: 4 * flops) {
        let (x, blocks) = embeddings(documents, labels, width, block)
        let positives = try! SparseMatrix(
          rows: documents, columns: labels, rowOffsets: Array(0...documents), indices: (0..<documents).map { Int32($0 * 397 % labels) },
          values: [Float](repeating: 1, count: documents))
        let targets = LossTargets(positives: positives), loss = StreamedLoss(SimilarityLoss(.decoupledSoftmax, temperature: 0.05))
        return { _ = loss.valueAndGradient(documents: x, labels: blocks, targets: targets) { _, _ in } }
      },
    ]
  }

  private func embeddings(_ documents: Int, _ labels: Int, _ width: Int, _ block: Int) -> (Tensor, [Tensor]) {
    let blocks = stride(from: 0, to: labels, by: block).map { start in
      RandomKey(start).normal([min(block, labels - start), width]).l2Normalize()
    }
    return (RandomKey(-1).normal([documents, width]).l2Normalize(), blocks)
  }
}
