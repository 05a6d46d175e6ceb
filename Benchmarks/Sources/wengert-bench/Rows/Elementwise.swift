import Wengert

extension Row {
  private static let side = 4096
  private static let square: Shape = [side, side]

  static let elementwise = [
    memory("add", "4096x4096", elements: 3 * side * side, { [normal(square), normal(square, seed: 2)] }) { [$0[0] + $0[1]] },
    Row(
      name: "add-in-place", shape: "4096x4096", cost: .bytes(12 * Double(side * side)),
      body: .step {
        var x = normal(square)
        let y = normal(square, seed: 2)
        return { x += y }
      }),
    memory(
      "chain", "tanh(x*y + z), 4096x4096", elements: 4 * side * side,
      { [normal(square), normal(square, seed: 2), normal(square, seed: 3)] }
    ) { [tanh($0[0] * $0[1] + $0[2])] },
    memory("exp", "4096x4096", elements: 2 * side * side, { [normal(square)] }) { [exp($0[0])] },
    memory("gelu", "4096x3072", elements: 2 * side * 3072, { [normal([side, 3072])] }) { [gelu($0[0])] },
    memory("gelu-gradient", "4096x3072", elements: 4 * side * 3072, { [normal([side, 3072]), normal([side, 3072], seed: 2)] }) {
      withPullback($0) { gelu($0) }
    },
  ]

  /// f(x) for the first tensor, and its cotangent where the second is f(x)'s.
  static func withPullback(_ x: [Tensor], _ f: (Tensor) -> Tensor) -> [Tensor] {
    let (value, pullback) = vjp(at: x[0], f)
    return [value, pullback(x[1])]
  }
}
