import Foundation

/// How far a loop has come: one line drawn over and over on a terminal, a line for each tenth elsewhere.
///
///     epoch 3/20 [########............] 11/27 | loss 3.4120 | 845 documents/s | 0:12 left
package struct ProgressBar {
  private let title: String
  private let total: Int
  private let isShown: Bool
  private let console: Console
  private let now: () -> Double
  private let start: Double
  private var state = State()
  private var lastDrawn = -Double.infinity
  private var tenthsPrinted = 0

  /// The figures of one line.
  package struct State {
    package var step: Int
    package var documents: Int
    package var loss: Double?
    package var seconds: Double

    package init(step: Int = 0, documents: Int = 0, loss: Double? = nil, seconds: Double = 0) {
      self.step = step
      self.documents = documents
      self.loss = loss
      self.seconds = seconds
    }
  }

  /// A bar that starts its clock; `total` is the number of steps, `now` a clock in seconds. One that is not shown keeps still.
  public init(
    _ title: String, total: Int, isShown: Bool = true, console: Console = .standardError,
    now: @escaping () -> Double = { ProcessInfo.processInfo.systemUptime }
  ) {
    self.title = title
    self.total = total
    self.isShown = isShown
    self.console = console
    self.now = now
    start = now()
  }

  /// Says that `step` steps, with `documents` documents altogether, are done; the loss is shown if there is one.
  public mutating func update(step: Int, documents: Int, loss: Double? = nil) {
    guard isShown else { return }
    let time = now()
    state = State(step: step, documents: documents, loss: loss, seconds: time - start)
    if console.isTerminal {
      // Ten times in a second is as much as an eye takes in.
      guard step >= total || time - lastDrawn >= 0.1 else { return }
      lastDrawn = time
      console.redraw(Self.line(title, state, total: total))
    } else {
      let tenths = total > 0 ? step * 10 / total : 10
      guard tenths > tenthsPrinted else { return }
      tenthsPrinted = tenths
      console.line(Self.line(title, state, total: total))
    }
  }

  /// Leaves the last line standing, and lets the console go on below it.
  public mutating func finish() {
    guard isShown, console.isTerminal else { return }
    console.clearProgress()
    console.line(Self.line(title, state, total: total))
  }

  /// The line for a state: without a rate while no time has passed, with the time taken in the place of the time left at the end.
  package static func line(_ title: String, _ state: State, total: Int) -> String {
    let width = 20
    let share = total > 0 ? min(max(Double(state.step) / Double(total), 0), 1) : 1
    let filled = Int(share * Double(width))
    var parts = [
      "\(title) [\(String(repeating: "#", count: filled))\(String(repeating: ".", count: width - filled))] \(state.step)/\(total)"
    ]
    if let loss = state.loss { parts.append("loss " + String(format: "%.4f", loss)) }
    if state.seconds > 0, state.documents > 0 {
      let rate = Double(state.documents) / state.seconds
      parts.append(String(format: rate < 10 ? "%.1f" : "%.0f", rate) + " documents/s")
    }
    if state.step >= total {
      parts.append("took \(duration(state.seconds))")
    } else if state.step > 0, state.seconds > 0 {
      parts.append("\(duration(state.seconds / Double(state.step) * Double(total - state.step))) left")
    }
    return parts.joined(separator: " | ")
  }

  /// Seconds as `m:ss` or `h:mm:ss`.
  package static func duration(_ seconds: Double) -> String {
    let whole = Int(min(max(seconds, 0), 1e9).rounded())
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    return hours > 0 ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
  }
}
