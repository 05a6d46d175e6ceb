/// Our own threads, as many as cores.
final class ThreadPool: Sendable {
  static let shared = ThreadPool()

  var threadCount: Int { 1 }

  /// Runs `body(0)` … `body(count − 1)`, on all threads, and returns when all are done. Called from inside a body, it runs there alone.
  func parallel(_ count: Int, _ body: (Int) -> Void) {
    for index in 0..<count { body(index) }
  }
}
