/// Processes that carry out one computation together, each on its part of it.
///
/// Every worker makes the same calls in the same order; a call returns when all have made it. What comes back has the same bits for all.
///
/// ```swift
/// let workers = OneWorker()
/// var sums: [Float] = [1, 2]
/// workers.allReduce(&sums, .sum)  // the sums over all workers: of one, [1, 2]
/// let part = workers.part(of: 10)  // 0..<10
/// ```
public protocol Workers: Sendable {
  /// This worker's number, from 0.
  var rank: Int { get }
  /// This worker's number among those of its machine, from 0.
  var localRank: Int { get }
  /// The number of workers.
  var count: Int { get }

  /// Replaces the values of all workers, as many of each, by their combination, place by place.
  func allReduce(_ values: UnsafeMutableRawBufferPointer, _ element: CollectiveType, _ operation: CollectiveOperation)

  /// All workers' values, one worker's after the other's.
  ///
  /// - Parameter counts: how many values each worker has.
  func allGather(
    _ values: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, counts: [Int], _ element: CollectiveType)

  /// Returns when all workers have come here.
  func barrier()

  /// Says why, and ends all workers.
  func abort(_ reason: String) -> Never
}

/// How values of several workers are combined.
public enum CollectiveOperation: Sendable {
  /// The sum, the greatest or the least of all.
  case sum, maximum, minimum
}

/// What workers exchange.
public enum CollectiveType: Sendable {
  /// A number of this Swift type.
  case float, double, int32

  /// The bytes of one value.
  public var size: Int { self == .double ? 8 : 4 }
}

/// A number that workers can exchange.
public protocol CollectiveElement: BitwiseCopyable, Sendable {
  /// What it is exchanged as.
  static var collectiveType: CollectiveType { get }
}

extension Float: CollectiveElement { public static var collectiveType: CollectiveType { .float } }
extension Double: CollectiveElement { public static var collectiveType: CollectiveType { .double } }
extension Int32: CollectiveElement { public static var collectiveType: CollectiveType { .int32 } }

extension Workers {
  /// Replaces the values of all workers, as many of each, by their combination, place by place.
  public func allReduce<Element: CollectiveElement>(_ values: inout [Element], _ operation: CollectiveOperation) {
    if count == 1 || values.isEmpty { return }
    values.withUnsafeMutableBytes { allReduce($0, Element.collectiveType, operation) }
  }

  /// All workers' values, one worker's after the other's; workers may have different numbers of them.
  public func allGather<Element: CollectiveElement>(_ values: [Element]) -> [Element] {
    if count == 1 { return values }
    var counts = [Int32](repeating: 0, count: count)
    counts[rank] = Int32(values.count)
    allReduce(&counts, .sum)
    let sizes = counts.map(Int.init), total = sizes.reduce(0, +)
    if total == 0 { return [] }
    return [Element](unsafeUninitializedCapacity: total) { buffer, filled in
      values.withUnsafeBytes {
        allGather($0, into: UnsafeMutableRawBufferPointer(buffer), counts: sizes, Element.collectiveType)
      }
      filled = total
    }
  }

  /// This worker's part of `total` things in a row: parts follow each other by rank and differ by one at most. Empty if there are more workers than things.
  public func part(of total: Int) -> Range<Int> { part(of: total, rank: rank) }

  /// The same of the worker of another rank.
  public func part(of total: Int, rank: Int) -> Range<Int> {
    let size = total / count, rest = total % count
    let start = rank * size + min(rank, rest)
    return start..<start + size + (rank < rest ? 1 : 0)
  }

  /// Worker 0's value of `body` after that of nobody else, then the others': for what the first leaves to the others in files.
  public func firstAlone<Value>(_ body: () throws -> Value) rethrows -> Value {
    if rank == 0 {
      let value = try body()
      barrier()
      return value
    }
    barrier()
    return try body()
  }
}

/// The only worker there is.
public struct OneWorker: Workers {
  /// The worker of a process alone.
  public init() {}

  public var rank: Int { 0 }
  public var localRank: Int { 0 }
  public var count: Int { 1 }
  public func allReduce(_ values: UnsafeMutableRawBufferPointer, _ element: CollectiveType, _ operation: CollectiveOperation) {}
  public func allGather(
    _ values: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, counts: [Int], _ element: CollectiveType
  ) {
    all.copyMemory(from: values)
  }
  public func barrier() {}
  public func abort(_ reason: String) -> Never { fatalError(reason) }
}
