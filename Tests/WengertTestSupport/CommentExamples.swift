import Foundation

/// The examples in a target's comments: each fenced block of Swift between `///` lines, with the name that is declared behind the comment.
public struct CommentExamples {
  public struct Example: Equatable {
    public let name: String
    public let lines: [String]
  }
  public let examples: [Example]

  /// Reads all sources in a folder, a path from the package's root.
  public init(in folder: String) throws {
    let package = Fixtures.url("").deletingLastPathComponent().deletingLastPathComponent()
    let root = package.appendingPathComponent(folder)
    let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }.sorted()
    examples = try paths.flatMap { path in
      Self.examples(inSource: try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8))
    }
  }

  /// The examples of one source.
  public static func examples(inSource text: String) -> [Example] {
    var examples: [Example] = [], blocks: [[String]] = []
    var open: [String]?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map({ $0.trimmingCharacters(in: .whitespaces) }) {
      if line.hasPrefix("///") {
        let comment = line.dropFirst(3).trimmingCharacters(in: .whitespaces)
        if let lines = open {
          if comment == "```" {
            blocks.append(lines)
            open = nil
          } else {
            open = lines + [comment]
          }
        } else if comment == "```swift" {
          open = []
        }
      } else if !line.hasPrefix("@") {
        examples += blocks.map { Example(name: declaredName(line), lines: $0) }
        (blocks, open) = ([], nil)
      }
    }
    return examples
  }

  /// The name behind the keyword of a declaration; empty if the line has none.
  private static func declaredName(_ line: String) -> String {
    let keywords: Set = ["struct", "class", "enum", "protocol", "func", "var", "let", "extension", "typealias"]
    let words = line.split(separator: " ")
    guard let keyword = words.firstIndex(where: { keywords.contains(String($0)) }), keyword + 1 < words.count else { return "" }
    return String(words[keyword + 1].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
  }

  /// The names of the examples whose lines are in none of some source files, one after the other as they are in the comment.
  public func missing(in sources: String...) throws -> [String] {
    let lines = try sources.flatMap { source in
      try String(contentsOfFile: source, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
    }
    return examples.filter { example in
      guard !example.lines.isEmpty, example.lines.count <= lines.count else { return true }
      return !(0...lines.count - example.lines.count).contains { Array(lines[$0..<$0 + example.lines.count]) == example.lines }
    }.map(\.name)
  }
}
