import Testing
import Wengert
import WengertTestSupport

@_spi(Backend) @testable import WengertCPU
@_spi(Backend) @testable import WengertCore

@Suite("Idle memory")
struct MemoryTests {
  /// In a process of its own, where nothing else takes memory.
  @Test("trimMemory gives back pooled blocks, idle arenas, what threads keep and cached programs, and all goes on as before")
  func trim() async {
    await #expect(processExitsWith: .success) {
      ThreadPool.shared.withThreadCount(1) {
        let device = Device.cpu
        let x = Tensor.ones([256, 256]) / 256
        let f = compile { (x: Tensor) in x.matmul(x).softmax().matmul(x).sum(axes: [1]) }
        let value = f(x).array(of: Float.self)
        _ = (x + 1).sum().item()
        let arena = f.program!.arenaByteCount
        let before = device.memoryStatistics
        ensure(arena > 0 && before.bytesPooled > 0 && before.bytesOfThreads > 0, "nothing is idle: \(before), an arena of \(arena)")
        ensure(ViewKernels.programs.count > 0 && CPUBackend.shared.plans.count > 0, "nothing is cached")

        device.trimMemory()
        let after = device.memoryStatistics
        ensure(after.bytesPooled == 0 && after.bytesOfThreads == 0, "idle memory is left: \(after)")
        ensure(after.bytesInUse <= before.bytesInUse - arena, "the arena is left: \(before), then \(after)")
        ensure(after.peakBytesInUse == before.peakBytesInUse, "the peak is forgotten")
        let cached = [
          ViewKernels.programs.count, ElementwisePrograms.programs.count, RowFunctions.programs.count, CPUBackend.shared.plans.count,
        ]
        ensure(cached.allSatisfy { $0 == 0 }, "cached programs are left: \(cached)")

        ensure(f(x).array(of: Float.self) == value, "the program computes something else")
        ensure(f.statistics.compilations == 1, "the program is gone")
      }
    }
  }

  @Test("idle arenas are bounded, and the one that fits best is taken")
  func arenas() async {
    await #expect(processExitsWith: .success) {
      let backend = ReferenceBackend()
      let arenas = [1000, 3000, 2000].map { Arena.take($0, on: backend)! }
      arenas.forEach(Arena.giveBack)
      let fitting = Arena.take(1500, on: backend)!
      ensure(fitting === arenas[2], "not the smallest that is large enough")
      let larger = Arena.take(5000, on: backend)!
      ensure(!arenas.contains { $0 === larger } && larger.storage.byteCount >= 5000, "too small")
      ensure(Arena.take(500, on: backend) === arenas[0], "the largest made no room for a larger one")
      ensure(Arena.take(500, on: ReferenceBackend()) !== arenas[0], "another backend's")
      Arena.giveBack(fitting)
      Arena.releaseIdle(of: backend)
      ensure(Arena.take(1500, on: backend) !== fitting, "an arena that was released")

      let many = (0..<Arena.largestCache + 5).map { _ in Arena.take(100, on: backend)! }
      many.forEach(Arena.giveBack)
      let again = many.map { _ in Arena.take(100, on: backend)! }
      let kept = again.filter { next in many.contains { $0 === next } }
      ensure(kept.count == Arena.largestCache, "\(kept.count) were kept")
      ensure(!kept.contains { $0 === many[0] } && kept.contains { $0 === many[many.count - 1] }, "the oldest stayed")
    }
  }
}
