import WengertNN

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

  /// The error for a name that is not a key.
  static func unknownKey(_ name: String, at origin: Origin) -> FileError {
    if let translation = OriginalConfiguration.translations[name] {
      return FileError(file: "\(origin)", value: "'\(name)' is a key of the original that is not here: \(translation)")
    }
    return FileError(
      file: "\(origin)", value: "unknown key '\(name)'", advice: "the nearest known key is '\(Configuration.nearestKey(to: name))'")
  }
}
