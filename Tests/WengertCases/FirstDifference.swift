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

/// The same for views: of one shape and dtype, held by any backends.
package func firstDifference(_ actual: View, _ expected: View, _ tolerance: Tolerance) -> String? {
  guard actual.shape == expected.shape, actual.dtype == expected.dtype else {
    return "\(actual.dtype)\(actual.shape) where \(expected.dtype)\(expected.shape) was expected"
  }
  if expected.dtype.isFloating { return firstDifference(actual.doubles, expected.doubles, tolerance) }
  // As integers: beyond 2⁵³ different ones may be one double.
  let (a, e) = (actual.integers, expected.integers)
  return a.indices.first { a[$0] != e[$0] }.map { "element \($0) is \(a[$0]), expected \(e[$0])" }
}
