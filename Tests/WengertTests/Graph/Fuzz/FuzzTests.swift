import Testing
import Wengert
import WengertTestSupport

/// Random programs: compiled they give the values and gradients of the eager run, whatever the passes make of them.
@Suite("Random programs")
struct FuzzTests {
  private func check(_ seed: UInt64, _ options: CompileOptions) {
    let program = RandomProgram(seed: seed)
    guard let fault = fault(program, options) else { return }
    let reduced = program.reduced { self.fault($0, options) != nil }
    Issue.record("seed \(seed): \(fault)\n\(reduced.text)\n\(self.fault(reduced, options) ?? "")")
  }

  private func fault(_ program: RandomProgram, _ options: CompileOptions) -> String? {
    let expected = program.run(program.arguments)
    let compiled = compile(program.run, options)
    for call in 0..<2 {
      for (i, (a, e)) in zip(compiled(program.arguments), expected).enumerated() {
        if let fault = difference(a, e) { return "call \(call), result \(i): \(fault)" }
      }
    }
    return nil
  }

  /// Where two tensors differ by more than rounding; nil where they do not.
  private func difference(_ a: Tensor, _ e: Tensor) -> String? {
    guard a.shape == e.shape, a.dtype == e.dtype else { return "\(a.dtype)\(a.shape) instead of \(e.dtype)\(e.shape)" }
    let actual = a.array(of: Double.self), expected = e.array(of: Double.self)
    let size = max(1, expected.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0)
    for (i, (x, y)) in zip(actual, expected).enumerated() where !(x == y || x.isNaN && y.isNaN || abs(x - y) <= 1e-8 * size) {
      return "element \(i) of \(a.shape) is \(x) instead of \(y)"
    }
    return nil
  }

  @Test("values and gradients are the eager ones", arguments: 0..<20)
  func values(_ block: Int) {
    for seed in 0..<15 { check(UInt64(block * 15 + seed), CompileOptions()) }
  }

  @Test("also when the passes do not run", arguments: 0..<4)
  func plain(_ block: Int) {
    for seed in 0..<15 { check(UInt64(1000 + block * 15 + seed), CompileOptions(optimizes: false)) }
  }

  @Test("also when values are computed again to save memory", arguments: 0..<4)
  func budget(_ block: Int) {
    for seed in 0..<15 { check(UInt64(2000 + block * 15 + seed), CompileOptions(memoryBudget: 0)) }
  }

  @Test("also when every kernel's results are looked at", arguments: 0..<2)
  func nanCheck(_ block: Int) {
    for seed in 0..<10 { check(UInt64(3000 + block * 10 + seed), CompileOptions(nanCheck: true)) }
  }
}
