import Testing
import Wengert

@_spi(Backend) @testable import WengertCore

@Suite("Products written into place")
struct PlacedProductsTests {
  private typealias F = @Sendable ([Tensor]) -> [Tensor]

  /// A function of [3, 4] and [4, 5], and whether its product is written where it is wanted.
  private static let cases: [(name: String, f: F, isPlaced: Bool)] = [
    ("behind another", { x in [concatenate([x[0], x[0].matmul(x[1])], axis: 1).cumulativeSum(axis: 1)] }, true),
    ("before another", { x in [concatenate([x[0].matmul(x[1]), x[0]], axis: 1).cumulativeSum(axis: 1)] }, true),
    ("above another", { x in [concatenate([x[0].matmul(x[1]), x[1]], axis: 0).cumulativeSum(axis: 1)] }, true),
    ("padded", { x in [x[0].matmul(x[1]).pad([(1, 2), (0, 1)]).cumulativeSum(axis: 1)] }, false),
    (
      "read elsewhere",
      { x in
        let product = x[0].matmul(x[1])
        return [concatenate([x[0], product], axis: 1).cumulativeSum(axis: 1), product.cumulativeSum(axis: 0)]
      }, false
    ),
    (
      "a result itself",
      { x in
        let product = x[0].matmul(x[1])
        return [concatenate([x[0], product], axis: 1).cumulativeSum(axis: 1), product]
      }, false
    ),
    (
      "twice",
      { x in
        let product = x[0].matmul(x[1])
        return [concatenate([product, product], axis: 1).cumulativeSum(axis: 1)]
      }, false
    ),
  ]

  @Test("a product that is only copied into a part of another buffer is written there, any other is not", arguments: 0..<7)
  func placed(number: Int) {
    let (name, f, isPlaced) = Self.cases[number]
    let graph = trace(.float32(3, 4), .float32(4, 5)) { f($0) }
    let calls = Lowering(graph, symbols: [:]).calls
    let product = calls.first { if case .matmul = $0.call { true } else { false } }
    let target = product?.call.writes[0]
    #expect((target.map { $0.shape.elementCount * 4 < $0.storage.byteCount } ?? false) == isPlaced, "\(name)")
    let x = [RandomKey(1).normal([3, 4]), RandomKey(2).normal([4, 5])]
    let compiled = compile { (x: [Tensor]) in f(x) }
    for (a, b) in zip(compiled(x), f(x)) { expectEqual(a, b, tolerance: 1e-6) }
  }

  @Test("large products with rows far apart have the values of those that are copied", arguments: [1, 7, 300])
  func values(rows: Int) {
    let x = RandomKey(1).normal([rows, 96]), y = RandomKey(2).normal([1000, 96]), best = RandomKey(3).normal([rows, 37])
    let compiled = compile { (x: Tensor, y: Tensor, best: Tensor) in
      concatenate([best, x.matmul(y.transpose())], axis: 1).topK(50).values
    }
    expectEqual(compiled(x, y, best), concatenate([best, x.matmul(y.transpose())], axis: 1).topK(50).values, tolerance: 1e-5)
  }
}
