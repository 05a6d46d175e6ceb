import Glibc
@_spi(Backend) import WengertCore

/// Keeps freed blocks for the next request of their size class, so that a training step maps no new memory.
///
/// A class is a power of two times 4/4 … 7/4, or times 16/16 … 31/16 for large blocks, so a block is at most a quarter or a sixteenth larger than asked
/// for. What is reserved stays below 5/4 of the largest amount that was ever in use, plus 64 MiB: before more is taken from the system, pooled blocks go
/// back.
package final class MemoryPool: Sendable {
  package init() {}

  static let hugePage = 2 << 20
  /// Blocks of at least this size are on huge pages, except for the rest that fills none.
  static let leastHugeBlock = 8 << 20
  private static let slack = 64 << 20

  private struct State {
    var free: [Int: [UInt]] = [:]
    var statistics = MemoryStatistics()
  }
  private let state = Locked(State())

  package var statistics: MemoryStatistics { state.withLock { $0.statistics } }

  /// The bytes of the block that serves a request.
  static func blockSize(for byteCount: Int) -> Int {
    let wanted = max(byteCount, 64)
    let power = 1 << (Int.bitWidth - 1 - (wanted - 1).leadingZeroBitCount)
    let step = max(64, wanted > leastHugeBlock ? power / 16 : power / 4)
    return (wanted + step - 1) / step * step
  }

  package func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let size = MemoryPool.blockSize(for: byteCount)
    let reused = state.withLock { state -> UInt? in
      state.statistics.bytesInUse += size
      state.statistics.peakBytesInUse = max(state.statistics.peakBytesInUse, state.statistics.bytesInUse)
      // By its index the list is changed in place: what a kernel takes and gives back again and again costs no allocation.
      if let list = state.free.index(forKey: size), let address = state.free.values[list].popLast() {
        state.statistics.bytesPooled -= size
        return address
      }
      let limit = state.statistics.peakBytesInUse / 4 * 5 + MemoryPool.slack
      let excess = state.statistics.bytesInUse + state.statistics.bytesPooled - limit
      if excess > 0 { MemoryPool.release(atLeast: excess, from: &state) }
      return nil
    }
    if let reused { return UnsafeMutableRawPointer(bitPattern: reused)! }
    return MemoryPool.map(size)
  }

  /// - Parameter keeping: whether the block stays for the next request of its size.
  package func deallocate(_ pointer: UnsafeMutableRawPointer, _ byteCount: Int, keeping: Bool = true) {
    let size = MemoryPool.blockSize(for: byteCount)
    let address = UInt(bitPattern: pointer)
    state.withLock { state in
      state.statistics.bytesInUse -= size
      if !keeping { return }
      state.statistics.bytesPooled += size
      state.free[size, default: []].append(address)
    }
    if !keeping { MemoryPool.unmap(pointer, size) }
  }

  /// Gives every pooled block back to the system.
  package func trim() {
    state.withLock { MemoryPool.release(atLeast: .max, from: &$0) }
  }

  /// Largest blocks first.
  private static func release(atLeast byteCount: Int, from state: inout State) {
    var released = 0
    for size in state.free.keys.sorted(by: >) {
      while released < byteCount, let address = state.free[size]?.popLast() {
        unmap(UnsafeMutableRawPointer(bitPattern: address)!, size)
        released += size
      }
      if state.free[size]?.isEmpty == true { state.free[size] = nil }
    }
    state.statistics.bytesPooled -= released
  }

  private static func map(_ size: Int) -> UnsafeMutableRawPointer {
    guard size >= leastHugeBlock else {
      var pointer: UnsafeMutableRawPointer?
      guard posix_memalign(&pointer, 64, size) == 0, let pointer else {
        Caller(#fileID, #line).fail("allocate", "out of memory: \(size) bytes wanted")
      }
      return pointer
    }
    let reserved = mmap(nil, size + hugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let reserved, reserved != MAP_FAILED else { Caller(#fileID, #line).fail("allocate", "out of memory: \(size) bytes wanted") }
    let start = UInt(bitPattern: reserved)
    let aligned = (start + UInt(hugePage) - 1) / UInt(hugePage) * UInt(hugePage)
    let lead = Int(aligned - start)
    if lead > 0 { munmap(reserved, lead) }
    if lead < hugePage { munmap(reserved + lead + size, hugePage - lead) }
    madvise(reserved + lead, size / hugePage * hugePage, MADV_HUGEPAGE)
    return reserved + lead
  }

  private static func unmap(_ pointer: UnsafeMutableRawPointer, _ size: Int) {
    if size >= leastHugeBlock { munmap(pointer, size) } else { free(pointer) }
  }
}

extension CPUBackend {
  public var memoryStatistics: MemoryStatistics {
    var statistics = memory.statistics
    statistics.bytesOfThreads = ScratchMemory.byteCount
    return statistics
  }

  /// Gives memory that no tensor and no program holds back to the system, and drops the plans of row programs. Threads that are at work give theirs back when they are
  /// done.
  public func trimMemory() {
    plans.removeAll()
    ThreadPool.shared.trimScratch()
    memory.trim()
  }
}
