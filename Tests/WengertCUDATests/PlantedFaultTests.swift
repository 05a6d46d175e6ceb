import Testing
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

/// Kernels with a fault in them: what the stand-in says of each.
@Suite("Faults of kernels that the stand-in finds", .serialized)
struct PlantedFaultTests {
  struct Fault: Sendable, CustomTestStringConvertible {
    let name: String
    /// A part of the message.
    let finding: String
    /// The kernel: `a.x` has 256 numbers that are written, `a.y` as many that are not.
    let body: String
    var testDescription: String { name }
  }

  static let faults = [
    Fault(
      name: "no barrier between writing and reading shared memory", finding: "reads shared memory that nobody has written",
      body: "__shared__ float s[64]; s[threadIdx.x] = a.x[threadIdx.x]; a.y[threadIdx.x] = s[63 - threadIdx.x];"),
    Fault(
      name: "no barrier before shared memory is written again", finding: "a race in shared memory",
      body:
        "__shared__ float s[64]; s[threadIdx.x] = 1; __syncthreads(); const float v = s[(threadIdx.x + 33) % 64]; s[threadIdx.x] = v + 1;"),
    Fault(
      name: "two blocks write one element", finding: "a race in global memory", body: "if (threadIdx.x == 0) a.y[7] = (float)blockIdx.x;"),
    Fault(
      name: "one element past the end", finding: "writes 4 bytes at 1024 of an allocation of 1024 bytes",
      body: "if (blockIdx.x == 1) a.y[threadIdx.x + 193] = 1;"),
    Fault(name: "far outside", finding: "which is nobody's", body: "a.y[(threadIdx.x + 1) * 100000000ll] = 1;"),
    Fault(
      name: "what nobody has written is read", finding: "that nobody has written",
      body: "a.x[threadIdx.x + 64 * blockIdx.x] = a.y[threadIdx.x];"),
    Fault(name: "a barrier in a branch", finding: "barrier", body: "if (threadIdx.x < 40) __syncthreads();"),
    Fault(
      name: "a shuffle in a branch", finding: "for lanes of its warp",
      body: "float v = 1; if (threadIdx.x % 32 < 7) v = __shfl_xor_sync(0xffffffffu, v, 1); a.y[threadIdx.x + 64 * blockIdx.x] = v;"),
    Fault(
      name: "a vector at an address that is no multiple of its size", finding: "misaligned",
      body: "Neighbors<float, 4> v; load_neighbors(v, a.x + 1); a.y[threadIdx.x + 64 * blockIdx.x] = v.at[0];"),
    Fault(
      name: "an index past a shared array", finding: "an index outside its array",
      body: "__shared__ float s[64]; s[threadIdx.x + 1] = 1;"),
    Fault(
      name: "a sum by plain additions of many threads", finding: "a race in global memory", body: "a.x[0] += 1;"),
    Fault(
      name: "more shared memory than the launch asks for", finding: "writes 4 bytes at 256 of 256 bytes of dynamic shared memory",
      body: "WENGERT_SHARED_MEMORY(s); ((float *)s)[threadIdx.x + 1] = 1;"),
  ]

  @Test("each is found, with the kernel, the thread and the line", arguments: faults)
  func found(_ fault: Fault) throws {
    let device = try StandIn(order: 0)
    let backend = device.backend
    let x = Blueprint([Double](repeating: 1, count: 256), [256], .float32).tensor(on: backend).view
    let y = View(storage: backend.allocate(byteCount: 1024), layout: x.layout, dtype: .float32)
    var writer = KernelWriter()
    writer.view("x", x)
    writer.view("y", y)
    let kernel = backend.kernels.kernel(writer.text("planted", threads: 64, "  \(fault.body)\n"))
    var arguments = writer.arguments
    kernel.launch(Grid(blocks: (2, 1, 1), threads: (64, 1), sharedBytes: 256), &arguments, on: backend.context.stream)
    #expect(try device.failure == "", "nothing runs before somebody waits")
    let status = backend.context.attempt { $0.synchronizeStream(backend.context.stream) }
    #expect(status != 0)
    let failure = try device.failure
    #expect(failure.contains(fault.finding), "\(failure)")
    #expect(failure.contains("wengert_planted_") && failure.contains("thread ("), "\(failure)")
    #expect(failure.contains("line "), "\(failure)")
    // The device is of use again, so that what is left can be freed.
    try device.reset()
  }

  @Test("an allocation that fails ends the program with what was wanted and the driver's words")
  func allocation() async throws {
    let end = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let device = try StandIn(isChecked: false)
      try device.fail("cuMemAllocAsync", call: 2, with: 1)
      _ = device.backend.allocate(byteCount: 64)
      _ = device.backend.allocate(byteCount: 4321)
    }
    let said = String(decoding: end?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains("allocating 4321 bytes") && said.contains("CUDA_ERROR_INVALID_VALUE"), "\(said)")
  }

  @Test("a launch that fails late ends the program when results are read, with the kernel's name")
  func lateLaunch() async throws {
    let end = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let device = try StandIn(isChecked: false)
      let x = Blueprint([1, 2, 3], [3], .float32).tensor(on: device.backend)
      try device.failLaunch(1, with: 700)
      let y = x * x
      _ = y.array(of: Float.self)
    }
    let said = String(decoding: end?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains("reading 12 bytes") && said.contains("launched last: multiply"), "\(said)")
  }
}
