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
      if !gradient { return [f(x)] }
      let (value, pullback) = vjp(at: Array(x[..<3])) { f($0) }
      return [value] + pullback(x[3])
    }
  }

  static let attention = [
    attention("128", batch: 32, tokens: 128, gradient: false),
    attention("128-gradient", batch: 32, tokens: 128, gradient: true),
    attention("causal-gradient", batch: 4, tokens: 512, isCausal: true, gradient: true),
  ]
}
