import Testing
import WengertNN
import WengertTestSupport

@Suite("Recurrent layers and caches")
struct RecurrentTests {
  private let golden = try! Golden("recurrent")

  private func load<Model: TensorTree>(_ model: Model, _ name: String) throws -> Model {
    model.map { parameter, _ in try! golden.tensor("\(name)/\(parameter)") }
  }

  @Test("an LSTM's values, last state and gradients are those of torch.nn.LSTM")
  func lstm() throws {
    let layer = try load(LSTM(3, 4, key: RandomKey(1), dtype: .float64), "lstm")
    let state = LSTM.State(hidden: try golden.tensor("lstm/hidden"), cell: try golden.tensor("lstm/cell"))
    try golden.expectValueAndGradients("lstm", layer) { $0($1, state).outputs }
    let (outputs, last) = layer(try golden.tensor("lstm/x"), state)
    try golden.expect(last.cell, "lstm/last")
    #expect((last.hidden - outputs[4]).norm().item() == 0)
  }

  @Test("a GRU's values and gradients are those of torch.nn.GRU")
  func gru() throws {
    let layer = try load(GRU(3, 4, key: RandomKey(1), dtype: .float64), "gru"), state = try golden.tensor("gru/hidden")
    try golden.expectValueAndGradients("gru", layer) { $0($1, state).outputs }
  }

  @Test("new layers begin at zero state and draw their parameters in ±1/√hidden")
  func start() {
    let layer = GRU(3, 16, key: RandomKey(1)), x = RandomKey(2).normal([4, 2, 3])
    #expect(layer.tensors.allSatisfy { abs($0).max().item() <= 0.25 } && abs(layer.hiddenWeight).max().item() > 0.2)
    let zeros = Tensor.zeros([2, 16])
    #expect((layer(x).outputs - layer(x, zeros).outputs).norm().item() == 0 && layer(x).outputs.shape == [4, 2, 16])
    #expect(layer(x[0..<0]).outputs.shape == [0, 2, 16] && LSTM(3, 16, key: RandomKey(1))(x[0..<0]).outputs.shape == [0, 2, 16])
  }

  @Test("tokens that come one by one through a cache see what they see together, by one program")
  func cache() {
    let x = (0..<3).map { RandomKey(3).fold($0).normal([2, 7, 4], dtype: .float64) }
    let whole = dotProductAttention(query: x[0], key: x[1], value: x[2], isCausal: true)
    let step = compileUpdate { (cache: inout KeyValueCache, x: [Tensor]) -> Tensor in
      let seen = cache.append(keys: x[1], values: x[2])
      return dotProductAttention(query: x[0], key: cache.keys, value: cache.values, mask: seen)
    }
    var cache = KeyValueCache([2], capacity: 10, width: 4, dtype: .float64)
    for token in 0..<7 {
      let y = step(&cache, x.map { $0[Axis.all, token..<token + 1] })
      #expect((y - whole[Axis.all, token..<token + 1]).norm().item() < 1e-12)
    }
    #expect(cache.count.item() == 7 && step.statistics.compilations == 1)
  }

  @Test("a cache that is full says so")
  func full() throws {
    var cache = KeyValueCache([1], capacity: 2, width: 4)
    let x = Tensor.ones([1, 3, 4])
    #expect(throws: DataFault.self) { try catchingDataFaults { _ = cache.append(keys: x, values: x) } }
  }
}
