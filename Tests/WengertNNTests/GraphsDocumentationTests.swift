import Foundation
import Testing
import WengertTestSupport

@Suite("Documentation/Graphs.md")
struct GraphsDocumentationTests {
  private static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

  @Test("its code is the example's")
  func code() throws {
    let page = try MarkdownFile("Documentation/Graphs.md")
    #expect(page.blocks.count { $0.language == "swift" } >= 6)
    let example = Self.directory.appendingPathComponent("GraphsExample.swift").path
    #expect(try page.linesMissing(in: example) == [])
  }

  @Test("its output is what the example prints")
  func output() throws {
    let printed = GraphsExample.run()
    let blocks = try MarkdownFile("Documentation/Graphs.md").blocks.filter { $0.language == "text" }
    #expect(Set(blocks.map(\.name)) == Set(printed.keys))
    for block in blocks {
      let text = try #require(printed[block.name])
      if block.name == "profile" {
        #expect(kernels(block.lines) == kernels(text.split(separator: "\n").map(String.init)), "\(text)")
      } else {
        let isShown = block.shows(text)
        #expect(isShown, "\(block.name) prints\n\(text)")
      }
    }
  }

  /// Names, extents and numbers of calls of a profile, whose times and order differ from run to run.
  private func kernels(_ lines: [String]) -> Set<String> {
    Set(
      lines.map { line in
        line.replacing(/\ {2,}/, with: "|").split(separator: "|").prefix(line.hasPrefix("all") ? 2 : 3).joined(separator: " | ")
      })
  }
}
