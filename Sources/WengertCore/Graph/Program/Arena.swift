import Synchronization

/// The memory in which programs keep their buffers while they run. Idle arenas are shared by all programs of a backend, so that together they take as much as the
/// programs that run (or wait half way) at one time.
final class Arena: Sendable {
  let storage: Storage
  /// Tells an arena from one that later has the same address.
  let number: Int

  private init(_ storage: Storage) {
    self.storage = storage
    number = Arena.count.add(1, ordering: .relaxed).newValue
  }

  private static let count = Atomic<Int>(0)
  /// Those that no program is using, the one given back last at the end.
  private static let idle = Locked<[Arena]>([])
  /// How many of them are kept, for all backends together.
  static let largestCache = 16

  /// An arena of at least `byteCount` bytes that nobody else uses until it is given back; nil if there is no memory left.
  static func take(_ byteCount: Int, on backend: any Backend) -> Arena? {
    var found = idle.withLock { arenas -> Arena? in
      var best: Int?
      for place in arenas.indices where arenas[place].storage.backend === backend {
        guard let known = best else {
          best = place
          continue
        }
        // The smallest that is large enough; otherwise the largest, which makes room for a larger one.
        let (old, new) = (arenas[known].storage.byteCount, arenas[place].storage.byteCount)
        if old >= byteCount ? new >= byteCount && new < old : new > old { best = place }
      }
      return best.map { arenas.remove(at: $0) }
    }
    if let found, found.storage.byteCount >= byteCount { return found }
    found = nil
    // Room for somewhat larger sizes costs nothing until it is touched.
    return backend.allocateForProgram(byteCount: byteCount + byteCount / 8, isArena: true).map(Arena.init)
  }

  static func giveBack(_ arena: Arena) {
    idle.withLock { arenas in
      arenas.append(arena)
      if arenas.count > largestCache { arenas.removeFirst() }
    }
  }

  /// Gives the arenas that no program is using back to their backend.
  static func releaseIdle(of backend: any Backend) { idle.withLock { $0.removeAll { $0.storage.backend === backend } } }
}
