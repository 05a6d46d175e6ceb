import Testing
import Wengert
import WengertTestSupport

@Suite("Writing at indices, and what depends on data")
struct WritingTests {
  private func doubles(_ x: Tensor) -> [Double] { x.array(of: Double.self) }

  @Test("the last value written to a place stays, in programs too")
  func lastWins() {
    let indices = Tensor([1, 0, 1, -1, 1, 0]), values = Tensor([1.0, 2, 3, 4, 5, 6])
    let set = { @Sendable (x: Tensor, i: Tensor, v: Tensor) in x.scatter(v, at: i) }
    #expect(doubles(set(.zeros([4]), indices, values)) == [6, 5, 0, 4])
    #expect(doubles(compile(set)(.zeros([4]), indices, values)) == [6, 5, 0, 4])
    var x = Tensor.zeros([4])
    x[indices] += Tensor([1.0])
    #expect(doubles(x) == [1, 1, 0, 1])
  }

  @Test("several tensors of indices name elements as in NumPy")
  func several() {
    let x = Tensor.iota(24).reshape([2, 3, 4])
    let i = Tensor([0, 1]), j = Tensor([2, -1])
    #expect(x[i, j].shape == [2, 4] && doubles(x[i, j]) == [8, 9, 10, 11, 20, 21, 22, 23])
    #expect(x[i, Axis.all, j].shape == [2, 3] && doubles(x[i, Axis.all, j]) == [2, 6, 10, 15, 19, 23])
    #expect(x[Axis.all, i, j].shape == [2, 2] && doubles(x[Axis.all, i, j]) == [2, 7, 14, 19])
    #expect(x[i.expandDims(1), j].shape == [2, 2, 4])
    #expect(doubles(x[1, i, j]) == [14, 19])
    var y = x
    y[i, j] = Tensor(0)
    #expect(doubles(y[0, 2]) == [0, 0, 0, 0] && doubles(y[1, 1]) == [16, 17, 18, 19] && doubles(x[0, 2]) == [8, 9, 10, 11])
  }

  @Test("an index that is out of range in one of several tensors is a fault, not an element of another row")
  func outOfRange() {
    let x = Tensor.iota(12).reshape([3, 4])
    for (i, j) in [(0, 4), (0, -5), (3, 0), (-4, 0)] {
      #expect(throws: DataFault.self) { try catchingDataFaults { _ = x[Tensor([i]), Tensor([j])].sum().item() } }
    }
    #expect(throws: DataFault.self) { try catchingDataFaults { _ = x.scatter(Tensor(1), at: Tensor([3])).sum().item() } }
    #expect(throws: DataFault.self) { try catchingDataFaults { _ = x.narrow(0, from: Tensor(-1, dtype: .int64), count: 2).sum().item() } }
    #expect(throws: DataFault.self) { try catchingDataFaults { _ = x.narrow(0, from: Tensor(2, dtype: .int64), count: 2).sum().item() } }
    #expect(throws: DataFault.self) { try catchingDataFaults { _ = Tensor([-1, 2]).bincount(extent: 4).sum().item() } }
    let spread = compile { (x: Tensor, n: Tensor) in x.repeated(n, axis: 0, total: 4) }
    #expect(doubles(spread(Tensor([1.0, 2.0]), Tensor([1, 3]))) == [1, 2, 2, 2])
    #expect(throws: DataFault.self) { try catchingDataFaults { _ = spread(Tensor([1.0, 2.0]), Tensor([1, 4])).sum().item() } }
  }

  @Test("masks read and write")
  func masks() {
    var x = Tensor([[1, -2], [-3, 4]])
    #expect(doubles(x[x .< 0]) == [-2, -3])
    x[x .< 0] = Tensor(0)
    #expect(doubles(x) == [1, 0, 0, 4] && x.nonzero().shape == [2, 2] && doubles(x.nonzero()) == [0, 0, 1, 1])
    let slope = gradient(at: Tensor([3.0, -1.0, 2.0])) { square($0[$0 .> 0]).sum() }
    #expect(doubles(slope) == [6, 0, 4])
    let (values, inverse, counts) = Tensor([.nan, 2.0, .nan, -1]).unique()
    #expect(doubles(values.narrow(0, from: 0, count: 2)) == [-1, 2] && values.shape == [3] && doubles(inverse) == [2, 1, 2, 0])
    #expect(doubles(counts) == [1, 1, 2])
    #expect(Tensor.zeros([0]).unique().values.shape == [0] && Tensor.zeros([2, 0]).nonzero().shape == [0, 2])
  }

  @Test("what has a shape that depends on data is refused by name while a function is compiled") func refused() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile { (x: Tensor) in x.nonzero() }(Tensor([1.0]))
    }
    .expectsMessage("nonzero: how many elements the result has depends on numbers")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile { (x: Tensor) in x[x .> 0] }(Tensor([1.0]))
    }
    .expectsMessage("maskedSelect: how many elements the result has depends on numbers")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile { (x: Tensor) in x.unique().values }(Tensor([1.0]))
    }
    .expectsMessage("unique: how many elements the result has depends on numbers")
  }

  @Test("gradients at coinciding points and equal elements are finite")
  func coinciding() {
    let x = Tensor([[1, 2], [1, 2], [0, 0]])
    for p in [1, 2, 3, Double.infinity] {
      let slope = gradient(at: x) { $0.cdist($0, p: p).sum() }
      #expect(isFinite(slope).all().item() == 1, "\(p)")
    }
    let slope = gradient(at: Tensor.ones([4])) { $0.std() }
    #expect(doubles(slope) == [0, 0, 0, 0])
  }
}
