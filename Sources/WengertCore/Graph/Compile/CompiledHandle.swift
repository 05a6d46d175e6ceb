/// What every compiled function has: statistics, the program called last, a profiler. Any number of threads may call one at the same time.
public class CompiledHandle: @unchecked Sendable {
  private let compilation: Compilation

  init(_ compilation: Compilation) { self.compilation = compilation }

  /// Counts and times of the calls so far.
  public var statistics: CompileStatistics { compilation.statistics }

  /// The program that was called last; nil before the first call.
  public var program: Program? { compilation.lastProgram }

  /// A profiler that times each kernel of the calls while it is set.
  public var profiler: Profiler? {
    get { compilation.profiler }
    set { compilation.profiler = newValue }
  }
}

/// What a compiler knows, whatever its function's result is.
class Compilation: @unchecked Sendable {
  private struct State {
    var statistics = CompileStatistics()
    var profiler: Profiler?
  }
  private let state = Locked(State())
  private let gate = Locked<Void>(())
  /// The functions that are being traced by this thread or task.
  @TaskLocal private static var traced: [ObjectIdentifier] = []

  var statistics: CompileStatistics { state.withLock { $0.statistics } }
  var profiler: Profiler? {
    get { state.withLock { $0.profiler } }
    set { state.withLock { $0.profiler = newValue } }
  }
  var lastProgram: Program? { nil }

  func note(_ change: (inout CompileStatistics) -> Void) { state.withLock { change(&$0.statistics) } }

  func noteInlined() {
    note {
      $0.calls += 1
      $0.lastCall = .inlined
    }
  }

  /// Lets one thread at a time trace the function, which may refer to what is not meant for several. Where mistakes are collected, the thread may stop in the
  /// middle, and must hold no lock: there, nobody else is kept out.
  func tracing<Result>(_ body: () -> Result) -> Result {
    let key = ObjectIdentifier(self)
    if Self.traced.contains(key) { return body() }
    if StoppingThread.current != nil { return Self.$traced.withValue(Self.traced + [key]) { body() } }
    // Neither leaves this call.
    nonisolated(unsafe) let body = body
    nonisolated(unsafe) var result: Result?
    gate.withLock { _ in result = Self.$traced.withValue(Self.traced + [key]) { body() } }
    return result!
  }
}
