import Foundation
import Testing
import Wengert
import WengertTestSupport

// The README's example, to the letter.
struct Line: ParameterTree {
  var slope = Tensor(0), offset = Tensor(0)
  static let fields: [Field<Self>] = [.init("slope", \.slope), .init("offset", \.offset)]
}

@Suite("The README")
struct ReadmeTests {
  @Test("its example finds the line")
  func example() {
    let x = Tensor.linspace(-1, 1, count: 50), y = 3 * x + 0.5
    var line = Line()
    for _ in 0..<200 {
      let slope = gradient(at: line) { square($0.slope * x + $0.offset - y).mean() }  // has the model's own structure
      line = Line(slope: line.slope - 0.5 * slope.slope, offset: line.offset - 0.5 * slope.offset)
    }
    #expect(line.slope.description == "3.0" && line.offset.description == "0.5")
  }

  @Test("every line of its example stands in this file")
  func text() throws {
    let package = Fixtures.url("").deletingLastPathComponent().deletingLastPathComponent()
    let readme = try String(contentsOf: package.appendingPathComponent("README.md"), encoding: .utf8)
    let here = try String(contentsOfFile: #filePath, encoding: .utf8).split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let example = try #require(readme.firstRange(of: "```swift\n").map { readme[$0.upperBound...] })
    let lines = example[..<(try #require(example.firstRange(of: "```")).lowerBound)].split(separator: "\n")
    #expect(lines.count >= 10)
    for line in lines.map({ $0.trimmingCharacters(in: .whitespaces) }) where !line.hasPrefix("print") && !line.isEmpty {
      #expect(here.contains(line), "\(line)")
    }
  }
}
