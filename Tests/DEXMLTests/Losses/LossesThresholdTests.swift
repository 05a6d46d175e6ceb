import DEXML
import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("The threshold of SoftTop-k")
struct LossesThresholdTests {
  /// Rows of similarities: normalized with τ = 0.05, raw ones up to ±80 and beyond, clusters, equals, two far apart.
  private static func rows(labels n: Int) -> [(name: String, values: [Float])] {
    var random = SplitMix64(seed: 9)
    func normals(_ spread: Double) -> [Float] { random.normals(n).map { Float($0 * spread) } }
    return [
      ("τ 0.05", normals(0.7)), ("raw", normals(25)), ("very wide", normals(300)), ("narrow", normals(1e-3)),
      ("around 80", normals(0.1).map { $0 + 80 }), ("clusters", (0..<n).map { [-80, -79.5, 80][$0 % 3] + Float($0) * 1e-3 }),
      ("equal", [Float](repeating: 7, count: n)), ("one in front", (0..<n).map { $0 == 3 ? 80 : -80 }),
      ("heavy tails", normals(1).map { exp(4 * $0) }), ("raw again", normals(30)),
    ]
  }

  @Test("the probabilities add up to K to rounding", arguments: [1, 5, 39], LossDevice.allCases)
  func accuracy(_ k: Int, device: LossDevice) throws {
    let rows = Self.rows(labels: 60), alpha = 2.0
    device.run {
      // The last row's first ten labels do not take part.
      let values = rows.enumerated().flatMap { i, row in
        row.values.enumerated().map { l, value in i == rows.count - 1 && l < 10 ? -Double.infinity : Double(value) }
      }
      let s = Tensor(values, shape: [rows.count, 60])
      let k = Tensor.full(Double(k), [rows.count, 1], dtype: .float64)
      let t = s.softTopKThreshold(k, alpha: alpha).array(of: Double.self)
      for (i, row) in rows.enumerated() {
        var gap = -k[i].item()
        for l in 0..<60 where values[i * 60 + l] > -.infinity { gap += 1 / (1 + exp(-alpha * (values[i * 60 + l] + t[i]))) }
        #expect(abs(gap) <= 1e-12, "\(row.name): \(gap)")
      }
    }
  }

  @Test(
    "its derivative is that of the equation: −p (1 − p), divided by its sum; labels that do not take part have none",
    arguments: LossDevice.allCases)
  func derivative(_ device: LossDevice) {
    device.run {
      let s = Tensor([[0.5, -1, 2, -.infinity, 0.25]], dtype: .float64), k = Tensor.full(2, [1, 1], dtype: .float64)
      let (t, slope) = valueAndGradient(at: s) { $0.softTopKThreshold(k, alpha: 1.5).sum() }
      let p = s.array(of: Double.self).map { 1 / (1 + exp(-1.5 * ($0 + t.item()))) }
      let v = p.map { $0 * (1 - $0) }, sum = v.reduce(0, +)
      for (found, v) in zip(slope.array(of: Double.self), v) { #expect(abs(found + v / sum) <= 1e-13) }
    }
  }
}
