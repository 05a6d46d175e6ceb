import Wengert

extension Row {
  private static func softmax(_ name: String, _ text: String, _ shape: Shape) -> [Row] {
    [
      memory(name, text, elements: 2 * shape.elementCount, { [normal(shape)] }) { [$0[0].softmax()] },
      memory("\(name)-gradient", text, elements: 4 * shape.elementCount, { [normal(shape), normal(shape, seed: 2)] }) {
        withPullback($0) { $0.softmax() }
      },
    ]
  }

  private static let hidden: Shape = [4096, 768]

  static let rowwise =
    softmax("softmax-4096", "4096x4096", [4096, 4096]) + softmax("softmax-128", "1536x128x128", [1536, 128, 128]) + [
      memory(
        "layer-norm", "4096x768", elements: 2 * hidden.elementCount, { [normal(hidden), normal([768], seed: 2), normal([768], seed: 3)] }
      ) { [$0[0].layerNorm(gain: $0[1], bias: $0[2])] },
      memory(
        "layer-norm-gradient", "4096x768", elements: 4 * hidden.elementCount,
        { [normal(hidden), normal([768], seed: 2), normal([768], seed: 3), normal(hidden, seed: 4)] }
      ) { x in
        let (value, pullback) = vjp(at: [x[0], x[1], x[2]]) { $0[0].layerNorm(gain: $0[1], bias: $0[2]) }
        return [value] + pullback(x[3])
      },
    ]
}
