/// What a backend's memory holds, in bytes.
public struct MemoryStatistics: Sendable {
  /// Blocks that tensors and compiled programs hold.
  public var bytesInUse = 0
  /// Blocks kept for reuse.
  public var bytesPooled = 0
  /// The largest `bytesInUse` so far.
  public var peakBytesInUse = 0
  /// Blocks that each thread keeps for its next kernel.
  public var bytesOfThreads = 0

  /// Statistics of zeros.
  public init() {}
}

@_spi(Backend) extension Backend {
  public var memoryStatistics: MemoryStatistics { MemoryStatistics() }
  public func trimMemory() {}

  /// The same with what the core keeps: idle arenas, the small programs behind operations, and tables of transforms.
  package func trimAllMemory() {
    Arena.releaseIdle(of: self)
    ViewKernels.programs.removeAll()
    RowFunctions.programs.removeAll()
    ElementwisePrograms.programs.removeAll()
    ElementwisePrograms.residuals.removeAll()
    FourierTable.removeAll()
    trimMemory()
  }
}
