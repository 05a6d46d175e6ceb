import CBLAS
import Foundation
import Wengert

/// The median of measured calls, in milliseconds.
struct Measurement {
  var median: Double

  /// Calls `body` until it is warm, then measures it `repeats` times; of calls that take less than a fifth of a millisecond, as many at once as fill it.
  ///
  /// - Parameter isWarm: it has been called before; so a call that takes longer than warming up counts. The first call may compile.
  init(repeats: Int, isWarm: Bool = false, _ body: () -> Void) {
    let clock = ContinuousClock()
    var total = 0.0, calls = 0
    var times: [Double] = []
    if !isWarm { body() }
    repeat {
      let time = clock.measure(body) / .milliseconds(1)
      total += time
      calls += 1
      if isWarm && time > Self.warmUp { times.append(time) }
    } while total < Self.warmUp && calls < 1000
    let together = max(1, Int(0.2 / total * Double(calls)))
    while times.count < repeats {
      times.append(clock.measure { for _ in 0..<together { body() } } / .milliseconds(1) / Double(together))
    }
    median = Rounds.median(times)
  }

  /// Milliseconds.
  private static let warmUp = 100.0
}

extension Row {
  /// One call of this row: of the compiled function, or of the function operation by operation.
  func prepare(isCompiled: Bool = true) -> () -> Void {
    switch body {
    case .function(let inputs, let function):
      let x = inputs()
      guard isCompiled else { return { withExtendedLifetime(function(x)) {} } }
      let compiled = compile(function)
      return { withExtendedLifetime(compiled(x)) {} }
    case .step(let prepare):
      return prepare()
    }
  }
}

/// Calls against which a row is held, measured in the same run.
enum Yardstick {
  /// A copy that moves `bytes`, half of them read and half written, by `threads` threads into memory that is there.
  static func copy(bytes: Int, threads: Int) -> () -> Void {
    let count = max(bytes / 2, 64)
    let source = Memory(count), target = Memory(count)
    return {
      DispatchQueue.concurrentPerform(iterations: threads) { part in
        let start = count * part / threads, end = count * (part + 1) / threads
        memcpy(target.pointer + start, source.pointer + start, end - start)
      }
    }
  }

  /// A single call of OpenBLAS with its own threads; one for each matrix of a batch.
  static func product(_ product: Product, threads: Int) -> () -> Void {
    let (m, k, n) = (product.m, product.k, product.n)
    let a = Memory(floats: product.batch * m * k), b = Memory(floats: product.batch * k * n), c = Memory(floats: product.batch * m * n)
    let left = product.isLeftTransposed ? CblasTrans : CblasNoTrans, right = product.isRightTransposed ? CblasTrans : CblasNoTrans
    let leftStride = Int32(product.isLeftTransposed ? m : k), rightStride = Int32(product.isRightTransposed ? k : n)
    return {
      openblas_set_num_threads(Int32(threads))
      defer { openblas_set_num_threads(1) }
      if n == 1 {
        cblas_sgemv(CblasRowMajor, CblasNoTrans, Int32(m), Int32(k), 1, a.floats, Int32(k), b.floats, 1, 0, c.floats, 1)
        return
      }
      for i in 0..<product.batch {
        cblas_sgemm(
          CblasRowMajor, left, right, Int32(m), Int32(n), Int32(k), 1, a.floats + i * m * k, leftStride, b.floats + i * k * n, rightStride,
          0, c.floats + i * m * n, Int32(n))
      }
    }
  }

  /// What OpenBLAS takes the processor for.
  static var blasCore: String { String(cString: openblas_get_corename()) }

  /// Written once, in large pages.
  private final class Memory: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    init(_ count: Int) {
      pointer = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 2 << 20)
      madvise(pointer, count, MADV_HUGEPAGE)
      memset(pointer, 1, count)
    }

    convenience init(floats count: Int) {
      self.init(count * 4)
      for i in 0..<count { floats[i] = Float(i % 17) - 8 }
    }

    var floats: UnsafeMutablePointer<Float> { pointer.assumingMemoryBound(to: Float.self) }

    deinit { pointer.deallocate() }
  }
}
