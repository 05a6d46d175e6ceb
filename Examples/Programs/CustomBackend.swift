@_spi(Backend) import WengertNN
import Synchronization

/// A backend that counts: it hands memory and kernels of the CPU on, and notes each kernel that is asked for and each that runs. A training step is run on it, eagerly and compiled.
///
/// This is the smallest backend that is one. One of its own has memory (`allocate`, `slot`, `bind`, `write`, `withBytes`) and a kernel for each case of `KernelCall` (`prepare`): row programs, which are
/// all element-wise functions and reductions; products; indexing; sorting; scans; and, or their parts, convolutions, attention and factorizations. All else has a default. It is done when the case list
/// (`Tests/WengertCases`) passes; `Tests/WengertCases/Reference` is a whole one in plain loops.
func customBackend(_ run: Run) throws {
  let counting = CountingBackend(), device = Device(counting)
  Device.with(device) {
    let network = Sequential(Linear(20, 64, key: RandomKey(1)), Activation(gelu), LayerNorm(64), Linear(64, 5, key: RandomKey(2)))
    let x = RandomKey(3).normal([32, 20]), classes = RandomKey(4).integers(0..<5, [32])
    var state = Pair(network, AdamW())
    state.second.state.prepare(for: network)
    let train = { (state: inout Pair<Sequential, AdamW>, x: Tensor, classes: Tensor) -> Tensor in
      let (loss, slope) = valueAndGradient(at: state.first) { crossEntropy($0(x), classes) }
      state.second.update(&state.first, slope, learningRate: Tensor(0.01))
      return loss
    }
    _ = counting.kernelsRun()
    let first = train(&state, x, classes)
    print("eager:    \(counting.kernelsRun())")
    let step = compileUpdate(train)
    _ = step(&state, x, classes)
    _ = counting.kernelsRun()
    let second = step(&state, x, classes)
    print("compiled: \(counting.kernelsRun())")
    print("loss \(first.item().text()), then \(second.item().text())")
  }
}

private final class CountingBackend: Backend {
  private let cpu = Device.cpu.backend
  private let counts = Mutex<[String: Int]>([:])

  var name: String { "counting" }
  var alignment: Int { cpu.alignment }

  /// How many kernels of each kind have run since it was last asked.
  func kernelsRun() -> String {
    let counts = counts.withLock { counts in
      defer { counts = [:] }
      return counts
    }
    let kinds = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
    return "\(counts.values.reduce(0, +)) kernels (\(kinds.joined(separator: ", ")))"
  }

  // Memory: the CPU's, in storages that say that this backend holds them.
  func allocate(byteCount: Int) -> Storage { CountingStorage(self, cpu.allocate(byteCount: byteCount)) }
  func slot(byteCount: Int) -> Storage { CountingStorage(self, cpu.slot(byteCount: byteCount)) }
  func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int) { cpu.bind(inner(slot), to: storage.map(inner), at: byteOffset) }
  func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int) { cpu.write(bytes, to: inner(storage), at: byteOffset) }
  func withBytes<Result>(of storage: Storage, in range: Range<Int>, _ body: (RawSpan) throws -> Result) rethrows -> Result {
    try cpu.withBytes(of: inner(storage), in: range, body)
  }
  var memoryStatistics: MemoryStatistics { cpu.memoryStatistics }
  func trimMemory() { cpu.trimMemory() }

  // Kernels: the CPU's, on the CPU's memory.
  func prepare(_ call: KernelCall, workspace: Storage?) -> any Kernel {
    let kernel = cpu.prepare(
      call.mapViews { View(storage: inner($0.storage), layout: $0.layout, dtype: $0.dtype) }, workspace: workspace.map(inner))
    return CountingKernel(backend: self, kind: "\(call)".prefix { $0 != "(" }.description, kernel: kernel)
  }
  func workspace(for call: KernelCall) -> Int { cpu.workspace(for: call) }
  func canFuse(epilogue: RowProgram, ofProduct dtype: DType) -> Bool { cpu.canFuse(epilogue: epilogue, ofProduct: dtype) }

  fileprivate func count(_ kind: String) { counts.withLock { $0[kind, default: 0] += 1 } }
  private func inner(_ storage: Storage) -> Storage { (storage as! CountingStorage).inner }
}

private final class CountingStorage: Storage, @unchecked Sendable {
  let inner: Storage
  init(_ backend: CountingBackend, _ inner: Storage) {
    self.inner = inner
    super.init(backend: backend, byteCount: inner.byteCount)
  }
}

private struct CountingKernel: Kernel {
  let backend: CountingBackend, kind: String, kernel: any Kernel
  func run(_ faults: FaultNote?) {
    backend.count(kind)
    kernel.run(faults)
  }
}
