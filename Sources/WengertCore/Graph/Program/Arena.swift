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
  private static let idle = Locked<[ObjectIdentifier: [Arena]]>([:])

  /// An arena of at least `byteCount` bytes that nobody else uses until it is given back.
  static func take(_ byteCount: Int, on backend: any Backend) -> Arena {
    var found = idle.withLock { arenas -> Arena? in
      let key = ObjectIdentifier(backend)
      guard let list = arenas[key], !list.isEmpty else { return nil }
      // The smallest that is large enough; otherwise the largest, which makes room for a larger one.
      let order = list.indices.sorted { list[$0].storage.byteCount < list[$1].storage.byteCount }
      return arenas[key]!.remove(at: order.first { list[$0].storage.byteCount >= byteCount } ?? order.last!)
    }
    if let found, found.storage.byteCount >= byteCount { return found }
    found = nil
    // Room for somewhat larger sizes costs nothing until it is touched.
    return Arena(backend.allocateUnpooled(byteCount: byteCount + byteCount / 8))
  }

  static func giveBack(_ arena: Arena) {
    idle.withLock { $0[ObjectIdentifier(arena.storage.backend), default: []].append(arena) }
  }

  /// Gives the arenas that no program is using back to their backends.
  static func releaseIdle() { idle.withLock { $0.removeAll() } }
}
