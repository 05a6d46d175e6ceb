@_spi(Backend) import WengertCore

/// The right factor of a product of many rows, packed once per run into panels, which all threads then read.
/// Products by panels beat BLAS, which packs both factors, and give an element the same bits however the rows are divided.
final class PackedFactor<Number: KernelNumber>: ParallelWork {
  /// How much of the inner axis is multiplied at a time: a panel's part of it stays in the cache beside the left factor's rows.
  private static var depth: Int { 512 }

  private let k: Int, n: Int
  private var source: Matrix<Number>?
  private var panels: Panels<Number>?

  init(k: Int, n: Int) { (self.k, self.n) = (k, n) }

  /// Numbers in all panels.
  var copyCount: Int { Panels<Number>.size(rows: k, columns: n) }

  func pack(_ factor: Matrix<Number>, into memory: UnsafeMutablePointer<Number>) {
    let panels = Panels(memory: memory, rows: k, columns: n)
    (source, self.panels) = (factor, panels)
    ThreadPool.shared.parallel(panels.groupCount, of: self)
  }

  func perform(_ piece: Int) { panels!.pack(group: piece, of: source!) }

  /// out = a · panels, or out += a · panels, for a few rows, which are contiguous.
  func multiply(_ a: Matrix<Number>, into out: Matrix<Number>, accumulates: Bool) {
    let panels = panels!
    for start in stride(from: 0, to: k, by: Self.depth) {
      let part = start..<min(start + Self.depth, k)
      let rows = a.block(rows: 0..<a.rows, columns: part)
      for index in 0..<panels.count {
        Number.tileProduct(
          rows, panels.panel(index, rows: part), into: out.block(rows: 0..<out.rows, columns: panels.columns(of: index)),
          accumulates: accumulates || start > 0)
      }
    }
  }
}
