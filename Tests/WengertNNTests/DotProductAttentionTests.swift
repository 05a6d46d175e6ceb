import Testing
import WengertNN
import WengertTestSupport

@Suite("Attention of padded batches")
struct DotProductAttentionTests {
  private let golden = try! Golden("attention")

  private func expect(_ name: String, _ f: @escaping (Tensor, Tensor, Tensor) -> Tensor) throws {
    let x = try ["q", "k", "v"].map { try golden.tensor("\(name)/\($0)") }, c = try golden.tensor("\(name)/c")
    try golden.expect(f(x[0], x[1], x[2]), "\(name)/y")
    let compiled = compile { (x: [Tensor]) in gradient(at: x) { (f($0[0], $0[1], $0[2]) * c).sum() } }
    for gradients in [gradient(at: x) { (f($0[0], $0[1], $0[2]) * c).sum() }, compiled(x)] {
      for (gradient, place) in zip(gradients, ["a", "b", "d"]) { try golden.expect(gradient, "\(name)/\(place)") }
    }
  }

  @Test("values and gradients are PyTorch's: plain, causal, with grouped heads, masks and biases, eager and compiled")
  func torch() throws {
    try expect("plain") { dotProductAttention(query: $0, key: $1, value: $2) }
    try expect("causal") { dotProductAttention(query: $0, key: $1, value: $2, isCausal: true, scale: 0.7) }
    try expect("grouped") { dotProductAttention(query: $0, key: $1, value: $2) }
    let mask = try golden.tensor("mask").cast(to: .bool), bias = try golden.tensor("bias")
    try expect("masked") { dotProductAttention(query: $0, key: $1, value: $2, mask: mask) }
    try expect("biased") { dotProductAttention(query: $0, key: $1, value: $2, bias: bias) }
  }

  @Test("the last query stands beside the last key: a step with a cache gives the row of the whole")
  func cached() {
    let x = (0..<3).map { RandomKey(3).fold($0).normal([2, 6, 4], dtype: .float64) }
    let whole = dotProductAttention(query: x[0], key: x[1], value: x[2], isCausal: true)
    let step = dotProductAttention(query: x[0][Axis.all, 4..<6], key: x[1], value: x[2], isCausal: true)
    #expect((whole[Axis.all, 4..<6] - step).norm().item() < 1e-12)
  }

  @Test(
    "long causal attention, which leaves out what no query sees, is the masked one: with masks, biases, grouped heads and more keys",
    arguments: [256, 310])
  func blocks(queries: Int) {
    let keys = 310, places = Tensor((0..<queries).map { $0 + keys - queries }).expandDims(1)
    let causal = places .>= Tensor(Array(0..<keys))
    let key = RandomKey(5), q = key.fold(0).normal([4, queries, 3], dtype: .float64)
    let x = [q] + (1...2).map { key.fold($0).normal([2, keys, 3], dtype: .float64) }
    let mask = key.fold(3).uniform([queries, keys]) .< Tensor(0.9), bias = key.fold(4).normal([4, 1, keys], dtype: .float64)
    for (mask, bias) in [(nil, nil), (mask, nil), (nil, bias), (mask, bias)] as [(Tensor?, Tensor?)] {
      let seen = mask.map { $0 .& causal } ?? causal
      let blocks = vjp(at: x) { dotProductAttention(query: $0[0], key: $0[1], value: $0[2], mask: mask, bias: bias, isCausal: true) }
      let whole = vjp(at: x) { dotProductAttention(query: $0[0], key: $0[1], value: $0[2], mask: seen, bias: bias) }
      let slopes = zip(blocks.pullback(q), whole.pullback(q))
      #expect((blocks.value - whole.value).norm().item() < 1e-12 && slopes.allSatisfy { ($0 - $1).norm().item() < 1e-11 })
    }
  }

  @Test("a query that sees nothing gets zeros, and finite gradients")
  func blind() {
    let x = (0..<3).map { RandomKey(4).fold($0).normal([1, 2, 4]) }, mask = Tensor([true, true, false, false]).reshape([2, 2])
    let (y, gradients) = vjp(at: x) { dotProductAttention(query: $0[0], key: $0[1], value: $0[2], mask: mask) }
    #expect(y[0, 1].array(of: Float.self) == [0, 0, 0, 0])
    let slopes = gradients(Tensor.ones(y.shape))
    let numbers = slopes.flatMap { $0.array(of: Float.self) }
    #expect(numbers.allSatisfy { $0.isFinite } && slopes[0][0, 1].array(of: Float.self) == [0, 0, 0, 0])
  }

  @Test("one program serves all numbers of tokens")
  func symbolic() {
    let shapes: [String: [Dimension]] = ["0": [2, "queries", 4], "1": [2, "keys", 4]]
    let compiled = compile(
      { (q: Tensor, k: Tensor) in dotProductAttention(query: q, key: k, value: k, isCausal: true) }, .init(shapes: shapes))
    for (queries, keys) in [(3, 5), (1, 9), (4, 4)] {
      let q = RandomKey(queries).normal([2, queries, 4]), k = RandomKey(keys).fold(1).normal([2, keys, 4])
      #expect((compiled(q, k) - dotProductAttention(query: q, key: k, value: k, isCausal: true)).norm().item() < 1e-5)
    }
    #expect(compiled.statistics.compilations == 1)
  }

  @Test("rotary positions turn halves as Llama's, and neighbors as the paper's")
  func rotary() throws {
    let x = try golden.tensor("rotary/x"), positions = try golden.tensor("rotary/positions")
    try golden.expect(x.rotary(positions), "rotary/y")
    try golden.expect(x.rotary(positions, isInterleaved: true), "rotary/interleaved")
  }
}
