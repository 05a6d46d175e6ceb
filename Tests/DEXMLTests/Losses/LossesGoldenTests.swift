import DEXML
import Foundation
import Testing
import WengertNN

@Suite("Losses against the published formulas")
struct LossesGoldenTests {
  @Test("losses and gradients equal the formulas in PyTorch float64 to 1e-5 of them, from float32", arguments: LossDevice.allCases)
  func single(_ device: LossDevice) throws {
    try compare(device, .float32, tolerance: 1e-5)
  }

  // The golden threshold, found by bisection, is no better where the probabilities are close to 0 and 1.
  @Test("and to 1e-10 in float64", arguments: LossDevice.allCases)
  func double(_ device: LossDevice) throws {
    try compare(device, .float64, tolerance: 1e-10)
  }

  private func compare(_ device: LossDevice, _ dtype: DType, tolerance: Double) throws {
    let golden = try GoldenLosses()
    var worst: [String: Double] = [:]
    for example in golden.cases {
      let (value, gradient) = try device.run {
        let targets = try golden.targets(example)
        try example.loss.validate(targets)
        return try valueAndGradient(at: golden.inputs(example, dtype: dtype)) {
          example.loss(documents: $0[0], labels: $0[1], targets: targets)
        }
      }
      let found = [("loss", value), ("documents", gradient[0]), ("labels", gradient[1])]
      for (name, tensor) in found {
        let difference = try relativeDifferences(tensor.array(of: Double.self), golden.expected(example, name))
        #expect(max(difference.norm, difference.largest) <= tolerance, "\(example), \(name): \(difference)")
        let key = "\(example.criterion) \(example.inputs) \(name)"
        worst[key] = max(worst[key] ?? 0, difference.norm, difference.largest)
      }
    }
    if ProcessInfo.processInfo.environment["WENGERT_MEASURE"] != nil {
      for (key, value) in worst.sorted(by: { $0.key < $1.key }) { print(device, dtype, key, value) }
    }
  }
}
