@_spi(Backend) import WengertCore

/// How many neighboring elements a thread moves at once: as many as fill 16 bytes of the narrowest operand, but no more than 8; one where rows do not allow it.
struct NeighborAccess: Sendable {
  let width: Int
  /// Operands that lie side by side, and the multiple that their addresses must be.
  private let moved: [(operand: Int, alignment: Int)]

  init(_ builder: RowTextBuilder) {
    let geometry = builder.geometry
    let contiguous = builder.operands.indices.filter { geometry.step($0) == .one }
    let width = min(8, 16 / (contiguous.map { builder.operands[$0].dtype.byteCount }.min() ?? 16))
    let isPossible = geometry.columns >= width && contiguous.allSatisfy { geometry.startsAtMultiples(of: width, $0) }
    self.width = isPossible ? width : 1
    moved = isPossible && width > 1 ? contiguous.map { ($0, min(16, width * builder.operands[$0].dtype.byteCount)) } : []
  }

  /// Element by element, whatever the strides.
  private init() { (width, moved) = (1, []) }
  static let single = NeighborAccess()

  /// Whether all addresses are such multiples now.
  func isAligned(_ arguments: LaunchArguments) -> Bool { moved.allSatisfy { arguments.isAligned($0.operand, to: $0.alignment) } }
}

/// A kernel that moves neighbors at once, and, compiled when it is needed first, the same for addresses that do not allow it. Both give one thread the same elements.
final class NeighborKernel: Sendable {
  private let access: NeighborAccess
  private let aligned: CompiledKernel
  private let unaligned = Locked<CompiledKernel?>(nil)
  private let kernels: KernelCache
  private let text: @Sendable (_ isAligned: Bool) -> KernelText

  init(_ access: NeighborAccess, _ kernels: KernelCache, text: @escaping @Sendable (_ isAligned: Bool) -> KernelText) {
    self.access = access
    self.kernels = kernels
    self.text = text
    aligned = kernels.kernel(text(true))
  }

  func launch(_ grid: Grid, _ arguments: LaunchArguments, on stream: CUHandle?) {
    let kernel =
      access.isAligned(arguments)
      ? aligned
      : unaligned.withLock { known in
        if let known { return known }
        let made = kernels.kernel(text(false))
        known = made
        return made
      }
    var arguments = arguments
    kernel.launch(grid, &arguments, on: stream)
  }
}
