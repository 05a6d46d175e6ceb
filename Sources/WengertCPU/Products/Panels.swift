import CKernels

/// A factor [rows, columns] of a product as tiles read it best: panels of a few columns, each of them row by row, the last one filled up with zeros.
///
/// A right factor is in panels as it is, and a left one as its transpose.
struct Panels<Number: KernelNumber> {
  let memory: UnsafeMutablePointer<Number>
  let rows: Int, columns: Int
  /// Columns of a panel.
  let width: Int

  /// Columns that are packed together: the factor is read in pieces of several lines of memory, and written to on few pages.
  private var groupWidth: Int { max(1, min(128 / width, 8)) * width }

  static func count(_ columns: Int, width: Int) -> Int { (columns + width - 1) / width }
  /// Numbers in all panels.
  static func size(rows: Int, columns: Int, width: Int) -> Int { count(columns, width: width) * width * rows }

  var count: Int { Self.count(columns, width: width) }
  var groupCount: Int { (columns + groupWidth - 1) / groupWidth }
  private var step: Int { width * rows }

  /// The panels that hold these columns, the first of which is a panel's.
  private func indices(_ columns: Range<Int>) -> Range<Int> { columns.lowerBound / width..<Self.count(columns.upperBound, width: width) }

  /// Fills the panels of group `index` from the factor, whose rows or columns are contiguous.
  func pack(group index: Int, of factor: Matrix<Number>) {
    let first = index * groupWidth, last = min(first + groupWidth, columns)
    if factor.columnStride == 1 {
      return Number.pack(factor.block(rows: 0..<rows, columns: first..<last), into: memory + first * rows, width: width, step: step)
    }
    for start in stride(from: first, to: last, by: width) {
      let some = factor.block(rows: 0..<rows, columns: start..<min(start + width, last))
      Number.transpose(
        some.transposed,
        into: Matrix(pointer: memory + start * rows, rows: rows, columns: width, rowStride: width, columnStride: 1))
    }
  }

  /// The columns that panel `index` holds.
  func columns(of index: Int) -> Range<Int> { index * width..<min((index + 1) * width, columns) }

  /// Some rows of panel `index`.
  func panel(_ index: Int, rows some: Range<Int>) -> Matrix<Number> {
    Matrix(
      pointer: memory + (index * step + some.lowerBound * width), rows: some.count, columns: columns(of: index).count,
      rowStride: width, columnStride: 1)
  }

  /// The memory of some rows of panel `index`.
  private func bytes(_ index: Int, rows some: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(UnsafeBufferPointer(start: memory + (index * step + some.lowerBound * width), count: some.count * width))
  }
}

/// A block of a product: a few rows of the left factor by panels of the right one.
extension Panels {
  /// out = a · panels, or out += a · panels, for some of the columns, the first of which is a panel's. The rows of `a` are contiguous, and `out` has all columns.
  ///
  /// Blocks of columns in turn, so that the product's block stays in the cache while the inner axis is walked.
  func multiply(_ a: Matrix<Number>, columns some: Range<Int>, into out: Matrix<Number>, accumulates: Bool, _ tiling: Tiling) {
    // Rows at such distances fall on the same few places of the first-level cache.
    let collides = a.rows > tiling.tileRows && a.rowStride * MemoryLayout<Number>.stride % 2048 == 0
    each(block: some, tiling) { indices, part, next in
      var rows = a.block(rows: 0..<a.rows, columns: part)
      if collides { rows = copy(rows) }
      for index in indices {
        Number.tileProduct(
          rows, panel(index, rows: part), into: out.block(rows: 0..<out.rows, columns: columns(of: index)),
          accumulates: accumulates || part.lowerBound > 0,
          ahead: index + 1 < indices.upperBound ? bytes(index + 1, rows: part) : next)
      }
    }
  }

  /// The same for rows, the first of which is a panel's, of a left factor that is in panels too: each a tile's rows.
  func multiply(
    _ left: Panels, rows: Range<Int>, columns some: Range<Int>, into out: Matrix<Number>, accumulates: Bool, _ tiling: Tiling
  ) {
    let tile = rows.lowerBound / left.width
    each(block: some, tiling) { indices, part, next in
      for index in indices {
        Number.panelProduct(
          left.panel(tile, rows: part).pointer, step: left.step, panel(index, rows: part),
          into: out.block(rows: rows, columns: columns(of: index)), accumulates: accumulates || part.lowerBound > 0,
          ahead: index + 1 < indices.upperBound ? bytes(index + 1, rows: part) : next)
      }
    }
  }

  /// Blocks of columns, and within each the parts of the inner axis: calls `body` with the panels, the part, and the memory that is read after that.
  private func each(block some: Range<Int>, _ tiling: Tiling, _ body: (Range<Int>, Range<Int>, UnsafeRawBufferPointer) -> Void) {
    for first in stride(from: some.lowerBound, to: some.upperBound, by: tiling.blockColumns) {
      let end = min(first + tiling.blockColumns, some.upperBound), indices = indices(first..<end)
      for start in stride(from: 0, to: rows, by: tiling.depth) {
        let part = start..<min(start + tiling.depth, rows)
        let next =
          part.upperBound < rows
          ? bytes(indices.lowerBound, rows: part.upperBound..<min(part.upperBound + tiling.depth, rows))
          : end < some.upperBound
            ? bytes(indices.upperBound, rows: 0..<min(tiling.depth, rows)) : UnsafeRawBufferPointer(start: nil, count: 0)
        body(indices, part, next)
      }
    }
  }

  /// Contiguous rows in memory of this thread, a line apart.
  private func copy(_ a: Matrix<Number>) -> Matrix<Number> {
    let step = a.columns + 64 / MemoryLayout<Number>.stride
    let memory = ScratchMemory.ofThread(.rows, a.rows * step, of: Number.self)
    for i in 0..<a.rows { (memory + i * step).update(from: a.pointer + i * a.rowStride, count: a.columns) }
    return Matrix(pointer: memory, rows: a.rows, columns: a.columns, rowStride: step, columnStride: 1)
  }
}
