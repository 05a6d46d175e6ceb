import Foundation
import Wengert

/// Batches of examples in random order, made by threads while the last ones are trained on.
///
/// ```swift
/// let loader = DataLoader(count: 5, batchSize: 2) { rows in rows.map { $0 * 10 } }
/// for batch in loader.epoch(0) { print(batch) }  // [0, 10], [20, 30], [40]
/// ```
/// With a key the order of each epoch is a permutation of its own, which follows from the key and the epoch's number alone: a run that goes on from a checkpoint says where
/// with `epoch(_:from:)` and gets the batches that it would have got.
public struct DataLoader<Batch: Sendable>: Sendable {
  /// How many examples there are.
  public let count: Int
  /// How many examples are in a batch; the last may have fewer.
  public let batchSize: Int
  /// Whether a last batch of fewer examples is left out.
  public let dropsLast: Bool
  private let key: RandomKey?
  private let prefetched: Int
  private let threads: Int
  private let make: @Sendable ([Int]) throws -> Batch

  /// - Parameters:
  ///   - count: the number of examples.
  ///   - batchSize: examples of a batch.
  ///   - key: of the random order; nil: the order of the examples.
  ///   - dropsLast: whether a last batch of fewer examples is left out.
  ///   - prefetched: how many batches are made ahead; 0 makes each when it is asked for.
  ///   - threads: how many batches are made at a time.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  ///   - batch: makes a batch of the examples with these numbers. What it throws, the loop over the epoch throws in its turn.
  /// - Precondition: `batchSize` and `threads` are at least 1, `count` and `prefetched` at least 0.
  public init(
    count: Int, batchSize: Int, key: RandomKey? = nil, dropsLast: Bool = false, prefetched: Int = 2, threads: Int = 1,
    file: StaticString = #fileID, line: UInt = #line, batch: @escaping @Sendable (_ examples: [Int]) throws -> Batch
  ) {
    Caller(file, line).require(
      count >= 0 && batchSize > 0 && prefetched >= 0 && threads > 0, "DataLoader",
      "count \(count), batchSize \(batchSize), prefetched \(prefetched), threads \(threads): there must be a thread and an example in a batch"
    )
    (self.count, self.batchSize, self.key, self.dropsLast, self.prefetched, self.threads) = (
      count, batchSize, key, dropsLast, prefetched, threads
    )
    make = batch
  }

  /// How many batches an epoch has.
  public var batchesPerEpoch: Int { dropsLast ? count / batchSize : (count + batchSize - 1) / batchSize }

  /// The batches of an epoch, from number `first` on.
  public func epoch(_ number: Int, from first: Int = 0) -> Epoch {
    let order = key.map { $0.fold(number).permutation(count).array(of: Int.self) } ?? Array(0..<count)
    let size = batchSize, make = make, device = Device.current
    return Epoch(
      Prefetch(numbers: min(first, batchesPerEpoch)..<batchesPerEpoch, ahead: prefetched, threads: threads) { number in
        try Device.with(device) { try make(Array(order[number * size..<min((number + 1) * size, order.count)])) }
      })
  }

  /// An epoch's batches in order.
  public struct Epoch: Sequence, IteratorProtocol {
    private let prefetch: Prefetch<Batch>
    fileprivate init(_ prefetch: Prefetch<Batch>) { self.prefetch = prefetch }

    /// The next batch; nil after the last. An error ends the program here; `nextBatch` throws it.
    public mutating func next() -> Batch? {
      do { return try nextBatch() } catch { Caller(#fileID, #line).fail("DataLoader", "\(error)") }
    }

    /// The next batch; nil after the last.
    ///
    /// - Throws: what the function has thrown that makes the batch.
    public mutating func nextBatch() throws -> Batch? { try prefetch.next() }
  }
}

/// Values made by threads, a few ahead of whoever takes them; the threads end with the last reference.
private final class Prefetch<Value: Sendable>: Sendable {
  private final class Shared: @unchecked Sendable {
    let condition = NSCondition()
    var next: Int
    var taken: Int
    var made: [Int: Result<Value, any Error>] = [:]
    var isStopped = false
    init(_ first: Int) { (next, taken) = (first, first) }
  }
  private let shared: Shared
  private let end: Int
  private let ahead: Int
  private let make: @Sendable (Int) throws -> Value

  init(numbers: Range<Int>, ahead: Int, threads: Int, make: @escaping @Sendable (Int) throws -> Value) {
    let shared = Shared(numbers.lowerBound)
    (self.shared, end, self.ahead, self.make) = (shared, numbers.upperBound, ahead, make)
    for _ in 0..<(ahead == 0 ? 0 : Swift.min(threads, ahead, numbers.count)) {
      let end = end
      let thread = Thread { Self.work(shared, end, ahead, make) }
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  deinit {
    shared.condition.lock()
    shared.isStopped = true
    shared.condition.broadcast()
    shared.condition.unlock()
  }

  private static func work(_ shared: Shared, _ end: Int, _ ahead: Int, _ make: (Int) throws -> Value) {
    shared.condition.lock()
    defer { shared.condition.unlock() }
    while true {
      while !shared.isStopped && shared.next < end && shared.next >= shared.taken + ahead { shared.condition.wait() }
      if shared.isStopped || shared.next >= end { return }
      let number = shared.next
      shared.next += 1
      shared.condition.unlock()
      let value = Result { try make(number) }
      shared.condition.lock()
      shared.made[number] = value
      shared.condition.broadcast()
    }
  }

  func next() throws -> Value? {
    shared.condition.lock()
    let number = shared.taken
    if number == end {
      shared.condition.unlock()
      return nil
    }
    shared.taken += 1
    if ahead == 0 {
      shared.condition.unlock()
      return try make(number)
    }
    shared.condition.broadcast()
    while shared.made[number] == nil { shared.condition.wait() }
    let value = shared.made.removeValue(forKey: number)!
    shared.condition.unlock()
    return try value.get()
  }
}
