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

  /// New values of the arguments: another value of the type where the program made one, otherwise the old one, its mirror image or another argument.
  private func newState(_ program: RandomProgram, _ state: [Tensor], _ seed: UInt64) -> [Tensor] {
    var generator = SplitMix64(seed: seed)
    let values = program.values(state)
    return state.map { old in
      let known = values.filter { $0.shape == old.shape && $0.dtype == old.dtype }
      let chosen = known[Int.random(in: 0..<known.count, using: &generator)]
      let isSquare = old.rank == 2 && old.shape[0] == old.shape[1]
      switch Int.random(in: 0..<6, using: &generator) {
      case 0 where old.dtype.isFloating: return old.flip()
      case 1 where isSquare: return old.transpose()
      case 2 where old.dtype.isFloating: return chosen * 0.5
      default: return chosen
      }
    }
  }

  @Test("arguments that are written over get the eager step's values, and old values that are returned stay", arguments: 0..<10)
  func updates(_ block: Int) {
    for number in 0..<20 {
      let seed = UInt64(4000 + block * 20 + number)
      let program = RandomProgram(seed: seed, operations: 10)
      let step = compileUpdate({ (state: inout [Tensor]) -> [Tensor] in
        let old = state
        state = newState(program, state, seed)
        return [old[0], old[1], program.values(old).last!]
      })
      var expected = program.arguments
      // Memory of its own, as the caller of a step holds it.
      var state = expected.map { Tensor($0.array(of: Double.self), shape: $0.shape).cast(to: $0.dtype) }
      for call in 0..<3 {
        let old = expected
        expected = newState(program, expected, seed)
        let results = step(&state)
        for (i, (a, e)) in zip(results + state, [old[0], old[1], program.values(old).last!] + expected).enumerated() {
          guard let fault = difference(a, e) else { continue }
          Issue.record("seed \(seed), call \(call), value \(i): \(fault)\n\(program.text)\n\(step.program!.graph)")
          return
        }
      }
    }
  }

  @Test("one program serves any number of rows", arguments: 0..<10)
  func symbols(_ block: Int) {
    let shapes: [String: [Dimension]] = [
      "0.0": ["batch", -1], "0.1": [-1, "batch"], "0.3": ["batch", 1], "0.4": ["batch", -1],
    ]
    for number in 0..<15 {
      let seed = UInt64(6000 + block * 15 + number)
      let program = RandomProgram(seed: seed, isSymbolic: true)
      let compiled = compile(program.run, CompileOptions(shapes: shapes))
      for rows in [7, 5, 1, 12] {
        var maker = RandomProgramMaker(seed: seed, isSymbolic: true)
        let made = maker.arguments(rows: rows)
        let arguments = made.floats + made.integers
        for (i, (a, e)) in zip(compiled(arguments), program.run(arguments)).enumerated() {
          guard let fault = difference(a, e) else { continue }
          Issue.record("seed \(seed), \(rows) rows, result \(i): \(fault)\n\(program.text)")
          return
        }
      }
      #expect(compiled.statistics.compilations == 1)
    }
  }
}
