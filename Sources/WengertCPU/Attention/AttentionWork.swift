import CKernels
@_spi(Backend) import WengertCore

/// The pieces into which attention falls: a head of a sequence each, the longest first so that the threads finish together. Read anew by each run, into the
/// same memory.
final class AttentionWork {
  let heads: Int
  private let tokenCount: Int
  private let isEmpty: Bool
  private let rate: Double
  private let offsets: View
  private let randomKey: View?
  private let sequences: UnsafeMutablePointer<Range<Int>>
  private var sequenceCount = 0
  private var key: UInt64 = 0
  /// The tokens' own keys, if they have some.
  private var tokenKeys: (first: UnsafePointer<UInt64>, step: Int)?
  private let hasTokenKeys: Bool
  /// The rows of scores of the block that needs the most numbers, and the length of its sequence.
  private(set) var longest = 0

  init(_ operands: AttentionOperands) {
    heads = operands.heads
    tokenCount = operands.query.shape[0]
    isEmpty = operands.query.shape.elementCount == 0
    rate = operands.dropout
    offsets = operands.offsets
    randomKey = operands.dropout > 0 ? operands.randomKey : nil
    hasTokenKeys = operands.hasTokenKeys
    sequences = .allocate(capacity: max(1, operands.offsets.shape[0]))
  }

  deinit { sequences.deallocate() }

  /// Returns the place of the first wrong offset.
  func read() -> Int? {
    if let randomKey, !isEmpty {
      let keys = UnsafePointer(UnsafeMutableRawPointer(randomKey.pointer(as: Int64.self)).assumingMemoryBound(to: UInt64.self))
      key = keys.pointee
      tokenKeys = hasTokenKeys ? (keys, randomKey.layout.strides[0]) : nil
    }
    if let wrong = offsets.dtype == .int32 ? read(Int32.self) : read(Int64.self) { return wrong }
    sort()
    longest = sequenceCount > 0 ? sequences[0].count : 0
    return nil
  }

  private func read<Index: FixedWidthInteger>(_ type: Index.Type) -> Int? {
    let source = offsets.pointer(as: type), step = offsets.layout.strides[0]
    sequenceCount = 0
    if isEmpty { return nil }
    // A compiled program's offsets are first seen here.
    let count = offsets.shape[0]
    if Int(source[0]) != 0 { return 0 }
    for index in 0..<max(0, count - 1) {
      let (start, end) = (Int(source[index * step]), Int(source[(index + 1) * step]))
      if start > end || end > tokenCount { return index + 1 }
      if start == end { continue }
      (sequences + sequenceCount).initialize(to: start..<end)
      sequenceCount += 1
    }
    return Int(source[(count - 1) * step]) == tokenCount ? nil : count - 1
  }

  /// The longest first (Shell's method: it needs no memory).
  private func sort() {
    var gap = sequenceCount / 2
    while gap > 0 {
      for index in gap..<sequenceCount {
        let sequence = sequences[index]
        var place = index
        while place >= gap && sequences[place - gap].count < sequence.count {
          sequences[place] = sequences[place - gap]
          place -= gap
        }
        sequences[place] = sequence
      }
      gap /= 2
    }
  }

  var taskCount: Int { sequenceCount * heads }

  /// How many pieces to hand to the threads: one for each task, or one in all if a second thread is not worthwhile.
  var pieces: Int { taskCount * longest * longest * 8 < ThreadPool.worthwhile ? min(1, taskCount) : taskCount }

  func tasks(ofPiece piece: Int) -> Range<Int> { pieces == taskCount ? piece..<piece + 1 : 0..<taskCount }

  func task(_ index: Int) -> (tokens: Range<Int>, head: Int) {
    (sequences[index / heads], index % heads)
  }

  /// How many rows of scores against `length` keys are held at once: few enough that they stay in the first-level cache, unless the rows are long.
  func blockRows(_ length: Int) -> Int { min(length, max(32, 4096 / AttentionWork.padded(length))) }

  /// The length of a row of scores in memory.
  static func padded(_ length: Int) -> Int { (length + 15) / 16 * 16 }

  func dropout(_ rows: Range<Int>, _ tokens: Range<Int>, _ head: Int) -> wg_dropout? {
    if rate == 0 { return nil }
    if let tokenKeys {
      return wg_dropout(
        key: UInt64(head) &* UInt64(bitPattern: AttentionOperands.headSpread), first: 0, step: 0, rate: rate,
        keys: tokenKeys.first + rows.lowerBound * tokenKeys.step, keys_step: tokenKeys.step)
    }
    let first = (head * tokenCount + rows.lowerBound) * tokenCount + tokens.lowerBound
    return wg_dropout(key: key, first: UInt64(first), step: UInt64(tokenCount), rate: rate, keys: nil, keys_step: 0)
  }
}

/// A [tokens, heads · head width] operand in the compute type, with rows that BLAS can use: the view itself if possible, otherwise a copy.
final class HeadMatrix<Element: KernelElement>: ParallelWork {
  typealias Number = Element.Compute

  private let storage: CPUStorage
  private let offset: Int
  private let strides: Strides
  private let rows: Int
  private let width: Int
  /// Between the rows that are worked on.
  private let rowStride: Int
  let copyCount: Int

  private var view: UnsafeMutablePointer<Element>?
  private var numbers: UnsafeMutablePointer<Number>?
  private var isWriting = false
  private var pieces = 1

  init(_ view: View) {
    storage = CPUStorage.of(view.storage)
    offset = view.layout.offset
    strides = view.layout.strides
    (rows, width) = (view.shape[0], view.shape[1])
    _ = view.address
    copyCount = Self.copyCount(view)
    rowStride = Self.leadingDimension(view) ?? width
  }

  /// Nil if there is a copy.
  private static func leadingDimension(_ view: View) -> Int? {
    let (shape, strides) = (view.shape, view.layout.strides)
    let matrix = Matrix(
      pointer: CPUStorage.nowhere.assumingMemoryBound(to: Number.self), rows: shape[0], columns: shape[1], rowStride: strides[0],
      columnStride: strides[1])
    return Element.self == Number.self ? matrix.leadingDimension : nil
  }

  /// Numbers in the copy, which follow from the layout.
  static func copyCount(_ view: View) -> Int { leadingDimension(view) == nil ? view.shape.elementCount : 0 }

  /// Finds the view's memory of this run, takes the copy's from `memory`, and fills it if the view is read.
  func begin(_ memory: inout UnsafeMutablePointer<Number>, reads: Bool) {
    let view = (storage.pointer + offset * MemoryLayout<Element>.stride).assumingMemoryBound(to: Element.self)
    self.view = view
    if copyCount == 0 {
      numbers = UnsafeMutableRawPointer(view).assumingMemoryBound(to: Number.self)
      return
    }
    numbers = memory
    memory += copyCount
    if reads { move(writing: false) }
  }

  /// Writes the numbers to the view, unless they are there already.
  func finish() {
    if copyCount > 0 { move(writing: true) }
  }

  private func move(writing: Bool) {
    isWriting = writing
    pieces = ThreadPool.shared.pieces(rows, stepsEach: width)
    ThreadPool.shared.parallel(pieces, of: self)
  }

  func perform(_ piece: Int) {
    for i in rows * piece / pieces..<rows * (piece + 1) / pieces {
      let (line, element) = (numbers! + i * width, view! + i * strides[0])
      if isWriting {
        Element.round(line, into: element, step: strides[1], count: width)
      } else {
        Element.widen(element, step: strides[1], into: line, count: width)
      }
    }
  }

  func head(_ head: Int, of heads: Int, _ rows: Range<Int>) -> Matrix<Number> {
    let size = width / heads
    return Matrix(
      pointer: numbers! + (rows.lowerBound * rowStride + head * size), rows: rows.count, columns: size, rowStride: rowStride,
      columnStride: 1)
  }
}

/// The log-sum-exp of the scores, [tokens, heads], where it is in memory.
struct LogSumExpView<Number: KernelNumber> {
  private let storage: CPUStorage
  private let layout: Layout

  init(_ view: View) {
    _ = view.address
    storage = CPUStorage.of(view.storage)
    layout = view.layout
  }

  private func place(_ rows: Range<Int>, _ head: Int) -> UnsafeMutablePointer<Number> {
    storage.pointer.assumingMemoryBound(to: Number.self)
      + (layout.offset + rows.lowerBound * layout.strides[0] + head * layout.strides[1])
  }

  func write(_ sums: UnsafePointer<Number>, _ rows: Range<Int>, _ head: Int) {
    Number.round(sums, into: place(rows, head), step: layout.strides[0], count: rows.count)
  }

  func read(_ rows: Range<Int>, _ head: Int, into sums: UnsafeMutablePointer<Number>) {
    Number.widen(place(rows, head), step: layout.strides[0], into: sums, count: rows.count)
  }
}
