import Foundation
import WengertNN

/// Gaussian process regression (Rasmussen & Williams 2006, algorithm 2.1): the kernel's three numbers by the gradient of the marginal likelihood, and what it says between the points.
func gaussianProcess(_ run: Run) throws {
  let count = run.count(60, tiny: 20)
  let x = RandomKey(1).uniform([count], low: 0, high: 6, dtype: .float64)
  let y = sin(2 * x) + 0.3 * x + RandomKey(2).normal([count], standardDeviation: 0.2, dtype: .float64)

  let start = Kernel(logScale: Tensor(0, dtype: .float64), logLength: Tensor(0, dtype: .float64), logNoise: Tensor(0, dtype: .float64))
  // −log p(y | x) by K = L Lᵀ: half of yᵀK⁻¹y, the logarithm of the determinant's root, and a constant.
  func negativeLogLikelihood(_ kernel: Kernel) -> Tensor {
    let l = kernel.covariance(x).cholesky(), white = solveTriangular(l, y)
    return 0.5 * square(white).sum() + log(l.diagonal()).sum() + 0.5 * Double(count) * log(2 * Double.pi)
  }
  let found = LBFGS().minimize(start, negativeLogLikelihood), kernel = found.model
  print(
    "negative log likelihood: \(negativeLogLikelihood(start).item().text()) at the start, \(found.value.text()) after \(found.steps) steps")
  print(
    "scale \(exp(kernel.logScale).item().text()), length \(exp(kernel.logLength).item().text()), noise \(exp(kernel.logNoise).item().text())"
  )

  // The posterior at other places: mean k K⁻¹y, and variance k(0) − k K⁻¹kᵀ.
  let places = Tensor.linspace(-1, 7, count: 161, dtype: .float64), across = kernel(x, places)
  let l = kernel.covariance(x).cholesky(), white = solveTriangular(l, across)
  let mean = white.transpose().matmul(solveTriangular(l, y))
  let deviation = sqrt(exp(2 * kernel.logScale) - square(white).sum(axis: 0))
  print("at 3: \(mean[80].item().text()) ± \(deviation[80].item().text()); the function is \((sin(6) + 0.9).text())")

  var chart = Chart("Gaussian process", across: "x", up: "y")
  chart.line("mean", places.doubles, mean.doubles)
  chart.points("data", x.doubles, y.doubles)
  chart.band("two standard deviations", places.doubles, from: (mean - 2 * deviation).doubles, to: (mean + 2 * deviation).doubles)
  try run.draw(chart.svg)
}

/// s² exp(−(x − y)²/2ℓ²), and noise of variance σ²: by logarithms, which may be any numbers.
private struct Kernel: ParameterTree {
  var logScale: Tensor, logLength: Tensor, logNoise: Tensor
  static let fields: [Field<Self>] = [.init("logScale", \.logScale), .init("logLength", \.logLength), .init("logNoise", \.logNoise)]

  func callAsFunction(_ x: Tensor, _ y: Tensor) -> Tensor {
    exp(2 * logScale - 0.5 * square((x.expandDims(1) - y) / exp(logLength)))
  }

  func covariance(_ x: Tensor) -> Tensor { self(x, x) + exp(2 * logNoise) * Tensor.eye(x.shape[0], dtype: .float64) }
}
