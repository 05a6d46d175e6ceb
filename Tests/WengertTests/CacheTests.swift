import Testing
import Wengert

@_spi(Backend) @testable import WengertCPU
@_spi(Backend) @testable import WengertCore

@Suite("Caches of prepared programs")
struct CacheTests {
  private final class Made: Sendable {}

  @Test("a value is made once, and kept while there is room")
  func kept() {
    let cache = Cache<Int, Made>(capacity: 8)
    let first = cache.value(for: 0) { Made() }
    for key in 1..<8 { _ = cache.value(for: key) { Made() } }
    #expect(cache.value(for: 0) { Made() } === first)
    #expect(cache.count == 8)
    cache.removeAll()
    #expect(cache.count == 0)
    #expect(cache.value(for: 0) { Made() } !== first)
  }

  @Test("what was not used for longest goes first, and never more is kept than there is room for")
  func evicts() {
    let cache = Cache<Int, Int>(capacity: 8)
    for key in 0..<8 { _ = cache.value(for: key) { key } }
    // The first is used again, so that the next three are the oldest.
    #expect(cache.value(for: 0) { -1 } == 0)
    #expect(cache.value(for: 8) { 8 } == 8)
    #expect(cache.count == 6)
    #expect([0, 4, 5, 6, 7, 8].allSatisfy { key in cache.value(for: key) { -1 } == key })
    #expect(cache.value(for: 1) { -1 } == -1)
    for key in 0..<1000 {
      _ = cache.value(for: key) { key }
      #expect(cache.count <= 8)
    }
    let single = Cache<Int, Int>(capacity: 1)
    for key in 0..<3 { #expect(single.value(for: key) { key } == key) }
    #expect(single.count == 1)
  }

  @Test("threads that ask for one key at a time get one value")
  func threads() {
    let cache = Cache<Int, Made>(capacity: 64)
    let found = Locked<[Int: [Made]]>([:])
    ThreadPool.shared.withThreadCount(4) {
      ThreadPool.shared.parallel(64) { piece in
        let value = cache.value(for: piece % 4) { Made() }
        found.withLock { $0[piece % 4, default: []].append(value) }
      }
    }
    let lists = found.withLock { $0 }
    #expect(lists.count == 4)
    for list in lists.values { #expect(list.count == 16 && list.allSatisfy { $0 === list[0] }) }
  }

  @Test("programs of ever new constants stay bounded")
  func bounded() {
    let x = Tensor([1.0, 2])
    for number in 0..<1500 { _ = x + Double(number) * 0.25 }
    #expect(ViewKernels.programs.count <= ViewKernels.programs.capacity)
  }
}
