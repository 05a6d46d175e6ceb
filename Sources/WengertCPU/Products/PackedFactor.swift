@_spi(Backend) import WengertCore

/// The right factor of a product of many rows, packed once per run into panels, which all threads then read.
/// Products by panels beat BLAS, which packs both factors, and give an element the same bits however the rows are divided.
final class PackedFactor<Number: KernelNumber>: ParallelWork {
  private let k: Int, n: Int
  let tiling = Number.tiling
  private var source: Matrix<Number>?
  private var panels: Panels<Number>?

  init(k: Int, n: Int) { (self.k, self.n) = (k, n) }

  /// Numbers in all panels.
  var copyCount: Int { Panels<Number>.size(rows: k, columns: n, width: tiling.rightWidth) }

  func pack(_ factor: Matrix<Number>, into memory: UnsafeMutablePointer<Number>) {
    let panels = Panels(memory: memory, rows: k, columns: n, width: tiling.rightWidth)
    (source, self.panels) = (factor, panels)
    ThreadPool.shared.parallel(panels.groupCount, of: self)
  }

  func perform(_ piece: Int) { panels!.pack(group: piece, of: source!) }

  /// out = a · panels, or out += a · panels, for a few rows, which are contiguous, and some of the columns, the first of which is a panel's; `out` has all columns.
  func multiply(_ a: Matrix<Number>, columns: Range<Int>, into out: Matrix<Number>, accumulates: Bool) {
    panels!.multiply(a, columns: columns, into: out, accumulates: accumulates, tiling)
  }
}
