import Wengert

extension Row {
  private static let scores: Shape = [512, 131_072]

  static let sorting = [
    memory("top-100", "512x131072", elements: scores.elementCount, { [normal(scores)] }) {
      let (values, indices) = $0[0].topK(100)
      return [values, indices]
    },
    memory("arg-max", "512x131072", elements: scores.elementCount, { [normal(scores)] }) { [$0[0].argMax(axis: -1)] },
  ]
}
