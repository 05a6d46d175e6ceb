@_spi(Backend) import Wengert

/// A second, independent implementation of everything a device must do: plain loops over doubles and int64, slow and readable.
///
/// It is the oracle of the other backends. Every operand is read into an array of numbers in row-major order, whatever its strides; results are
/// written back with the dtype's rounding. Inside, floats are doubles throughout, so that a result is rounded once, when it is stored.
///
/// Its memory is out of reach: bytes come and go as copies. One that defers runs nothing until somebody waits for it, as a device may.
package final class ReferenceBackend: Backend {
  public static let shared = ReferenceBackend()

  public let name = "reference"
  public let alignment = 8

  private let defers: Bool
  /// What is yet to be done, in order.
  private let jobs = Locked<[@Sendable () -> Void]>([])
  private let gate = Locked<Void>(())
  /// Whether this thread is at it: what a job asks for is a part of it.
  @TaskLocal private static var isWorking = false

  /// - Parameter defers: whether kernels run, and bytes are written, only when somebody reads or waits.
  public init(defers: Bool = false) { self.defers = defers }

  /// How many kernels and writes are yet to be done.
  public var waitingCount: Int { jobs.withLock { $0.count } }

  fileprivate func ask(_ job: @escaping @Sendable () -> Void) {
    if defers && !Self.isWorking { jobs.withLock { $0.append(job) } } else { job() }
  }

  public func tellFaults(waiting: Bool) {
    if !waiting || Self.isWorking { return }
    gate.withLock { _ in
      Self.$isWorking.withValue(true) {
        while let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { job() }
      }
    }
  }

  public func allocate(byteCount: Int) -> Storage {
    ReferenceStorage(backend: self, byteCount: byteCount)
  }

  public func slot(byteCount: Int) -> Storage { ReferenceStorage(backend: self, byteCount: byteCount) }

  public func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int) {
    ReferenceStorage.of(slot).target = storage.map { (ReferenceStorage.of($0), byteOffset) }
  }

  public func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int) {
    let target = ReferenceStorage.of(storage)
    precondition(byteOffset >= 0 && byteOffset + bytes.byteCount <= storage.byteCount, "write past the end of a storage")
    let copy = bytes.withUnsafeBytes { Array($0) }
    ask { target.change { $0.replaceSubrange($1 + byteOffset..<$1 + byteOffset + copy.count, with: copy) } }
  }

  public func withBytes<Result>(of storage: Storage, in range: Range<Int>, _ body: (RawSpan) throws -> Result) rethrows -> Result {
    tellFaults(waiting: true)
    let bytes = ReferenceStorage.of(storage).copy(range)
    return try body(bytes.span.bytes)
  }

  public func prepare(_ call: KernelCall, workspace: Storage?) -> any Kernel { ReferenceKernel(backend: self, call: call) }

  /// A call whose slots may be bound anew before it is done.
  fileprivate struct ReferenceKernel: Kernel {
    let backend: ReferenceBackend
    let call: KernelCall

    func run(_ faults: FaultNote?) {
      let call = backend.defers ? call.mapViews(\.standing) : call
      let kernel = FunctionKernel(writing: call.writes) { backend.perform(call) }
      backend.ask { kernel.run(faults) }
    }
  }

  /// Returns what `PromptKernel.answer` does.
  private func perform(_ call: KernelCall) -> Int? {
    switch call {
    case .rows(let call): run(call.program, inputs: call.inputs, outputs: call.outputs, over: call.shape)
    case .matmul(let call):
      let parts = call.parts { shape, dtype in
        View(storage: allocate(byteCount: shape.elementCount * dtype.byteCount), layout: Layout(rowMajor: shape), dtype: dtype)
      }
      matmul(call.a, call.b, into: parts[0].writes[0])
      for part in parts.dropFirst() { run(part.arguments) }
    case .gather(let call): return gather(call.source, indices: call.indices, into: call.out)
    case .scatterAdd(let call): return scatterAdd(call.updates, indices: call.indices, into: call.out)
    case .takeAlong(let call): return takeAlong(call.source, indices: call.indices, into: call.out)
    case .scatterAddAlong(let call): return scatterAddAlong(call.updates, indices: call.indices, into: call.out)
    case .argSort(let call): argSort(call.x, descending: call.descending, into: call.out)
    case .argReduce(let call): argReduce(call.x, call.op, into: call.out)
    case .scan(let call): scan(call.x, call.op, reverse: call.reverse, into: call.out)
    case .recurrence(let call): recurrence(call.a, call.b, reverse: call.reverse, into: call.out)
    case .linearAlgebra(let call): return linearAlgebra(call)
    case .factorization(let call): return factorization(call)
    case .convolution(let call): convolution(call)
    case .attention(let call):
      if let wrong = firstWrongOffset(call.operands) { return wrong }
      attention(call.operands, into: call.out, logSumExp: call.logSumExp)
    case .attentionBackward(let call):
      if let wrong = firstWrongOffset(call.operands) { return wrong }
      attentionBackward(
        call.operands, out: call.out, logSumExp: call.logSumExp, cotangent: call.cotangent, intoQuery: call.query, intoKey: call.key,
        intoValue: call.value)
    case .loop(let call): call.kernel(on: self).run(nil)
    case .branch(let call): call.kernel(on: self).run(nil)
    }
    return nil
  }

  /// The elements of a view in row-major order.
  func read(_ view: View) -> [Number] {
    precondition(view.isInBounds, "a view outside its storage")
    let bytes = ReferenceStorage.of(view.storage).copy(0..<view.storage.byteCount)
    return view.numbers(bytes.span.bytes)
  }

  /// Puts numbers, given in row-major order, into a view.
  func store(_ numbers: [Number], into view: View) {
    precondition(view.isInBounds, "a view outside its storage")
    let positions = view.layout.positions
    precondition(numbers.count == positions.count, "\(numbers.count) numbers for the shape \(view.shape)")
    let storage = ReferenceStorage.of(view.storage)
    let width = view.dtype.byteCount
    storage.change { bytes, start in
      for (number, position) in zip(numbers, positions) {
        let bits = view.dtype.bits(of: number)
        for byte in 0..<width { bytes[start + position * width + byte] = UInt8(truncatingIfNeeded: bits >> (8 * UInt64(byte))) }
      }
    }
  }
}

/// Memory of the reference backend.
final class ReferenceStorage: Storage, @unchecked Sendable {
  private var own: [UInt8]
  /// What a slot stands for, from which byte on.
  var target: (storage: ReferenceStorage, offset: Int)?

  /// Changes the memory, in which this storage begins at `start`.
  func change(_ body: (_ bytes: inout [UInt8], _ start: Int) -> Void) {
    if let target { target.storage.change { body(&$0, $1 + target.offset) } } else { body(&own, 0) }
  }

  func copy(_ range: Range<Int>) -> [UInt8] {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "bytes outside of a storage")
    guard let target else { return Array(own[range]) }
    return target.storage.copy(range.lowerBound + target.offset..<range.upperBound + target.offset)
  }

  init(backend: ReferenceBackend, byteCount: Int) {
    // All bits set is NaN in every float type and −1 in the signed integers: what is read before it is written shows.
    own = [UInt8](repeating: 0xFF, count: byteCount)
    super.init(backend: backend, byteCount: byteCount)
  }

  static func of(_ storage: Storage) -> ReferenceStorage {
    guard let own = storage as? ReferenceStorage else { preconditionFailure("a storage of the backend \(storage.backend.name)") }
    return own
  }
}

extension View {
  /// The same elements of what a slot stands for now.
  fileprivate var standing: View {
    guard let (target, offset) = ReferenceStorage.of(storage).target else { return self }
    precondition(offset % dtype.byteCount == 0, "a slot at byte \(offset) for elements of \(dtype)")
    var layout = layout
    layout.offset += offset / dtype.byteCount
    return View(storage: target, layout: layout, dtype: dtype).standing
  }
}

extension Layout {
  /// Where each element lies, in elements from the start of the storage, in row-major order.
  var positions: [Int] {
    var all = [offset]
    for axis in shape.indices {
      all = all.flatMap { start in (0..<shape[axis]).map { start + $0 * strides[axis] } }
    }
    return all
  }
}

extension Shape {
  /// The last extent.
  var columns: Int { self[rank - 1] }
  /// The product of all extents but the last.
  var rows: Int { self[..<(rank - 1)].reduce(1, *) }
  /// All extents but the last.
  var outer: [Int] { Array(self[..<(rank - 1)]) }
}
