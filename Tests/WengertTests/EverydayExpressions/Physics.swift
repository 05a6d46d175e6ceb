import Foundation
import Wengert

/// Steps of simulations, beside Foundation's functions of the same names.
enum Physics {
  static func leapfrog(_ q: Tensor, _ p: Tensor, dt: Double, mass: Double) -> Tensor {
    q + dt * (p - 0.5 * dt * sin(q)) / mass - 0.5 * dt * dt * sin(q) / mass
  }
  static func energy(_ q: Tensor, _ p: Tensor, k: Double, m: Double) -> Tensor { ((p * p) / (2 * m) + 0.5 * k * q * q).sum() }
  static func runge(_ y: Tensor, h: Double, _ f: (Tensor) -> Tensor) -> Tensor {
    let k1 = f(y), k2 = f(y + h / 2 * k1), k3 = f(y + h / 2 * k2), k4 = f(y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
  }
  static func lorenz(_ x: Tensor, _ y: Tensor, _ z: Tensor, dt: Double) -> [Tensor] {
    [x + dt * 10 * (y - x), y + dt * (x * (28 - z) - y), z + dt * (x * y - 8 / 3 * z)]
  }
  static func heat(_ u: Tensor, alpha: Double, dx: Double, dt: Double) -> Tensor {
    u + alpha * dt / (dx * dx) * (u.roll(1, axis: 0) - 2 * u + u.roll(-1, axis: 0))
  }
  static func gravity(_ r: Tensor, g: Double, m1: Double, m2: Double) -> Tensor {
    -g * m1 * m2 * r / pow((r * r).sum(axes: [-1], keepDims: true) + 1e-6, 1.5)
  }
  static func lennardJones(_ r: Tensor, epsilon: Double, sigma: Double) -> Tensor { 4 * epsilon * (pow(sigma / r, 12) - pow(sigma / r, 6)) }
  static func damped(_ t: Tensor, a: Double, w: Double, c: Double) -> Tensor {
    a * exp(-c * t) * cos(w * t + .pi / 4) + a / 2 * exp(-2 * c * t) * sin(2 * w * t)
  }
  static func planck(_ v: Tensor, temperature: Double) -> Tensor {
    2 * 6.626e-34 * pow(v, 3) / pow(3e8, 2) / (exp(6.626e-34 * v / (1.38e-23 * temperature)) - 1)
  }
  static func pendulum(_ y: Tensor, n: Int) -> Tensor {
    gradient(at: y) { y in (0..<n).reduce(y) { (s: Tensor, i: Int) in s + 0.001 * sin(s * Double(i % 7)) }.sum() }
  }
  static func softClip(_ x: Tensor, limit: Double) -> Tensor { limit * tanh(x / limit) + 0.01 * max(1, limit) * x }
  static func logistic(_ x: Tensor, r: Double, n: Int) -> Tensor { (0..<n).reduce(x) { x, _ in r * x * (1 - x) } }
  static func schedule(_ x: Tensor, step: Int, total: Int) -> Tensor {
    x * (0.5 * (1 + cos(Double(step) / Double(total) * .pi))) + sqrt(2) * x
  }
  static func black(_ s: Tensor, k: Double, r: Double, sigma: Double, t: Double) -> Tensor {
    let d1 = (log(s / k) + (r + sigma * sigma / 2) * t) / (sigma * sqrt(t))
    return s * normalCDF(d1) - k * exp(-r * t) * normalCDF(d1 - sigma * sqrt(t))
  }
}

/// Products of matrices, shapes and subscripts.
enum Matrices {
  static func chain(_ a: Tensor, _ b: Tensor, _ x: Tensor) -> Tensor { a.matmul(b).matmul(x) + a.matmul(x) * 2 - b.matmul(x) / 3 + 0.5 * x }
  static func quadratic(_ x: Tensor, _ a: Tensor) -> Tensor { 0.5 * (x * a.matmul(x)).sum() - (x + 1).sum() * 2 }
  static func covariance(_ x: Tensor) -> Tensor {
    (x - x.mean(axes: [0], keepDims: true)).transpose().matmul(x - x.mean(axes: [0], keepDims: true)) / Double(x.shape[0] - 1)
  }
  static func normalEquations(_ x: Tensor, _ y: Tensor, weight: Double) -> Tensor {
    solve(x.transpose().matmul(x) + weight * .eye(x.shape[1]), x.transpose().matmul(y))
  }
  static func distances(_ a: Tensor, _ b: Tensor) -> Tensor {
    sqrt(maximum((a * a).sum(axes: [1], keepDims: true) + (b * b).sum(axes: [1]) - 2 * a.matmul(b.transpose()), Tensor(0)) + 1e-12)
  }
  static func differences(_ x: Tensor) -> Tensor { (x[1...] - x[..<(-1)]) / 2 + x[0] * 0.5 - x[-1] }
  static func corners(_ x: Tensor) -> Tensor { x[0, 0] + x[0, -1] * 2 - x[-1, 0] / 3 + x[x.shape[0] - 1, x.shape[1] - 1] }
  static func laplacian(_ u: Tensor) -> Tensor {
    let inner = Axis.range(from: 1, to: -1)
    return u[2..., inner] + u[..<(-2), inner] + u[inner, 2...] + u[inner, ..<(-2)] - 4 * u[inner, inner]
  }
  static func heads(_ x: Tensor, heads: Int) -> Tensor {
    x.reshape(x.shape.dropLast() + [heads, x.shape[x.rank - 1] / heads]).transpose(-2, -3)
  }
  static func batched(_ x: Tensor) -> Tensor { Tensor.zeros([16] + x.shape) + x }
  static func outer(_ a: Tensor, _ b: Tensor) -> Tensor { a[0..., Axis.new] * b[Axis.new, 0...] + 2 * einsum("i,j->ij", a, b) }
}
