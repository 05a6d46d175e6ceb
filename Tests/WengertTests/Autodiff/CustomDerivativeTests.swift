import Testing
import WengertTestSupport

@Suite("checkpoint and customDerivative")
struct CustomDerivativeTests {
  private let point = Tensor([0.3, -0.7, 1.1], dtype: .float64)

  private static func deep(_ x: [Tensor]) -> Tensor {
    var y = x[0]
    for _ in 0..<4 { y = tanh(y * x[1]) + y }
    return y.sum()
  }

  @Test("checkpoint changes neither value nor gradient, first and second order, nor a forward derivative")
  func checkpointEqual() {
    let x = [point, point * 2 + 1]
    let plain: @Sendable ([Tensor]) -> Tensor = { Self.deep($0) }
    let saved: @Sendable ([Tensor]) -> Tensor = { checkpoint($0) { Self.deep($0) } }
    #expect(numbers([plain(x)]) == numbers([saved(x)]))
    expectNear(numbers(gradient(at: x, saved)), numbers(gradient(at: x, plain)), 1e-15, "gradient")
    expectNear(
      numbers(hessianVectorProduct(at: x, along: x, saved)), numbers(hessianVectorProduct(at: x, along: x, plain)), 1e-14, "second order")
    expectNear(numbers([jvp(at: x, along: x, saved).tangent]), numbers([jvp(at: x, along: x, plain).tangent]), 1e-15, "jvp")
    let reverse = gradient(at: x) { x in total(gradient(at: x, saved)) }
    expectNear(numbers(reverse), numbers(gradient(at: x) { x in total(gradient(at: x, plain)) }), 1e-14, "reverse over reverse")
  }

  @Test("checkpoint keeps no inner value: its function runs again for the gradient")
  func checkpointRuns() {
    let counter = Counter()
    _ = gradient(at: point) { x in
      checkpoint(x) {
        counter.add()
        return ($0 * $0).sum()
      }
    }
    #expect(counter.count == 2)
  }

  @Test("checkpoints nest, and pass whole-number leaves")
  func checkpointNests() {
    let f: @Sendable ([Tensor]) -> Tensor = { x in
      checkpoint(x) { x in checkpoint([exp(x[0]), x[1]]) { $0[0].gather($0[1]).sum() } + x[0].sum() }
    }
    let indices = Tensor([0, 2, 2] as [Int])
    let g = gradient(at: [point, indices], f)
    let e = exp(point).array(of: Double.self)
    expectNear(numbers([g[0]]), [e[0] + 1, 1, 2 * e[2] + 1], 1e-14, "nested")
    #expect(g[1].array() == [0, 0, 0])
  }

  @Test("what derivatives of derivatives keep of a checkpoint's function ends with them", arguments: ["jvp", "vjp", "gradient"])
  func memory(_ way: String) {
    final class Kept: Sendable { let factor = 2.0 }
    weak var kept: Kept?
    do {
      let held = Kept()
      kept = held
      let x = Tensor([1.0, 2], dtype: .float64)
      func slope(_ x: Tensor) -> Tensor { gradient(at: x) { checkpoint($0) { ($0 * $0 * held.factor).sum() } } }
      let second =
        switch way {
        case "jvp": jvp(at: x, along: x, slope).tangent
        case "vjp": vjp(at: x, slope).pullback(x)
        default: gradient(at: x) { (slope($0) * x).sum() }
        }
      #expect(second.array(of: Double.self) == [4, 8])
    }
    #expect(kept == nil)
  }

  @Test("checkpoint ends the program where its function captures a traced tensor")
  func checkpointCaptures() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor([1, 2], dtype: .float64)
      _ = gradient(at: x) { x in checkpoint(x * 2) { ($0 * x).sum() } }
    }
    .expectsMessage("checkpoint: its function uses a traced tensor that is not one of its arguments")
  }

  /// x³ with a derivative of 100x², to tell the two apart.
  private static func cube(_ x: Tensor) -> Tensor {
    customDerivative(
      [x], forward: { $0[0] * $0[0] * $0[0] }, vjp: { inputs, _, cotangent in [inputs[0] * inputs[0] * 100 * cotangent] },
      jvp: { inputs, tangents in inputs[0] * inputs[0] * 100 * tangents[0] })
  }

  @Test("customDerivative uses the rules given, in both modes, and differentiates them again")
  func custom() {
    let x = Tensor([1, 2], dtype: .float64)
    #expect(Self.cube(x).array() == [1.0, 8])
    #expect(gradient(at: x) { Self.cube($0).sum() }.array() == [100.0, 400])
    #expect(jvp(at: x, along: x) { Self.cube($0) }.tangent.array() == [100.0, 800])
    #expect(hessianVectorProduct(at: x, along: x) { Self.cube($0).sum() }.array() == [200.0, 800])
    #expect(gradient(at: x) { gradient(at: $0) { Self.cube($0).sum() }.sum() }.array() == [200.0, 400])
  }

  @Test("customDerivative may see its result, leave an input without cotangent, and give another dtype")
  func customDetails() {
    let x = [Tensor([1, 2], dtype: .float32), Tensor([3, 4], dtype: .float32)]
    let g = gradient(at: x) { x in
      customDerivative(x, forward: { exp($0[0]) * $0[1] }, vjp: { _, y, ct in [(y * ct).cast(to: .float64), nil] }).sum()
    }
    #expect(g.map(\.dtype) == [.float32, .float32])
    #expect(g[1].array() == [0.0, 0])
    expectClose(
      g[0].array(of: Double.self), (exp(x[0]) * x[1]).array(of: Double.self), .elementwise(.float32), "result as derivative")
  }

  @Test("forward mode without a jvp ends the program")
  func noForward() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor([1, 2], dtype: .float64)
      _ = jvp(at: x, along: x) { x in customDerivative([x], forward: { $0[0] }, vjp: { _, _, ct in [ct] }) }
    }
    .expectsMessage("customDerivative: has no jvp, and forward mode needs one")
  }
}

private final class Counter: @unchecked Sendable {
  private(set) var count = 0
  func add() { count += 1 }
}
