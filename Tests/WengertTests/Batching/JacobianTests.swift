import Testing
import WengertTestSupport

@Suite("Jacobians and Hessians")
struct JacobianTests {
  private let x = RandomKey(1).normal([3], dtype: .float64)
  private let w = RandomKey(2).normal([3, 4], dtype: .float64)

  @Test(
    "both orders give the matrix of a linear map, and of an element-wise function the diagonal",
    arguments: [JacobianMode.forward, .reverse])
  func known(_ mode: JacobianMode) {
    let linear = jacobian(at: x, mode: mode) { $0.matmul(w) }
    #expect(linear.shape == [4, 3])
    expectNear(numbers([linear]), numbers([w.transpose()]), 1e-15, "linear")
    let diagonal = jacobian(at: x, mode: mode) { sin($0) }
    let expected = Tensor.eye(3, dtype: .float64) * cos(x)
    expectNear(numbers([diagonal]), numbers([expected]), 1e-15, "element-wise")
  }

  @Test("results and arguments of any shape, several arguments", arguments: [JacobianMode.forward, .reverse])
  func trees(_ mode: JacobianMode) {
    let matrices = jacobian(at: [x, w], mode: mode) { p in exp(p[1] * p[0].expandDims(1)) }
    #expect(matrices[0].shape == [3, 4, 3] && matrices[1].shape == [3, 4, 3, 4])
    let value = exp(w * x.expandDims(1))
    for row in 0..<3 {
      for column in 0..<4 {
        let slope = (value[row, column] * x[row]).item()
        #expect(abs(matrices[1][row, column, row, column].item() - slope) < 1e-12)
        #expect(abs(matrices[0][row, column, row].item() - (value[row, column] * w[row, column]).item()) < 1e-12)
      }
    }
    // Elsewhere zero.
    #expect(matrices[1].reshape([12, 12]).array(of: Double.self).filter { $0 != 0 }.count == 12)
    #expect(matrices[0].reshape([12, 3]).array(of: Double.self).filter { $0 != 0 }.count == 12)
  }

  @Test(
    "whole numbers beside floating ones have zeros, and nothing has a matrix without elements", arguments: [JacobianMode.forward, .reverse])
  func edges(_ mode: JacobianMode) {
    let indices = Tensor([2, 0] as [Int])
    let parts = jacobian(at: [x, indices], mode: mode) { $0[0].gather($0[1]) }
    #expect(parts[0].array(of: Double.self) == [0, 0, 1, 1, 0, 0])
    #expect(parts[1].shape == [2, 2] && parts[1].dtype == .int64 && parts[1].array(of: Int.self) == [0, 0, 0, 0])
    #expect(jacobian(at: Tensor.zeros([0], dtype: .float64), mode: mode) { $0 * 2 }.shape == [0, 0])
  }

  @Test("the Hessian of a quadratic form is A + Aᵀ, and any Hessian the derivative of the gradient")
  func second() {
    let a = RandomKey(4).normal([3, 3], dtype: .float64)
    let form = hessian(at: x) { ($0.matmul(a) * $0).sum() }
    expectNear(numbers([form]), numbers([a + a.transpose()]), 1e-14, "quadratic form")
    let f: @Sendable (Tensor) -> Tensor = { x in exp(x * 0.3).prod() + sin(x).softmax().max() }
    let all = hessian(at: x, f)
    for i in 0..<3 {
      let direction = Tensor.eye(3, dtype: .float64)[i]
      expectNear(numbers([all[i]]), numbers([hessianVectorProduct(at: x, along: direction, f)]), 1e-13, "row \(i)")
    }
    let matrices = hessian(at: w) { square($0).sum() }
    #expect(matrices.shape == [3, 4, 3, 4])
    expectNear(numbers([matrices.reshape([12, 12])]), numbers([Tensor.eye(12, dtype: .float64) * 2]), 1e-14, "of a matrix")
  }

  @Test("a function that is linear piece by piece has a Hessian of zeros, and one through whole numbers alone is refused")
  func pieces() async {
    let zeros = [Double](repeating: 0, count: 9)
    let functions: [@Sendable (Tensor) -> Tensor] = [
      { $0.max() }, { $0.sorted().sum() }, { clip($0, -0.5, 0.5).sum() }, { relu($0).sum() }, { $0.topK(2).values.sum() },
      { select($0 .> 0, $0 * 2, $0).sum() }, { abs($0).sum() }, { maximum($0, $0 * 2).sum() },
    ]
    for (i, f) in functions.enumerated() { #expect(hessian(at: x, f).array(of: Double.self) == zeros, "function \(i)") }
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      // The inner derivative is by something else.
      let w = Tensor([1.0, 2, 3])
      _ = gradient(at: Tensor([0.5, 2, 1])) { x in gradient(at: w) { w in w.gather(x.argMax()).sum() }.sum() }
    }
    .expectsMessage("the result depends on the argument only through argMax, which has no derivative")
  }

  @Test("of each example, and compiled")
  func composed() {
    let points = RandomKey(6).normal([4, 3], dtype: .float64)
    let f: @Sendable (Tensor) -> Tensor = { x in (x * x * x).sum() * x.sum() }
    let all = vmap { (x: Tensor) in hessian(at: x, f) }(points), compiled = compile { (x: Tensor) in hessian(at: x, f) }
    for i in 0..<4 {
      let one = hessian(at: points[i], f)
      expectNear(numbers([all[i]]), numbers([one]), 1e-13, "example \(i)")
      expectNear(numbers([compiled(points[i])]), numbers([one]), 1e-13, "compiled, example \(i)")
    }
  }
}
