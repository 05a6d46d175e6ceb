import Foundation
import Testing
import WengertTestSupport

/// Documentation/Conventions.md: every line is computed, and the peers' columns are those that Tests/Fixtures/conventions.py measured.
@Suite("Table of conventions")
struct ConventionTests {
  struct Line: Sendable, CustomTestStringConvertible {
    let expression: String, own: String, peers: [String]
    var testDescription: String { expression }
  }

  struct Measured: Decodable {
    let versions: [String: String]
    let rows: [String: [String]]
  }

  static func table() throws -> [Line] {
    let file = try MarkdownFile("Documentation/Conventions.md")
    let text = try String(contentsOf: Fixtures.url("../../Documentation/Conventions.md"), encoding: .utf8)
    let headings = text.split(separator: "\n").filter { $0.hasPrefix("## ") }.map { String($0.dropFirst(3)) }
    return headings.flatMap { file.rows(under: $0) }.map { Line(expression: $0[0], own: $0[1], peers: Array($0[2...])) }
  }

  static func measured() throws -> Measured {
    try JSONDecoder().decode(Measured.self, from: Data(contentsOf: Fixtures.url("conventions.json")))
  }

  @Test("each line of the table is what Wengert gives, in every dtype and mode, compiled too")
  func lines() throws {
    let known = Dictionary(ConventionLines.all.map { ($0.expression, $0) }, uniquingKeysWith: { a, _ in a })
    for line in try Self.table() {
      guard let convention = known[line.expression] else {
        Issue.record("the line \"\(line.expression)\" has no test")
        continue
      }
      let result = convention.result()
      // A zero's sign matters where the line is about zeros.
      if line.expression.contains("-0") && !line.expression.hasPrefix("∇") {
        #expect(result == line.own, "\(line.expression)")
      } else {
        #expect(Convention.unsigned(result) == Convention.unsigned(line.own), "\(line.expression)")
      }
    }
  }

  @Test("the lines that end the program do, with a message", arguments: ConventionLines.all.filter(\.isError).map(\.expression))
  func errors(_ expression: String) async throws {
    let message = try #require(ConventionErrors.all[expression]?.message)
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [expression] in
      ConventionErrors.all[expression]?.run()
    }
    .expectsMessage(message)
  }

  @Test("table, tests and measurements have the same lines, each once")
  func complete() throws {
    let table = try Self.table().map(\.expression), tests = ConventionLines.all.map(\.expression)
    #expect(table.count == Set(table).count && tests.count == Set(tests).count)
    #expect(Set(table).symmetricDifference(tests) == [])
    #expect(Set(table).symmetricDifference(try Self.measured().rows.keys) == [])
    #expect(Set(ConventionErrors.all.keys) == Set(ConventionLines.all.filter(\.isError).map(\.expression)))
    #expect(table.count > 150)
  }

  @Test("the peers' columns are the measured ones")
  func peers() throws {
    let measured = try Self.measured()
    for line in try Self.table() { #expect(line.peers == measured.rows[line.expression], "\(line.expression)") }
    let text = try String(contentsOf: Fixtures.url("../../Documentation/Conventions.md"), encoding: .utf8)
    for (name, heading) in [("torch", "PyTorch"), ("jax", "JAX"), ("numpy", "NumPy")] {
      #expect(text.contains("\(heading) \(try #require(measured.versions[name]))"))
    }
  }
}
