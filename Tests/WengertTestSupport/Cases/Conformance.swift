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
