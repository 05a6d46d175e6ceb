import Testing
import Wengert

/// A row program holds truth values in bytes, which must not add up to 2.
@Suite("Truth values in compiled programs")
struct TruthValueTests {
  private static let functions: [(name: String, f: @Sendable (Tensor, Tensor) -> Tensor)] = [
    ("cast", { ($0 + $1).cast(to: .float16) * 3 }),
    ("sum", { ($0 + $1).sum() }),
    ("mean", { ($0 + $1).mean() }),
    ("equal", { ($0 + $1) .== $1 }),
    ("differ", { ($0 + $1) .^ $0 }),
    ("and", { ($0 + $1) .& $0 }),
    ("square", { (($0 + $1) * ($0 + $1)).cast(to: .float32) + 0.5 }),
    ("product", { ($0 + $1).reshape([2, 2]).prod(axes: [1]).cast(to: .float32) * 2 }),
    ("select", { select($0 + $1, $0.cast(to: .float32), $1.cast(to: .float32) - 1) }),
  ]

  @Test("sums and products of truth values are truth values, whatever comes next", arguments: functions.map(\.name))
  func arithmetic(name: String) {
    let f = Self.functions.first { $0.name == name }!.f
    let a = Tensor([true, false, true, true]), b = Tensor([true, true, false, true])
    #expect(compile(f)(a, b).array(of: Double.self) == f(a, b).array(of: Double.self))
    let sum = compile { (a: Tensor, b: Tensor) in (a + b).cast(to: .float32) * 2 }(a, b)
    #expect(sum.array(of: Double.self) == [2, 2, 2, 2])
  }

  @Test("a mask of two conditions counts once in a gradient")
  func gradients() {
    let f: @Sendable (Tensor) -> Tensor = { x in gradient(at: x) { ((($0 .> 0) + ($0 .< 0.5)).cast(to: .float64) * $0 * 3).sum() }.sum() }
    let x = Tensor([0.25, 1, -1], dtype: .float64)
    #expect(compile(f)(x).item() == f(x).item())
  }

  @Test("zero minus zero is zero, compiled too, and its inverse the positive infinity")
  func zeros() {
    let x = Tensor([0.0, -0.0], dtype: .float64)
    let f: @Sendable (Tensor) -> Tensor = { 1 / (0 - $0) }
    #expect(f(x).array(of: Double.self) == [.infinity, .infinity] && compile(f)(x).array(of: Double.self) == [.infinity, .infinity])
  }
}
