import Collectives
import Foundation

/// Workers on threads of this process.
final class ThreadWorkers: Workers {
  let rank: Int
  var localRank: Int { rank }
  var count: Int { meeting.count }
  private let meeting: Meeting

  private init(_ rank: Int, _ meeting: Meeting) { (self.rank, self.meeting) = (rank, meeting) }

  /// What `body` comes to for each of `count` workers, each on a thread of its own; the first error, if there is one.
  static func run<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (any Workers) throws -> Value) throws -> [Value] {
    let meeting = Meeting(count), results = Results<Value>(count), group = DispatchGroup()
    for rank in 0..<count {
      group.enter()
      let thread = Thread {
        results.set(rank, Result { try body(ThreadWorkers(rank, meeting)) })
        group.leave()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    group.wait()
    return try results.all()
  }

  func allReduce(_ values: UnsafeMutableRawBufferPointer, _ element: CollectiveType, _ operation: CollectiveOperation) {
    let all = meeting.exchange(rank, Array(values))
    switch element {
    case .float: combine(all, values, Float.self, operation)
    case .double: combine(all, values, Double.self, operation)
    case .int32: combine(all, values, Int32.self, operation)
    }
  }

  private func combine<Number: Comparable & Numeric & BitwiseCopyable>(
    _ all: [[UInt8]], _ values: UnsafeMutableRawBufferPointer, _ type: Number.Type, _ operation: CollectiveOperation
  ) {
    let lists = all.map { bytes in bytes.withUnsafeBytes { Array($0.bindMemory(to: type)) } }, out = values.bindMemory(to: type)
    for i in out.indices {
      out[i] = lists.dropFirst().reduce(lists[0][i]) { total, list in
        switch operation {
        case .sum: total + list[i]
        case .maximum: max(total, list[i])
        case .minimum: min(total, list[i])
        }
      }
    }
  }

  func allGather(
    _ values: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer, counts: [Int], _ element: CollectiveType
  ) {
    all.copyBytes(from: meeting.exchange(rank, Array(values)).joined())
  }

  func barrier() { _ = meeting.exchange(rank, []) }

  func abort(_ reason: String) -> Never { fatalError("worker \(rank) of \(count): \(reason)") }
}

/// Where the workers hand in what they have and take what all have.
private final class Meeting: @unchecked Sendable {
  let count: Int
  private let condition = NSCondition()
  private var handed: [[UInt8]?]
  private var result: [[UInt8]] = []
  private var round = 0

  init(_ count: Int) {
    self.count = count
    handed = Array(repeating: nil, count: count)
  }

  func exchange(_ rank: Int, _ bytes: [UInt8]) -> [[UInt8]] {
    condition.lock()
    defer { condition.unlock() }
    handed[rank] = bytes
    let current = round
    if handed.allSatisfy({ $0 != nil }) {
      result = handed.map { $0! }
      handed = Array(repeating: nil, count: count)
      round += 1
      condition.broadcast()
      return result
    }
    while round == current { condition.wait() }
    return result
  }
}

private final class Results<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var values: [Result<Value, any Error>?]

  init(_ count: Int) { values = Array(repeating: nil, count: count) }

  func set(_ place: Int, _ value: Result<Value, any Error>) { lock.withLock { values[place] = value } }
  func all() throws -> [Value] { try lock.withLock { try values.map { try $0!.get() } } }
}
