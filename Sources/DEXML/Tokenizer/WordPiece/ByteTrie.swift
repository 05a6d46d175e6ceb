/// A set of byte strings with a number each, for finding the longest one at a place.
///
/// Nodes are numbered in the order of their making; the edges are one open hash table of (node, byte) → node, so that a step is a
/// multiplication and, nearly always, one load.
struct ByteTrie: Sendable {
  /// An edge is `node << 40 | byte << 32 | child`; no edge leads to the root, so 0 marks a free slot.
  private var edges = [UInt64](repeating: 0, count: 256)
  private var shift: UInt64 = 64 - 8
  /// The number of the string that ends at a node, or -1.
  private var values: [Int32] = [-1]

  var isEmpty: Bool { values.count == 1 }

  /// Adds a string; an earlier number of the same string is kept or replaced.
  ///
  /// - Precondition: all strings together have fewer than 2²⁴ different beginnings.
  mutating func insert(_ bytes: some Sequence<UInt8>, _ value: Int32, replacing: Bool = true) {
    var node: UInt64 = 0
    for byte in bytes {
      let key = node << 8 | UInt64(byte)
      if let child = child(key) {
        node = child
      } else {
        if values.count * 2 > edges.count { grow() }
        node = UInt64(values.count)
        ensure(node < 1 << 24, "the vocabulary has more than 16 million different beginnings of tokens")
        values.append(-1)
        store(key << 32 | node)
      }
    }
    if replacing || values[Int(node)] < 0 { values[Int(node)] = value }
  }

  /// The number of exactly this string.
  subscript(bytes: some Sequence<UInt8>) -> Int32? {
    var node: UInt64 = 0
    for byte in bytes {
      guard let next = child(node << 8 | UInt64(byte)) else { return nil }
      node = next
    }
    let value = values[Int(node)]
    return value < 0 ? nil : value
  }

  /// The end and the number of the longest non-empty string at `start`.
  @inline(__always)
  func longestMatch(_ text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> (end: Int, value: Int32)? {
    edges.withUnsafeBufferPointer { edges in
      values.withUnsafeBufferPointer { values in
        let mask = edges.count - 1
        var found: (end: Int, value: Int32)?
        var node: UInt64 = 0
        var position = start
        while position < end {
          let key = node << 8 | UInt64(text[position])
          var slot = Int(truncatingIfNeeded: (key &* Self.multiplier) >> shift)
          while true {
            let edge = edges[slot]
            if edge >> 32 == key && edge != 0 {
              node = edge & 0xFFFF_FFFF
              break
            }
            if edge == 0 { return found }
            slot = (slot + 1) & mask
          }
          position += 1
          let value = values[Int(node)]
          if value >= 0 { found = (position, value) }
        }
        return found
      }
    }
  }

  private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15

  private func child(_ key: UInt64) -> UInt64? {
    var slot = Int(truncatingIfNeeded: (key &* Self.multiplier) >> shift)
    while edges[slot] != 0 {
      if edges[slot] >> 32 == key { return edges[slot] & 0xFFFF_FFFF }
      slot = (slot + 1) & (edges.count - 1)
    }
    return nil
  }

  private mutating func store(_ edge: UInt64) {
    var slot = Int(truncatingIfNeeded: ((edge >> 32) &* Self.multiplier) >> shift)
    while edges[slot] != 0 { slot = (slot + 1) & (edges.count - 1) }
    edges[slot] = edge
  }

  private mutating func grow() {
    let old = edges
    edges = [UInt64](repeating: 0, count: old.count * 2)
    shift -= 1
    for edge in old where edge != 0 { store(edge) }
  }
}
