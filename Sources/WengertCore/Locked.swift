#if WENGERT_THREAD_SANITIZER
  import Glibc

  /// A value that one thread at a time may use: `Mutex`, made of a lock that ThreadSanitizer knows. It does not see `Mutex`'s own and would take every value
  /// behind one for a race.
  @usableFromInline package struct Locked<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    package init(_ value: consuming sending Value) {
      lock = .allocate(capacity: 1)
      pthread_mutex_init(lock, nil)
      self.value = .allocate(capacity: 1)
      self.value.initialize(to: value)
    }

    deinit {
      value.deinitialize(count: 1)
      value.deallocate()
      pthread_mutex_destroy(lock)
      lock.deallocate()
    }

    @usableFromInline package borrowing func withLock<Result: ~Copyable, Failure: Error>(
      _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
      pthread_mutex_lock(lock)
      defer { pthread_mutex_unlock(lock) }
      return try body(&value.pointee)
    }
  }
#else
  import Synchronization

  /// A value that one thread at a time may use. Under ThreadSanitizer it is made of another lock: see Documentation/Sanitizers.md.
  @usableFromInline package typealias Locked<Value: ~Copyable> = Mutex<Value>
#endif
