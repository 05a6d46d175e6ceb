import Testing
import WengertNN

@Suite("L-BFGS")
struct QuasiNewtonTests {
  @Test("it finds the end of Rosenbrock's valley in a few dozen steps")
  func rosenbrock() {
    let found = LBFGS().minimize(Tensor([-1.2, 1.0, -1.2, 1.0], dtype: .float64)) { x in
      let (a, b) = (x[0..<3], x[1..<4])
      return (square(1 - a) + 100 * square(b - a * a)).sum()
    }
    #expect(found.hasConverged && found.steps < 60 && found.evaluations < 90, "\(found.steps) \(found.evaluations)")
    #expect(found.value < 1e-12 && abs(found.model - 1).max().item() < 1e-5)
  }

  @Test("least squares end at the normal equations' solution")
  func leastSquares() {
    let a = RandomKey(1).normal([20, 4], dtype: .float64), y = RandomKey(2).normal([20, 1], dtype: .float64)
    let layer = Linear(weight: .zeros([1, 4], dtype: .float64))
    let found = LBFGS().minimize(layer) { square($0(a) - y).sum() }
    let exact = solve(a.transpose().matmul(a), a.transpose().matmul(y))
    #expect(found.hasConverged && (found.model.weight.flatten() - exact.flatten()).norm().item() < 1e-6)
  }

  @Test("a function that falls without end, or is not a number, ends the search and says so")
  func unbounded() {
    let down = LBFGS(maximumSteps: 5).minimize(Tensor([1.0], dtype: .float64)) { $0.sum() }
    #expect(!down.hasConverged)
    let lost = LBFGS().minimize(Tensor([-1.0], dtype: .float64)) { log($0).sum() }
    #expect(!lost.hasConverged && lost.value.isNaN)
  }
}
