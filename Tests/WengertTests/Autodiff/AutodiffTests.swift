import Foundation
import Testing
@_spi(Backend) import WengertTestSupport

/// What a derivative is of, whatever the operation.
@Suite("Semantics of automatic differentiation")
struct AutodiffTests {
  private func x(_ values: Double...) -> Tensor { Tensor(values, dtype: .float64) }
  private func scalar(_ value: Double) -> Tensor { Tensor(value, dtype: .float64) }

  @Test("a nested gradient does not confuse its variable with the outer one")
  func perturbation() {
    // d/dx [x · d/dy (x + y)] = 1, where confusing x with y gives 2 (Siskind & Pearlmutter 2005).
    let outer = gradient(at: scalar(3)) { x in x * gradient(at: scalar(1)) { y in x + y } }
    #expect(outer.item() == 1)
    let forward = jvp(at: scalar(3), along: scalar(1)) { x in x * jvp(at: scalar(1), along: scalar(1)) { y in x + y }.tangent }
    #expect(forward.tangent.item() == 1)
    let mixed = jvp(at: scalar(3), along: scalar(1)) { x in x * gradient(at: scalar(1)) { y in x * y } }
    #expect(mixed.tangent.item() == 6)
  }

  @Test("an inner closure captures the outer variable: d/dx of d/dy (x²y³) at (2, 3) is 2x · 3y²")
  func captured() {
    let result = gradient(at: scalar(2)) { x in gradient(at: scalar(3)) { y in x * x * y * y * y } }
    #expect(result.item() == 2 * 2 * 3 * 9)
  }

  @Test("derivatives to the fifth order of sin are its cycle, in any mix of modes")
  func orders() {
    let point = 0.7
    typealias Function = @Sendable (Tensor) -> Tensor
    let reverse: @Sendable (@escaping Function) -> Function = { f in { x in gradient(at: x, f) } }
    let forward: @Sendable (@escaping Function) -> Function = { f in { x in jvp(at: x, along: Tensor(1, dtype: .float64), f).tangent } }
    let expected = [sin(point), cos(point), -sin(point), -cos(point), sin(point), cos(point)]
    for pattern in 0..<32 {
      var f: Function = { Wengert.sin($0) }
      for order in 0...5 {
        expectNear([f(scalar(point)).item()], [expected[order]], 1e-12, "order \(order), pattern \(pattern)")
        f = pattern >> order & 1 == 0 ? reverse(f) : forward(f)
      }
    }
  }

  @Test("a pullback can be called as often as wanted, also when its closure has ended")
  func pullbackTwice() {
    let (value, pullback) = vjp(at: x(1, 2, 3)) { $0 * $0 }
    #expect(value.array() == [1.0, 4, 9])
    #expect(pullback(x(1, 1, 1)).array() == [2.0, 4, 6])
    #expect(pullback(x(0, 1, 10)).array() == [0.0, 4, 60])
  }

  @Test("a pullback is itself differentiable with respect to the cotangent and to an outer variable")
  func pullbackTraced() {
    let (_, pullback) = vjp(at: x(1, 2)) { $0 * $0 }
    #expect(gradient(at: x(5, 7)) { pullback($0).sum() }.array() == [2.0, 4])
    let second = gradient(at: x(1, 2)) { outer in
      let (_, pullback) = vjp(at: outer) { $0 * $0 * $0 }
      return pullback(Tensor([1, 10], dtype: .float64)).sum()
    }
    #expect(second.array() == [6.0, 120])
  }

  struct Model: ParameterTree {
    var weight: Tensor
    var layers: [Tensor]
    var named: [String: Tensor]
    var bias: Tensor?
    var missing: Tensor?
    var steps: Tensor

    static let fields: [Field<Model>] = [
      .init("weight", \.weight), .init("layers", \.layers), .init("named", \.named), .init("bias", \.bias), .init("missing", \.missing),
      .init("steps", \.steps),
    ]
  }

  @Test("the gradient of a model is a model: struct, array, dictionary and optional; unused and whole-number leaves get zeros")
  func trees() {
    let model = Model(
      weight: x(1, 2), layers: [x(3), x(4)], named: ["b": x(5), "a": x(6)], bias: x(7), missing: nil, steps: Tensor([1, 2, 3] as [Int]))
    let g = gradient(at: model) { m in (m.weight * m.weight).sum() + (m.layers[1] * m.named["a"]!).sum() + m.bias!.sum() * 3 }
    #expect(g.weight.array() == [2.0, 4])
    #expect(g.layers[0].array() == [0.0])
    #expect(g.layers[1].array() == [6.0])
    #expect(g.named["a"]!.array() == [4.0] && g.named["b"]!.array() == [0.0])
    #expect(g.bias!.array() == [3.0] && g.missing == nil)
    #expect(g.steps.array() == [0, 0, 0] && g.steps.dtype == .int64)
    #expect(g.namedTensors.map(\.name) == ["weight", "layers.0", "layers.1", "named.a", "named.b", "bias", "steps"])
  }

  @Test("a jvp through a model moves every leaf along its tangent")
  func treeTangent() {
    let model = Model(weight: x(1, 2), layers: [], named: ["a": x(6)], bias: nil, missing: nil, steps: Tensor([1] as [Int]))
    var along = model.map { _, x in Tensor.zeros(x.shape, dtype: x.dtype) }
    along.named["a"] = x(1)
    along.weight = x(0, 1)
    let result = jvp(at: model, along: along) { [$0.weight * $0.named["a"]!, $0.weight * 2] }
    #expect(result.tangent[0].array() == [1.0, 8] && result.tangent[1].array() == [0.0, 2])
  }

  @Test("stopGradient cuts one path and no other")
  func stop() {
    #expect(gradient(at: scalar(3)) { stopGradient($0) * $0 }.item() == 3)
    #expect(gradient(at: scalar(3)) { stopGradient($0 * $0) }.item() == 0)
    #expect(jvp(at: scalar(3), along: scalar(1)) { stopGradient($0) * $0 }.tangent.item() == 3)
  }

  @Test("a value used after its derivative ended is a constant")
  func outlived() {
    nonisolated(unsafe) var kept = scalar(0)
    let first = gradient(at: scalar(3)) { x in
      kept = x * x
      return kept
    }
    #expect(first.item() == 6)
    #expect((kept * 2).item() == 18)
    #expect(gradient(at: scalar(5)) { $0 * kept }.item() == 9)
    // Its ended tape is newer than an outer one that is still open: the outer variable keeps its gradient.
    let outer = gradient(at: scalar(2)) { x in
      nonisolated(unsafe) var inner = scalar(0)
      _ = gradient(at: scalar(7)) { y in
        inner = x * y
        return inner
      }
      return inner * x
    }
    #expect(outer.item() == 2 * 7 * 2)
  }

  @Test("a value that outlived the innermost derivative does not hide an open one in between")
  func outlivedBetween() {
    let result = gradient(at: scalar(2)) { x in
      gradient(at: scalar(3)) { y in
        nonisolated(unsafe) var kept = scalar(0)
        _ = gradient(at: scalar(5)) { z in
          kept = x * z
          return kept
        }
        // kept = 5x is recorded for x and for the ended z, but not for y.
        return kept * y * y
      }
    }
    // d/dx [5x · 2y] at y = 3
    #expect(result.item() == 30)
  }

  @Test("select lets no NaN through from the branch that was not chosen")
  func select() {
    let g = gradient(at: [x(1, .nan, 3), x(.nan, 5, .infinity)]) { x in
      Wengert.select(Tensor([true, false, true]), x[0] * x[0], x[1]).sum()
    }
    #expect(g[0].array()[0] == 2.0 && g[0].array()[2] == 6.0 && g[1].array() == [0.0, 1, 0])
    // A NaN that arrives goes only to what was chosen.
    let (_, pullback) = vjp(at: [x(1, 2), x(3, 4)]) { Wengert.select(Tensor([true, false]), $0[0], $0[1]) }
    let cotangents = pullback(x(.nan, .infinity))
    #expect(cotangents[0].array(of: Double.self)[1] == 0 && cotangents[1].array(of: Double.self)[0] == 0)
    let double = hessianVectorProduct(at: x(0, 4), along: x(1, 1)) { x in
      let positive = x .> 0
      return Wengert.select(positive, sqrt(Wengert.select(positive, x, x.constantOne)), x * x).sum()
    }
    #expect(double.array() == [2.0, -0.03125])
  }

  @Test("the gradient of a log-sum-exp of nothing but −∞ is zero")
  func emptyRows() {
    let g = gradient(at: x(-.infinity, -.infinity, 1, 1).reshape([2, 2])) { $0.logSumExp(axes: [1])[1] }
    expectNear(numbers([g]), [0, 0, 0.5, 0.5], 1e-15, "gradient")
  }

  @Test("the gradient of a norm is zero at the zero vector, and clip passes all at its bounds and none outside")
  func kinks() {
    #expect(gradient(at: x(0, 0)) { $0.norm() }.array() == [0.0, 0])
    #expect(gradient(at: x(-3, -1, 0.5, 1, 3)) { clip($0, -1, 1).sum() }.array() == [0.0, 1, 1, 1, 0])
    #expect(gradient(at: x(2, 2, 1)) { $0.max() }.array() == [0.5, 0.5, 0])
  }

  @Test(
    "gradients of broadcast operands are summed to their shapes",
    arguments: [[], [1], [4], [3, 1], [1, 4], [2, 1, 1], [1, 3, 4]] as [Shape])
  func broadcasting(_ shape: Shape) {
    let a = Tensor.full(2, shape, dtype: .float64), b = Tensor.full(3, [2, 3, 4], dtype: .float64)
    let g = gradient(at: [a, b]) { ($0[0] * $0[1]).sum() }
    #expect(g[0].shape == shape && g[1].shape == [2, 3, 4])
    #expect(g[0].array(of: Double.self).allSatisfy { $0 == 3 * 24 / Double(shape.elementCount) })
  }

  @Test("a gradient has its operand's dtype across casts and promotions")
  func dtypes() {
    let half = Tensor([1, 2], dtype: .float16), single = Tensor([3, 4], dtype: .float32)
    let g = gradient(at: [half, single]) { ($0[0] * $0[1]).sum().cast(to: .float64) }
    #expect(g.map(\.dtype) == [.float16, .float32])
    #expect(g[0].array() == [3.0, 4] && g[1].array() == [1.0, 2])
    // A tangent of another dtype is converted.
    let t = jvp(at: single, along: x(1, 10)) { $0 * $0 }.tangent
    #expect(t.dtype == .float32 && t.array() == [6.0, 80])
    // Nothing flows through whole numbers.
    #expect(gradient(at: x(1.5)) { $0.cast(to: .int64).cast(to: .float64).sum() + $0.sum() }.array() == [1.0])
  }

  @Test("scalars of rank zero have derivatives of every order", arguments: ["sqrt", "exp", "pow", "divide", "maximum", "gelu"])
  func rankZero(_ name: String) {
    let f: @Sendable (Tensor) -> Tensor = { x in
      switch name {
      case "sqrt": sqrt(x)
      case "exp": exp(x)
      case "pow": pow(x, x)
      case "divide": 1 / x
      case "maximum": maximum(x * x, x)
      default: gelu(x)
      }
    }
    let point = scalar(1.7), step = 1e-5
    let first = (f(point + step) - f(point - step)) / (2 * step)
    #expect(Swift.abs(gradient(at: point, f).item() - first.item()) < 1e-8)
    let second = (gradient(at: point + step, f) - gradient(at: point - step, f)) / (2 * step)
    #expect(Swift.abs(gradient(at: point) { gradient(at: $0, f) }.item() - second.item()) < 1e-7)
  }

  @Test("gradients in several threads at once, sharing an outer value, are those of one thread")
  func threads() async {
    let weights = Tensor((0..<64).map { Double($0) / 10 }, dtype: .float64).reshape([8, 8])
    let f: @Sendable (Tensor) -> Tensor = { x in tanh(x.matmul(weights)).sum() }
    let points = (0..<16).map { start in Tensor((0..<8).map { Double($0 + start) / 20 }, dtype: .float64).reshape([1, 8]) }
    let expected = points.map { gradient(at: $0, f).array(of: Double.self) }
    let actual = await withTaskGroup(of: (Int, [Double]).self) { group in
      for (i, point) in points.enumerated() {
        group.addTask {
          var last: [Double] = []
          for _ in 0..<10 { last = gradient(at: point, f).array(of: Double.self) }
          return (i, last)
        }
      }
      return await group.reduce(into: [[Double]](repeating: [], count: 16)) { $0[$1.0] = $1.1 }
    }
    for (a, e) in zip(actual, expected) { expectNear(a, e, 1e-14, "a thread's gradient") }
  }
}

extension Tensor {
  var constantOne: Tensor { .full(1, shape, dtype: dtype, backend: backend) }
}
