/// A type that a configuration key can hold: read from the text of a YAML scalar or of the command line, and printed back.
package protocol ConfigurationValue: Sendable, Equatable {
  /// What values are allowed, in words for an error message; empty if any text is.
  static var expectation: String { get }
  /// The value that `text` means, or nil.
  init?(configurationText text: String)
  /// Text that reads back as the same value.
  var configurationText: String { get }
}

extension String: ConfigurationValue {
  package static var expectation: String { "" }
  package init?(configurationText text: String) { self = text }
  package var configurationText: String { self }
}

extension Bool: ConfigurationValue {
  package static var expectation: String { "true or false" }

  package init?(configurationText text: String) {
    switch text.lowercased() {
    case "true", "yes", "on", "t", "y", "1": self = true
    case "false", "no", "off", "f", "n", "0": self = false
    default: return nil
    }
  }

  package var configurationText: String { self ? "true" : "false" }
}

extension Int: ConfigurationValue {
  package static var expectation: String { "a whole number" }

  package init?(configurationText text: String) {
    if let value = Int(text) {
      self = value
    } else if let real = Double(configurationText: text), let value = Int(exactly: real) {
      self = value  // 1e3 is how people write a thousand
    } else {
      return nil
    }
  }

  package var configurationText: String { String(self) }
}

extension Double: ConfigurationValue {
  package static var expectation: String { "a number" }

  package init?(configurationText text: String) {
    // Double(_:) also reads nan, inf and hexadecimal; none of them is a setting anybody means.
    guard text.allSatisfy({ "+-.0123456789eE".contains($0) }), let value = Double(text), value.isFinite else { return nil }
    self = value
  }

  package var configurationText: String {
    // Whole numbers as people write them; the comparison keeps -0.
    if let whole = Int(exactly: self), abs(whole) < 1 << 53, sign == .plus || whole != 0 { String(whole) } else { String(self) }
  }
}

/// A value that may be left to what a run finds: `auto`.
extension Optional: ConfigurationValue where Wrapped: ConfigurationValue {
  package static var expectation: String { "auto, or \(Wrapped.expectation)" }

  package init?(configurationText text: String) {
    if text == "auto" {
      self = .none
    } else if let value = Wrapped(configurationText: text) {
      self = .some(value)
    } else {
      return nil
    }
  }

  package var configurationText: String { self?.configurationText ?? "auto" }
}

/// A value that is one of a few words.
package protocol ConfigurationChoice: ConfigurationValue, CaseIterable, RawRepresentable where RawValue == String {}

extension ConfigurationChoice {
  package static var expectation: String { allCases.map(\.rawValue).joined(separator: " | ") }
  package init?(configurationText text: String) { self.init(rawValue: text) }
  package var configurationText: String { rawValue }
}
