import Foundation
import WengertNN

/// Standard error as a place for lines, and for one progress line below them that is drawn over and over.
package final class Console: Sendable {
  /// The standard error of this process.
  public static let standardError = Console(isTerminal: isatty(STDERR_FILENO) != 0, width: { terminalWidth() }) { text in
    // Where nobody can be told, nobody can be told that either.
    try? writeAll(Data(text.utf8), to: STDERR_FILENO, path: "standard error")
  }

  /// Whether a line can be drawn over.
  public let isTerminal: Bool
  private let width: @Sendable () -> Int
  private let write: @Sendable (String) -> Void
  private let progress = Locked("")

  package init(isTerminal: Bool, width: @escaping @Sendable () -> Int = { 80 }, write: @escaping @Sendable (String) -> Void) {
    self.isTerminal = isTerminal
    self.width = width
    self.write = write
  }

  /// Prints a line, above the progress line if there is one.
  public func line(_ text: String) {
    progress.withLock { progress in
      write(progress.isEmpty ? text + "\n" : Self.clear + text + "\n" + progress)
    }
  }

  /// Draws the progress line over the one before, as much of it as fits.
  func redraw(_ text: String) {
    progress.withLock { progress in
      progress = String(text.prefix(max(width() - 1, 1)))
      write(Self.clear + progress)
    }
  }

  /// Takes the progress line away.
  func clearProgress() {
    progress.withLock { progress in
      if !progress.isEmpty { write(Self.clear) }
      progress = ""
    }
  }

  private static let clear = "\r\u{1B}[K"

  private static func terminalWidth() -> Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
