import Testing
import Wengert
import WengertTestSupport

/// What users write with extents: slices, means, shapes and creations that depend on symbols.
@Suite("Functions of symbolic extents")
struct SymbolicFunctionTests {
  private static let sizes = [5, 1, 2, 9]

  /// Compares a function, its gradient and its derivative along the argument with the eager ones, for a vector of n elements (and a matrix of n rows).
  private func check(
    _ sizes: [Int] = Self.sizes, rows: Bool = true, sourceLocation: SourceLocation = #_sourceLocation,
    _ f: @escaping @Sendable (Tensor) -> Tensor
  ) {
    for tail in rows ? [[], [3]] : [[]] {
      let whole: @Sendable (Tensor) -> [Tensor] = { x in
        let plain = f(x)
        if !plain.dtype.isFloating { return [plain] }
        let (value, pullback) = vjp(at: x, f)
        return [value, pullback(value), jvp(at: x, along: x, f).tangent]
      }
      let compiled = compile(whole, CompileOptions(shapes: ["0": ["n"] + tail.map { Dimension($0) }]))
      for n in sizes {
        let x = RandomKey(n).normal(Shape([n] + tail), dtype: .float64)
        let (a, e) = (compiled(x), whole(x))
        for (a, e) in zip(a, e) { expectEqual(a, e, tolerance: 1e-12, sourceLocation: sourceLocation) }
      }
      #expect(compiled.statistics.compilations == 1, sourceLocation: sourceLocation)
    }
  }

  @Test("a mean is a sum divided by an extent, written by hand")
  func meanByHand() {
    check { $0.sum(axes: [0]) / $0.extent(0) }
    check { x in x.sum() / Tensor(extent: x.shape.elements, dtype: .float64) }
    check { $0.variance(axes: [0], correction: 1) * 0 + $0.mean(axes: [0]) }
  }

  @Test("places and ranges of numbers mean on a symbolic axis what they mean on any")
  func numbers() {
    check { $0[-1] }
    check([5, 4, 9]) { $0[3] }
    check([5, 4, 9]) { $0[-4] }
    check { $0[1...] }
    check { $0[..<(-1)] }
    check { $0[0..<3] }
    check { $0[(-3)...] }
    check { $0[2..<4] }
    check { $0[Axis.range(by: 2)] }
    check { $0[Axis.range(by: -1)] }
    check { $0[Axis.range(from: -2, to: 0, by: -3)] }
    check { $0[Axis.range(from: 1, by: Int.max)] }
    check { $0[Axis.range(from: 1, to: -1)].sum() + $0[-100..<100].sum() }
  }

  @Test("ranges of extents keep their form, and differences of them need no number")
  func extents() {
    check([5, 2, 9]) { x in
      let n = x.shape[dim: 0]
      return x[1..<n] - x[0..<(n - 1)]
    }
    check([5, 2, 9]) { x in x[x.shape[dim: 0] - 2] }
    check { x in x.narrow(0, from: x.shape[dim: 0] - 1, count: 1) }
    check([6, 2, 8]) { x in x[Axis.range(from: 0, to: x.shape[dim: 0], by: 2)] }
    check { x in x[Axis.range(from: x.shape[dim: 0] - 1, by: -1)] }
  }

  @Test("parts of one length may be taken in any way: neighbors, stencils, differences of differences")
  func neighbors() {
    check { x in x[1...] - x[..<(-1)] }
    check { x in x[Axis.range(from: 1, to: -1)] * 2 + x[..<(-2)] + x[2...] }
    check { x in x[Axis.range(from: -2, by: -1)] * x[Axis.range(from: -1, to: 0, by: -1)] }
    check { x in
      let change = x[1...] - x[..<(-1)]
      let second = change[1...] - change[..<(-1)]
      return second[1...] * second[..<(-1)]
    }
    check { x in
      let a = x[1...], b = x[..<(-1)]
      return concatenate([stack([a[1...], b[..<(-1)]]).sum(axes: [0]), a[..<(-1)] * b[1...]])
    }
  }

  @Test("rows that the symbols may leave empty have extremes where there is something")
  func emptyRows() {
    check { $0[1...].softmax(axis: 0) }
    check { $0[1...].logSoftmax(axis: 0) * $0[..<(-1)] }
    check { $0[1...].logSumExp(axes: [0]) }
    check([5, 2, 9]) { $0[1...].max(axes: [0]) }
  }

  @Test("parts, shifts and triangles of a symbolic axis")
  func parts() {
    check { $0.roll(2, axis: 0) }
    check { $0.roll(-1, axis: 0) }
    check { $0.roll(7, axis: 0) }
    check([6, 3, 12]) { x in x.split(into: 3)[1] * x.split(into: 3)[2] }
    check([6, 3, 12]) { x in concatenate(x.split(into: 3).reversed()) + x }
    check([6, 3, 12]) { x in x.split([1, x.shape[dim: 0] - 3, 2])[1] }
    check([6, 4, 12]) { x in x.reshape([-1, 2]).sum(axes: [0]) }
    check(rows: false) { x in (x.expandDims(1) * x).lowerTriangle(-1) + (x.expandDims(1) * x).upperTriangle(1) }
    check(rows: false) { x in (x.expandDims(1) * x).diagonal(offset: 2) }
    check { x in x.expandDims(-1).repeated(x.shape[dim: 0], axis: 1).sum(axes: [0]) }
    check(rows: false) { x in x.tile([x.shape[dim: 0]]) }
    check(rows: false) { x in x.pad([(before: x.shape[dim: 0], after: 1)], fill: 2) }
  }

  @Test("sorting and running products of a symbolic axis")
  func orders() {
    check { $0.sorted(axis: 0) }
    check { $0.prod(axes: [0]) }
    check { $0.cumulativeProduct(axis: 0, reverse: true) }
    check([5, 2, 9]) { $0.topK(2, axis: 0).values }
    check { $0.argMax(axis: 0) }
  }

  @Test("tensors of symbolic shapes are made without an operand")
  func creation() {
    check(rows: false) { x in x + Tensor.ones(x.shape, dtype: .float64) * Tensor.zeros(x.shape, dtype: .float64) }
    check(rows: false) { x in x * RandomKey(3).uniform(x.shape, dtype: .float64) + RandomKey(4).normal(x.shape, dtype: .float64) }
    check(rows: false) { x in x * Tensor.iota(x.shape[dim: 0]).cast(to: .float64) }
    check(rows: false) { x in x.matmul(Tensor.eye(x.shape[dim: 0], x.shape[dim: 0] + 1, dtype: .float64)) }
    check(rows: false) { x in x * Tensor.linspace(-1, 2, count: x.shape[dim: 0], dtype: .float64) }
    check(rows: false) { x in x.gather(RandomKey(5).permutation(x.shape[dim: 0])) }
    check(rows: false) { x in x.broadcast(to: Shape(dimensions: [3, x.shape[dim: 0]])).sum(axes: [0]) }
    check(rows: false) { x in (Tensor.full(2, x.shape, dtype: .float64) + 1).cumulativeSum() * x }
    check(rows: false) { x in Tensor([0, 1] as [Int]).oneHot(x.shape[dim: 0], dtype: .float64).sum(axes: [0]) * x }
  }

  @Test("a table from outside is read at places that the symbols decide")
  func table() {
    let table = RandomKey(6).normal([12], dtype: .float64)
    check(rows: false) { x in table[x.shape[dim: 0] - 1] * x + table.narrow(0, from: x.shape[dim: 0], count: 3).sum() }
  }

  @Test("a part is assigned where the symbols decide how large it is")
  func assignment() {
    check { x in
      var y = x
      y[0..<2] = y[0..<2] * 3
      y[-1] = y[0] * 0.5
      return y
    }
  }

  @Test("an einsum names axes of any extent")
  func einsums() {
    check(rows: false) { x in einsum("i,j->ij", x, x) }
    check(rows: false) { x in einsum("ij,j->i", x.expandDims(1) * x, x) }
    check(rows: false) { x in einsum("ii->i", x.expandDims(1) * x) }
  }
}
