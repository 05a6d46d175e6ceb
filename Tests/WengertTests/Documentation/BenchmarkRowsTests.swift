import Foundation
import Testing
import WengertTestSupport

@Suite("The rows of make bench")
struct BenchmarkRowsTests {
  private static let folder = Fixtures.package.appendingPathComponent("Benchmarks/Sources/wengert-bench/Rows")

  /// What stands in the rows for the first word of a case's name, where that is no function's name.
  private static let written = [
    "negate": "-$0", "subtract": "$0 - $1", "multiply": "$0 * $1", "divide": "$0 / $1", "floorDivide": "floorDivided", "and": ".&",
    "or": ".|", "xor": ".^", "not": ".!$0", "equal": ".==", "notEqual": ".!=", "less": ".<", "lessOrEqual": ".<=", "greater": ".>",
    "greaterOrEqual": ".>=", "comparisons": ".==", "2": "2 - $0", "times": "* 2", "over": "2 / $0", "+=": "+=", "add": "$0[0] + $0[1]",
    "quantiles": "quantile(", "complex": "ComplexTensor(", "fold": "fold(", "split": "split(",
  ]

  @Test("have one at least for each operation of the case list")
  func everyOperation() throws {
    let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
    let lines = try files.flatMap { try String(contentsOf: $0, encoding: .utf8).split(separator: "\n") }
    let text = lines.filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
    let words = Set(text.split { !$0.isLetter && !$0.isNumber }.map(String.init))
    // Nothing is computed where no derivative is taken.
    let operations = Set(CaseList.all.map { String($0.name.prefix { $0 != " " }) }).subtracting(["stopGradient"])
    let forgotten = operations.filter { name in
      // Subscripts are of few kinds, which their cases write in many ways.
      if name.hasPrefix("x[") { return !text.contains("Axis.range(") }
      return !(Self.written[name].map(text.contains) ?? words.contains(name))
    }
    #expect(forgotten.sorted() == [])
  }
}
