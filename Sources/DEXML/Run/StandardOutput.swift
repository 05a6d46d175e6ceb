import Foundation
import WengertNN

/// Standard output, where what a command prints either arrives or is an error.
package enum StandardOutput {
  /// Writes a text. If the reader has gone, the program ends as one that knows nothing of pipes would: without a word.
  ///
  /// - Throws: `FileError` if it cannot be written.
  package static func write(_ text: String) throws { try write(Data(text.utf8)) }

  static func write(_ data: Data) throws {
    do {
      try writeAll(data, to: STDOUT_FILENO, path: "standard output")
    } catch let error as FileError where error.value == String(cString: strerror(EPIPE)) {
      signal(SIGPIPE, SIG_DFL)
      raise(SIGPIPE)
      throw error
    }
  }
}
