import Wengert
import WengertNN

extension Row {
  private static let numbers: Shape = [2048, 1024]
  private typealias Loss = @Sendable (Tensor, Tensor) -> Tensor

  /// Losses of predictions and targets between these bounds, with the gradient by the predictions.
  private static func losses(
    of predictions: ClosedRange<Double>, _ targets: ClosedRange<Double>, _ functions: KeyValuePairs<String, Loss>
  ) -> [Row] {
    functions.map { name, loss in
      memory(
        "\(name)-gradient", "2048x1024", elements: 3 * numbers.elementCount,
        { [uniform(numbers, predictions), uniform(numbers, targets, seed: 2)] }
      ) { withGradient($0) { loss($0[0], $0[1]) } }
    }
  }

  /// A loss, and its gradient by the first tensor.
  private static func withGradient(_ x: [Tensor], _ loss: ([Tensor]) -> Tensor) -> [Tensor] {
    let (value, gradient) = valueAndGradient(at: x[0]) { loss([$0] + x[1...]) }
    return [value, gradient]
  }

  private static let ofNumbers: [Row] = joined(
    losses(
      of: -3...3, -3...3,
      [
        "mse-loss": { meanSquaredError($0, $1) }, "l1-loss": { meanAbsoluteError($0, $1) }, "huber-loss": { huberLoss($0, $1) },
        "smooth-l1-loss": { smoothL1Loss($0, $1) },
      ]),
    losses(of: -3...0, 0.1...0.9, ["kl-div": { klDivergence($0, $1) }]),
    losses(of: -3...3, 0...3, ["poisson-nll-loss": { poissonNLLLoss($0, $1) }]),
    losses(of: 0.1...0.9, 0.1...0.9, ["binary-cross-entropy": { binaryCrossEntropy($0, $1) }]),
    losses(
      of: -3...3, 0.1...0.9,
      [
        "binary-cross-entropy-with-logits": { binaryCrossEntropyWithLogits($0, $1) },
        "gaussian-nll-loss": { gaussianNLLLoss($0, $1, variance: $1) },
      ]))

  private static let ofRows: [Row] = joined(
    memory(
      "[2048, 1024] thrice", elements: 4 * numbers.elementCount,
      { [normal(numbers), normal(numbers, seed: 2), normal(numbers, seed: 3), sign(normal([2048], seed: 4))] },
      [
        "cosine-embedding-loss-gradient": { withGradient([$0[0], $0[1], $0[3]]) { cosineEmbeddingLoss($0[0], $0[1], $0[2]) } },
        "triplet-margin-loss-gradient": { withGradient($0) { tripletMarginLoss($0[0], $0[1], $0[2]) } },
        "margin-ranking-loss-gradient": { withGradient([$0[0], $0[1], sign($0[2])]) { marginRankingLoss($0[0], $0[1], $0[2]) } },
      ]),
    memory(
      "100 steps of 16x64", elements: 2 * 100 * 16 * 64,
      {
        [
          normal([100, 16, 64]), RandomKey(9).integers(1..<64, [16, 20]), Tensor.full(100, [16], dtype: .int64),
          Tensor.full(20, [16], dtype: .int64),
        ]
      },
      [
        "ctc-loss-gradient": {
          withGradient($0) { ctcLoss($0[0].logSoftmax(), $0[1], inputLengths: $0[2], targetLengths: $0[3]) }
        }
      ]))

  static let losses =
    ofNumbers + ofRows + [
      memory(
        "cross-entropy-gradient", "2048x30522", elements: 2 * 2048 * 30522,
        { [normal([2048, 30522]), RandomKey(9).integers(0..<30522, [2048])] }
      ) { withGradient($0) { crossEntropy($0[0], $0[1]) } },
      memory(
        "nll-loss-gradient", "2048x1024", elements: 2 * numbers.elementCount,
        { [normal(numbers), RandomKey(9).integers(0..<1024, [2048])] }
      ) { withGradient($0) { negativeLogLikelihood($0[0], $0[1]) } },
    ]
}
