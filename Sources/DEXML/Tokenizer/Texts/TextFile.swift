import Foundation
import WengertNN

/// The bytes of a text file, without a byte order mark; the error names the file and what the system said, or the encoding that is not UTF-8.
func readFile(_ url: URL) throws -> [UInt8] {
  if url.isFolder {
    throw FileError(file: url.path, field: "file", value: "is a folder", advice: "expected a text file")
  }
  let bytes: [UInt8]
  do {
    bytes = Array(try Data(contentsOf: url))
  } catch {
    throw FileError(
      file: url.path, field: "file", value: "cannot be read (\(systemReason(error)))", advice: "check the path and its permissions")
  }
  try TextMark.check(bytes, file: url.path)
  let mark = TextMark.length(bytes)
  return mark == 0 ? bytes : Array(bytes.dropFirst(mark))
}

/// The shortest wording of a Foundation error: the system's own if there is one.
func systemReason(_ error: any Error) -> String {
  let error = error as NSError
  return (error.userInfo[NSUnderlyingErrorKey] as? NSError)?.localizedDescription ?? error.localizedDescription
}
