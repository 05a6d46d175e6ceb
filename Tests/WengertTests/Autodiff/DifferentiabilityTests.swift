import Testing
import Wengert
import WengertTestSupport

private func x(_ values: Double...) -> Tensor { Tensor(values, dtype: .float64) }
private func scalar(_ value: Double) -> Tensor { Tensor(value, dtype: .float64) }

/// Functions with nothing to differentiate, and the lines of what cuts them.
private enum Cuts {
  static func argMax() {
    _ = gradient(at: x(1, 3, 2)) { x in
      let place = x.argMax()
      return place.cast(to: .float64) * 2
    }
  }
  static let argMaxLine = #line - 4

  static func comparison() {
    _ = gradient(at: x(1, 3, 2)) { x in
      let mask = x .> 2
      return mask.cast(to: .float64).sum()
    }
  }
  static let comparisonLine = #line - 4

  static func choice() {
    _ = vjp(at: x(1, 3, 2)) { x in
      select(x .< 2, scalar(1), scalar(2))
    }
  }
  static let choiceLine = #line - 3

  static func cast() {
    _ = jvp(at: x(1, 3, 2), along: x(1, 1, 1)) { x in
      [floor(x).cast(to: .int64).cast(to: .float64) * 3, Tensor([1, 2] as [Int])]
    }
  }
}

/// What has no derivative is refused, what is zero almost everywhere is zero, and `stopGradient` says that zero is meant.
@Suite("What is differentiable")
struct DifferentiabilityTests {
  // MARK: Arguments

  @Test("an argument of whole numbers is refused by its type, in every mode")
  func wholeNumbers() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = gradient(at: Tensor([1, 2, 3] as [Int])) { ($0 * 0.5).sum() }
    }
    .expectsMessage(
      "DifferentiabilityTests.swift:\(#line - 4)",
      "gradient: the argument has no floating tensor, and whole numbers have no derivative: it is int64[3]. Convert it with cast(to: .float32) first"
    )
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = vjp(at: ["a": Tensor([1] as [Int32]), "b": Tensor([true])]) { $0["a"]!.cast(to: .float32) }
    }
    .expectsMessage("vjp: the argument has no floating tensor", "it is a int32[1], b bool[1]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = jvp(at: Tensor([1, 2] as [Int]), along: Tensor([1, 1] as [Int])) { $0 * 0.5 }
    }
    .expectsMessage("jvp: the argument has no floating tensor", "int64[2]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor([1, 2] as [Int])
      _ = hessianVectorProduct(at: x, along: x) { ($0 * 0.5).sum() }
    }
    .expectsMessage("hessianVectorProduct: the argument has no floating tensor", "int64[2]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = gradient(at: [Tensor]()) { _ in Tensor(1) }
    }
    .expectsMessage("gradient: the argument holds no tensor")
  }

  @Test("whole numbers beside floating tensors have the gradient zero")
  func mixed() {
    let g = gradient(at: [x(1, 2, 3), Tensor([2, 0] as [Int])]) { ($0[0].gather($0[1]) * 2).sum() }
    #expect(g[0].array() == [2.0, 0, 2])
    #expect(g[1].dtype == .int64 && g[1].array() == [0, 0])
  }

  @Test("a tensor that the function does not use has the gradient zero beside others, and is refused alone")
  func unused() async {
    #expect(gradient(at: [x(1, 2), x(3)]) { ($0[0] * $0[0]).sum() }[1].array() == [0.0])
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = gradient(at: ["bias": x(1, 2), "weight": x(3)]) { _ in scalar(3) }
    }
    .expectsMessage(
      "DifferentiabilityTests.swift:\(#line - 4)",
      "gradient: the result does not depend on the argument: bias float64[2], weight float64[1]", "stopGradient")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = gradient(at: x(1, 2)) { scalar($0.sum().item() * 3) }
    }
    .expectsMessage("gradient: the result does not depend on the argument: float64[2]", "not from numbers read out of them")
    // A function for which a cotangent or tangent is given may be constant.
    #expect(vjp(at: x(1, 2)) { _ in scalar(3) }.pullback(scalar(1)).array() == [0.0, 0])
    #expect(jvp(at: x(1, 2), along: x(1, 1)) { _ in scalar(3) }.tangent.item() == 0)
  }

  // MARK: Results

  @Test("a result that comes through whole numbers alone is refused by the operation and its line")
  func cut() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { Cuts.argMax() }
      .expectsMessage(
        "gradient: the result depends on the argument only through argMax", "DifferentiabilityTests.swift:\(Cuts.argMaxLine)",
        "which has no derivative", "stopGradient")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { Cuts.comparison() } }
      .expectsMessage("through greater", "DifferentiabilityTests.swift:\(Cuts.comparisonLine)")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { Cuts.choice() } }
      .expectsMessage("vjp: the result depends on the argument only through less", "DifferentiabilityTests.swift:\(Cuts.choiceLine)")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { Cuts.cast() }
      .expectsMessage("jvp: the result depends on the argument only through cast(to: int64)")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = vjp(at: x(1, 2)) { $0.argSort() } }
      .expectsMessage("vjp: the result depends on the argument only through argSort")
  }

  @Test("a path through whole numbers beside another one is a constant")
  func besides() {
    #expect(gradient(at: x(1, 3, 2)) { $0.argMax().cast(to: .float64) + ($0 * 2).sum() }.array() == [2.0, 2, 2])
    #expect(gradient(at: x(1, 3, 2)) { Wengert.select($0 .> 1.5, $0 * $0, scalar(0)).sum() }.array() == [0.0, 6, 4])
    #expect(gradient(at: x(3, 1, 2)) { ($0.sorted() * x(1, 10, 100)).sum() }.array() == [100.0, 1, 10])
    #expect(gradient(at: x(3, 1, 2)) { $0.topK(1).values.sum() }.array() == [1.0, 0, 0])
  }

  @Test("functions that are constant almost everywhere have the derivative zero")
  func constant() {
    let functions: [@Sendable (Tensor) -> Tensor] = [
      { floor($0) }, { ceil($0) }, { round($0) }, { sign($0) }, { $0.norm(0) }, { stopGradient($0) },
      { stopGradient($0.argMax().cast(to: .float64)) },
      { stopGradient($0).argMax().cast(to: .float64) }, { floor($0) + stopGradient($0) },
    ]
    for f in functions {
      #expect(gradient(at: x(1.5, -2.5)) { f($0).sum() }.array() == [0.0, 0])
      #expect(vjp(at: x(1.5, -2.5), f).pullback(f(x(1.5, -2.5))).array() == [0.0, 0])
      #expect(jvp(at: x(1.5, -2.5), along: x(1, 1), f).tangent.array(of: Double.self).allSatisfy { $0 == 0 })
    }
    // The result alone can say so of a constant.
    #expect(gradient(at: x(1.5, -2.5)) { _ in stopGradient(scalar(2)) }.array() == [0.0, 0])
  }

  @Test("zero that is meant beside zero that is not is refused")
  func stoppedAndCut() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = gradient(at: x(1, 2)) { stopGradient($0).sum() + floor($0).sum() + $0.argMin().cast(to: .float64) }
    }
    .expectsMessage("only through argMin")
  }

  // MARK: Derivatives of derivatives

  @Test("the second derivative of a linear function is zero, in all four orders")
  func linear() {
    let f: @Sendable (Tensor) -> Tensor = { ($0 * 3).sum() }
    let one = x(1, 1)
    #expect(gradient(at: x(1, 2)) { gradient(at: $0, f).sum() }.array() == [0.0, 0])
    #expect(hessianVectorProduct(at: x(1, 2), along: one, f).array() == [0.0, 0])
    #expect(gradient(at: x(1, 2)) { jvp(at: $0, along: one, f).tangent }.array() == [0.0, 0])
    #expect(jvp(at: x(1, 2), along: one) { jvp(at: $0, along: one, f).tangent }.tangent.item() == 0)
    #expect(gradient(at: x(1, 2)) { x in gradient(at: x) { y in gradient(at: y, f).sum() }.sum() }.array() == [0.0, 0])
  }

  @Test("a derivative by another variable may be independent of this one")
  func independent() {
    // d/dy (x + y) = 1
    #expect(gradient(at: scalar(2)) { x in gradient(at: scalar(3)) { y in x + y } }.item() == 0)
    // d/dy (y · floor x) depends on x through floor
    #expect(gradient(at: scalar(2.5)) { x in gradient(at: scalar(3)) { y in y * floor(x) } }.item() == 0)
    let (_, pullback) = vjp(at: x(1, 2)) { $0 * 3 }
    #expect(gradient(at: x(5, 7)) { pullback($0).sum() }.array() == [3.0, 3])
    // A tensor that is not used by the inner function, and the outer variable's only way.
    #expect(gradient(at: x(5, 7)) { a in gradient(at: [a, x(1, 1)]) { ($0[1] * $0[1]).sum() }[0].sum() }.array() == [0.0, 0])
  }

  @Test("an inner function without its variable is refused though it depends on the outer one")
  func innerUnused() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = gradient(at: scalar(2)) { x in x * gradient(at: scalar(3)) { _ in x * x } }
    }
    .expectsMessage("gradient: the result does not depend on the argument")
  }

  @Test("an outer variable cut inside of an inner derivative is named")
  func nestedCut() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = gradient(at: x(1, 2)) { x in gradient(at: scalar(3)) { y in y * x.argMax().cast(to: .float64) } }
    }
    .expectsMessage("gradient: the result depends on the argument only through argMax")
  }

  // MARK: Compiled functions, checkpoints, rules of one's own

  @Test("a gradient inside a compiled function is refused in the same words")
  func compiled() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile { (x: Tensor) in gradient(at: x) { $0.argMax().cast(to: .float64) } }(x(1, 2))
    }
    .expectsMessage("gradient: the result depends on the argument only through argMax")
    let step = compile { (x: Tensor) in gradient(at: x) { x in gradient(at: x) { ($0 * 2).sum() }.sum() + floor(x).sum() } }
    #expect(step(x(1, 2)).array() == [0.0, 0])
  }

  @Test("what a compiled function makes of whole numbers has no derivative either")
  func throughCompiled() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let double = compile { (x: Tensor) in x * 2 }
      _ = gradient(at: x(1, 2)) { double($0.argMax().cast(to: .float64)) }
    }
    .expectsMessage("gradient: the result depends on the argument only through argMax")
  }

  @Test("a compiled pullback of a function that does not use its model is refused")
  func compiledPullback() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compilePullback { (model: Tensor, x: Tensor) in x * 2 }(x(1), x(2))
    }
    .expectsMessage("compilePullback: the result does not depend on the argument: float64[1]")
  }

  @Test("a checkpoint of what has no derivative is refused when the derivative is wanted")
  func checkpointed() async {
    #expect(checkpoint(x(1, 2)) { $0.argMax().cast(to: .float64) }.item() == 1)
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = gradient(at: x(1, 2)) { x in checkpoint(x) { $0.argMax().cast(to: .float64) } }
    }
    .expectsMessage("checkpoint: the result depends on the argument only through argMax")
    #expect(gradient(at: x(1, 2)) { x in gradient(at: x) { checkpoint($0) { ($0 * 2).sum() } }.sum() }.array() == [0.0, 0])
  }

  @Test("a rule of one's own is a derivative, also where it gives none")
  func custom() {
    let g = gradient(at: x(1, 2)) { x in customDerivative([x], forward: { round($0[0]) }, vjp: { _, _, ct in [ct] }).sum() }
    #expect(g.array() == [1.0, 1])
    let none = gradient(at: x(1, 2)) { x in customDerivative([x], forward: { $0[0] * 2 }, vjp: { _, _, _ in [nil] }).sum() }
    #expect(none.array() == [0.0, 0])
  }

  @Test("values that are cut or stopped can be kept, and are constants afterwards")
  func kept() {
    nonisolated(unsafe) var mask = Tensor(0), stopped = Tensor(0)
    _ = gradient(at: x(1, 2)) { x in
      mask = (x .> 1)
      stopped = stopGradient(x)
      return (x * stopped).sum()
    }
    #expect(gradient(at: x(3, 4)) { ($0 * mask.cast(to: .float64) * stopped).sum() }.array() == [0.0, 2])
    stopped[0] = scalar(5)
    #expect(stopped.array() == [5.0, 2])
  }
}
