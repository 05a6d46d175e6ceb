import WengertNN

/// Turns texts into values: puts the values of other keys in the place of `[other_key]`, then reads each text as its key's type.
struct ConfigurationResolution {
  let entries: [String: ConfigurationEntry]
  private var configuration = Configuration()
  private var resolved: Set<String> = []
  private var chain: [String] = []
  private static let longestText = 1 << 16

  init(entries: [String: ConfigurationEntry]) { self.entries = entries }

  mutating func resolve() throws -> Configuration {
    for key in Configuration.keys { try resolve(key) }
    return configuration
  }

  private mutating func resolve(_ key: Configuration.Key) throws {
    guard let entry = entries[key.name], !resolved.contains(key.name) else { return }
    if let start = chain.firstIndex(of: key.name) {
      let circle = (chain[start...] + [key.name]).joined(separator: " -> ")
      throw FileError(file: "\(entry.origin)", value: "references go round in a circle: \(circle)")
    }
    chain.append(key.name)
    let text = try substitute(entry, of: key)
    chain.removeLast()
    guard key.set(&configuration, key.isText ? text : text.trimmingASCIISpace()) else {
      throw FileError(
        file: "\(entry.origin)", field: key.name, value: "'\(text.prefix(100))' is not allowed", advice: "expected \(key.allowed)")
    }
    resolved.insert(key.name)
  }

  /// The entry's text with each `[other_key]` replaced by that key's value.
  private mutating func substitute(_ entry: ConfigurationEntry, of key: Configuration.Key) throws -> String {
    var result = ""
    var rest = entry.text[...]
    while let open = rest.firstIndex(of: "["), let close = rest[open...].firstIndex(of: "]") {
      let name = String(rest[rest.index(after: open)..<close])
      guard let other = Configuration.keysByName[name] else {
        throw FileError(
          file: "\(entry.origin)", field: key.name, value: "'[\(name)]' names no key",
          advice: "the nearest known key is '\(Configuration.nearestKey(to: name))'")
      }
      try resolve(other)
      result += rest[..<open] + other.text(configuration)
      // References to references to references can be of any length.
      guard result.utf8.count <= Self.longestText else {
        throw FileError(
          file: "\(entry.origin)", field: key.name, value: "longer than \(Self.longestText) bytes with what it refers to",
          advice: "refer to fewer keys")
      }
      rest = rest[rest.index(after: close)...]
    }
    return result + rest
  }
}

extension String {
  fileprivate func trimmingASCIISpace() -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" }
    return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}
