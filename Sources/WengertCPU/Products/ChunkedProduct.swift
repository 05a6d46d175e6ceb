@_spi(Backend) import WengertCore

/// A large product, chunk by chunk of the inner axis: all threads pack the right factor's rows of a chunk into panels, and the left factor's columns too if they are
/// contiguous; then they multiply blocks of `out`, which sums the chunks up. What is longer than a span, of rows or columns, is done span by span.
///
/// The next chunk is packed while one is multiplied, so that threads wait for each other once per chunk. An element's bits do not depend on how `out` is
/// divided: its terms are always added in the order of the inner axis, `depth` at a time.
final class ChunkedProduct<Number: KernelNumber>: ParallelWork {
  /// How much of the inner axis is multiplied at a time: a panel's part of it fits the first-level cache.
  private static var depth: Int { 256 }
  /// Rows of a block: the left factor's part of it takes a fraction of the second-level cache.
  private static var blockRows: Int { 192 }

  /// The longest span of rows or columns.
  private static var longestSpan: Int { 4096 }

  private let m: Int, k: Int, n: Int
  /// Whether the left factor is packed as well, and not read as it is.
  private let packsLeft: Bool
  private let spanRows: Int, spanColumns: Int, chunkLength: Int

  private var left: Matrix<Number>?, right: Matrix<Number>?, out: Matrix<Number>?
  private var memory: UnsafeMutablePointer<Number>?
  private var accumulates = false
  /// What is multiplied now, what is packed meanwhile, and the blocks that are multiplied.
  private var current: Round?, next: Round?
  private var blockColumns = 0, columnBlocks = 0, blocks = 0

  /// One chunk of the inner axis for one span of rows and columns, and where its panels are.
  private struct Round {
    var rows: Range<Int>, inner: Range<Int>, columns: Range<Int>
    var left: Panels<Number>, right: Panels<Number>
  }

  init(m: Int, k: Int, n: Int, left: ProductPlan.Operand) {
    (self.m, self.k, self.n) = (m, k, n)
    packsLeft = left.columnStride != 1
    (spanRows, spanColumns) = (Self.span(m), Self.span(n))
    // Long chunks need fewer rounds, but their panels should stay in the last-level cache.
    let length = (1 << 19) / (packsLeft ? spanRows + spanColumns : spanColumns) / Self.depth * Self.depth
    chunkLength = min(k, max(Self.depth, min(length, 4 * Self.depth)))
  }

  /// Spans of about one length, in whole panels.
  private static func span(_ extent: Int) -> Int {
    let spans = (extent + longestSpan - 1) / longestSpan
    return (Panels<Number>.count(extent) + spans - 1) / spans * Panels<Number>.width
  }

  private var rowSpans: Int { (m + spanRows - 1) / spanRows }
  private var columnSpans: Int { (n + spanColumns - 1) / spanColumns }
  private var chunkCount: Int { (k + chunkLength - 1) / chunkLength }
  private var roundCount: Int { rowSpans * columnSpans * chunkCount }
  private var rightCount: Int { Panels<Number>.size(rows: chunkLength, columns: spanColumns) }
  private var leftCount: Int { packsLeft ? Panels<Number>.size(rows: chunkLength, columns: spanRows) : 0 }
  /// Numbers in the panels of two rounds.
  var copyCount: Int { min(roundCount, 2) * (leftCount + rightCount) }

  private func round(_ index: Int) -> Round? {
    if index >= roundCount { return nil }
    func part(_ index: Int, _ length: Int, _ extent: Int) -> Range<Int> { index * length..<min((index + 1) * length, extent) }
    let (span, chunk) = index.quotientAndRemainder(dividingBy: chunkCount)
    let inner = part(chunk, chunkLength, k)
    let rows = part(span / columnSpans, spanRows, m), columns = part(span % columnSpans, spanColumns, n)
    let place = memory! + index % 2 * (leftCount + rightCount)
    return Round(
      rows: rows, inner: inner, columns: columns, left: Panels(memory: place + rightCount, rows: inner.count, columns: rows.count),
      right: Panels(memory: place, rows: inner.count, columns: columns.count))
  }

  /// out = a · b, or out += a · b, where `out` has contiguous rows.
  func multiply(
    _ a: Matrix<Number>, _ b: Matrix<Number>, into out: Matrix<Number>, accumulates: Bool, memory: UnsafeMutablePointer<Number>
  ) {
    (left, right, self.out, self.accumulates, self.memory) = (a, b, out, accumulates, memory)
    (current, next) = (nil, round(0))
    for index in 0...roundCount {
      blocks = current.map(divide) ?? 0
      let packs = next.map { $0.right.groupCount + (packsLeft ? $0.left.groupCount : 0) } ?? 0
      ThreadPool.shared.parallel(blocks + packs, of: self)
      (current, next) = (next, round(index + 1))
    }
  }

  /// Several blocks for each thread, of whole panels and not too narrow; returns how many.
  private func divide(_ round: Round) -> Int {
    let rowBlocks = (round.rows.count + Self.blockRows - 1) / Self.blockRows
    let parts = max(1, min(round.right.groupCount, ThreadPool.shared.threadCount * 4 / rowBlocks))
    blockColumns = (round.right.count + parts - 1) / parts * Panels<Number>.width
    columnBlocks = (round.columns.count + blockColumns - 1) / blockColumns
    return rowBlocks * columnBlocks
  }

  func perform(_ piece: Int) {
    if piece < blocks { return multiply(current!, block: piece) }
    let round = next!, group = piece - blocks
    if group < round.right.groupCount {
      round.right.pack(group: group, of: right!.block(rows: round.inner, columns: round.columns))
    } else {
      round.left.pack(group: group - round.right.groupCount, of: left!.transposed.block(rows: round.inner, columns: round.rows))
    }
  }

  private func multiply(_ round: Round, block: Int) {
    let (rowBlock, columnBlock) = block.quotientAndRemainder(dividingBy: columnBlocks)
    let rows = rowBlock * Self.blockRows..<min((rowBlock + 1) * Self.blockRows, round.rows.count)
    let columns = columnBlock * blockColumns..<min((columnBlock + 1) * blockColumns, round.columns.count)
    let a = left!.block(rows: round.rows, columns: round.inner), out = out!.block(rows: round.rows, columns: round.columns)
    for start in stride(from: 0, to: round.inner.count, by: Self.depth) {
      let part = start..<min(start + Self.depth, round.inner.count)
      let adds = accumulates || round.inner.lowerBound + start > 0
      for index in Panels<Number>.indices(columns) {
        let panel = round.right.panel(index, rows: part), place = round.right.columns(of: index)
        if packsLeft {
          for row in Panels<Number>.indices(rows) {
            Number.tileProduct(
              round.left.panel(row, rows: part).transposed, panel, into: out.block(rows: round.left.columns(of: row), columns: place),
              accumulates: adds)
          }
        } else {
          Number.tileProduct(a.block(rows: rows, columns: part), panel, into: out.block(rows: rows, columns: place), accumulates: adds)
        }
      }
    }
  }
}
