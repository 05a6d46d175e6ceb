import Wengert

extension Row {
  private static let shape: Shape = [1024, 2048]

  // The key is an argument, so that no program can hold the numbers.
  static let random: [Row] = joined(
    memory(
      "1024x2048", elements: shape.elementCount, { [RandomKey(5).data] },
      [
        "uniform": { [RandomKey($0[0]).uniform(shape, low: -3, high: 5)] }, "normal": { [RandomKey($0[0]).normal(shape)] },
        "integers": { [RandomKey($0[0]).integers(0..<1000, shape)] },
      ]),
    memory(
      "1024x2048", elements: shape.elementCount / 4, { [RandomKey(5).data] }, ["bernoulli": { [RandomKey($0[0]).bernoulli(0.3, shape)] }]),
    memory("262144", elements: 1 << 19, { [RandomKey(5).data] }, ["permutation": { [RandomKey($0[0]).permutation(1 << 18)] }]),
    memory(
      "1024x1000, 4 each", elements: 1_024_000, { [RandomKey(5).data, normal([1024, 1000])] },
      [
        "categorical": { [RandomKey($0[0]).categorical($0[1], count: 4)] },
        "categorical-distinct": { [RandomKey($0[0]).categorical($0[1], count: 4, replacement: false)] },
      ]),
    memory(
      "1024x2048", elements: 2 * shape.elementCount, { [RandomKey(5).data, normal(shape)] },
      ["dropout": { [$0[1].dropout(0.4, key: RandomKey($0[0]))] }]),
    memory(
      "65536 keys", elements: 4 << 16, { [RandomKey(5).data] },
      ["random-keys": { [RandomKey($0[0]).fold(7).split(examples: 1 << 16).data] }]))
}
