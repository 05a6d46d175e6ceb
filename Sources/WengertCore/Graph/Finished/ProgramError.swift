/// Why a program cannot be written, or why bytes are not a program that can be read.
public struct ProgramError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, and what to do.
  public let description: String

  init(_ description: String) { self.description = description }
}
