import Foundation

/// A page of documentation whose code and printed output tests compare with what runs.
public struct MarkdownFile {
  public struct Block {
    /// The words behind the opening fence: a language, then a name.
    public let language: String, name: String
    public let lines: [String]
  }
  public let blocks: [Block]
  /// What stands outside of blocks.
  private let text: [String]

  /// The file at a path from the package's root.
  public init(_ path: String) throws {
    let package = Fixtures.url("").deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: package.appendingPathComponent(path), encoding: .utf8)
    var blocks: [Block] = [], outside: [String] = []
    var open: (words: [Substring], lines: [String])?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.hasPrefix("```") {
        if let (words, lines) = open {
          blocks.append(
            Block(language: words.first.map(String.init) ?? "", name: words.dropFirst().first.map(String.init) ?? "", lines: lines))
          open = nil
        } else {
          open = (line.dropFirst(3).split(separator: " "), [])
        }
      } else if open != nil {
        open?.lines.append(line)
      } else {
        outside.append(line)
      }
    }
    self.blocks = blocks
    self.text = outside
  }

  /// The cells of the tables under a heading, row by row, without their heads and marks of code.
  public func rows(under heading: String) -> [[String]] {
    let section = text.drop { $0.drop { $0 == "#" } != " \(heading)" }.dropFirst().prefix { !$0.hasPrefix("#") }
    var rows: [[String]] = []
    for line in section where line.hasPrefix("|") {
      if line.hasPrefix("|---") {
        rows.removeLast()
        continue
      }
      let cells = line.replacing("\\|", with: "\0").dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
      rows.append(cells.map { $0.trimmingCharacters(in: .whitespaces).replacing("\0", with: "|").replacing("`", with: "") })
    }
    return rows
  }

  /// Lines of the page's Swift code that the source file does not hold; those that print are left out.
  public func linesMissing(in source: String) throws -> [String] {
    func trimmed(_ line: some StringProtocol) -> String { line.trimmingCharacters(in: .whitespaces) }
    let known = Set(try String(contentsOfFile: source, encoding: .utf8).split(separator: "\n").map(trimmed))
    return blocks.filter { $0.language == "swift" }.flatMap(\.lines).map(trimmed).filter {
      !$0.isEmpty && !$0.hasPrefix("print") && !$0.hasPrefix("import") && !known.contains($0)
    }
  }
}

extension MarkdownFile.Block {
  /// Whether the block shows this text; a line `…` stands for any number of lines.
  public func shows(_ text: String) -> Bool {
    let actual = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var next = 0
    var maySkip = false
    for line in lines {
      if line.trimmingCharacters(in: .whitespaces) == "…" {
        maySkip = true
        continue
      }
      guard let place = maySkip ? actual[next...].firstIndex(of: line) : (next < actual.count && actual[next] == line ? next : nil) else {
        return false
      }
      next = place + 1
      maySkip = false
    }
    return maySkip || next == actual.count
  }
}
