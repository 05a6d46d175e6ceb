import Glibc

/// What is wrong in a user's program: what `Caller.fail` ends it with, unless a handler takes it.
///
/// Only what operations are given is a mistake. A contradiction inside the library ends the program, whoever handles mistakes.
package struct Mistake: Sendable, CustomStringConvertible {
  /// "matmul"
  package let operation: String
  /// "inner extents differ: …"
  package let message: String
  /// File, line and, in a graph, the operation's number. Of an operator they are the library's own.
  package let caller: Caller
  /// What is said besides of a place that had to be looked up: "called at Model.swift:7".
  package let note: String?

  /// All that the program says where it ends.
  package var description: String {
    (caller.isOwn ? "" : "\(caller.file):\(caller.line): ") + "\(operation): \(message)" + (note.map { "\n  \($0)" } ?? "")
  }

  /// What is called with a mistake instead of the end of the program. It must not return to who made the mistake: it ends the program itself, or keeps the
  /// thread for ever.
  @TaskLocal package static var handler: (@Sendable (Mistake) -> Never)?
  /// While the place of a mistake that a handler gets is looked up: what is called where it is found.
  @TaskLocal static var foundPlace: (@Sendable (_ place: String?, _ subject: String?) -> Never)?
}

/// Runs the functions one after another, and returns the first mistake of each of those that have one.
///
/// Each runs on a thread of its own, which stops for ever at the mistake: what it holds stays, some tens of kilobytes and the tensors that it made. That is for tools
/// that check and end, not for what runs for days. The functions see no task-local values from outside. Mistakes on further threads that they start end the program,
/// as does every mistake elsewhere. The line of an operator is looked up in the memory of the process, while no other thread should be loading or freeing much of it.
package func collectingMistakes(_ bodies: [@Sendable () -> Void]) -> [Mistake] {
  bodies.compactMap { StoppingThread($0).run() }
}

/// A thread that stops at the first mistake of what it runs.
private final class StoppingThread: @unchecked Sendable {
  private let body: @Sendable () -> Void
  private let mistake = Locked<Mistake?>(nil)
  /// Raised when the thread has ended or stopped.
  private let isDone = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  /// Only what is touched of it takes memory.
  private static let stackSize = 4 << 20

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
    sem_init(isDone, 0, 0)
  }

  // A thread that has stopped holds this for ever, so that nobody frees what it is using.
  deinit {
    sem_destroy(isDone)
    isDone.deallocate()
  }

  func run() -> Mistake? {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, Self.stackSize)
    var thread = pthread_t()
    let failed = pthread_create(
      &thread, &attributes,
      { argument in
        Unmanaged<StoppingThread>.fromOpaque(argument!).takeRetainedValue().work()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    ensure(failed == 0, "a thread cannot be started: \(String(cString: strerror(failed)))")
    // Signals interrupt it.
    while sem_wait(isDone) != 0 {}
    let found = mistake.withLock { $0 }
    if found == nil { pthread_join(thread, nil) } else { pthread_detach(thread) }
    return found
  }

  private func work() {
    Mistake.$handler.withValue({ self.stop(at: $0) }) { body() }
    sem_post(isDone)
  }

  private func stop(at found: Mistake) -> Never {
    mistake.withLock { if $0 == nil { $0 = found } }
    sem_post(isDone)
    while true { pause() }
  }
}
