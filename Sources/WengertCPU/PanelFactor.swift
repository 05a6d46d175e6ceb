import WengertCore

/// The right factor of a large product, packed once per run into panels of a few columns, which all threads then read: panel by panel [k, columns].
/// Products by panels beat BLAS, which packs both factors, and give an element the same bits however the rows are divided.
final class PanelFactor<Number: KernelNumber>: ParallelWork {
  /// Columns of a panel.
  private static var width: Int { 32 }
  /// How much of the inner axis is multiplied at a time: a panel's part of it stays in the cache beside the left factor's rows.
  private static var depth: Int { 512 }

  private let k: Int, n: Int
  private var source: Matrix<Number>?
  private var panels: UnsafeMutablePointer<Number>?

  init(k: Int, n: Int) { (self.k, self.n) = (k, n) }

  private var panelCount: Int { (n + Self.width - 1) / Self.width }
  /// Numbers in all panels.
  var copyCount: Int { panelCount * Self.width * k }

  func pack(_ factor: Matrix<Number>, into memory: UnsafeMutablePointer<Number>) {
    (source, panels) = (factor, memory)
    ThreadPool.shared.parallel(panelCount, of: self)
  }

  func perform(_ piece: Int) {
    let first = piece * Self.width, width = min(Self.width, n - first)
    let columns = source!.block(rows: 0..<k, columns: first..<first + width)
    let panel = panels! + piece * Self.width * k
    if columns.columnStride != 1 {
      let target = Matrix(pointer: panel, rows: k, columns: Self.width, rowStride: Self.width, columnStride: 1)
      return Number.transpose(columns.transposed, into: target)
    }
    for l in 0..<k {
      let line = panel + l * Self.width
      line.update(from: columns.pointer + l * columns.rowStride, count: width)
      if width < Self.width { (line + width).update(repeating: .zero, count: Self.width - width) }
    }
  }

  /// out = a · panels, or out += a · panels, for a few rows.
  func multiply(_ a: Matrix<Number>, into out: Matrix<Number>, accumulates: Bool) {
    for start in stride(from: 0, to: k, by: Self.depth) {
      let part = start..<min(start + Self.depth, k)
      var rows = a.block(rows: 0..<a.rows, columns: part)
      if rows.columnStride != 1 && rows.rowStride == 1 {
        // Columns that lie across the memory are read once, not once for each panel.
        let scratch = ScratchMemory.ofThread(.registers, rows.rows * part.count, of: Number.self)
        let copy = Matrix(pointer: scratch, rows: rows.rows, columns: part.count, rowStride: part.count, columnStride: 1)
        Number.transpose(rows.transposed, into: copy)
        rows = copy
      }
      for index in 0..<panelCount {
        let first = index * Self.width, width = min(Self.width, n - first)
        let panel = Matrix(
          pointer: panels! + (index * k + start) * Self.width, rows: part.count, columns: width, rowStride: Self.width, columnStride: 1)
        Number.tileProduct(
          rows, panel, into: out.block(rows: 0..<out.rows, columns: first..<first + width), accumulates: accumulates || start > 0)
      }
    }
  }
}
