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

  /// An arena of at least `byteCount` bytes that nobody else uses until it is given back.
  static func take(_ byteCount: Int, on backend: any Backend) -> Arena {
    let found = idle.withLock { $0[ObjectIdentifier(backend)]?.popLast() }
    // One that is too small goes back to the backend before a larger one is asked for.
    if let found, found.storage.byteCount >= byteCount { return found }
    return Arena(backend.allocate(byteCount: byteCount))
  }

  static func giveBack(_ arena: Arena) {
    idle.withLock { $0[ObjectIdentifier(arena.storage.backend), default: []].append(arena) }
  }

  /// Gives the arenas that no program is using back to their backends.
  static func releaseIdle() { idle.withLock { $0.removeAll() } }
}
