import Glibc

/// The sizes of a processor's data caches in bytes: the first level's and the second level's, one of each per core.
struct CacheSizes: Sendable {
  var first: Int, second: Int

  /// As the system tells them; those of most processors where it does not.
  static let ofProcessor = CacheSizes(
    first: size(_SC_LEVEL1_DCACHE_SIZE, or: 32 << 10), second: size(_SC_LEVEL2_CACHE_SIZE, or: 512 << 10))

  private static func size(_ name: Int, or usual: Int) -> Int {
    let bytes = sysconf(Int32(name))
    return bytes > 0 ? bytes : usual
  }
}

/// How a large product is cut up so that each piece stays in the cache that it is read from: by the registers of a tile at the level in force and the caches.
///
/// The sums over one `depth` are added to the product one after the other; so the bits of an element depend on the level and the caches, and on nothing else.
struct Tiling: Sendable {
  /// Rows of a tile, and columns of a panel of a left factor's transpose.
  let tileRows: Int
  /// Columns of a right factor's panel: a tile's.
  let rightWidth: Int
  /// How much of the inner axis is multiplied at a time: a right panel's part of it takes two thirds of the first-level cache, beside a tile's rows on the left.
  let depth: Int
  /// Rows of a block, in whole tiles: the left factor's part of it takes up to a quarter of the second-level cache.
  let blockRows: Int
  /// Columns of a block, in whole panels: the product's block takes two fifths of the second-level cache while the inner axis is walked.
  let blockColumns: Int

  init(tileRows: Int, tileColumns: Int, elementSize: Int, caches: CacheSizes) {
    self.tileRows = tileRows
    rightWidth = tileColumns
    depth = max(64, min(caches.first * 2 / 3 / (tileColumns * elementSize) / 32 * 32, 384))
    blockRows = max(Self.rowStep * 2, min(caches.second / 4 / (depth * elementSize) / Self.rowStep * Self.rowStep, 192))
    blockColumns = max(256, min(caches.second * 2 / 5 / (blockRows * elementSize), 1024)) / tileColumns * tileColumns
  }

  /// A multiple of every level's tile rows.
  static let rowStep = 24

  /// Rows of the blocks, of at most `size`, into which so many rows are divided for some threads, each of which gets as many as the others.
  func shares(of rows: Int, atMost size: Int, threads: Int) -> Int {
    let blocks = max(1, (rows + size - 1) / size), even = blocks < 8 * threads ? (blocks + threads - 1) / threads * threads : blocks
    return ((rows + even - 1) / even + tileRows - 1) / tileRows * tileRows
  }

  /// Rows of a block whose product, `columns` numbers each, stays in the second-level cache for what follows.
  func blockRows(keeping columns: Int, elementSize: Int, caches: CacheSizes = .ofProcessor) -> Int {
    max(Self.rowStep * 2, min(caches.second / 3 / (max(columns, 1) * elementSize) / Self.rowStep * Self.rowStep, blockRows))
  }
}
