import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@_spi(Backend) @testable import WengertCore

private let device = Device(ReferenceBackend(defers: true))
private func there(_ numbers: [Double]) -> Tensor { Tensor(numbers, dtype: .float64, device: device) }
private func places(_ numbers: [Int]) -> Tensor { Tensor(numbers, device: device) }

private func caught<Result>(_ body: () throws -> Result) -> DataFault? {
  do {
    _ = try catchingDataFaults(body)
    return nil
  } catch { return error as? DataFault }
}

/// A backend of which nothing runs before somebody reads, and whose memory is out of reach.
@Suite("A backend that answers later", .serialized)
struct DeferredBackendTests {
  @Test("nothing runs until a result is read, and then in order")
  func order() {
    let own = ReferenceBackend(defers: true)
    let x = Tensor([1, 2, 3], dtype: .float64, device: Device(own))
    let y = (x * 0.37 + 1).gather(Tensor([2, 0] as [Int], device: Device(own)))
    #expect(own.waitingCount > 0)
    let expected: [Double] = [3 * 0.37 + 1, 0.37 + 1]
    #expect(y.array(of: Double.self) == expected)
    #expect(own.waitingCount == 0)
  }

  private func bytes(_ tensor: Tensor) -> [UInt8] { tensor.withBytes { span in span.withUnsafeBytes { Array($0) } } }

  @Test("every case gives what it gives at once", arguments: CaseList.all)
  func conforms(_ operation: OperationCase) {
    guard let dtype = operation.dtypes.last, let variant = operation.variants(dtype).first else { return }
    let expected = operation.apply(variant.operands.map { $0.tensor(on: ReferenceBackend.shared) })
    let results = operation.apply(variant.operands.map { $0.tensor(on: device.backend) })
    for (result, expected) in zip(results, expected) {
      #expect(result.type == expected.type)
      let own = bytes(result), others = bytes(expected)
      #expect(own == others)
    }
  }

  @Test("a fault goes to the scope in which its operation was called, with its message and line")
  func faults() throws {
    let line = #line + 1
    let fault = try #require(caught { there([1, 2]).gather(places([0, 5])) })
    #expect(fault.kind == .outOfRange && fault.operation == "gather" && fault.number == 5 && fault.line == line)
    #expect(fault.message == "index 5 is out of range for axis 0 with extent 2")
    // It was asked for outside of the inner scope.
    let outer = caught {
      let late = there([1, 2]).gather(places([7]))
      #expect(caught { late.array(of: Double.self) } == nil)
    }
    #expect(outer?.number == 7)
    #expect(caught { there([1, 2]).gather(places([1, 0])) } == nil)
  }

  @Test("what comes of a fault is NaN, and attention names its offsets")
  func results() throws {
    nonisolated(unsafe) var result: Tensor?
    let x = Tensor.ones([4, 6], device: device)
    let fault = try #require(
      caught { result = attention(query: x, key: x, value: x, offsets: places([0, 3, 2, 4]), heads: 2) + 1 })
    #expect(fault.kind == .offsets && fault.number == 2)
    #expect(fault.message == "offsets must rise from 0 to the 4 tokens, got [0, 3, 2, 4]")
    #expect(try #require(result).array(of: Float.self).allSatisfy { $0.isNaN })
  }

  @Test("outside of a scope the program ends where the result is read, and the message names the caller's line")
  func outside() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let y = there([1, 2]).gather(places([5]), file: "Somewhere.swift", line: 12)
      _ = y.array(of: Double.self)
    }
    .expectsMessage("Somewhere.swift:12", "gather: index 5 is out of range for axis 0 with extent 2")
  }

  @Test("compiled functions report a run's faults, and leave the state of an update as it was")
  func compiled() {
    let step = compileUpdate { (x: inout Tensor, at: Tensor) in
      x = x + x.gather(at).sum()
      return x * 2
    }
    var x = there([1, 2])
    #expect(step(&x, places([0])).array(of: Double.self) == [4, 6])
    #expect(caught { step(&x, places([3])) }?.operation == "gather")
    #expect(x.array(of: Double.self) == [2, 3])
    #expect(step(&x, places([1])).array(of: Double.self) == [10, 12])
    // Faults of constants come at every call.
    let constant = compile { (x: Tensor) in x + there([1, 2]).gather(places([2])).sum() }
    for _ in 0..<2 { #expect(caught { constant(there([1])) }?.operation == "gather") }
  }

  @Test("runs that wait one after another do not disturb each other's buffers")
  func runs() {
    func results(on device: Device) -> [[Double]] {
      let f = compile { (x: Tensor, w: Tensor) in tanh(x.matmul(w)).cumulativeSum(axis: 0).matmul(w.transpose()) }
      let w = Tensor([[1, -1], [0.5, 2]], dtype: .float64, device: device)
      let results = (0..<4).map { f(Tensor([[Double($0), 1], [2, Double($0)]], dtype: .float64, device: device), w) }
      return results.map { $0.array(of: Double.self) }
    }
    #expect(results(on: device) == results(on: Device(ReferenceBackend.shared)))
  }

  @Test("the profiler times kernels that run later, and nanCheck finds the first that makes a NaN")
  func looking() throws {
    let own = ReferenceBackend(defers: true)
    let f = compile { (x: Tensor) in x.cumulativeSum(axis: 0) }
    let x = Tensor([1, 2, 3], dtype: .float64, device: Device(own))
    _ = f(x)
    #expect(own.waitingCount > 0)
    let profiler = Profiler()
    f.profiler = profiler
    _ = f(x)
    // What is timed has run.
    #expect(own.waitingCount == 0)
    #expect(profiler.table.contains("cumulativeSum"))
    let g = compile({ (x: Tensor) in log(x) + 1 }, CompileOptions(nanCheck: true))
    #expect(caught { g(there([-1, 2])) }?.operation == "log")
    #expect(caught { g(there([1, 2])) } == nil)
  }

  @Test("a backend that fuses no epilogue gets products and row programs of their own")
  func epilogues() {
    let graph = trace(.float32(4, 3), .float32(3, 2)) { [tanh($0[0].matmul($0[1]))] }
    #expect(graph.optimized.nodes.contains { $0.operation is MatMulEpilogue })
    #expect(!graph.optimized(on: device.backend).nodes.contains { $0.operation is MatMulEpilogue })
  }
}

@Suite("Bytes that are read")
struct ReadRangeTests {
  /// Counts the bytes that are lent.
  final class Counting: Backend {
    private let reference = ReferenceBackend()
    private let lent = Locked(0), writes = Locked(0)
    var lentBytes: Int { lent.withLock { $0 } }
    var writeCount: Int { writes.withLock { $0 } }
    let name = "counting", alignment = 8

    final class Memory: Storage, @unchecked Sendable {
      let inner: Storage
      init(_ inner: Storage, on backend: Counting) {
        self.inner = inner
        super.init(backend: backend, byteCount: inner.byteCount)
      }
    }
    private func inner(_ storage: Storage) -> Storage { (storage as! Memory).inner }

    func allocate(byteCount: Int) -> Storage { Memory(reference.allocate(byteCount: byteCount), on: self) }
    func slot(byteCount: Int) -> Storage { Memory(reference.slot(byteCount: byteCount), on: self) }
    func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int) {
      reference.bind(inner(slot), to: storage.map(inner), at: byteOffset)
    }
    func prepare(_ call: KernelCall, workspace: Storage?) -> any Kernel {
      reference.prepare(call.mapViews { View(storage: inner($0.storage), layout: $0.layout, dtype: $0.dtype) })
    }
    func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int) {
      writes.withLock { $0 += 1 }
      reference.write(bytes, to: inner(storage), at: byteOffset)
    }
    func withBytes<Result>(of storage: Storage, in range: Range<Int>, _ body: (RawSpan) throws -> Result) rethrows -> Result {
      lent.withLock { $0 += range.count }
      return try reference.withBytes(of: inner(storage), in: range, body)
    }
  }

  @Test("one row of a large tensor reads its own bytes, and one element four")
  func rows() {
    let counting = Counting()
    let x = Tensor((0..<600).map { Float($0) }, shape: [20, 30], device: Device(counting))
    let row: [Float] = (210..<240).map { Float($0) }
    #expect(x[7].array(of: Float.self) == row)
    #expect(counting.lentBytes == 120)
    #expect(x[3, 4].array(of: Float.self) == [94])
    #expect(counting.lentBytes == 124)
    #expect(x[3..<3].array(of: Float.self) == [])
    #expect(counting.lentBytes == 124)
  }

  @Test("tensors in one block are written at once and begin where the backend wants buffers to")
  func block() {
    let counting = Counting()
    var block = TensorBlock(on: counting)
    block.add([1, 2, 3] as [Int32])
    block.add([] as [Float], shape: [0, 1])
    block.add([5, 6] as [Int64], shape: [2, 1])
    block.add([0.5] as [Float])
    let tensors = block.tensors
    #expect(counting.writeCount == 1)
    let shapes: [Shape] = [[3], [0, 1], [2, 1], [1]], dtypes: [DType] = [.int32, .float32, .int64, .float32]
    #expect(tensors.map { $0.shape } == shapes && tensors.map { $0.dtype } == dtypes)
    #expect(tensors[0].array(of: Int32.self) == [1, 2, 3] && tensors[2].array(of: Int64.self) == [5, 6])
    #expect(tensors[1].array(of: Float.self) == [] && tensors[3].array(of: Float.self) == [0.5])
    for tensor in tensors { #expect(tensor.view.layout.offset * tensor.dtype.byteCount % 8 == 0) }
  }
}
