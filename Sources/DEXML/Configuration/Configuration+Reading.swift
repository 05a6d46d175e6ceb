import Foundation
import WengertNN

extension Configuration {
  /// The settings of YAML files read in order, then of overrides; what comes later wins, and keys that nobody names have their defaults.
  ///
  /// A file's `__dependency__` lists files (comma-separated, relative to it, or to the working folder if there is none) that are
  /// read before it. `[other_key]` inside a value is replaced by the value of that key. An unknown key, a value that the key does not
  /// allow, a reference to no key and a circle of dependencies or references are errors.
  ///
  /// - Throws: `FileError` naming file, line and key.
  public init(files: [URL], overrides: [(key: String, value: String)] = []) throws {
    var notes: [String] = []
    try self.init(files: files, overrides: overrides, workingFolder: FileManager.default.currentDirectoryPath, notes: &notes)
  }

  /// The same, with the working folder given; `notes` gets what a reader of the files should know, a line each.
  package init(files: [URL], overrides: [(key: String, value: String)] = [], workingFolder: String, notes: inout [String]) throws {
    var reader = ConfigurationFiles(workingFolder: workingFolder)
    var entries: [String: ConfigurationEntry] = [:]
    for file in files { entries.merge(try reader.entries(of: file)) { $1 } }
    for (key, value) in overrides { entries[try Self.keyName(key)] = ConfigurationEntry(text: value, origin: .commandLine) }
    var resolution = ConfigurationResolution(entries: entries)
    self = try resolution.resolve()
    try validate()
    notes += reader.notes
  }

  /// The settings of a command line: files, then `--key value` or `--key=value`; `--num-epochs` is `--num_epochs`.
  ///
  /// - Throws: `FileError` naming the file or command line, and the key.
  public init(arguments: [String]) throws {
    var notes: [String] = []
    try self.init(arguments: arguments, notes: &notes)
  }

  /// The same; `notes` gets what a reader of the files should know, a line each.
  ///
  /// - Throws: `FileError` naming the file or command line, and the key.
  public init(arguments: [String], notes: inout [String]) throws {
    var files: [URL] = []
    var overrides: [(key: String, value: String)] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("-") else {
        files.append(URL(fileURLWithPath: argument))
        continue
      }
      guard argument.hasPrefix("--"), argument.count > 2 else {
        throw FileError(file: "command line", value: "'\(argument)' is neither a file nor a --key")
      }
      let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      if parts.count == 2 {
        overrides.append((parts[0], parts[1]))
      } else if let value = rest.first, !value.hasPrefix("--") {
        overrides.append((parts[0], value))
        rest.removeFirst()
      } else {
        // A misspelt key is the likelier mistake, and the more useful thing to say.
        let key = try Self.keyName(parts[0])
        let allowed = Self.keysByName[key]!.allowed
        throw FileError(file: "command line", value: "--\(key) needs a value" + (allowed.isEmpty ? "" : ": \(allowed)"))
      }
    }
    try self.init(files: files, overrides: overrides, workingFolder: FileManager.default.currentDirectoryPath, notes: &notes)
  }

  /// The key that a command line means, with dashes for underscores or without.
  private static func keyName(_ name: String) throws -> String {
    for spelling in [name, name.replacing("-", with: "_")] where keysByName[spelling] != nil { return spelling }
    throw ConfigurationEntry.unknownKey(name, at: .commandLine)
  }
}
