import Foundation

/// What is wrong with a file: which file, which field of it, what stands there, and what to do.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
  /// The path of the file, or what stands for it when the bytes came from memory.
  public var file: String
  /// The part of the file that is wrong: a header field, a member, an element.
  public var field: String
  /// What was found there.
  public var value: String
  /// What was expected, or what to do.
  public var advice: String

  public init(file: String, field: String, value: String, advice: String) {
    self.file = file
    self.field = field
    self.value = value
    self.advice = advice
  }

  /// One line: `file: field: value; advice`.
  public var description: String { "\(file): \(field): \(value); \(advice)" }
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
