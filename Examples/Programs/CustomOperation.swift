import WengertNN

/// An operation with a derivative of its own: Kepler's equation E − e sin E = M, solved by Newton's iteration. Its derivatives are those of the equation, whatever the iteration did, and are compared
/// with finite differences.
func customOperation(_ run: Run) throws {
  let m = Tensor.linspace(0.2, 3, count: 5, dtype: .float64), e = Tensor.full(0.6, [5], dtype: .float64)
  let anomaly = eccentricAnomaly(m, e)
  print(
    "E(M, 0.6)   \(anomaly.doubles.map { $0.text(4) }.joined(separator: "  ")): residual below 1e-12: \(abs(anomaly - e * sin(anomaly) - m).max().item() < 1e-12)"
  )

  let h = 1e-5
  func compare(_ name: String, _ derivative: Tensor, _ f: (Double) -> Tensor) {
    let error = abs(derivative - (f(h) - f(-h)) / (2 * h)).max().item()
    print("\(name) \(derivative.doubles.map { $0.text(4) }.joined(separator: "  ")): as finite differences: \(error < 1e-6)")
  }
  let slope = gradient(at: [m, e]) { eccentricAnomaly($0[0], $0[1]).sum() }
  compare("∂E/∂M      ", slope[0]) { eccentricAnomaly(m + $0, e) }
  compare("∂E/∂e      ", slope[1]) { eccentricAnomaly(m, e + $0) }
  let forward = jvp(at: m, along: .ones([5], dtype: .float64)) { eccentricAnomaly($0, e) }
  compare("forward    ", forward.tangent) { eccentricAnomaly(m + $0, e) }
  // The rules are written in tensor operations, and so have derivatives themselves.
  func slopeByM(_ m: Tensor) -> Tensor { gradient(at: m) { eccentricAnomaly($0, e).sum() } }
  compare("∂²E/∂M²    ", gradient(at: m) { slopeByM($0).sum() }) { slopeByM(m + $0) }
  let compiled = compile { (m: Tensor) in gradient(at: m) { eccentricAnomaly($0, e).sum() } }
  compare("compiled   ", compiled(m)) { eccentricAnomaly(m + $0, e) }
  compare("by examples", vmap { (m: Tensor, e: Tensor) in gradient(at: m) { eccentricAnomaly($0, e) } }(m, e)) {
    eccentricAnomaly(m + $0, e)
  }

  var chart = Chart("Kepler's equation", across: "mean anomaly M", up: "E")
  let around = Tensor.linspace(0, 2 * .pi, count: 200, dtype: .float64)
  for e in [0, 0.5, 0.9] {
    chart.line("e = \(e)", around.doubles, eccentricAnomaly(around, .full(e, [200], dtype: .float64)).doubles)
  }
  try run.draw(chart.svg)
}

/// E with E − e sin E = M for eccentricities e in 0..<1, of one shape with M.
private func eccentricAnomaly(_ m: Tensor, _ e: Tensor) -> Tensor {
  /// How fast the left side grows with E.
  func rate(_ anomaly: Tensor, _ e: Tensor) -> Tensor { 1 - e * cos(anomaly) }
  return customDerivative(
    [m, e],
    forward: { inputs in
      let (m, e) = (inputs[0], inputs[1])
      var anomaly = m + e * sin(m)
      for _ in 0..<20 { anomaly = anomaly - (anomaly - e * sin(anomaly) - m) / rate(anomaly, e) }
      return anomaly
    },
    vjp: { inputs, anomaly, cotangent in
      let byM = cotangent / rate(anomaly, inputs[1])
      return [byM, byM * sin(anomaly)]
    },
    jvp: { inputs, tangents in
      let anomaly = eccentricAnomaly(inputs[0], inputs[1])
      return (tangents[0] + tangents[1] * sin(anomaly)) / rate(anomaly, inputs[1])
    })
}
