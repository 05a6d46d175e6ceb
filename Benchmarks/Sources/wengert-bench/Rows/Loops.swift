import Wengert
import WengertNN

extension Row {
  /// A state of 256 numbers for each of 16 examples, over 200 steps, with a product at each.
  private static func recurrent(_ x: [Tensor]) -> Tensor {
    scan(x[1], over: x[0]) { h, input in
      let next = tanh(h.matmul(x[2]) + input)
      return (next, next)
    }.outputs
  }

  private static let flops = 2 * 200 * 16 * 256 * 256.0
  private static let steps = { @Sendable in
    [normal([200, 16, 256]), normal([16, 256], seed: 2), 0.05 * normal([256, 256], seed: 3), normal([200, 16, 256], seed: 4)]
  }

  static let loops: [Row] = joined(
    arithmetic(
      "200 steps of 16x256", flops: flops, steps,
      [
        "scan": { [recurrent($0)] },
        "for-loop": { x in [forLoop(x[1], count: 200) { _, h in tanh(h.matmul(x[2]) + x[1]) }] },
        "while-loop": { x in
          [
            whileLoop(Pair(x[1], x[1].sum() * 0), maximumSteps: 200, while: { $0.second .< 200 }) {
              Pair(tanh($0.first.matmul(x[2]) + x[1]), $0.second + 1)
            }.first
          ]
        },
        "cond": { x in
          [
            cond(x[1].sum() .> 1e9) {
              x[0] * 2
            } otherwise: {
              recurrent(x)
            }
          ]
        },
      ]),
    arithmetic(
      "200 steps of 16x256", flops: 3 * flops, steps, ["scan-gradient": { x in withPullbacks(x, of: 3) { recurrent($0) } }]),
    arithmetic(
      "32 steps of 32x256", flops: 2 * 32 * 32 * 512 * 1024, { [normal([32, 32, 256])] },
      [
        "lstm": { [LSTM(256, 256, key: RandomKey(1))($0[0]).outputs] },
        "gru": { [GRU(256, 256, key: RandomKey(1))($0[0]).outputs] },
      ]))
}
