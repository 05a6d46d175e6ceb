import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

/// Stands for the CPU backend, and checks on each call that a prepared kernel, whose operands are slots bound here and there, leaves the same
/// bytes as the eager call.
final class PreparingBackend: Backend {
  static let shared = PreparingBackend()

  private let cpu = CPUBackend.shared
  private let watch: @Sendable (KernelCall) -> Void
  let name = "preparing"
  var alignment: Int { cpu.alignment }

  /// - Parameter watch: is told each call.
  init(watch: @escaping @Sendable (KernelCall) -> Void = { _ in }) { self.watch = watch }

  final class Memory: Storage, @unchecked Sendable {
    let inner: Storage
    init(_ inner: Storage, on backend: PreparingBackend) {
      self.inner = inner
      super.init(backend: backend, byteCount: inner.byteCount)
    }
  }

  private func inner(_ view: View) -> View {
    View(storage: (view.storage as! Memory).inner, layout: view.layout, dtype: view.dtype)
  }

  func allocate(byteCount: Int) -> Storage { Memory(cpu.allocate(byteCount: byteCount), on: self) }
  func slot(byteCount: Int) -> Storage { Memory(cpu.slot(byteCount: byteCount), on: self) }
  func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int) {
    cpu.bind((slot as! Memory).inner, to: storage.map { ($0 as! Memory).inner }, at: byteOffset)
  }
  func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int) {
    cpu.write(bytes, to: (storage as! Memory).inner, at: byteOffset)
  }
  func withBytes<Result>(of storage: Storage, in range: Range<Int>, _ body: (RawSpan) throws -> Result) rethrows -> Result {
    try cpu.withBytes(of: (storage as! Memory).inner, in: range, body)
  }

  func canFuse(epilogue: RowProgram, ofProduct dtype: DType) -> Bool { cpu.canFuse(epilogue: epilogue, ofProduct: dtype) }

  private func bytes(_ storage: Storage) -> [UInt8] {
    cpu.withBytes(of: storage) { span in span.withUnsafeBytes { Array($0) } }
  }

  private func fill(_ storage: Storage, _ bytes: [UInt8], at offset: Int) {
    bytes.withUnsafeBytes { cpu.write(RawSpan(_unsafeBytes: $0), to: storage, at: offset) }
  }

  /// Performs the call once on the views' own memory, and by a prepared kernel on copies of it.
  func prepare(_ call: KernelCall, workspace: Storage?) -> any Kernel {
    watch(call)
    let call = call.mapViews(inner)
    return FunctionKernel { self.check(call) }
  }

  private func check(_ call: KernelCall) -> Int? {
    var storages: [Storage] = []
    for view in call.reads + call.writes where !storages.contains(where: { $0 === view.storage }) { storages.append(view.storage) }
    let before = storages.map(bytes)
    let once = cpu.answer(cpu.prepare(call))

    let slots = storages.map { cpu.slot(byteCount: $0.byteCount) }
    let size = cpu.workspace(for: call), workspace = size > 0 ? cpu.slot(byteCount: size) : nil
    let kernel = cpu.prepare(
      call.mapViews { view in
        let place = storages.firstIndex { $0 === view.storage }!
        return View(storage: slots[place], layout: view.layout, dtype: view.dtype)
      }, workspace: workspace)
    for gap in [0, 24, 4096] {
      let memory = storages.map { cpu.allocate(byteCount: $0.byteCount + 2 * gap) }
      let scratch = cpu.allocate(byteCount: size)
      fill(scratch, [UInt8](repeating: 0xFF, count: size), at: 0)
      if let workspace { cpu.bind(workspace, to: scratch, at: 0) }
      for index in storages.indices {
        fill(memory[index], before[index], at: gap)
        cpu.bind(slots[index], to: memory[index], at: gap)
      }
      #expect(cpu.answer(kernel) == once)
      for index in storages.indices {
        let isSame = bytes(slots[index]) == bytes(storages[index])
        #expect(isSame, "\(call) with its memory \(gap) bytes further on")
        cpu.bind(slots[index], to: nil, at: 0)
      }
      // A slot does not keep what it is bound to.
      withExtendedLifetime((memory, scratch)) {}
    }
    return once
  }
}
