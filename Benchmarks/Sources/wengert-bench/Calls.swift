import CProbes
import Foundation
import Wengert
import WengertNN

/// What calls cost beyond their arithmetic: of small operations one by one beside PyTorch, and of compiled functions, with the memory blocks that each call asks for.
enum Calls {
  static func run(_ arguments: inout Arguments) {
    let rounds = arguments.count("--rounds") ?? 9
    let only = arguments.list("--only")
    func isWanted(_ name: String) -> Bool { only.isEmpty || only.contains { name.hasPrefix($0) } }
    _ = arguments.end()
    Machine.pin(to: 1)
    let torch = Peer("torch", script: "calls_peer.py", ["--threads", "1"])
    defer { torch?.stop() }
    Machine.showHeading(threads: 1, peers: [torch].compactMap(\.self))
    show("medians; x torch: the median of the ratios of \(rounds) rounds, in turn with PyTorch")
    show(cells("call", "µs", "allocations", "torch µs", "x torch"))
    for row in small() where isWanted(row.name) {
      let times = Rounds(
        rounds, [("ours", { _ in microseconds(row.call) }), ("torch", { _ in torch?.measure(row.name, repeats: 7) })])
      show(
        cells(
          row.name, text(times.median("ours")), text(allocations(row.call)), text(times.median("torch")),
          text(times.ratio("ours", to: "torch"))))
    }
    for row in compiledRows() where isWanted(row.name) {
      let whole = microseconds(row.call), allocations = allocations(row.call)
      let profiler = Profiler()
      row.handle.profiler = profiler
      row.call()
      profiler.reset()
      for _ in 0..<calls { row.call() }
      row.handle.profiler = nil
      let kernels = profiler.total / .microseconds(1) / Double(calls)
      show(cells(row.name, text(whole), text(allocations)) + "   of which kernels \(text(kernels)) µs")
    }
  }

  /// Compiled functions that compute next to nothing, by what their arguments are.
  private static func compiledRows() -> [(name: String, handle: CompiledHandle, call: () -> Void)] {
    let x = normal([8]), keys = RandomKey(1).split(100)
    var rows: [(name: String, handle: CompiledHandle, call: () -> Void)] = []
    for count in [1, 10, 100] {
      let list = (0..<count).map { normal([8], seed: $0) }
      let f = compile { (x: [Tensor]) -> Tensor in x[0] + 1 }
      rows.append(("list of \(count)", f, { withExtendedLifetime(f(list)) {} }))
    }
    let linears = keys.map { Linear(8, 8, key: $0) }
    let f = compile { (model: [Linear], x: Tensor) -> Tensor in model[0].weight[0] + x }
    rows.append(("100 Linear", f, { withExtendedLifetime(f(linears, x)) {} }))
    let blocks = keys.prefix(6).map { TransformerBlock(width: 8, heads: 2, key: $0).map { $1 + 0 } }
    let g = compile { (model: [TransformerBlock], x: Tensor) -> Tensor in model[0].output.bias! + x }
    rows.append(("6 TransformerBlock", g, { withExtendedLifetime(g(blocks, x)) {} }))
    var state = Pair(Array(linears.prefix(10)), AdamW())
    state.second.state.prepare(for: state.first)
    let h = compileUpdate { (state: inout Pair<[Linear], AdamW>, x: Tensor) -> Tensor in
      state.first[0].bias! += x
      return x + 1
    }
    rows.append(("10 Linear with AdamW", h, { withExtendedLifetime(h(&state, x)) {} }))
    return rows
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
      ("exp-16", { withExtendedLifetime(exp(a)) {} }),
      ("sum-16", { withExtendedLifetime(m.sum(axes: [0])) {} }),
      ("concatenate-16", { withExtendedLifetime(concatenate([a, b])) {} }),
      ("slice-16", { withExtendedLifetime(m[1..<5]) {} }),
      ("reshape-16", { withExtendedLifetime(m.reshape([4, 64])) {} }),
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
