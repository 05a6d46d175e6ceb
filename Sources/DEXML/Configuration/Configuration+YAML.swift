extension Configuration {
  /// Every key with its value and a comment on what it means: a file that reads back as the same configuration.
  public func yaml() -> String {
    var lines = ["# Settings of dexml: every key, what it means, and what values it takes."]
    var group = ""
    for key in Self.keys {
      if key.group != group {
        group = key.group
        lines += ["", "## \(group)"]
      }
      let text = key.text(self)
      lines.append("# \(key.documentation)" + (key.isText ? "" : " (\(key.allowed))"))
      lines.append("\(key.name): \(key.isText ? Self.yamlScalar(text) : text)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Text as a YAML scalar, quoted unless it is surely a plain one.
  static func yamlScalar(_ text: String) -> String {
    let isPlain =
      text.first.map { $0.isASCII && $0.isLetter || $0 == "/" } ?? false
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || "/._-@".contains($0) }
      && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(text.lowercased())
    if isPlain { return text }
    if text.unicodeScalars.allSatisfy({ (" "..."~").contains($0) || $0.properties.isAlphabetic }) {
      return "'" + text.replacing("'", with: "''") + "'"
    }
    let escaped = text.unicodeScalars.map { scalar -> String in
      if scalar == "\"" || scalar == "\\" { return "\\\(scalar)" }
      if (" "..."~").contains(scalar) { return String(scalar) }
      let digits = String(scalar.value, radix: 16)
      return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    }
    return "\"" + escaped.joined() + "\""
  }
}
