import CProbes
import Foundation
import Wengert

/// What calls cost beyond their arithmetic: of small operations one by one beside PyTorch, and of compiled functions, with the memory blocks that each call asks for.
enum Calls {
  static func run(_ arguments: inout Arguments) {
    let rounds = arguments.count("--rounds") ?? 9
    _ = arguments.end()
    Machine.pin(to: 1)
    let torch = Peer("torch", script: "calls_peer.py", ["--threads", "1"])
    defer { torch?.stop() }
    Machine.showHeading(threads: 1, peers: [torch].compactMap(\.self))
    show("medians; x torch: the median of the ratios of \(rounds) rounds, in turn with PyTorch")
    show(cells("call", "µs", "allocations", "torch µs", "x torch"))
    for row in small() {
      let times = Rounds(
        rounds, [("ours", { _ in microseconds(row.call) }), ("torch", { _ in torch?.measure(row.name, repeats: 7) })])
      show(
        cells(
          row.name, text(times.median("ours")), text(allocations(row.call)), text(times.median("torch")),
          text(times.ratio("ours", to: "torch"))))
    }
    for count in [1, 10, 100] {
      let x = (0..<count).map { normal([8], seed: $0) }
      let compiled = compile { (x: [Tensor]) -> [Tensor] in [x[0] + 1] }
      let call = { withExtendedLifetime(compiled(x)) {} }
      let whole = microseconds(call), allocations = allocations(call)
      let profiler = Profiler()
      compiled.profiler = profiler
      call()
      profiler.reset()
      for _ in 0..<calls { call() }
      let kernels = profiler.total / .microseconds(1) / Double(calls)
      show(cells("compiled, \(count) arguments", text(whole), text(allocations)) + "   of which the kernel \(text(kernels)) µs")
    }
  }

  /// In the peer's script under the same names.
  private static func small() -> [(name: String, call: () -> Void)] {
    let a = normal([16]), b = normal([16], seed: 2), m = normal([16, 16], seed: 3), n = normal([16, 16], seed: 4)
    let parameters = [normal([16, 16], seed: 5), normal([16], seed: 6), normal([16, 16], seed: 7), normal([16], seed: 8)]
    func loss(_ p: [Tensor]) -> Tensor {
      let hidden = relu(m.matmul(p[0]) + p[1])
      return square(hidden.matmul(p[2]) + p[3]).sum()
    }
    return [
      ("add-16", { withExtendedLifetime(a + b) {} }),
      ("matmul-16", { withExtendedLifetime(m.matmul(n)) {} }),
      ("softmax-16", { withExtendedLifetime(a.softmax()) {} }),
      ("network-gradient-16", { withExtendedLifetime(gradient(at: parameters, loss)) {} }),
    ]
  }

  private static let calls = 1000

  private static func microseconds(_ call: () -> Void) -> Double {
    Measurement(repeats: 7) { for _ in 0..<calls { call() } }.median * 1000 / Double(calls)
  }

  /// Blocks that a call asks for on its thread, once it is warm.
  private static func allocations(_ call: () -> Void) -> Double {
    let before = allocation_count()
    for _ in 0..<calls { call() }
    return Double(allocation_count() - before) / Double(calls)
  }

  private static func text(_ value: Double?) -> String { value.map { String(format: "%.2f", $0) } ?? "" }

  private static func cells(_ name: String, _ rest: String...) -> String {
    let padded = rest.map { String(repeating: " ", count: max(0, 12 - $0.count)) + $0 }
    return name + String(repeating: " ", count: max(0, 24 - name.count)) + padded.joined()
  }
}
