/// A second, independent implementation of everything a device must do: plain loops over doubles and int64, slow and readable.
///
/// It is the oracle of the other backends. Every operand is read into an array of numbers in row-major order, whatever its strides; results are
/// written back with the dtype's rounding. Inside, floats are doubles throughout, so that a result is rounded once, when it is stored.
public final class ReferenceBackend: Backend {
  public static let shared = ReferenceBackend()

  public let name = "reference"
  public let alignment = 8

  public init() {}

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
    bytes.withUnsafeBytes { target.bytes.replaceSubrange(byteOffset..<byteOffset + $0.count, with: $0) }
  }

  public func withBytes<Result>(of storage: Storage, _ body: (RawSpan) throws -> Result) rethrows -> Result {
    let bytes = ReferenceStorage.of(storage).bytes
    return try body(bytes.span.bytes)
  }

  public func prepare(_ call: KernelCall) -> any Kernel {
    FunctionKernel {
      switch call {
      case .rows(let call): self.run(call.program, inputs: call.inputs, outputs: call.outputs, over: call.shape)
      case .matmul(let call): call.performInParts(on: self) { self.matmul($0.a, $0.b, into: $0.out!) }
      case .gather(let call): return self.gather(call.source, indices: call.indices, into: call.out)
      case .scatterAdd(let call): return self.scatterAdd(call.updates, indices: call.indices, into: call.out)
      case .takeAlong(let call): return self.takeAlong(call.source, indices: call.indices, into: call.out)
      case .scatterAddAlong(let call): return self.scatterAddAlong(call.updates, indices: call.indices, into: call.out)
      case .argSort(let call): self.argSort(call.x, descending: call.descending, into: call.out)
      case .argReduce(let call): self.argReduce(call.x, call.op, into: call.out)
      case .scan(let call): self.scan(call.x, call.op, reverse: call.reverse, into: call.out)
      case .recurrence(let call): self.recurrence(call.a, call.b, reverse: call.reverse, into: call.out)
      case .linearAlgebra(let call): return self.linearAlgebra(call)
      case .attention(let call): self.attention(call.operands, into: call.out, logSumExp: call.logSumExp)
      case .attentionBackward(let call):
        self.attentionBackward(
          call.operands, out: call.out, logSumExp: call.logSumExp, cotangent: call.cotangent, intoQuery: call.query, intoKey: call.key,
          intoValue: call.value)
      }
      return nil
    }
  }

  /// The elements of a view in row-major order.
  func read(_ view: View) -> [Number] {
    precondition(view.storage is ReferenceStorage, "a storage of the backend \(view.storage.backend.name)")
    return view.numbers
  }

  /// Puts numbers, given in row-major order, into a view.
  func store(_ numbers: [Number], into view: View) {
    precondition(view.isInBounds, "a view outside its storage")
    let positions = view.layout.positions
    precondition(numbers.count == positions.count, "\(numbers.count) numbers for the shape \(view.shape)")
    let storage = ReferenceStorage.of(view.storage)
    let width = view.dtype.byteCount
    storage.withBytes { bytes, start in
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

  /// Lends the memory, in which this storage begins at `start`.
  func withBytes(_ body: (_ bytes: inout [UInt8], _ start: Int) -> Void) {
    if let target { target.storage.withBytes { body(&$0, $1 + target.offset) } } else { body(&own, 0) }
  }

  var bytes: [UInt8] {
    get {
      var copy: [UInt8] = []
      withBytes { copy = Array($0[$1..<$1 + byteCount]) }
      return copy
    }
    set { withBytes { $0.replaceSubrange($1..<$1 + byteCount, with: newValue) } }
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
