import Foundation
import WengertNN

/// How an example is run: `examples NAME [FILE] [--tiny]`.
struct Run {
  let name: String
  /// Data to be read instead of made.
  let file: URL?
  /// Whether a moment's work is enough, as in the tests.
  let isTiny: Bool

  /// A number of steps or examples, and the one that is enough for a test.
  func count(_ full: Int, tiny: Int) -> Int { isTiny ? tiny : full }

  /// Writes a picture into the working folder.
  func draw(_ svg: String) throws {
    try svg.write(toFile: "\(name).svg", atomically: true, encoding: .utf8)
    print("drew \(name).svg")
  }
}

extension Double {
  /// The number with so many digits behind the point.
  func text(_ digits: Int = 3) -> String { String(format: "%.\(digits)f", self) }
}

extension Tensor {
  var doubles: [Double] { array() }
}
