import WengertCore

/// A large product, chunk by chunk of the inner axis: all threads pack the right factor's rows of a chunk into panels, and the left factor's columns too where they are
/// contiguous; then they multiply blocks of `out`, which sums the chunks up.
///
/// The next chunk is packed while one is multiplied, so that threads wait for each other once per chunk. An element's bits do not depend on how `out` is
/// divided: its terms are always added in the order of the inner axis, `depth` at a time.
final class ChunkedProduct<Number: KernelNumber>: ParallelWork {
  /// How much of the inner axis is multiplied at a time: a panel's part of it fits the first-level cache.
  private static var depth: Int { 256 }
  /// Rows of a block: the left factor's part of it takes a fraction of the second-level cache.
  private static var blockRows: Int { 192 }

  private let m: Int, k: Int, n: Int
  private let packsLeft: Bool
  /// Of the inner axis.
  private let chunkLength: Int

  private var left: Matrix<Number>?, right: Matrix<Number>?, out: Matrix<Number>?
  private var memory: UnsafeMutablePointer<Number>?
  private var accumulates = false
  /// The chunk that is multiplied in this round, and the blocks that `out` is divided into.
  private var chunk = -1, blockColumns = 0, columnBlocks = 0, blocks = 0

  init(m: Int, k: Int, n: Int, left: ProductPlan.Operand) {
    (self.m, self.k, self.n) = (m, k, n)
    packsLeft = left.columnStride != 1
    // Long chunks need fewer rounds, but their panels should stay in the last-level cache.
    let length = (1 << 20) / (packsLeft ? m + n : n) / Self.depth * Self.depth
    chunkLength = min(k, max(Self.depth, min(length, 4 * Self.depth)))
  }

  private var chunkCount: Int { (k + chunkLength - 1) / chunkLength }
  private var rightCount: Int { Panels<Number>.size(rows: chunkLength, columns: n) }
  private var leftCount: Int { packsLeft ? Panels<Number>.size(rows: chunkLength, columns: m) : 0 }
  /// Numbers in the panels of two chunks.
  var copyCount: Int { (chunkCount > 1 ? 2 : 1) * (leftCount + rightCount) }

  /// out = a · b, or out += a · b, where `out` has contiguous rows.
  func multiply(
    _ a: Matrix<Number>, _ b: Matrix<Number>, into out: Matrix<Number>, accumulates: Bool, memory: UnsafeMutablePointer<Number>
  ) {
    (left, right, self.out, self.accumulates, self.memory) = (a, b, out, accumulates, memory)
    let rowBlocks = (m + Self.blockRows - 1) / Self.blockRows
    // Several blocks for each thread, of whole panels and not too narrow.
    let parts = max(1, min(n / (4 * Panels<Number>.width), ThreadPool.shared.threadCount * 4 / rowBlocks))
    blockColumns = (Panels<Number>.count(n) + parts - 1) / parts * Panels<Number>.width
    columnBlocks = (n + blockColumns - 1) / blockColumns
    blocks = rowBlocks * columnBlocks
    let packs = Panels<Number>.groupCount(n) + (packsLeft ? Panels<Number>.groupCount(m) : 0)
    for index in -1..<chunkCount {
      chunk = index
      ThreadPool.shared.parallel((index < 0 ? 0 : blocks) + (index + 1 < chunkCount ? packs : 0), of: self)
    }
  }

  func perform(_ piece: Int) {
    let packing = chunk < 0 ? piece : piece - blocks
    if packing < 0 { return multiply(block: piece) }
    let rows = innerRange(chunk + 1), rightGroups = Panels<Number>.groupCount(n)
    if packing < rightGroups {
      rightPanels(chunk + 1).pack(group: packing, of: right!.block(rows: rows, columns: 0..<n))
    } else {
      leftPanels(chunk + 1).pack(group: packing - rightGroups, of: left!.transposed.block(rows: rows, columns: 0..<m))
    }
  }

  private func innerRange(_ chunk: Int) -> Range<Int> { chunk * chunkLength..<min((chunk + 1) * chunkLength, k) }

  private func rightPanels(_ chunk: Int) -> Panels<Number> {
    Panels(memory: memory! + chunk % 2 * (leftCount + rightCount), rows: innerRange(chunk).count, columns: n)
  }

  private func leftPanels(_ chunk: Int) -> Panels<Number> {
    Panels(memory: memory! + (chunk % 2 * (leftCount + rightCount) + rightCount), rows: innerRange(chunk).count, columns: m)
  }

  private func multiply(block: Int) {
    let (rowBlock, columnBlock) = block.quotientAndRemainder(dividingBy: columnBlocks)
    let rows = rowBlock * Self.blockRows..<min((rowBlock + 1) * Self.blockRows, m)
    let columns = columnBlock * blockColumns..<min((columnBlock + 1) * blockColumns, n)
    let range = innerRange(chunk), right = rightPanels(chunk), width = Panels<Number>.width
    for start in stride(from: 0, to: range.count, by: Self.depth) {
      let part = start..<min(start + Self.depth, range.count)
      let adds = accumulates || range.lowerBound + start > 0
      for index in columns.lowerBound / width..<Panels<Number>.count(columns.upperBound) {
        let panel = right.panel(index, rows: part), place = out!.block(rows: 0..<m, columns: right.columns(of: index))
        if packsLeft {
          multiply(panel, rows: rows, part: part, into: place, adds: adds)
        } else {
          let inner = range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound
          Number.tileProduct(
            left!.block(rows: rows, columns: inner), panel, into: place.block(rows: rows, columns: 0..<place.columns), accumulates: adds)
        }
      }
    }
  }

  /// One panel of the right factor with all of the left one's that make these rows.
  private func multiply(_ panel: Matrix<Number>, rows: Range<Int>, part: Range<Int>, into place: Matrix<Number>, adds: Bool) {
    let left = leftPanels(chunk), width = Panels<Number>.width
    for index in rows.lowerBound / width..<Panels<Number>.count(rows.upperBound) {
      let target = place.block(rows: left.columns(of: index), columns: 0..<place.columns)
      Number.tileProduct(left.panel(index, rows: part).transposed, panel, into: target, accumulates: adds)
    }
  }
}
