import Foundation

/// What is wrong with a user's data: in which file, where in it, what is there, and what to do. One line says it: `file: field: value; advice`.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
  /// The path of the file, or a name for the source: "command line", a word for bytes from memory, nothing for a setting wherever it comes from.
  public var file: String
  /// The part of it that is wrong: a header field, a line, a setting. Empty if that is the whole.
  public var field: String
  /// What was found there.
  public var value: String
  /// What was expected, or what to do. Empty if the value says it.
  public var advice: String

  /// An error about `value`; `file`, `field` and `advice` may be empty.
  public init(file: String = "", field: String = "", value: String, advice: String = "") {
    self.file = file
    self.field = field
    self.value = value
    self.advice = advice
  }

  /// `file: field: value; advice`, without what is empty.
  public var description: String {
    ([file, field].filter { !$0.isEmpty } + [value]).joined(separator: ": ") + (advice.isEmpty ? "" : "; \(advice)")
  }
  /// The same as `description`.
  public var errorDescription: String? { description }

  /// The error of the last failed system call on `file`.
  static func system(_ file: String, _ action: String, _ advice: String) -> FileError {
    FileError(file: file, field: action, value: String(cString: strerror(errno)), advice: advice)
  }

  /// The error of the last system call, which should have written to `file`.
  static func writing(_ file: String) -> FileError {
    let advice =
      switch errno {
      case EFBIG: "the limit on the size of files is reached: raise it (ulimit -f)"
      case ENOSPC, EDQUOT: "make room on the disk"
      case EPIPE: "whoever should read it has gone"
      case EBADF: "it is not open for writing: do not close it"
      default: "check the disk"
      }
    return system(file, "writing", advice)
  }
}
