import Testing
@_spi(Backend) import WengertTestSupport

@Suite("Random numbers by explicit keys")
struct RandomTests {
  private let key = RandomKey(2024)
  private static let count = 40_000

  private func moments(_ x: Tensor) -> (mean: Double, deviation: Double) {
    let values = x.cast(to: .float64)
    return (values.mean().item(), values.variance().item().squareRoot())
  }

  @Test("the same key gives the same numbers, another key others, whatever was drawn before")
  func repeats() {
    let first = key.uniform([100]).array(of: Float.self)
    _ = key.normal([7])
    #expect(RandomKey(2024).uniform([100]).array(of: Float.self) == first)
    #expect(RandomKey(2025).uniform([100]).array(of: Float.self) != first)
    #expect(key.uniform([10, 10]).array(of: Float.self) == first)
  }

  @Test("split and folded keys are distinct, and their numbers uncorrelated with each other's and the parent's")
  func independent() {
    let family = [key] + key.split(4) + [key.fold(0), key.fold(1), key.fold(-1)]
    #expect(Set(family.map { $0.data.array(of: Int64.self)[0] }).count == family.count)
    #expect(key.split(2)[0].data.array(of: Int64.self) == key.split(9)[0].data.array(of: Int64.self))
    #expect(key.fold(3).data.array(of: Int64.self) == key.fold(Tensor([3] as [Int32]).reshape([])).data.array(of: Int64.self))
    let draws = family.map { $0.normal([Self.count], dtype: .float64) }
    for i in draws.indices {
      for j in 0..<i { #expect(abs((draws[i] * draws[j]).mean()).item() < 5 / Double(Self.count).squareRoot(), "\(i) \(j)") }
    }
  }

  @Test("uniform numbers have their range and moments", arguments: DType.floats)
  func uniform(_ dtype: DType) {
    let x = key.uniform([Self.count], low: -1, high: 3, dtype: dtype)
    #expect(x.dtype == dtype && x.min().item() >= -1 && x.max().item() < 3)
    let (mean, deviation) = moments(x)
    #expect(abs(mean - 1) < 0.03 && abs(deviation - 4 / 12.0.squareRoot()) < 0.02)
  }

  @Test("normal numbers have their moments and tails", arguments: DType.floats)
  func normal(_ dtype: DType) {
    let x = key.normal([Self.count], mean: 2, standardDeviation: 3, dtype: dtype)
    let (mean, deviation) = moments(x)
    #expect(x.dtype == dtype && abs(mean - 2) < 0.08 && abs(deviation - 3) < 0.06)
    let z = (x.cast(to: .float64) - 2) / 3
    #expect(abs((z * z * z).mean().item()) < 0.1 && abs((z * z * z * z).mean().item() - 3) < 0.3)
    #expect(abs((abs(z) .> 1.96).cast(to: .float64).mean().item() - 0.05) < 0.006)
    #expect(isFinite(x).all().item() == 1)
  }

  @Test("bernoulli is true as often as asked", arguments: [0, 0.1, 0.5, 0.97, 1])
  func bernoulli(_ p: Double) {
    let share = key.bernoulli(p, [Self.count]).cast(to: .float64).mean().item()
    #expect(p == 0 || p == 1 ? share == p : abs(share - p) < 0.012)
  }

  @Test("whole numbers cover their range evenly")
  func integers() {
    let x = key.integers(-3..<4, [Self.count])
    #expect(x.dtype == .int64 && x.min().item() == -3 && x.max().item() == 3)
    let counts = (x + 3).oneHot(7).sum(axes: [0]).array(of: Double.self)
    #expect(counts.allSatisfy { abs($0 * 7 / Double(Self.count) - 1) < 0.06 })
  }

  @Test("a permutation holds each number once, and every number comes first equally often")
  func permutation() {
    #expect(key.permutation(1000).array(of: Int.self).sorted() == Array(0..<1000))
    #expect(key.permutation(1000).array(of: Int.self) != Array(0..<1000))
    #expect(key.permutation(0).shape == [0] && key.permutation(1).array() == [0])
    var first = [Int](repeating: 0, count: 5)
    for child in key.split(2000) { first[child.permutation(5).array(of: Int.self)[0]] += 1 }
    #expect(first.allSatisfy { abs($0 - 400) < 90 }, "\(first)")
  }

  @Test("a permutation of a hundred thousand is not biased towards its order")
  func largePermutation() {
    // Keys of few bits would collide, and the stable sort would leave colliding positions in order.
    let order = key.permutation(100_000).cast(to: .float64)
    let rising = (order[1...] .> order[..<99_999]).cast(to: .float64).mean().item()
    #expect(abs(rising - 0.5) < 0.01)
    let drift = ((order - order.mean()) * (Tensor.iota(100_000).cast(to: .float64) - 49_999.5)).mean().item() / order.variance().item()
    #expect(abs(drift) < 0.02)
  }

  @Test("categorical draws as often as the probabilities say, and never what has none")
  func categorical() {
    let p = [0.5, 0.2, 0, 0.3]
    let logits = log(Tensor(p, dtype: .float64)) + 1.7
    let draws = key.categorical(logits, count: Self.count)
    #expect(draws.shape == [Self.count] && draws.dtype == .int64)
    let shares = draws.oneHot(4).mean(axes: [0]).array(of: Double.self)
    for (share, p) in zip(shares, p) { #expect(abs(share - p) < 0.012) }
    #expect(shares[2] == 0)
    #expect(key.categorical(logits.expandDims(0).broadcast(to: [3, 4]), count: 2).shape == [3, 2])
  }

  @Test("draws without replacement are distinct, and the first has the probabilities of one draw")
  func withoutReplacement() {
    let p = [0.1, 0.2, 0.3, 0.4]
    let logits = log(Tensor(p)).broadcast(to: [10_000, 4])
    let draws = key.categorical(logits, count: 3, replacement: false)
    let rows = draws.array(of: Int.self)
    #expect(stride(from: 0, to: rows.count, by: 3).allSatisfy { Set(rows[$0..<$0 + 3]).count == 3 })
    let first = draws[Axis.all, 0].oneHot(4).mean(axes: [0]).array(of: Double.self)
    for (share, p) in zip(first, p) { #expect(abs(share - p) < 0.025) }
  }

  @Test("dropout keeps the mean, drops the share asked for, and its gradient has the same zeros")
  func dropout() {
    let x = Tensor.full(2, [200, 200], dtype: .float64)
    let y = x.dropout(0.3, key: key)
    #expect(abs(y.mean().item() - 2) < 0.03)
    #expect(abs((y .== 0).cast(to: .float64).mean().item() - 0.3) < 0.012)
    let g = gradient(at: x) { $0.dropout(0.3, key: key).sum() }
    #expect((g * 2 .== y).all().item() == 1)
    #expect(x.dropout(0, key: key).view.storage === x.view.storage)
    // The position decides, not the layout.
    #expect((y .== x.contiguous().transpose().dropout(0.3, key: key)).all().item() == 1)
  }

  @Test("every backend draws the same numbers")
  func backends() {
    let shape: Shape = [7, 33]
    let other = RandomKey(2024, backend: ReferenceBackend.shared)
    #expect(key.uniform(shape).array(of: Float.self) == other.uniform(shape).array(of: Float.self))
    #expect(key.bernoulli(0.4, shape).array(of: Bool.self) == other.bernoulli(0.4, shape).array(of: Bool.self))
    #expect(key.permutation(500).array(of: Int.self) == other.permutation(500).array(of: Int.self))
    #expect(key.split(3)[2].fold(9).data.array(of: Int64.self) == other.split(3)[2].fold(9).data.array(of: Int64.self))
  }
}
