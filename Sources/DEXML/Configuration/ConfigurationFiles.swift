import Foundation
import Yams

/// Reads configuration files and the files they depend on; what a file says itself wins over its dependencies.
struct ConfigurationFiles {
  static let dependencyKey = "__dependency__"
  private static let largestFile = 1 << 20
  /// A key made of aliases of aliases takes the parser a time that doubles with each.
  private static let mostAliases = 16

  private var read: [String: [String: ConfigurationEntry]] = [:]
  private var chain: [String] = []

  /// The entries of a file and of the files it names, by key.
  mutating func entries(of file: URL) throws -> [String: ConfigurationEntry] {
    let identity = file.standardizedFileURL.resolvingSymlinksInPath().path
    if let entries = read[identity] { return entries }
    if let start = chain.firstIndex(of: identity) {
      let names = (chain[start...] + [identity]).map { ($0 as NSString).lastPathComponent }
      throw ConfigurationError("\(file.relativePath): \(Self.dependencyKey) goes round in a circle: \(names.joined(separator: " -> "))")
    }
    chain.append(identity)
    defer { chain.removeLast() }

    let (own, dependencies) = try Self.parse(file)
    var entries: [String: ConfigurationEntry] = [:]
    for name in dependencies {
      // Built from the path rather than from the URL, so that messages show paths as short as the one that was given.
      let folder = (file.relativePath as NSString).deletingLastPathComponent
      let path = name.hasPrefix("/") ? name : (folder as NSString).appendingPathComponent(name)
      entries.merge(try self.entries(of: URL(fileURLWithPath: path))) { $1 }
    }
    entries.merge(own) { $1 }
    read[identity] = entries
    return entries
  }

  /// What one file says: its entries, and the names of the files it depends on.
  private static func parse(_ file: URL) throws -> (own: [String: ConfigurationEntry], dependencies: [String]) {
    let path = file.relativePath
    let text = try contents(of: file)
    guard aliases(in: text) <= mostAliases else {
      throw ConfigurationError("\(path): more than \(mostAliases) aliases ('*name'): write the values out")
    }
    let node: Node?
    do {
      node = try compose(yaml: text)
    } catch {
      throw ConfigurationError("\(path): not YAML: \(String(describing: error).split(separator: "\n").joined(separator: " "))")
    }
    guard let node, !(node.scalar.map(isNothing) ?? false) else { return ([:], []) }
    guard let mapping = node.mapping else {
      throw ConfigurationError("\(path): expected lines 'key: value', found \(kind(of: node))")
    }

    var own: [String: ConfigurationEntry] = [:]
    var dependencies: [String] = []
    for (keyNode, valueNode) in mapping {
      let origin = ConfigurationEntry.Origin.file(path, line: keyNode.mark?.line)
      guard let name = keyNode.scalar?.string else {
        throw ConfigurationError("\(origin): expected the name of a key, found \(kind(of: keyNode))")
      }
      guard let scalar = valueNode.scalar else {
        throw ConfigurationError(
          "\(origin): \(name): expected one value, found \(kind(of: valueNode)); put quotes around text that holds brackets or braces")
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
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder) else {
      throw ConfigurationError("\(path): no such configuration file")
    }
    guard !isFolder.boolValue else { throw ConfigurationError("\(path): a folder, expected a YAML file") }
    guard let handle = try? FileHandle(forReadingFrom: file), let data = try? handle.read(upToCount: largestFile + 1) ?? Data() else {
      throw ConfigurationError("\(path): cannot be read")
    }
    guard data.count <= largestFile else { throw ConfigurationError("\(path): over \(largestFile) bytes, which is no configuration") }
    guard let text = String(validating: data, as: UTF8.self) else { throw ConfigurationError("\(path): not UTF-8 text") }
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
