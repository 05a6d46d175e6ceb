import CKernels

/// A factor [rows, columns] of a product as tiles read it best: panels of a few columns, each of them row by row, the last one filled up with zeros.
///
/// A right factor is in panels as it is, and a left one as its transpose.
struct Panels<Number: KernelNumber> {
  /// Columns of a panel.
  static var width: Int { Int(WG_PANEL) }
  /// Columns that are packed together, so that the factor is read in pieces of several lines of memory.
  private static var groupWidth: Int { 4 * width }

  static func count(_ columns: Int) -> Int { (columns + width - 1) / width }
  /// The panels that hold these columns, the first of which is a panel's.
  static func indices(_ columns: Range<Int>) -> Range<Int> { columns.lowerBound / width..<count(columns.upperBound) }
  /// Numbers in all panels.
  static func size(rows: Int, columns: Int) -> Int { count(columns) * width * rows }

  let memory: UnsafeMutablePointer<Number>
  let rows: Int, columns: Int

  var count: Int { Self.count(columns) }
  var groupCount: Int { (columns + Self.groupWidth - 1) / Self.groupWidth }
  private var step: Int { Self.width * rows }

  /// Fills the panels of group `index` from the factor, whose rows or columns are contiguous.
  func pack(group index: Int, of factor: Matrix<Number>) {
    let first = index * Self.groupWidth, last = min(first + Self.groupWidth, columns)
    if factor.columnStride == 1 {
      return Number.pack(factor.block(rows: 0..<rows, columns: first..<last), into: memory + first * rows, step: step)
    }
    for start in stride(from: first, to: last, by: Self.width) {
      let some = factor.block(rows: 0..<rows, columns: start..<min(start + Self.width, last))
      Number.transpose(
        some.transposed,
        into: Matrix(pointer: memory + start * rows, rows: rows, columns: Self.width, rowStride: Self.width, columnStride: 1))
    }
  }

  /// The columns that panel `index` holds.
  func columns(of index: Int) -> Range<Int> { index * Self.width..<min((index + 1) * Self.width, columns) }

  /// Some rows of panel `index`.
  func panel(_ index: Int, rows some: Range<Int>) -> Matrix<Number> {
    Matrix(
      pointer: memory + (index * step + some.lowerBound * Self.width), rows: some.count, columns: columns(of: index).count,
      rowStride: Self.width, columnStride: 1)
  }
}
