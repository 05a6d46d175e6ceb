@_spi(Backend) import WengertCore

/// A large product, chunk by chunk of the inner axis: all threads pack the right factor's rows of a chunk into panels, and the left factor's columns too if they are
/// contiguous; then they multiply blocks of `out`, which sums the chunks up. What is longer than a span, of rows or columns, is done span by span.
///
/// The next chunk is packed while one is multiplied, so that threads wait for each other once per chunk. An element's bits do not depend on how `out` is
/// divided: its terms are always added in the order of the inner axis, `depth` at a time.
final class ChunkedProduct<Number: KernelNumber>: ParallelWork {
  /// The longest span of rows or columns.
  private static var longestSpan: Int { 4096 }

  private let m: Int, k: Int, n: Int
  private let tiling = Number.tiling
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
    (spanRows, spanColumns) = (Self.span(m, width: Tiling.rowStep), Self.span(n, width: tiling.rightWidth))
    // Long chunks need fewer rounds, but their panels should stay in the last-level cache.
    let length = (1 << 20) / (packsLeft ? spanRows + spanColumns : spanColumns) / tiling.depth * tiling.depth
    chunkLength = min(k, max(tiling.depth, min(length, 4 * tiling.depth)))
  }

  /// Spans of about one length, in whole panels.
  private static func span(_ extent: Int, width: Int) -> Int {
    let spans = (extent + longestSpan - 1) / longestSpan
    return (Panels<Number>.count(extent, width: width) + spans - 1) / spans * width
  }

  private var blockRows: Int { tiling.blockRows }
  private var rowSpans: Int { (m + spanRows - 1) / spanRows }
  private var columnSpans: Int { (n + spanColumns - 1) / spanColumns }
  private var chunkCount: Int { (k + chunkLength - 1) / chunkLength }
  private var roundCount: Int { rowSpans * columnSpans * chunkCount }
  private var rightCount: Int { Panels<Number>.size(rows: chunkLength, columns: spanColumns, width: tiling.rightWidth) }
  private var leftCount: Int { packsLeft ? Panels<Number>.size(rows: chunkLength, columns: spanRows, width: tiling.tileRows) : 0 }
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
      rows: rows, inner: inner, columns: columns,
      left: Panels(memory: place + rightCount, rows: inner.count, columns: rows.count, width: tiling.tileRows),
      right: Panels(memory: place, rows: inner.count, columns: columns.count, width: tiling.rightWidth))
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
    let rowBlocks = (round.rows.count + blockRows - 1) / blockRows
    let parts = max(1, min(round.right.groupCount, ThreadPool.shared.threadCount * 4 / rowBlocks))
    blockColumns = (round.right.count + parts - 1) / parts * tiling.rightWidth
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
    let rows = rowBlock * blockRows..<min((rowBlock + 1) * blockRows, round.rows.count)
    let columns = columnBlock * blockColumns..<min((columnBlock + 1) * blockColumns, round.columns.count)
    let out = out!.block(rows: round.rows, columns: round.columns), adds = accumulates || round.inner.lowerBound > 0
    if packsLeft {
      round.right.multiply(round.left, rows: rows, columns: columns, into: out, accumulates: adds, tiling)
    } else {
      let a = left!.block(rows: round.rows, columns: round.inner).block(rows: rows, columns: 0..<round.inner.count)
      round.right.multiply(a, columns: columns, into: out.block(rows: rows, columns: 0..<out.columns), accumulates: adds, tiling)
    }
  }
}
