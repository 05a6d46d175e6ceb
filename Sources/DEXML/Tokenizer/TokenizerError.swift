import Foundation

/// What is wrong with a tokenizer's or a text's file: the file, the place in it, what stands there and what to do.
public struct TokenizerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file's path, or a word for input that is in no file.
  public let file: String
  /// The field, line or byte concerned.
  public let field: String
  /// What was found and what was expected.
  public let message: String

  init(_ file: String, _ field: String, _ message: String) {
    self.file = file
    self.field = field
    self.message = message
  }

  public var description: String { "\(file): \(field): \(message)" }
}

/// The bytes of a text file, without a byte order mark; the error names the file and what the system said, or the encoding that is no UTF-8.
func readFile(_ url: URL) throws -> [UInt8] {
  var isFolder: ObjCBool = false
  if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
    throw TokenizerError(url.path, "file", "is a folder; expected a text file")
  }
  let bytes: [UInt8]
  do {
    bytes = Array(try Data(contentsOf: url))
  } catch {
    throw TokenizerError(url.path, "file", "cannot be read (\(systemReason(error))); check the path and its permissions")
  }
  if let problem = TextMark.problem(bytes) { throw TokenizerError(url.path, "encoding", problem) }
  let mark = TextMark.length(bytes)
  return mark == 0 ? bytes : Array(bytes.dropFirst(mark))
}

/// The shortest wording of a Foundation error: the system's own where there is one.
func systemReason(_ error: any Error) -> String {
  let error = error as NSError
  return (error.userInfo[NSUnderlyingErrorKey] as? NSError)?.localizedDescription ?? error.localizedDescription
}
