import Testing
import WengertTestSupport

@testable import DEXML

@Suite("Words met before") struct WordCacheTests {
  /// Calls `body` with a word, behind which other bytes lie.
  private func withWord<Result>(_ bytes: [UInt8], noise: UInt8, _ body: (WordCache.Word?) -> Result) -> Result {
    ([1] + bytes + [UInt8](repeating: noise, count: 16)).withUnsafeBufferPointer {
      body(WordCache.Word($0, from: 1, to: 1 + bytes.count))
    }
  }

  @Test("of any words, a cache gives the kept ids or nothing, and never more than it has places")
  func bounded() {
    var generator = SplitMix64(seed: 1)
    var kept: [[UInt8]: [Int32]] = [:]
    let cache = WordCache(bits: 3)
    for round in 0..<20_000 {
      let bytes = (0..<Int.random(in: 1...16, using: &generator)).map { _ in UInt8.random(in: 0...2, using: &generator) }
      withWord(bytes, noise: UInt8(round & 1)) { word in
        var ids: [Int32] = [-7]
        if cache.append(word!, to: &ids) {
          #expect(ids == [-7] + kept[bytes]!)
        } else {
          let new = (0..<Int.random(in: 1...3, using: &generator)).map { _ in Int32.random(in: 0..<9, using: &generator) }
          cache.keep(word!, new[...])
          kept[bytes] = new
          var again: [Int32] = []
          #expect(cache.append(word!, to: &again) && again == new)
        }
      }
    }
    let hits = kept.keys.count { bytes in
      withWord(bytes, noise: 0) {
        var ids: [Int32] = []
        return cache.append($0!, to: &ids)
      }
    }
    #expect((1...8).contains(hits) && kept.count > 8)
  }

  @Test("words that differ only in length or in their last byte are different", arguments: 1...16)
  func different(length: Int) {
    let word = [UInt8](repeating: 0, count: length)
    for bits in [UInt64(1), 13] {
      let cache = WordCache(bits: bits)
      withWord(word, noise: 9) { cache.keep($0!, [4]) }
      for other in [word + [0], Array(word.dropLast()), word.dropLast() + [1]] where (1...16).contains(other.count) {
        withWord(other, noise: 0) { found in
          var ids: [Int32] = []
          #expect(!cache.append(found!, to: &ids) && ids.isEmpty)
        }
      }
      withWord(word, noise: 0) { found in
        var ids: [Int32] = []
        #expect(cache.append(found!, to: &ids) && ids == [4])
      }
    }
  }

  @Test("longer words, no word, and words of more pieces are not kept")
  func notKept() {
    #expect(withWord([], noise: 1) { $0 == nil })
    #expect(withWord([UInt8](repeating: 97, count: 17), noise: 1) { $0 == nil })
    let cache = WordCache()
    withWord([97], noise: 1) { word in
      var ids: [Int32] = []
      cache.keep(word!, [1, 2, 3, 4])
      #expect(!cache.append(word!, to: &ids))
      cache.keep(word!, [])
      #expect(!cache.append(word!, to: &ids))
    }
  }
}
