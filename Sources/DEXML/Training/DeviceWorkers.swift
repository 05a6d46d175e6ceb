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
    var words = [Int32](repeating: 0, count: 33), problem: DeviceUnavailable?
    do {
      // Each looks whether it has what the first needs too.
      let bytes = try DeviceGroup.newIdentifier(for: device)
      if workers.rank == 0 { words = bytes.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) } + [0] }
    } catch {
      problem = error
      words[32] = 1
    }
    let missing = [words[32]]
    var others = missing
    workers.allReduce(&others, .sum)
    if let problem { throw problem }
    if others[0] > 0 { throw DeviceUnavailable("another worker cannot join the group of GPUs") }
    workers.allReduce(&words, .sum)
    let identifier = words[..<32].flatMap { word in withUnsafeBytes(of: word) { Array($0) } }
    group = try DeviceGroup(identifier, rank: workers.rank, count: workers.count, device: device)
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
