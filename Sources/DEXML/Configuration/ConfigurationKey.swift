extension Configuration {
  /// A key of the configuration: its name, its meaning, what it allows, and the property that holds it.
  public struct Key: Sendable {
    /// The name in files and on the command line.
    public let name: String
    /// The heading under which the key is printed.
    public let group: String
    /// One line on what the key does.
    public let documentation: String
    /// What values are allowed, in words; empty if any text is.
    public let allowed: String
    /// Whether the value is free text, which YAML may have to quote.
    let isText: Bool
    /// The value as text that reads back as the same value.
    let text: @Sendable (Configuration) -> String
    /// Sets the value that a text means; false if it is not an allowed value.
    let set: @Sendable (inout Configuration, String) -> Bool

    /// The default as text.
    public var defaultText: String { text(Configuration()) }

    init<Value: ConfigurationValue>(
      _ group: String, _ name: String, _ path: WritableKeyPath<Configuration, Value> & Sendable, _ documentation: String,
      _ rule: Rule<Value> = .any
    ) {
      self.name = name
      self.group = group
      self.documentation = documentation
      allowed = Value.expectation + rule.description
      isText = Value.self == String.self
      text = { $0[keyPath: path].configurationText }
      set = { configuration, text in
        guard let value = Value(configurationText: text), rule.admits(value) else { return false }
        configuration[keyPath: path] = value
        return true
      }
    }
  }

  /// What a key asks of its value beyond the type.
  struct Rule<Value: Sendable>: Sendable {
    let description: String
    let admits: @Sendable (Value) -> Bool

    static var any: Rule { Rule(description: "") { _ in true } }
  }
}

extension Configuration.Rule where Value: Comparable & ConfigurationValue {
  static func atLeast(_ least: Value) -> Self { Self(description: " of at least \(least.configurationText)") { $0 >= least } }
  static func above(_ bound: Value) -> Self { Self(description: " above \(bound.configurationText)") { $0 > bound } }
  static func within(_ range: ClosedRange<Value>) -> Self {
    Self(description: " from \(range.lowerBound.configurationText) to \(range.upperBound.configurationText)") { range.contains($0) }
  }
  static func within(_ range: Range<Value>) -> Self {
    Self(description: " from \(range.lowerBound.configurationText) to below \(range.upperBound.configurationText)") { range.contains($0) }
  }
}

extension Configuration.Rule where Value == String {
  /// Something that may become a part of the results folder's path without leading out of it.
  static var folderName: Self {
    Self(description: "a folder name, without '..' and not starting with '/'") { name in
      !name.isEmpty && !name.hasPrefix("/") && !name.split(separator: "/").contains("..") && !name.contains("\0")
    }
  }

  /// The same, or nothing.
  static var folderNameOrNothing: Self {
    Self(description: folderName.description + ", or ''") { $0.isEmpty || folderName.admits($0) }
  }
}
