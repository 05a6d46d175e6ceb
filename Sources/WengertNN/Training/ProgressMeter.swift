import Foundation

/// A progress bar: how far a loop has come, with its rate, the time that is left and a message, on one line of standard error that is drawn over and over.
///
/// ```swift
/// let meter = ProgressMeter("epoch 1", total: 3)
/// for loss in [0.5, 0.25, 0.125] { meter.advance { "loss \(loss)" } }
/// meter.finish()  // epoch 1 [####################] 3/3 | loss 0.125 | 37/s | took 0:00
/// ```
///
/// A step only counts; ten times a second, and only then, the line is drawn and the message made, so that a loss in it is waited for no more often. Where standard error is no terminal, a
/// line is printed every `interval` seconds and one at the end, or none.
public final class ProgressMeter {
  private let title: String
  private let total: Int?
  private let output: Output
  private let interval: Double?
  private let start: Double
  private var steps = 0
  private var lastDrawn: Double
  private var isOver = false
  private var message = ""

  /// Where the line goes, and a clock.
  struct Output {
    var isTerminal: Bool
    var width: () -> Int
    var now: () -> Double
    var write: (String) -> Void

    nonisolated(unsafe) static let standardError = Output(
      isTerminal: isatty(STDERR_FILENO) != 0,
      width: {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
      }, now: { ProcessInfo.processInfo.systemUptime },
      // Where nobody can be told, nobody can be told that either.
      write: { try? writeAll(Data($0.utf8), to: STDERR_FILENO, path: "standard error") })
  }

  /// A meter whose clock starts now.
  ///
  /// - Parameters:
  ///   - title: what stands at the line's begin.
  ///   - total: how many steps there will be; nil if that is not known: then there is no bar, and no time left.
  ///   - interval: the seconds between lines where standard error is no terminal; nil prints none there.
  public convenience init(_ title: String, total: Int? = nil, interval: Double? = 30) {
    self.init(title, total: total, interval: interval, output: .standardError)
  }

  init(_ title: String, total: Int?, interval: Double?, output: Output) {
    (self.title, self.total, self.interval, self.output) = (title, total, interval, output)
    start = output.now()
    lastDrawn = output.isTerminal ? -.infinity : start
  }

  /// Counts steps that are done.
  ///
  /// - Parameters:
  ///   - count: how many more are done.
  ///   - message: what is to be told beside, the running loss for one; it is called only if a line is drawn now.
  public func advance(_ count: Int = 1, _ message: () -> String = { "" }) {
    steps += count
    let now = output.now()
    guard let pause = output.isTerminal ? 0.1 : interval, now - lastDrawn >= pause || steps == total else { return }
    lastDrawn = now
    self.message = message()
    // The last of a log's lines is that of `finish`.
    if output.isTerminal || steps != total { draw(now) }
  }

  /// Draws the last line, with the time that it took, and goes to the next. Further calls do nothing.
  public func finish() {
    if isOver { return }
    isOver = true
    if !output.isTerminal && interval == nil { return }
    draw(output.now())
    if output.isTerminal { output.write("\n") }
  }

  private func draw(_ now: Double) {
    let line = Self.line(title, steps, of: total, message, seconds: now - start, isOver: isOver)
    output.write(output.isTerminal ? "\r\u{1B}[K" + line.prefix(max(output.width() - 1, 1)) : line + "\n")
  }

  /// The line: title, bar, message, steps in a second, time left or taken.
  static func line(_ title: String, _ steps: Int, of total: Int?, _ message: String, seconds: Double, isOver: Bool) -> String {
    var parts = ["\(title) \(steps)"]
    if let total {
      let share = total > 0 ? min(max(Double(steps) / Double(total), 0), 1) : 1, filled = Int(share * 20)
      parts = ["\(title) [\(String(repeating: "#", count: filled))\(String(repeating: ".", count: 20 - filled))] \(steps)/\(total)"]
    }
    // A message of several lines would leave the first ones standing.
    if !message.isEmpty { parts.append(message.split(separator: "\n").joined(separator: " ")) }
    if seconds > 0, steps > 0 {
      let rate = Double(steps) / seconds
      parts.append(rate >= 0.1 ? String(format: rate < 10 ? "%.1f/s" : "%.0f/s", rate) : String(format: "%.0f s each", 1 / rate))
    }
    if isOver {
      parts.append("took \(duration(seconds))")
    } else if let total, steps > 0, seconds > 0 {
      parts.append("\(duration(seconds / Double(steps) * Double(max(total - steps, 0)))) left")
    }
    return parts.joined(separator: " | ")
  }

  /// Seconds as `m:ss` or `h:mm:ss`.
  private static func duration(_ seconds: Double) -> String {
    let whole = Int(min(max(seconds, 0), 1e9).rounded()), (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    return hours > 0 ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
  }
}
