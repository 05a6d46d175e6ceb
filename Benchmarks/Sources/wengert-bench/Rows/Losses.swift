import Wengert
import WengertNN

extension Row {
  static let losses = [
    memory(
      "cross-entropy-gradient", "2048x30522", elements: 2 * 2048 * 30522,
      { [normal([2048, 30522]), RandomKey(9).integers(0..<30522, [2048])] }
    ) { x in
      let (value, gradient) = valueAndGradient(at: x[0]) { crossEntropy($0, x[1]) }
      return [value, gradient]
    }
  ]
}
