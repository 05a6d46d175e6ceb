import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

@Suite struct CPULinearAlgebraTests {
  /// A matrix with a large diagonal.
  func dominant(_ n: Int, _ dtype: DType, seed: Int) -> Tensor {
    RandomKey(seed).uniform([n, n], low: -1, high: 1, dtype: dtype) + Tensor.eye(n, dtype: dtype) * Double(n)
  }

  func largest(_ x: Tensor) -> Double { abs(x).max().item() }

  @Test("factors of a matrix that several threads share give the matrix back", arguments: [DType.float32, .float64], [1, 2, 3])
  func blocked(dtype: DType, threads: Int) {
    let tolerance = dtype == .float32 ? 2e-3 : 1e-11
    for n in [383, 384, 500, 641] {
      CPUBackend.shared.withThreadCount(threads) {
        let a = dominant(n, dtype, seed: n)
        let symmetric = (a + a.transpose()) / 2
        let l = a.cholesky()
        #expect(largest(l.matmul(l.transpose()) - symmetric) < tolerance, "\(n)")
        #expect(largest(l.upperTriangle(1)) == 0)
        // A general matrix, whose pivots move.
        let b = RandomKey(n).normal([n, 5], dtype: dtype), c = RandomKey(n + 1).normal([n, n], dtype: dtype)
        for m in [a, c, c.transpose()] {
          let x = solve(m, b)
          #expect(largest(m.matmul(x) - b) < 100 * tolerance, "\(n)")
        }
      }
    }
  }

  @Test("matrices are read in every layout", arguments: Lie.allCases)
  func layouts(lie: Lie) {
    var numbers = SplitMix64(3)
    let n = 5
    let values = (0..<2 * n * n).map { (numbers.unit() - 0.5) + ($0 % (n * n) % (n + 1) == 0 ? 6 : 0) }
    let sides = (0..<2 * n * 3).map { _ in numbers.unit() }
    let kernels: [LinearAlgebraKernel] = [.cholesky, .solve, .solveTriangular(upper: false), .solveTriangular(upper: true)]
    for kernel in kernels {
      func compute(_ backend: any Backend, _ a: View, _ b: View) -> [Double] {
        let shape: Shape = kernel == .cholesky ? [2, n, n] : [2, n, 3]
        let out = View(
          storage: backend.allocate(byteCount: shape.elementCount * 8), layout: Layout(rowMajor: shape), dtype: .float64)
        #expect(backend.linearAlgebra(kernel, kernel == .cholesky ? [a] : [a, b], into: out) == nil)
        return Tensor(out).array(of: Double.self)
      }
      let actual = compute(CPUBackend.shared, View(values, [2, n, n], .float64, lie), View(sides, [2, n, 3], .float64, lie))
      let reference = ReferenceBackend.shared
      let expected = compute(
        reference, Tensor(values, shape: [2, n, n], backend: reference).view, Tensor(sides, shape: [2, n, 3], backend: reference).view)
      for (x, y) in zip(actual, expected) { #expect((x - y).magnitude < 1e-12, "\(kernel)") }
    }
  }

  @Test("the first matrix without a factor is named")
  func failures() {
    let good: [Double] = [2, 1, 1, 2]
    let a = View(good + [1, 2, 2, 1] + [0, 0, 0, 0], [3, 2, 2], .float64)
    let out = View([Double](repeating: 0, count: 12), [3, 2, 2], .float64)
    #expect(CPUBackend.shared.linearAlgebra(.cholesky, [a], into: out) == 1)
    #expect(CPUBackend.shared.linearAlgebra(.solve, [a, a], into: out) == 2)
    #expect(CPUBackend.shared.linearAlgebra(.solveTriangular(upper: true), [a, a], into: out) == 2)
    let nan = View([Double.nan, 0, 0, 1], [1, 2, 2], .float64)
    #expect(CPUBackend.shared.linearAlgebra(.cholesky, [nan], into: View([0, 0, 0, 0], [1, 2, 2], .float64)) == 0)
  }
}
