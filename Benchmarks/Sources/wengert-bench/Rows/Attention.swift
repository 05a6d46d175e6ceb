import Wengert

extension Row {
  /// Attention of 12 heads of width 64, and its gradients.
  private static func attention(
    _ name: String, batch: Int, tokens: Int, isCausal: Bool = false, gradient: Bool
  ) -> Row {
    let shape: Shape = [batch, 12, tokens, 64], flops = 4 * Double(shape.elementCount) * Double(tokens)
    @Sendable func f(_ x: [Tensor]) -> Tensor { dotProductAttention(query: x[0], key: x[1], value: x[2], isCausal: isCausal) }
    return arithmetic(
      "attention-\(name)", "\(shape)", flops: gradient ? 3 * flops : flops, { (1...4).map { normal(shape, seed: $0) } }
    ) { x in
      gradient ? withPullbacks(x, of: 3, f) : [f(x)]
    }
  }

  static let attention: [Row] =
    [
      attention("128", batch: 32, tokens: 128, gradient: false),
      attention("128-gradient", batch: 32, tokens: 128, gradient: true),
      attention("causal-gradient", batch: 4, tokens: 512, isCausal: true, gradient: true),
    ]
    + arithmetic(
      "16 sequences of 128, 768 wide", flops: 4 * Double(packed.elementCount) * 128,
      { (1...4).map { normal(packed, seed: $0) } + [Tensor.iota(17) * 128] },
      [
        "attention-packed": { [Wengert.attention(query: $0[0], key: $0[1], value: $0[2], offsets: $0[4], heads: 12)] },
        "attention-packed-dropout": {
          [Wengert.attention(query: $0[0], key: $0[1], value: $0[2], offsets: $0[4], heads: 12, dropout: 0.1, randomKey: RandomKey(1))]
        },
        "attention-packed-gradient": { x in
          withPullbacks(Array(x[..<4]), of: 3) { Wengert.attention(query: $0[0], key: $0[1], value: $0[2], offsets: x[4], heads: 12) }
        },
      ])

  private static let packed: Shape = [2048, 768]
}
