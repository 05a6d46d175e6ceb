import Synchronization

/// The memory in which programs keep their buffers while they run: one block per backend and thread of calls, as large as the largest program has asked for.
final class Arena: Sendable {
  let storage: Storage
  /// Tells an arena from one that later has the same address.
  let number: Int

  private init(_ storage: Storage) {
    self.storage = storage
    number = Arena.count.add(1, ordering: .relaxed).newValue
  }

  private static let count = Atomic<Int>(0)
  private static let idle = Mutex<[ObjectIdentifier: [Arena]]>([:])

  /// Runs `body` with an arena of at least `byteCount` bytes that nobody else uses meanwhile.
  static func with<Result>(_ byteCount: Int, on backend: any Backend, _ body: (Arena) -> Result) -> Result {
    let key = ObjectIdentifier(backend)
    let found = idle.withLock { $0[key]?.popLast() }
    // One that is too small goes back to the backend before a larger one is asked for.
    let kept = (found?.storage.byteCount ?? -1) >= byteCount ? found : nil
    let arena = kept ?? Arena(backend.allocate(byteCount: byteCount))
    defer { idle.withLock { $0[key, default: []].append(arena) } }
    return body(arena)
  }

  /// Gives the arenas that no program is using back to their backends.
  static func releaseIdle() { idle.withLock { $0.removeAll() } }
}
