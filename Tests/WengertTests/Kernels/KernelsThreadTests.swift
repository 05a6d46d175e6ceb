import Foundation
import Synchronization
import Testing
import WengertCPU
import WengertCore

@Suite struct KernelThreadTests {
  @Test("every index is visited once, for any number of threads and any count")
  func everyIndex() {
    for threads in [1, 2, 3, 8] {
      for count in [0, 1, 2, 7, 1000] {
        let visits = Locked([Int](repeating: 0, count: count))
        ThreadPool.shared.withThreadCount(threads) {
          ThreadPool.shared.parallel(count) { index in visits.withLock { $0[index] += 1 } }
        }
        #expect(visits.withLock { $0 } == [Int](repeating: 1, count: count))
      }
    }
  }

  @Test("a call from inside a body runs there, and callers on several threads do not disturb each other")
  func nestedAndConcurrent() {
    let total = Atomic<Int>(0)
    let threads = (0..<4).map { _ in
      Thread {
        for _ in 0..<200 {
          ThreadPool.shared.withThreadCount(3) {
            ThreadPool.shared.parallel(5) { _ in ThreadPool.shared.parallel(4) { _ in total.add(1, ordering: .relaxed) } }
          }
        }
        total.add(1_000_000, ordering: .releasing)
      }
    }
    for thread in threads { thread.start() }
    while total.load(ordering: .acquiring) < 4_000_000 { usleep(1000) }
    #expect(total.load(ordering: .acquiring) == 4_000_000 + 4 * 200 * 20)
  }

  @Test("freed blocks are used again, aligned, counted and given back")
  func memoryPool() {
    let pool = MemoryPool()
    for size in [1, 64, 100, 5000, 1 << 20, 3 << 20, 9 << 20] {
      let first = pool.allocate(size)
      #expect(UInt(bitPattern: first) % (size >= 8 << 20 ? 2 << 20 : 64) == 0)
      first.storeBytes(of: 1, toByteOffset: size - 1, as: UInt8.self)
      let inUse = pool.statistics.bytesInUse
      #expect(inUse >= size && inUse <= max(128, size * 4 / 3 + 64))
      pool.deallocate(first, size)
      #expect(pool.statistics.bytesInUse == 0)
      let second = pool.allocate(size)
      #expect(second == first)
      pool.deallocate(second, size)
    }
    #expect(pool.statistics.bytesPooled > 4 << 20 && pool.statistics.peakBytesInUse >= 3 << 20)
    pool.trim()
    #expect(pool.statistics.bytesPooled == 0)
  }

  @Test("what is reserved stays near the largest amount in use")
  func boundedWaste() {
    let pool = MemoryPool()
    for step in 1...40 {
      let size = step * 9 << 20
      pool.deallocate(pool.allocate(size), size)
      let statistics = pool.statistics
      #expect(statistics.bytesPooled <= statistics.peakBytesInUse / 4 * 5 + (64 << 20) + (2 << 20))
    }
  }
}
