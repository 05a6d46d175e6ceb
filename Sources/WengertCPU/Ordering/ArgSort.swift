import CKernels
@_spi(Backend) import WengertCore

extension ArgSortCall {
  func runOnCPU() -> Int? {
    if out.shape.elementCount > 0 { x.dtype.visit(ArgSort(x: x, out: out, descending: descending)) }
    return nil
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
    ensure(wanted <= length && length <= Int(UInt32.max), "argSort of rows of \(length) elements into \(wanted) positions")
    let (fromStep, toStep) = (x.layout.strides[last], out.layout.strides[last])
    let walk = StridedWalk([x.layout, out.layout], 0..<last)
    // Descending is ascending by the complement, which leaves equal elements in their order.
    let flip: Element.Compute.OrderKey = descending ? .max : 0
    let selects = wanted <= length / 8
    if selects, let lanes = Element.Compute.lanes, let candidates = wg_candidates(Int32(lanes.rawValue)) {
      return select(type, candidates, walk, wanted)
    }
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

extension ArgSort {
  /// The first few of rows of 32-bit keys: what is below the last of the best so far is gathered by a vector kernel, and now and then cut back to the best.
  private func select<Element: KernelElement>(
    _ type: Element.Type, _ candidates: wg_candidates_fn, _ walk: StridedWalk, _ wanted: Int
  ) {
    typealias Number = Element.Compute
    let from = x.pointer(as: Element.self), to = out.pointer(as: Int64.self)
    let (length, fromStep) = (x.shape.last!, x.layout.strides.last!), toStep = out.layout.strides.last!
    let isDirect = Element.self == Number.self && fromStep == 1
    let block = 1024, enough = max(2 * wanted, 256)
    ThreadPool.shared.parallel(walk.count, stepsEach: length, scratch: enough + block * 2, of: UInt64.self) { row, entries in
      let s = from + walk.offset(row, 0), t = to + walk.offset(row, 1)
      let widened = UnsafeMutableRawPointer(entries + (enough + block)).assumingMemoryBound(to: Number.self)
      var count = 0
      var limit = UInt64(1) << 32
      var start = 0, next = 0
      while next < length {
        start = next
        // A short first block: where the best stand in front already, their last is the limit for all that follow.
        let width = min(start == 0 ? min(enough, block) : block, length - start)
        next = start + width
        if !isDirect { Element.widen(s + start * fromStep, step: fromStep, into: widened, count: width) }
        let values = isDirect ? UnsafeRawPointer(s + start) : UnsafeRawPointer(widened)
        count += Int(candidates(values, Int64(width), descending ? .max : 0, limit, UInt32(start), entries + count))
        if count >= enough {
          moveLeast(entries, count: count, wanted: wanted)
          count = wanted
          limit = wanted == 0 ? 0 : entries[wanted - 1] >> 32
        }
      }
      if count > wanted { moveLeast(entries, count: count, wanted: wanted) }
      sortInPlace(entries, count: wanted)
      for j in 0..<wanted { t[j * toStep] = Int64(entries[j] & 0xFFFF_FFFF) }
    }
  }
}

/// Brings the `wanted` least of different numbers to the front, the greatest of these last (Hoare 1961).
private func moveLeast(_ entries: UnsafeMutablePointer<UInt64>, count: Int, wanted: Int) {
  if wanted == 0 { return }
  let target = wanted - 1
  var low = 0, high = count - 1
  while low < high {
    let (a, b, c) = (entries[low], entries[(low + high) / 2], entries[high])
    let pivot = max(min(a, b), min(max(a, b), c))
    var i = low, j = high
    while i <= j {
      while entries[i] < pivot { i += 1 }
      while entries[j] > pivot { j -= 1 }
      if i <= j {
        (entries[i], entries[j]) = (entries[j], entries[i])
        i += 1
        j -= 1
      }
    }
    if target <= j { high = j } else if target >= i { low = i } else { return }
  }
}

private func sortInPlace<Entry: BitwiseCopyable & Comparable>(_ entries: UnsafeMutablePointer<Entry>, count: Int) {
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
