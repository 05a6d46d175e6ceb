import Foundation
import WengertNN

/// Calls `body(0)` … `body(count − 1)` on as many threads as there are cores, and returns when all are done.
func concurrently(_ count: Int, _ body: @Sendable (Int) -> Void) {
  #if WENGERT_THREAD_SANITIZER
    // ThreadSanitizer does not see how Dispatch hands work over; it sees these threads begin and the condition by which their end is known.
    withoutActuallyEscaping(body) { body in
      let condition = NSCondition(), left = Locked(count)
      for index in 0..<count {
        Thread.detachNewThread {
          body(index)
          condition.lock()
          left.withLock { $0 -= 1 }
          condition.signal()
          condition.unlock()
        }
      }
      condition.lock()
      while left.withLock({ $0 > 0 }) { condition.wait() }
      condition.unlock()
    }
  #else
    DispatchQueue.concurrentPerform(iterations: count, execute: body)
  #endif
}
