import DEXML
import Foundation
import Testing
import WengertTestSupport

@Suite("The guide")
struct GuideTests {
  private let guide: MarkdownFile

  init() throws { guide = try MarkdownFile("Documentation/DEXML.md") }

  @Test("its table has every key of the configuration in their order, with default and what is allowed, and no other")
  func keys() {
    let rows = guide.rows(under: "Every key")
    #expect(rows.map { $0[0] } == Configuration.keys.map(\.name))
    for (row, key) in zip(rows, Configuration.keys) {
      #expect(row[1] == (key.defaultText.isEmpty ? "''" : key.defaultText), "\(key.name)")
      #expect(row[3] == (key.allowed.isEmpty ? "any text" : key.allowed), "\(key.name)")
    }
  }

  @Test(
    "its table has every option of every command with its default, and no other; so have its examples",
    .enabled(if: FileManager.default.isExecutableFile(atPath: executable.path)))
  func commands() throws {
    var listed: [String: [String: String]] = [:]
    for row in guide.rows(under: "Every command") { listed[row[0], default: [:]][row[1]] = row[2] }
    let commands = try Command.all()
    #expect(listed == commands)

    let examples = guide.blocks.filter { $0.language == "sh" }.flatMap { block in
      block.lines.joined(separator: "\n").replacing("\\\n", with: " ").split(separator: "\n").compactMap { line in
        line.firstRange(of: "dexml ").map { line[$0.upperBound...].split(separator: " ").map(String.init) }
      }
    }
    #expect(examples.count > 10)
    for words in examples {
      let options = try #require(commands[words[0]], "\(words)")
      let keys = options["config.yaml|--key value"] == nil ? [] : Configuration.keys.map { "--\($0.name)" }
      for word in words where word.hasPrefix("--") { #expect(options[word] != nil || keys.contains(word), "\(words)") }
    }
  }
}

/// A command, as the built trainer describes itself.
private struct Command: Decodable {
  struct Argument: Decodable {
    struct Name: Decodable { var name: String }

    var preferredName: Name?
    var valueName: String
    var defaultValue: String?
  }

  var commandName: String
  var arguments: [Argument]?
  var subcommands: [Command]?

  /// What each command takes, and the defaults; a dash stands for none.
  static func all() throws -> [String: [String: String]] {
    struct Tool: Decodable { var command: Command }
    let process = Process(), output = Pipe()
    process.executableURL = executable
    process.arguments = ["--experimental-dump-help"]
    process.standardOutput = output
    try process.run()
    let tool = try JSONDecoder().decode(Tool.self, from: output.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    let commands = (tool.command.subcommands ?? []).filter { $0.commandName != "help" }
    return Dictionary(uniqueKeysWithValues: commands.map { ($0.commandName, $0.options) })
  }

  private var options: [String: String] {
    let own = (arguments ?? []).filter { $0.preferredName?.name != "help" }
    if own.isEmpty { return ["–": "–"] }
    return Dictionary(uniqueKeysWithValues: own.map { ($0.preferredName.map { "--\($0.name)" } ?? $0.valueName, $0.defaultValue ?? "–") })
  }
}
