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
    for dtype in [DType.float32, .float64] {
      device.run {
        let s = Tensor(rows.flatMap(\.values), shape: [rows.count, 60]).cast(to: dtype)
        // The last row's first ten labels do not take part.
        let weights = (0..<rows.count * 60).map { i in Float(i / 60 == rows.count - 1 && i % 60 < 10 ? -1 : 0) }
        let result = SoftTopK(
          alpha: alpha, weights: Tensor(weights, shape: s.shape), k: Tensor.full(Double(k), [rows.count, 1], dtype: dtype))(s)
        let t = result.t.array(of: Double.self), correction = result.correction.array(of: Double.self)
        for (i, row) in rows.enumerated() {
          var gap = -Double(k)
          for (l, value) in row.values.enumerated() where weights[i * 60 + l] == 0 {
            gap += 1 / (1 + exp(-alpha * ((Double(value) + t[i]) + correction[i])))
          }
          #expect(
            abs(gap) <= Double(k) * (dtype == .float32 ? 2e-6 : 1e-14) + (dtype == .float32 ? 1e-6 : 1e-14), "\(row.name), \(dtype): \(gap)"
          )
        }
      }
    }
  }
}
