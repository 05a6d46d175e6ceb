/// Values by key, at most so many of them: those not used for longest are given up first. Any number of threads may ask at the same time.
///
/// What may be inlined is, so that the modules above look keys up by code of their own, at the cost of a lock and a dictionary.
package final class Cache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  @usableFromInline struct Entry {
    @usableFromInline let value: Value
    @usableFromInline var lastUse: Int

    @usableFromInline init(value: Value, lastUse: Int) {
      self.value = value
      self.lastUse = lastUse
    }
  }

  @usableFromInline struct State {
    @usableFromInline var entries: [Key: Entry] = [:]
    @usableFromInline var clock = 0

    @usableFromInline init() {}

    /// By its index an entry is changed in place.
    @inlinable mutating func use(_ key: Key) -> Value? {
      guard let place = entries.index(forKey: key) else { return nil }
      clock += 1
      entries.values[place].lastUse = clock
      return entries.values[place].value
    }

    /// Makes room for one more by giving up a quarter of what is there, so that the search for the oldest is rare.
    mutating func makeRoom(_ capacity: Int) {
      if entries.count < capacity { return }
      let oldest = entries.values.map(\.lastUse).sorted()[capacity / 4]
      entries = entries.filter { $0.value.lastUse > oldest }
    }
  }

  package let capacity: Int
  @usableFromInline let state: Locked<State>

  /// The keys of all entries, in no order.
  package var keys: [Key] { state.withLock { Array($0.entries.keys) } }

  package init(capacity: Int) {
    ensure(capacity > 0, "a cache of \(capacity) entries")
    self.capacity = capacity
    state = Locked(State())
  }

  /// The value of a key, made if it is not there.
  @inlinable package func value(for key: Key, _ make: () -> Value) -> Value {
    if let known = state.withLock({ $0.use(key) }) { return known }
    return keep(make(), for: key)
  }

  /// Keeps a value, unless another thread was faster: the one that is kept.
  @usableFromInline func keep(_ value: Value, for key: Key) -> Value {
    state.withLock { state in
      if let known = state.use(key) { return known }
      state.makeRoom(capacity)
      state.clock += 1
      state.entries[key] = Entry(value: value, lastUse: state.clock)
      return value
    }
  }

  package var count: Int { state.withLock { $0.entries.count } }

  package func removeAll() { state.withLock { $0.entries.removeAll() } }
}
