/// The text given for a key, and where it was given.
struct ConfigurationEntry: Equatable {
  var text: String
  var origin: Origin

  enum Origin: Equatable, CustomStringConvertible {
    case file(String, line: Int?)
    case commandLine

    var description: String {
      switch self {
      case .file(let path, let line?): "\(path):\(line)"
      case .file(let path, nil): path
      case .commandLine: "command line"
      }
    }
  }

  /// The error for a name that is no key.
  static func unknownKey(_ name: String, at origin: Origin) -> ConfigurationError {
    if let translation = OriginalConfiguration.translations[name] {
      return ConfigurationError("\(origin): '\(name)' is a key of the original that is not here: \(translation)")
    }
    return ConfigurationError("\(origin): unknown key '\(name)'; the nearest known key is '\(Configuration.nearestKey(to: name))'")
  }
}
