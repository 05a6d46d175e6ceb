import CBLAS
import Foundation
import Wengert

/// The median of measured calls, in milliseconds.
struct Measurement {
  var median: Double

  /// Calls `body` until it is warm, then measures it at least `repeats` times.
  init(repeats: Int, _ body: () -> Void) {
    let clock = ContinuousClock()
    let end = clock.now + .milliseconds(200)
    var calls = 0
    repeat {
      body()
      calls += 1
    } while calls < 2 || (clock.now < end && calls < 1000)
    let times = (0..<max(repeats, 5)).map { _ in clock.measure(body) / .milliseconds(1) }
    median = times.sorted()[times.count / 2]
  }
}

extension Row {
  /// Our time for this row: of the compiled function, or of the function call by call.
  func measure(repeats: Int, isCompiled: Bool = true) -> Measurement {
    switch body {
    case .function(let inputs, let function):
      let x = inputs()
      if isCompiled {
        let compiled = compile(function)
        return Measurement(repeats: repeats) { withExtendedLifetime(compiled(x)) {} }
      }
      return Measurement(repeats: repeats) { withExtendedLifetime(function(x)) {} }
    case .step(let prepare):
      let step = prepare()
      return Measurement(repeats: repeats, step)
    }
  }
}

/// Times against which a row is held, measured in the same run.
enum Yardstick {
  /// A copy that moves `bytes`, half of them read and half written, by `threads` threads into memory that is there.
  static func copy(bytes: Int, threads: Int, repeats: Int) -> Measurement {
    let count = max(bytes / 2, 64)
    let source = buffer(count), target = buffer(count)
    defer {
      source.pointer.deallocate()
      target.pointer.deallocate()
    }
    return Measurement(repeats: repeats) {
      DispatchQueue.concurrentPerform(iterations: threads) { part in
        let start = count * part / threads, end = count * (part + 1) / threads
        memcpy(target.pointer + start, source.pointer + start, end - start)
      }
    }
  }

  /// A single call of OpenBLAS with its own threads.
  static func product(_ m: Int, _ k: Int, _ n: Int, batch: Int, threads: Int, repeats: Int) -> Measurement {
    let a = floats(batch * m * k), b = floats(batch * k * n), c = floats(batch * m * n)
    defer { for memory in [a, b, c] { memory.deallocate() } }
    openblas_set_num_threads(Int32(threads))
    defer { openblas_set_num_threads(1) }
    return Measurement(repeats: repeats) {
      for i in 0..<batch {
        cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, a + i * m * k, Int32(k), b + i * k * n, Int32(n), 0,
          c + i * m * n, Int32(n))
      }
    }
  }

  /// What OpenBLAS takes the processor for.
  static var blasCore: String { String(cString: openblas_get_corename()) }

  private struct Buffer: @unchecked Sendable {
    var pointer: UnsafeMutableRawPointer
  }

  private static func buffer(_ count: Int) -> Buffer {
    let pointer = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 2 << 20)
    madvise(pointer, count, MADV_HUGEPAGE)
    memset(pointer, 1, count)
    return Buffer(pointer: pointer)
  }

  private static func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    let pointer = UnsafeMutablePointer<Float>.allocate(capacity: count)
    for i in 0..<count { (pointer + i).initialize(to: Float(i % 17) - 8) }
    return pointer
  }
}
