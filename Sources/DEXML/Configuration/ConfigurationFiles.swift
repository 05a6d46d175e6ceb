import Foundation
import Yams
import WengertNN

/// Reads configuration files and the files they depend on; what a file says itself wins over its dependencies.
struct ConfigurationFiles {
  static let dependencyKey = "__dependency__"
  private static let largestFile = 1 << 20
  /// A key made of aliases of aliases takes the parser a time that doubles with each.
  private static let mostAliases = 16

  /// Where a dependency is looked for that is not beside the file that names it.
  let workingFolder: String
  /// What a reader of the files should know, a line each.
  private(set) var notes: [String] = []
  private var read: [String: [String: ConfigurationEntry]] = [:]
  private var chain: [String] = []

  init(workingFolder: String) { self.workingFolder = workingFolder }

  /// The entries of a file and of the files it names, by key.
  mutating func entries(of file: URL) throws -> [String: ConfigurationEntry] {
    let identity = file.standardizedFileURL.resolvingSymlinksInPath().path
    if let entries = read[identity] { return entries }
    if let start = chain.firstIndex(of: identity) {
      let names = (chain[start...] + [identity]).map { ($0 as NSString).lastPathComponent }
      throw FileError(file: file.relativePath, value: "\(Self.dependencyKey) goes round in a circle: \(names.joined(separator: " -> "))")
    }
    chain.append(identity)
    defer { chain.removeLast() }

    let text = try Self.contents(of: file)
    var (own, dependencies): ([String: ConfigurationEntry], [String]) = ([:], [])
    if let dump = OriginalConfiguration.Dump(text) {
      // It holds every key of its dependencies, which may be gone by now.
      for part in dump.parts { own.merge(try Self.parse(part.text, of: file, after: part.line, passingOver: dump.derivedKeys).own) { $1 } }
      notes.append(
        "\(file.relativePath): written by the original's training; the keys that it made itself are passed over: \(dump.found.joined(separator: ", "))"
      )
    } else {
      (own, dependencies) = try Self.parse(text, of: file)
    }
    var entries: [String: ConfigurationEntry] = [:]
    for name in dependencies { entries.merge(try self.entries(of: location(of: name, namedBy: file))) { $1 } }
    entries.merge(own) { $1 }
    read[identity] = entries
    return entries
  }

  /// The file that a dependency means: beside the file that names it or, as the original has it, in the working folder.
  private func location(of name: String, namedBy file: URL) throws -> URL {
    if name.hasPrefix("/") { return URL(fileURLWithPath: name) }
    // Built from the path rather than from the URL, so that messages show paths as short as the one that was given.
    let folder = (file.relativePath as NSString).deletingLastPathComponent
    let beside = URL(fileURLWithPath: (folder as NSString).appendingPathComponent(name))
    if FileManager.default.fileExists(atPath: beside.path) { return beside }
    let working = (workingFolder as NSString).appendingPathComponent(name)
    if FileManager.default.fileExists(atPath: working) { return URL(fileURLWithPath: working) }
    // A name without a folder is meant beside the file.
    guard name.contains("/") else { return beside }
    throw FileError(
      file: file.relativePath, field: Self.dependencyKey,
      value: "no file '\(name)', neither beside this file nor in the working folder \(workingFolder)",
      advice: "run the command in the folder that it is relative to, or mend the path")
  }

  /// What the text of a file says: its entries, and the names of the files it depends on.
  /// - Parameters:
  ///   - line: the number of lines before it in the file.
  ///   - keys: keys that are ignored.
  private static func parse(
    _ text: String, of file: URL, after line: Int = 0, passingOver keys: Set<String> = []
  ) throws -> (own: [String: ConfigurationEntry], dependencies: [String]) {
    let path = file.relativePath
    guard aliases(in: text) <= mostAliases else {
      throw FileError(file: path, value: "more than \(mostAliases) aliases ('*name'): write the values out")
    }
    let node: Node?
    do {
      node = try compose(yaml: text)
    } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
      // Yams would quote the whole file.
      let origin = ConfigurationEntry.Origin.file(path, line: context.mark.line + line)
      throw FileError(file: "\(origin)", value: "\(keys.first?.prefix(60) ?? ""): occurs twice", advice: "remove one of the two")
    } catch {
      let text = String(describing: error).split(separator: "\n").joined(separator: " ")
      throw FileError(file: path, value: "not YAML: \(text.count > 300 ? text.prefix(300) + "…" : text)")
    }
    guard let node, !(node.scalar.map(isNothing) ?? false) else { return ([:], []) }
    guard let mapping = node.mapping else {
      throw FileError(file: path, value: "expected lines 'key: value', found \(kind(of: node))")
    }

    var own: [String: ConfigurationEntry] = [:]
    var dependencies: [String] = []
    for (keyNode, valueNode) in mapping {
      let origin = ConfigurationEntry.Origin.file(path, line: (keyNode.mark?.line).map { $0 + line })
      guard let name = keyNode.scalar?.string else {
        throw FileError(file: "\(origin)", value: "expected the name of a key, found \(kind(of: keyNode))")
      }
      if keys.contains(name) { continue }
      guard let scalar = valueNode.scalar else {
        throw FileError(
          file: "\(origin)", field: name, value: "expected one value, found \(kind(of: valueNode))",
          advice: "put quotes around text that holds brackets or braces")
      }
      let value = isNothing(scalar) ? "" : scalar.string
      if name == dependencyKey {
        dependencies = value.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
      } else if Configuration.keysByName[name] != nil {
        own[name] = ConfigurationEntry(text: value, origin: origin)
      } else {
        throw ConfigurationEntry.unknownKey(name, at: origin)
      }
    }
    return (own, dependencies)
  }

  private static func contents(of file: URL) throws -> String {
    let path = file.relativePath
    guard file.exists else { throw FileError(file: path, value: "no such configuration file") }
    guard !file.isFolder else { throw FileError(file: path, value: "a folder, expected a YAML file") }
    guard let handle = try? FileHandle(forReadingFrom: file), let data = try? handle.read(upToCount: largestFile + 1) ?? Data() else {
      throw FileError(file: path, value: "cannot be read")
    }
    guard data.count <= largestFile else { throw FileError(file: path, value: "over \(largestFile) bytes, which is no configuration") }
    if let (value, advice) = TextMark.problem(data) { throw FileError(file: path, value: "the file \(value)", advice: advice) }
    guard let text = String(validating: data.dropFirst(TextMark.length(data)), as: UTF8.self) else {
      throw FileError(file: path, value: "not UTF-8 text")
    }
    return text
  }

  /// How often the text has an asterisk that may begin an alias: one behind which a name begins, not inside a word.
  private static func aliases(in text: String) -> Int {
    let bytes = Array(text.utf8)
    func isWord(_ byte: UInt8) -> Bool {
      byte > 0x7F || Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber
    }
    return bytes.indices.dropLast().count {
      bytes[$0] == UInt8(ascii: "*") && (isWord(bytes[$0 + 1]) || "_-".utf8.contains(bytes[$0 + 1])) && ($0 == 0 || !isWord(bytes[$0 - 1]))
    }
  }

  /// Whether a scalar is YAML's way of saying that there is no value.
  private static func isNothing(_ scalar: Node.Scalar) -> Bool {
    scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  private static func kind(of node: Node) -> String {
    switch node {
    case .scalar(let scalar): "the text '\(scalar.string.prefix(60))'"
    case .mapping: "a mapping"
    case .sequence: "a list"
    case .alias: "an alias"
    }
  }
}
