import Foundation

/// What an exit test runs that expects an operator's line: it is looked up only where backtraces are not turned off, as swift-testing does.
package func lookingUpPlaces(_ body: () -> Void) {
  unsetenv("SWIFT_BACKTRACE")
  body()
}
