/// The ids of short words met lately, for one thread: every word has one place, and a new one takes it from the one before.
final class WordCache {
  /// A word of at most sixteen bytes, as two numbers and its length.
  struct Word {
    static let longest = 16

    fileprivate let low: UInt64
    fileprivate let high: UInt64
    fileprivate let length: UInt8

    /// Nil for a longer or an empty word.
    ///
    /// - Precondition: `longest` bytes after `end` can be read; what they are does not matter.
    @inline(__always)
    init?(_ text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) {
      let count = end - start
      guard count > 0, count <= Self.longest else { return nil }
      let bytes = UnsafeRawPointer(text.baseAddress! + start)
      low = bytes.loadUnaligned(as: UInt64.self) & Self.mask(count)
      high = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self) & Self.mask(count - 8)
      length = UInt8(count)
    }

    /// Ones in the first `count` bytes.
    @inline(__always)
    private static func mask(_ count: Int) -> UInt64 {
      count >= 8 ? .max : count <= 0 ? 0 : (1 &<< UInt64(8 * count)) &- 1
    }

    /// The word's place among 2ⁿ.
    @inline(__always)
    fileprivate func place(bits: UInt64) -> Int {
      let mixed = (low ^ (high &* 0xD6E8_FEB8_6659_FD93)) &* 0x9E37_79B9_7F4A_7C15
      return Int(truncatingIfNeeded: ((mixed ^ (mixed >> 32)) &* 0x9E37_79B9_7F4A_7C15) >> (64 - bits))
    }
  }

  /// Words of more pieces are not kept.
  static let mostPieces = 3

  private struct Entry {
    var low: UInt64 = 0
    var high: UInt64 = 0
    /// 0 if the place is free.
    var length: UInt8 = 0
    var count: UInt8 = 0
    var ids: (Int32, Int32, Int32) = (0, 0, 0)
  }

  private var entries: [Entry]
  private let bits: UInt64

  /// - Parameter bits: the cache has 2 to this number of places, of 32 bytes each.
  init(bits: UInt64 = 13) {
    self.bits = bits
    entries = Array(repeating: Entry(), count: 1 << bits)
  }

  /// Appends a word's ids; false if it is not here.
  @inline(__always)
  func append(_ word: Word, to ids: inout [Int32]) -> Bool {
    let entry = entries[word.place(bits: bits)]
    guard entry.low == word.low, entry.high == word.high, entry.length == word.length else { return false }
    ids.append(entry.ids.0)
    if entry.count > 1 {
      ids.append(entry.ids.1)
      if entry.count > 2 { ids.append(entry.ids.2) }
    }
    return true
  }

  /// Keeps a word's ids unless they are too many.
  func keep(_ word: Word, _ ids: ArraySlice<Int32>) {
    guard let first = ids.first, ids.count <= Self.mostPieces else { return }
    let second = ids.dropFirst().first ?? 0, third = ids.dropFirst(2).first ?? 0
    entries[word.place(bits: bits)] = Entry(
      low: word.low, high: word.high, length: word.length, count: UInt8(ids.count), ids: (first, second, third))
  }
}
