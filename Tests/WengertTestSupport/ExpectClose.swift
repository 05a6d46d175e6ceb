import Testing
@_spi(Backend) import Wengert

extension OperationCase: CustomTestStringConvertible {}

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
  if let difference = firstDifference(actual, expected, tolerance) {
    Issue.record("\(name()): \(difference)", sourceLocation: sourceLocation)
  }
}
