import Wengert

/// Numbers of every kind beside tensors, as they are written in formulas.
enum Arithmetic {
  static func literals(_ x: Tensor) -> Tensor { 2 * x + 1 }
  static func decimals(_ x: Tensor) -> Tensor { 0.5 * x - 1.5 / (x + 3) }
  static func negation(_ x: Tensor) -> Tensor { -x * -2 + -(x - 1) }
  static func fraction(_ x: Tensor) -> Tensor { (1 - x) / (1 + x) - 1 / 3 * x }
  static func chain(_ a: Tensor, _ b: Tensor) -> Tensor { a + b - a * b / (a + b + 1) - 2 * (a - b) * (a + b) }
  static func parentheses(_ x: Tensor, _ y: Tensor) -> Tensor { ((x + 1) * (y - 1) + (x - 1) * (y + 1)) / ((x + 2) * (y + 2)) }
  static func integers(_ x: Tensor, n: Int) -> Tensor { x * Double(n) + Double(n * n) / Double(n + 1) - x / Double(2 * n - 1) }
  static func mixed(_ x: Tensor, n: Int, rate: Double, scale: Float) -> Tensor {
    rate * x / Double(n) + Double(scale) * x - 2 * rate * Double(n - 1)
  }
  static func polynomial(_ x: Tensor) -> Tensor {
    1 + x + x * x / 2 + x * x * x / 6 + x * x * x * x / 24 + x * x * x * x * x / 120
  }
  static func powers(_ x: Tensor) -> Tensor {
    3 * pow(x, 7) - 2 * pow(x, 6) + 0.5 * pow(x, 5) - pow(x, 4) / 4 + 1.25 * pow(x, 3) - 6 * pow(x, 2) + 2 * x - 1
  }
  static func horner(_ x: Tensor) -> Tensor { ((((((2 * x - 1) * x + 3) * x - 0.5) * x + 1) * x - 4) * x + 0.25) * x - 1 }
  static func seriesOfSines(_ x: Tensor) -> Tensor {
    sin(x) + sin(2 * x) / 2 + sin(3 * x) / 3 + sin(4 * x) / 4 + sin(5 * x) / 5 + sin(6 * x) / 6 + sin(7 * x) / 7 + sin(8 * x) / 8
  }
  static func wave(_ x: Tensor, t: Double) -> Tensor { exp(-0.5 * square(x - 2 * t)) * cos(3 * (x - t) + 0.25) / (1 + 0.1 * t) }
  static func remainder(_ x: Tensor) -> Tensor { (x % 3 + 3) % 3 * 2 - 1 }
  static func updates(_ x: Tensor, rate: Double) -> Tensor {
    var y = x
    y += 1
    y *= 0.5 * rate
    y -= 0.25 * x * rate
    y /= 2 + abs(x)
    return y
  }
  static func constants(_ x: Tensor) -> Tensor { exp(-x * x / 2) / (2 * Double.pi).squareRoot() + x / .pi - 2 * .pi * x }
}

/// Sequences reduced to tensors, and tensors made from closures.
enum Closures {
  static func step(_ y: Tensor, n: Int) -> Tensor {
    gradient(at: y) { y in (0..<n).reduce(y) { s, i in s + 0.001 * sin(s * Double(i % 7)) }.sum() }
  }
  static func horner(_ x: Tensor, _ coefficients: [Double]) -> Tensor { coefficients.reduce(0 * x) { $0 * x + $1 } }
  static func sumOfPowers(_ x: Tensor) -> Tensor { (1...5).map { pow(x, Double($0)) / Double($0) }.reduce(0 * x, +) }
  static func fourier(_ x: Tensor, n: Int) -> Tensor {
    var s = 0 * x
    for k in 0..<n { s = s + 4 / .pi * sin(Double(2 * k + 1) * x) / Double(2 * k + 1) }
    return s
  }
  static func losses(_ batches: [(x: Tensor, y: Tensor)], _ w: Tensor) -> Tensor {
    batches.map { square($0.x.matmul(w) - $0.y).mean() }.reduce(Tensor(0), +) / Double(batches.count)
  }
  static func layers(_ x: Tensor, _ weights: [Tensor]) -> Tensor {
    weights.enumerated().reduce(x) { h, layer in layer.offset == 0 ? h.matmul(layer.element) : relu(h).matmul(layer.element) + 0.1 * h }
  }
  static func euler(_ y: Tensor, steps: Int) -> Tensor {
    let h = 1 / Double(steps)
    return (0..<steps).reduce(y) { y, i in y + h * (cos(Double(i) * h * y) - 0.5 * y) }
  }
  static func zipped(_ a: [Tensor], _ b: [Tensor]) -> Tensor {
    zip(a, b).map { ($0 * $1).sum() / ($0.sum() + 1) }.reduce(Tensor(0)) { $0 + $1 }
  }
  static func gradientOfSquares(_ x: Tensor) -> Tensor { gradient(at: x) { ($0 * $0 - 2 * $0 + 1).sum() / 2 } }
  static func secondDerivative(_ x: Tensor) -> Tensor { gradient(at: x) { gradient(at: $0) { (sin($0) * exp(-0.1 * $0)).sum() }.sum() } }
  static func functions(_ x: Tensor) -> [Tensor] {
    let activations: [(Tensor) -> Tensor] = [exp, tanh, gelu, relu]
    return activations.map { $0(x) }
  }
  static func unary(_ xs: [Tensor]) -> [Tensor] { xs.map(exp).map(log1p) }
  static func slopes(_ x: Tensor, _ y: Tensor) -> [Tensor] { gradient(at: [x, y]) { p in (p[0] * p[1] - 2 * p[0] + 1).sum() } }
  static func penalized(_ x: Tensor, _ y: Tensor) -> [Tensor] {
    gradient(at: [x, y]) { p in (p[0] * p[1] - 2 * p[0] + 1).sum() + 0.5 * p.map { square($0).sum() }.reduce(Tensor(0), +) }
  }
  static func lineFit(_ w: Tensor, _ b: Tensor, _ x: Tensor, _ y: Tensor) -> (value: Tensor, gradient: [Tensor]) {
    valueAndGradient(at: [w, b]) { square(x * $0[0] + $0[1] - y).mean() + 0.01 * ($0[0] * $0[0]).sum() }
  }
  static func directions(_ x: Tensor, _ y: Tensor) -> [Tensor] {
    let along = jvp(at: [x, y], along: [y, x]) { 2 * $0[0] * $0[1] - $0[1] / 3 + 1 }.tangent
    let curved = hessianVectorProduct(at: [x, y], along: [y, x]) { (2 * $0[0] * $0[1] * $0[1] - $0[1] / 3 + 1).sum() }
    let back = vjp(at: [x, y]) { (1 - $0[0]) * (2 * $0[1] + 3) }.pullback(along)
    return curved + back + [checkpoint([x, y]) { ($0[0] * $0[1] - 2 * $0[0] + 1).sum() }]
  }
  static func damped(_ x: Tensor, _ y: Tensor, n: Int) -> Tensor {
    (0..<n).map { i in sin(Double(i) * x) * exp(-Double(i) / 3 * y) }.reduce(Tensor(0)) { $0 + $1 / Double(n) }
  }
  static func flow(_ x: Tensor, _ y: Tensor, _ a: Tensor, _ b: Tensor, n: Int) -> Tensor {
    (1...n).reduce(x) { s, i in s - a * s * Double(i) + (b - 1) * y / Double(i) }
  }
  static func differences(_ a: [Tensor], _ b: [Tensor], _ x: Tensor) -> Tensor {
    zip(a, b).map { ($0 - $1) * ($0 + $1) * 0.5 }.reduce(x, +)
  }
  static func typed(_ x: Tensor, _ y: Tensor) -> Tensor { ([x, y] as [Tensor]).map { ($0 - 1) * ($0 + 1) * 0.5 }.reduce(x, +) }
}
