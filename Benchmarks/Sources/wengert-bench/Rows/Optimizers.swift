import Wengert
import WengertNN

extension Row {
  private static let parameters = 30_000_000

  static let optimizers = [
    Row(
      name: "adamw", shape: "30 M parameters", cost: .bytes(7 * 4 * Double(parameters)),
      body: .step {
        var model = normal([parameters])
        let gradient = normal([parameters], seed: 2)
        var optimizer = AdamW()
        return { optimizer.update(&model, gradient, learningRate: 1e-3) }
      })
  ]
}
