@_spi(Backend) import Wengert

/// What a backend's results for a case are compared with, and how near they must be.
package enum Conformance {
  package static func results(_ variant: Variant, _ operands: [Blueprint], on backend: any Backend) -> [View] {
    variant.operation.apply(operands.map { $0.tensor(on: backend) }).map(\.view)
  }

  /// The largest result, or result for absolute operands: what rounding errors of sums are measured against.
  package static func magnitudes(_ variant: Variant, _ operands: [Blueprint], _ expected: [View]) -> [Double] {
    guard case .composed = variant.operation.accuracy else { return expected.map { _ in 0 } }
    let absolute = operands.map { operand in
      var operand = operand
      // Indices keep their sign.
      if operand.dtype.isFloating { operand.buffer = operand.buffer.map(\.magnitude) }
      return operand
    }
    return zip(results(variant, absolute, on: ReferenceBackend.shared), expected).map { a, e in
      // Differences of equals leave rounding errors that no result shows.
      (a.doubles + e.doubles).lazy.filter(\.isFinite).map(\.magnitude).reduce(1e-3, max)
    }
  }

  /// What is wrong with a backend's results for a case, beside the reference backend's.
  package static func differences(_ variant: Variant, _ actual: [View]) -> [String] {
    let expected = results(variant, variant.operands, on: ReferenceBackend.shared)
    let magnitudes = self.magnitudes(variant, variant.operands, expected)
    if actual.count != expected.count { return ["\(variant): \(actual.count) results, expected \(expected.count)"] }
    return zip(actual, expected).enumerated().compactMap { i, pair in
      firstDifference(pair.0, pair.1, tolerance(variant, pair.1.dtype, magnitudes[i])).map { "\(variant), result \(i): \($0)" }
    }
  }

  package static func tolerance(_ variant: Variant, _ dtype: DType, _ magnitude: Double) -> Tolerance {
    var tolerance = Tolerance.elementwise(dtype)
    switch variant.operation.accuracy {
    case .exact: tolerance.unitsInLastPlace = 0
    case .elementwise(let factor): tolerance.unitsInLastPlace *= factor
    case .composed(let units): tolerance.absolute = units * magnitude * (FloatFormat.of(dtype)?.spacing(at: 1) ?? 0)
    }
    return tolerance
  }
}
