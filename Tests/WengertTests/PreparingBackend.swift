import Testing
import WengertCPU
import WengertTestSupport

/// Stands for the CPU backend, and checks on each call that a prepared kernel, whose operands are slots bound here and there, leaves the same
/// bytes as the eager call.
final class PreparingBackend: Backend {
  static let shared = PreparingBackend()

  private let cpu = CPUBackend.shared
  let name = "preparing"

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
  func withBytes<Result>(of storage: Storage, _ body: (RawSpan) throws -> Result) rethrows -> Result {
    try cpu.withBytes(of: (storage as! Memory).inner, body)
  }

  private func bytes(_ storage: Storage) -> [UInt8] {
    cpu.withBytes(of: storage) { span in span.withUnsafeBytes { Array($0) } }
  }

  private func fill(_ storage: Storage, _ bytes: [UInt8], at offset: Int) {
    bytes.withUnsafeBytes { cpu.write(RawSpan(_unsafeBytes: $0), to: storage, at: offset) }
  }

  /// Performs the call eagerly on the views' own memory, and prepared on copies: `call` makes it of other views in place of `views`.
  @discardableResult private func check(_ views: [View], _ call: ([View]) -> KernelCall) -> Int? {
    let views = views.map(inner)
    var storages: [Storage] = []
    for view in views where !storages.contains(where: { $0 === view.storage }) { storages.append(view.storage) }
    let before = storages.map(bytes)
    let eager = PlainKernel(backend: cpu, call: call(views)).run()

    let slots = storages.map { cpu.slot(byteCount: $0.byteCount) }
    let kernel = cpu.prepare(
      call(
        views.map { view in
          let place = storages.firstIndex { $0 === view.storage }!
          return View(storage: slots[place], layout: view.layout, dtype: view.dtype)
        }))
    for gap in [0, 24, 4096] {
      let memory = storages.map { cpu.allocate(byteCount: $0.byteCount + 2 * gap) }
      for index in storages.indices {
        fill(memory[index], before[index], at: gap)
        cpu.bind(slots[index], to: memory[index], at: gap)
      }
      #expect(kernel.run() == eager)
      for index in storages.indices {
        let isSame = bytes(slots[index]) == bytes(storages[index])
        #expect(isSame, "\(call(views)) with its memory \(gap) bytes further on")
        cpu.bind(slots[index], to: nil, at: 0)
      }
      // A slot does not keep what it is bound to.
      withExtendedLifetime(memory) {}
    }
    return eager
  }

  func run(_ program: RowProgram, inputs: [View], outputs: [View], over shape: Shape) {
    check(inputs + outputs) {
      .rows(RowCall(program, inputs: Array($0.prefix(inputs.count)), outputs: Array($0.suffix(outputs.count)), over: shape))
    }
  }
  func matmul(_ a: View, _ b: View, into out: View) {
    check([a, b, out]) { .matmul(MatMulCall(a: $0[0], b: $0[1], out: $0[2])) }
  }
  func gather(_ source: View, indices: View, into out: View) -> Int? {
    check([source, indices, out]) { .gather($0[0], indices: $0[1], into: $0[2]) }
  }
  func scatterAdd(_ updates: View, indices: View, into out: View) -> Int? {
    check([updates, indices, out]) { .scatterAdd($0[0], indices: $0[1], into: $0[2]) }
  }
  func takeAlong(_ source: View, indices: View, into out: View) -> Int? {
    check([source, indices, out]) { .takeAlong($0[0], indices: $0[1], into: $0[2]) }
  }
  func scatterAddAlong(_ updates: View, indices: View, into out: View) -> Int? {
    check([updates, indices, out]) { .scatterAddAlong($0[0], indices: $0[1], into: $0[2]) }
  }
  func argSort(_ x: View, descending: Bool, into out: View) {
    check([x, out]) { .argSort($0[0], descending: descending, into: $0[1]) }
  }
  func argReduce(_ x: View, _ op: ReduceOp, into out: View) {
    check([x, out]) { .argReduce($0[0], op, into: $0[1]) }
  }
  func scan(_ x: View, _ op: ReduceOp, reverse: Bool, into out: View) {
    check([x, out]) { .scan($0[0], op, reverse: reverse, into: $0[1]) }
  }
  func recurrence(_ a: View, _ b: View, reverse: Bool, into out: View) {
    check([a, b, out]) { .recurrence($0[0], $0[1], reverse: reverse, into: $0[2]) }
  }
  func linearAlgebra(_ kernel: LinearAlgebraKernel, _ operands: [View], into out: View) -> Int? {
    check(operands + [out]) { .linearAlgebra(kernel, Array($0.dropLast()), into: $0[$0.count - 1]) }
  }

  private static func with(_ call: AttentionCall, _ views: [View]) -> AttentionCall {
    var call = call
    (call.query, call.key, call.value, call.offsets) = (views[0], views[1], views[2], views[3])
    if call.randomKey != nil { call.randomKey = views[4] }
    return call
  }
  func attention(_ call: AttentionCall, into out: View, logSumExp: View) {
    check([call.query, call.key, call.value, call.offsets] + [call.randomKey].compactMap { $0 } + [out, logSumExp]) {
      .attention(Self.with(call, $0), into: $0[$0.count - 2], logSumExp: $0[$0.count - 1])
    }
  }
  func attentionBackward(
    _ call: AttentionCall, out: View, logSumExp: View, cotangent: View, intoQuery: View, intoKey: View, intoValue: View
  ) {
    let own = [call.query, call.key, call.value, call.offsets] + [call.randomKey].compactMap { $0 }
    check(own + [out, logSumExp, cotangent, intoQuery, intoKey, intoValue]) {
      let rest = Array($0.suffix(6))
      return .attentionBackward(
        Self.with(call, $0), out: rest[0], logSumExp: rest[1], cotangent: rest[2], intoQuery: rest[3], intoKey: rest[4], intoValue: rest[5])
    }
  }
}
