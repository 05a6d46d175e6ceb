import Testing
@_spi(Backend) import Wengert

/// The first place where two arrays differ by more than a tolerance, as a sentence; nil where there is none.
public func firstDifference(_ actual: [Double], _ expected: [Double], _ tolerance: Tolerance) -> String? {
  if actual.count != expected.count { return "\(actual.count) values where \(expected.count) were expected" }
  let differing = actual.indices.filter { !tolerance.accepts(actual[$0], expected[$0]) }
  guard let i = differing.first else { return nil }
  let units = unitsInLastPlace(actual[i], expected[i], tolerance.dtype)
  return """
    element \(i) is \(actual[i]), expected \(expected[i]) (\(units) units in the last place of \(tolerance.dtype), \
    allowed \(tolerance.unitsInLastPlace) and \(tolerance.absolute)); \(differing.count) of \(actual.count) differ
    """
}

/// Fails the test with the case's name and the first differing element.
public func expectClose(
  _ actual: [Double], _ expected: [Double], _ tolerance: Tolerance, _ name: @autoclosure () -> String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  if let difference = firstDifference(actual, expected, tolerance) {
    Issue.record("\(name()): \(difference)", sourceLocation: sourceLocation)
  }
}

/// The same for views: of one shape and dtype, held by any backends.
package func expectClose(
  _ actual: View, _ expected: View, _ tolerance: Tolerance, _ name: @autoclosure () -> String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.shape == expected.shape, actual.dtype == expected.dtype else {
    Issue.record(
      "\(name()): \(actual.dtype)\(actual.shape) where \(expected.dtype)\(expected.shape) was expected", sourceLocation: sourceLocation)
    return
  }
  if expected.dtype.isFloating {
    expectClose(actual.doubles, expected.doubles, tolerance, name(), sourceLocation: sourceLocation)
  } else if let i = zip(actual.integers, expected.integers).enumerated().first(where: { $1.0 != $1.1 })?.offset {
    // As integers: beyond 2⁵³ different ones may be one double.
    Issue.record(
      "\(name()): element \(i) is \(actual.integers[i]), expected \(expected.integers[i])", sourceLocation: sourceLocation)
  }
}
