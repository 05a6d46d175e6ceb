@_spi(Backend) import WengertCore

/// Kernels that run one after another, with memory that lies beside their operands.
struct PartsKernel: Kernel {
  private let kernels: [any Kernel]

  /// - Parameter parts: the calls, for which it may ask for memory.
  init(on backend: CPUBackend, _ workspace: CPUStorage?, _ parts: ((Shape, DType) -> View) -> [KernelCall]) {
    let memory = workspace ?? CPUStorage(backend: backend, byteCount: Self.byteCount(parts))
    var end = 0
    kernels = parts { Self.room($0, $1, in: memory, &end) }.map { backend.prepare($0, workspace: nil) }
  }

  /// The bytes that the calls ask for.
  static func byteCount(_ parts: ((Shape, DType) -> View) -> [KernelCall]) -> Int {
    var end = 0
    let nothing = CPUStorage(slotOn: .shared, byteCount: 0)
    _ = parts { room($0, $1, in: nothing, &end) }
    return end
  }

  private static func room(_ shape: Shape, _ dtype: DType, in memory: Storage, _ end: inout Int) -> View {
    var layout = Layout(rowMajor: shape)
    layout.offset = end / dtype.byteCount
    end += (shape.elementCount * dtype.byteCount + 63) / 64 * 64
    return View(storage: memory, layout: layout, dtype: dtype)
  }

  func run(_ faults: FaultNote?) { for kernel in kernels { kernel.run(faults) } }
}
