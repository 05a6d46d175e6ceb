import Collectives
import WengertNN

/// Workers each of which has a GPU: tensors go from one to the other by NCCL, numbers by the workers that these were made of.
public struct DeviceWorkers: Workers {
  private let workers: any Workers
  /// Their GPUs.
  public let group: DeviceGroup

  /// Has the GPUs of several workers meet.
  ///
  /// - Throws: `DeviceUnavailable`, which says what is missing; for all workers if it is missing for one.
  public init(_ workers: any Workers, device: Device) throws {
    self.workers = workers
    // Each looks whether it has what the first needs too, and all learn the first's identifier, the only one that is not zero.
    let own = Result { () throws(DeviceUnavailable) in try DeviceGroup.newIdentifier(for: device) }
    let bytes = try Self.agreed(own, workers)
    var words = bytes.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
    if workers.rank > 0 { words = words.map { _ in 0 } }
    workers.allReduce(&words, .sum)
    let identifier = words.withUnsafeBytes { Array($0) }
    let joined = Result { () throws(DeviceUnavailable) in
      try DeviceGroup(identifier, rank: workers.rank, count: workers.count, device: device)
    }
    group = try Self.agreed(joined, workers)
  }

  /// What this worker has, if all have it.
  private static func agreed<Value>(_ result: Result<Value, DeviceUnavailable>, _ workers: any Workers) throws -> Value {
    var failures: [Int32] = [0]
    if case .failure = result { failures = [1] }
    workers.allReduce(&failures, .sum)
    let value = try result.get()
    if failures[0] > 0 { throw DeviceUnavailable("another worker cannot join the group of GPUs") }
    return value
  }

  public var rank: Int { workers.rank }
  public var localRank: Int { workers.localRank }
  public var count: Int { workers.count }

  public func allReduce(_ values: UnsafeMutableRawBufferPointer, _ element: CollectiveType, _ operation: CollectiveOperation) {
    workers.allReduce(values, element, operation)
  }

  public func allGather(
    _ values: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, counts: [Int], _ element: CollectiveType
  ) {
    workers.allGather(values, into: all, counts: counts, element)
  }

  public func barrier() { workers.barrier() }
  public func abort(_ reason: String) -> Never { workers.abort(reason) }

  /// All workers' rows, `count` of them, each worker's part (`part(of:)`) being `rows`; nil if one has none, and so does not know how wide they are.
  func joined(_ rows: [Tensor], _ count: Int) -> Tensor? {
    guard count >= self.count else { return nil }
    return group.gathered(rows.count == 1 ? rows[0] : concatenate(rows), counts: (0..<self.count).map { part(of: count, rank: $0).count })
  }
}
