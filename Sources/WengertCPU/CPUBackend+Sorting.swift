import WengertCore

extension CPUBackend {
  public func argSort(_ x: View, descending: Bool, into out: View) {
    if out.shape.elementCount > 0 { x.dtype.visit(ArgSort(x: x, out: out, descending: descending)) }
  }

  public func argReduce(_ x: View, _ op: ReduceOp, into out: View) {
    precondition(op == .minimum || op == .maximum, "argReduce finds a minimum or a maximum, not a \(op)")
    if out.shape.elementCount > 0 { x.dtype.visit(ArgReduce(x: x, out: out, isMinimum: op == .minimum)) }
  }
}

/// An element to sort: its key, and its position, which decides between equal keys.
private protocol SortEntry: BitwiseCopyable, Comparable {
  associatedtype Key: FixedWidthInteger & UnsignedInteger
  init(key: some FixedWidthInteger & UnsignedInteger, position: Int)
  var key: Key { get }
  var position: Int { get }
}

/// A key of 32 bits above a position: one comparison orders both.
private struct NarrowEntry: SortEntry {
  var bits: UInt64
  init(key: some FixedWidthInteger & UnsignedInteger, position: Int) { bits = UInt64(key) << 32 | UInt64(UInt32(position)) }
  var key: UInt32 { UInt32(truncatingIfNeeded: bits >> 32) }
  var position: Int { Int(bits & 0xFFFF_FFFF) }
  static func < (a: Self, b: Self) -> Bool { a.bits < b.bits }
}

private struct WideEntry: SortEntry {
  var key: UInt64
  var position: Int
  init(key: some FixedWidthInteger & UnsignedInteger, position: Int) { (self.key, self.position) = (UInt64(key), position) }
  static func < (a: Self, b: Self) -> Bool { a.key < b.key || a.key == b.key && a.position < b.position }
}

private struct ArgSort: ElementVisitor {
  var x: View, out: View
  var descending: Bool

  func visit<Element: KernelElement>(_ type: Element.Type) {
    if Element.Compute.OrderKey.bitWidth == 32 { sort(type, NarrowEntry.self) } else { sort(type, WideEntry.self) }
  }

  private func sort<Element: KernelElement, Entry: SortEntry>(_ type: Element.Type, _ entry: Entry.Type) {
    let from = x.pointer(as: Element.self), to = out.pointer(as: Int64.self)
    let last = x.shape.rank - 1
    let (length, wanted) = (x.shape[last], out.shape[last])
    precondition(wanted <= length && length <= Int(UInt32.max), "argSort of rows of \(length) elements into \(wanted) positions")
    let (fromStep, toStep) = (x.layout.strides[last], out.layout.strides[last])
    let walk = SharedAxes([x.layout, out.layout], 0..<last)
    // Descending is ascending by the complement, which leaves equal elements in their order.
    let flip: Element.Compute.OrderKey = descending ? .max : 0
    let selects = wanted <= length / 8
    ThreadPool.shared.parallel(
      walk.count, stepsEach: length * 8, scratch: selects ? wanted : 2 * length, of: Entry.self
    ) { row, scratch in
      let s = from + walk.offset(row, 0), t = to + walk.offset(row, 1)
      var entries = scratch
      if selects {
        var heap = BoundedHeap(scratch, capacity: wanted)
        for j in 0..<length { heap.offer(Entry(key: s[j * fromStep].widened.orderKey ^ flip, position: j)) }
        sortInPlace(scratch, count: wanted)
      } else {
        for j in 0..<length { scratch[j] = Entry(key: s[j * fromStep].widened.orderKey ^ flip, position: j) }
        entries = sortedEntries(scratch, spare: scratch + length, count: length)
      }
      for j in 0..<wanted { t[j * toStep] = Int64(entries[j].position) }
    }
  }
}

private func sortInPlace<Entry: SortEntry>(_ entries: UnsafeMutablePointer<Entry>, count: Int) {
  var buffer = UnsafeMutableBufferPointer(start: entries, count: count)
  buffer.sort()
}

/// The least `capacity` of the entries that were offered, the greatest of them at the root.
private struct BoundedHeap<Entry: SortEntry> {
  private let entries: UnsafeMutablePointer<Entry>
  private let capacity: Int
  private var count = 0

  init(_ memory: UnsafeMutablePointer<Entry>, capacity: Int) { (entries, self.capacity) = (memory, capacity) }

  @inline(__always)
  mutating func offer(_ entry: Entry) {
    if count == capacity {
      if entry < entries[0] { sink(entry, from: 0) }
      return
    }
    entries[count] = entry
    count += 1
    if count == capacity {
      for start in stride(from: capacity / 2 - 1, through: 0, by: -1) { sink(entries[start], from: start) }
    }
  }

  private func sink(_ entry: Entry, from start: Int) {
    var hole = start
    while true {
      var child = 2 * hole + 1
      if child >= capacity { break }
      if child + 1 < capacity && entries[child] < entries[child + 1] { child += 1 }
      if !(entry < entries[child]) { break }
      entries[hole] = entries[child]
      hole = child
    }
    entries[hole] = entry
  }
}

/// The entries in order, in their place or in the spare one. Long rows byte by byte of the key from the lowest, where each pass is stable.
private func sortedEntries<Entry: SortEntry>(
  _ entries: UnsafeMutablePointer<Entry>, spare: UnsafeMutablePointer<Entry>, count: Int
) -> UnsafeMutablePointer<Entry> {
  if count < 256 {
    sortInPlace(entries, count: count)
    return entries
  }
  let passes = Entry.Key.bitWidth / 8
  return withUnsafeTemporaryAllocation(of: Int.self, capacity: passes * 256) { counts in
    counts.initialize(repeating: 0)
    for i in 0..<count {
      let key = entries[i].key
      for pass in 0..<passes { counts[pass * 256 + Int(truncatingIfNeeded: key >> (pass * 8)) & 255] += 1 }
    }
    var (source, target) = (entries, spare)
    for pass in 0..<passes {
      let digits = UnsafeMutableBufferPointer(rebasing: counts[pass * 256..<(pass + 1) * 256])
      if digits.contains(count) { continue }
      var start = 0
      for digit in 0..<256 { (digits[digit], start) = (start, start + digits[digit]) }
      for i in 0..<count {
        let digit = Int(truncatingIfNeeded: source[i].key >> (pass * 8)) & 255
        target[digits[digit]] = source[i]
        digits[digit] += 1
      }
      swap(&source, &target)
    }
    return source
  }
}

private struct ArgReduce: ElementVisitor {
  var x: View, out: View
  var isMinimum: Bool

  func visit<Element: KernelElement>(_ type: Element.Type) {
    typealias Key = Element.Compute.OrderKey
    let from = x.pointer(as: Element.self), to = out.pointer(as: Int64.self)
    let last = x.shape.rank - 1
    let length = x.shape[last], step = x.layout.strides[last]
    precondition(length > 0, "the \(isMinimum ? "least" : "greatest") of no elements")
    let walk = SharedAxes([x.layout, out.layout], 0..<last)
    // The greatest of these keys is sought. One more brings a NaN, the highest, round to zero, and its complement to the top again.
    let shift: Key = isMinimum && Element.Compute.hasNaN ? 1 : 0
    let flip: Key = isMinimum ? .max : 0
    ThreadPool.shared.parallelRanges(walk.count, stepsEach: length * 2) { range in
      for row in range {
        let line = from + walk.offset(row, 0)
        var best = 0
        var bestKey = (line[0].widened.orderKey &+ shift) ^ flip
        for j in 1..<length {
          let key = (line[j * step].widened.orderKey &+ shift) ^ flip
          if key > bestKey { (best, bestKey) = (j, key) }
        }
        to[walk.offset(row, 1)] = Int64(best)
      }
    }
  }
}
