import Foundation
import WengertNN

/// Calls `body(0)` … `body(count − 1)` on as many threads as there are cores, and returns when all are done.
func concurrently(_ count: Int, _ body: @Sendable (Int) -> Void) {
  #if WENGERT_THREAD_SANITIZER
    // ThreadSanitizer does not see how Dispatch hands work over; it sees these threads begin and end.
    withoutActuallyEscaping(body) { body in
      let threads = (0..<count).map { index in
        var thread = pthread_t()
        let failed = pthread_create(
          &thread, nil,
          {
            Unmanaged<Work>.fromOpaque($0!).takeRetainedValue().perform()
            return nil
          }, Unmanaged.passRetained(Work { body(index) }).toOpaque())
        ensure(failed == 0, "a thread cannot be started: \(String(cString: strerror(failed)))")
        return thread
      }
      for thread in threads { pthread_join(thread, nil) }
    }
  #else
    DispatchQueue.concurrentPerform(iterations: count, execute: body)
  #endif
}

#if WENGERT_THREAD_SANITIZER
  private final class Work: Sendable {
    let perform: @Sendable () -> Void
    init(_ perform: @escaping @Sendable () -> Void) { self.perform = perform }
  }
#endif
