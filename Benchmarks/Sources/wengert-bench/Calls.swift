import Wengert

/// What a call of a compiled function costs beyond its kernels.
enum Calls {
  static func run() {
    for count in [1, 10, 100] {
      let x = (0..<count).map { normal([8], seed: $0) }
      let compiled = compile { (x: [Tensor]) -> [Tensor] in [x[0] + 1] }
      let profiler = Profiler()
      let calls = 2000
      func microseconds() -> Double {
        Measurement(repeats: 9) { for _ in 0..<calls { withExtendedLifetime(compiled(x)) {} } }.median * 1000 / Double(calls)
      }
      let whole = microseconds()
      compiled.profiler = profiler
      _ = compiled(x)
      profiler.reset()
      for _ in 0..<calls { withExtendedLifetime(compiled(x)) {} }
      let kernels = profiler.total / .microseconds(1) / Double(calls)
      show("compiled call, \(count) arguments: \(rounded(whole)) µs, of which the kernel \(rounded(kernels)) µs")
    }
  }

  private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
