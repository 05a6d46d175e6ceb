import Wengert

extension Row {
  private static let words = 30522, tokens = 16384, width = 768
  private static func positions() -> Tensor { RandomKey(9).integers(0..<words, [tokens]) }

  static let indexing = [
    memory("gather", "30522x768 by 16384", elements: 2 * tokens * width, { [normal([words, width]), positions()] }) {
      [$0[0].gather($0[1])]
    },
    memory("scatter-add", "16384x768 to 30522", elements: (tokens + words) * width, { [normal([tokens, width]), positions()] }) {
      [$0[0].scatterAdd($0[1], extent: words)]
    },
  ]
}
