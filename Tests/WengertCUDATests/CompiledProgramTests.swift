import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

/// Compiled programs on the device: as graphs, with too little memory, with faults.
@Suite("Compiled programs on the CUDA device", .serialized)
struct CompiledProgramTests {
  private let device: StandIn
  private let cuda: Device

  init() throws {
    device = try StandIn()
    cuda = Device(device.backend)
  }

  private func tensor(_ values: [Double], _ shape: Shape) -> Tensor { Tensor(values, shape: shape, device: cuda).cast(to: .float32) }

  @Test("a program that runs again on the same memory is recorded once and repeated as a graph; on other memory it is another one")
  func graphs() throws {
    try device.useAddressesAgain()
    let f = compile { (x: Tensor, w: Tensor) in (x.matmul(w).softmax(axis: -1) * x.sum(axis: -1, keepDims: true)).sum(axis: 0) }
    let w = tensor((0..<12).map { Double($0) / 10 }, [3, 4])
    let inputs = (0..<2).map { i in tensor((0..<15).map { Double($0 * (i + 1)) / 7 }, [5, 3]) }
    let expected = inputs.map { f($0.to(.cpu), w.to(.cpu)).array(of: Float.self) }
    let before = try device.count("cuGraphInstantiateWithFlags")
    var launches = 0
    for round in 0..<5 {
      for (x, values) in zip(inputs, expected) {
        for (a, b) in zip(f(x, w).array(of: Float.self), values) { #expect(abs(a - b) < 1e-5) }
      }
      if round == 2 { launches = try device.count("cuGraphLaunch") }
    }
    #expect(launches > 0)
    #expect(try device.count("cuGraphLaunch") == launches + 4, "each later run is one graph")
    #expect(try device.count("cuGraphInstantiateWithFlags") - before <= 4, "results lie at a few places")
    #expect(try device.failure == "")
  }

  @Test("a graph's kernels tell their faults at each run")
  func faultsOfGraphs() throws {
    try device.useAddressesAgain()
    let f = compile { (x: Tensor, at: Tensor) in (x * 2).sum(axis: 1).gather(at) + (x * x).sum(axis: 1).gather(at) }
    let x = tensor([1, 2, 3, 4, 5, 6], [3, 2])
    let at = [[0, 2], [0, 3], [1, 1], [5, 1]].map { Tensor($0, shape: [2], device: cuda) }
    for _ in 0..<4 {
      for (number, indices) in at.enumerated() {
        let result = Result { try catchingDataFaults { f(x, indices) } }
        switch (number, result) {
        case (0, .success(let y)): #expect(y.array(of: Float.self) == [11, 83])
        case (2, .success(let y)): #expect(y.array(of: Float.self) == [39, 39])
        case (1, .failure(let fault as DataFault)): #expect(fault.kind == .outOfRange && fault.number == 3)
        case (3, .failure(let fault as DataFault)): #expect(fault.kind == .outOfRange && fault.number == 5)
        default: Issue.record("\(number): \(result)")
        }
      }
    }
    #expect(try device.count("cuGraphLaunch") > 0)
  }

  @Test("a program for which there is no memory throws, with its plan; states stay, and it runs when there is memory again")
  func outOfMemory() throws {
    let step = compileUpdate { (w: inout Tensor, x: Tensor) -> Tensor in
      let y = x.matmul(w)
      w = w - x.transpose().matmul(y.softmax(axis: -1)) * 0.1
      return y.sum()
    }
    let start = (0..<64).map { Double($0 % 7) / 3 }
    let x = tensor((0..<8 * 8192).map { Double($0 % 13) / 20 - 0.3 }, [8192, 8])
    var w = tensor(start, [8, 8]), reference = tensor(start, [8, 8]).to(.cpu)
    let kept = w.array(of: Float.self)
    // Less than what lies between the kernels.
    try device.setMemory(device.backend.memoryStatistics.bytesInUse + 100_000)
    let result = Result { try catchingDataFaults { step(&w, x) } }
    guard case .failure(let fault as DataFault) = result else {
      Issue.record("\(result)")
      return
    }
    #expect(fault.kind == .outOfMemory && fault.number > 100_000)
    #expect(fault.message.contains("float32[8192, 8]") && fault.message.contains("arena") && fault.message.contains("kernels"), "\(fault)")
    #expect(w.array(of: Float.self) == kept)
    try device.setMemory(1 << 30)
    let y = step(&w, x).item(), expected = step(&reference, x.to(.cpu)).item()
    #expect(abs(y - expected) <= 1e-3 * abs(expected))
    for (a, b) in zip(w.array(of: Float.self), reference.array(of: Float.self)) { #expect(abs(a - b) <= 1e-3 * max(1, abs(b))) }
    #expect(try device.failure == "")
  }

  @Test("a state for whose copy there is no memory is a fault, and stays")
  func withoutCopy() throws {
    let step = compileUpdate { (w: inout Tensor) -> Tensor in
      w = w * 2
      return w[0]
    }
    var w = tensor((0..<65_536).map { Double($0 % 5) + 1 }, [65_536])
    let kept = w.array(of: Float.self)
    try device.setMemory(device.backend.memoryStatistics.bytesInUse + 1000)
    let result = Result { try catchingDataFaults { step(&w) } }
    guard case .failure(let fault as DataFault) = result else {
      Issue.record("\(result)")
      return
    }
    #expect(fault.kind == .outOfMemory && fault.operation == "compileUpdate" && fault.number == 262_144, "\(fault)")
    #expect(w.array(of: Float.self) == kept)
    // So it is behind another fault, which is the one that is thrown.
    let behind = Result {
      try catchingDataFaults {
        _ = Tensor([[-1]]).cholesky()
        return step(&w)
      }
    }
    guard case .failure(let first as DataFault) = behind else {
      Issue.record("\(behind)")
      return
    }
    #expect(first.kind == .notPositiveDefinite && w.array(of: Float.self) == kept)
    try device.setMemory(1 << 30)
    #expect(step(&w).item() == 2)
    #expect(try device.failure == "")
  }

  @Test("products do without the memory that cuBLASLt would work in, if there is none")
  func withoutWorkspace() throws {
    let a = tensor((0..<6).map(Double.init), [2, 3])
    try device.setMemory(device.backend.memoryStatistics.bytesInUse + 1 << 20)
    for _ in 0..<2 { #expect(a.matmul(a.transpose()).array(of: Float.self) == [5, 14, 14, 50]) }
    try device.setMemory(1 << 30)
    #expect(a.matmul(a.transpose()).array(of: Float.self) == [5, 14, 14, 50])
    #expect(try device.failure == "")
  }

  @Test("an allocation that fails once, whichever, is made again when idle memory is given back", arguments: 1...6)
  func failingAllocation(_ number: Int) throws {
    let f = compile { (x: Tensor) in (x.matmul(x.transpose()).softmax(axis: -1)).sum(axis: 0) }
    let x = tensor((0..<24).map { Double($0) / 9 }, [6, 4])
    let expected = f(x.to(.cpu)).array(of: Float.self)
    try device.fail("cuMemAllocAsync", call: number, with: 2)
    for _ in 0..<3 {
      for (a, b) in zip(f(x).array(of: Float.self), expected) { #expect(abs(a - b) < 1e-6) }
    }
    #expect(try device.failure == "")
  }

  @Test("a compiler without its built-in functions is named when the kernel is wanted")
  func withoutBuiltins() async throws {
    let end = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let device = try StandIn(isChecked: false)
      try device.fail("nvrtcCompileProgram", call: 1, with: 7)
      let x = Blueprint([1, 2, 3], [3], .float32).tensor(on: device.backend)
      _ = (x * x).array(of: Float.self)
    }
    let said = String(decoding: end?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains("the kernel multiply cannot be compiled") && said.contains("libnvrtc-builtins must lie beside"), "\(said)")
  }
}
