import Glibc
import Wengert

/// The graphs behind one with a mistake, which are looked at in a process of their own: the thread that stopped at the mistake may be in the middle of making a global, or hold a lock,
/// for which the others would wait for ever.
enum RestOfGraphs {
  private static let variable = "WENGERT_FIRST_GRAPH"
  /// What is said if an error of Swift's own ends the process. Set by the one thread that goes through the graphs.
  nonisolated(unsafe) private static var lastWords = strdup("")
  /// What comes next at such a signal: Swift's own report, if it is asked for.
  nonisolated(unsafe) private static var before: [Int32: sigaction] = [:]

  /// Says which graph is being traced if an error of Swift's own ends the process; what Swift itself says of it comes besides.
  static func announce(_ graph: FinishedGraph) {
    free(lastWords)
    lastWords = strdup(
      "\(graph.path):\(graph.line):1: error: \(graph.name): an error of Swift's own ends its function; a debug build says which\n")
    if !before.isEmpty { return }
    for number in [SIGILL, SIGTRAP] {
      var action = sigaction(), last = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        if let text = RestOfGraphs.lastWords { _ = write(2, text, strlen(text)) }
        sigaction(number, &RestOfGraphs.before[number]!, nil)
      }
      sigaction(number, &action, &last)
      before[number] = last
    }
  }

  /// The number of the first graph that this process looks at.
  static var first: Int { getenv(variable).flatMap { Int(String(cString: $0)) } ?? 0 }

  /// Runs this executable once more for the graphs from a number on, and says what it says, but for the mistakes that are known.
  static func check(from first: Int, known: [String]) {
    var ends: [Int32] = [0, 0]
    func fail(_ error: Int32) { Failure.say("error: the graphs behind are not looked at: \(String(cString: strerror(error)))") }
    guard pipe(&ends) == 0 else { return fail(errno) }
    setenv(variable, "\(first)", 1)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    posix_spawn_file_actions_addclose(&actions, ends[1])
    var process = pid_t()
    let failed = posix_spawn(&process, "/proc/self/exe", &actions, nil, CommandLine.unsafeArgv, environ)
    close(ends[1])
    guard failed == 0, let output = fdopen(ends[0], "r") else { return fail(failed == 0 ? errno : failed) }
    defer { fclose(output) }
    var line: UnsafeMutablePointer<CChar>?
    var size = 0
    defer { free(line) }
    while getline(&line, &size, output) > 0, let text = line.map({ String(cString: $0) }) {
      let text = text.last == "\n" ? String(text.dropLast()) : text
      if known.contains(text) { continue }
      Failure.say(Diagnostics.isKnown(text, known) ? Diagnostics.note(text, "in a graph behind") : text)
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
  }
}
