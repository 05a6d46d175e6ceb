import Testing
import WengertTestSupport

@Suite("Loops that end by a condition, and branches")
struct WhileLoopTests {
  /// √a by Newton's method, in as many steps as it takes.
  private static func root(_ a: Tensor, maximumSteps: Int? = nil) -> Tensor {
    whileLoop(a, maximumSteps: maximumSteps, while: { abs($0 * $0 - a) .> a * 1e-12 }) { ($0 + a / $0) * 0.5 }
  }
  private static let numbers = Tensor([2.0, 9, 1e4]).cast(to: .float64)

  @Test("each example ends in its own time, with the bits that it has alone")
  func examples() {
    let together = vmap { Self.root($0) }(Self.numbers)
    for i in 0..<3 { #expect(together[i].item() == Self.root(Self.numbers[i]).item()) }
    expectNear(together.array(of: Double.self), [Double(2).squareRoot(), 3, 100], 1e-12, "roots")
  }

  @Test("derivatives go through the steps that took place, in both modes, for one and for many")
  func derivatives() {
    let expected = [0.5 / Double(2).squareRoot(), 0.5 / 3, 0.5 / 100]
    for i in 0..<3 {
      let a = Self.numbers[i]
      let reverse = gradient(at: a) { Self.root($0, maximumSteps: 40) }.item()
      let forward = jvp(at: a, along: a * 0 + 1) { Self.root($0) }.tangent.item()
      expectNear([reverse, forward], [expected[i], expected[i]], 1e-9, "\(i)")
      let second = gradient(at: a) { gradient(at: $0) { Self.root($0, maximumSteps: 40) } }.item()
      let x = a.item()
      expectNear([second], [-0.25 / (x * x.squareRoot())], 1e-7, "second \(i)")
    }
    let inside = vmap { (a: Tensor) in gradient(at: a) { Self.root($0, maximumSteps: 40) } }(Self.numbers)
    let outside = gradient(at: Self.numbers) { vmap { Self.root($0, maximumSteps: 40) }($0).sum() }
    let compiled = compile { (a: Tensor) in vmap { (a: Tensor) in gradient(at: a) { Self.root($0, maximumSteps: 40) } }(a) }(Self.numbers)
    for slopes in [inside, outside, compiled] { expectNear(slopes.array(of: Double.self), expected, 1e-9, "examples") }
  }

  @Test("it ends where the condition is false at once, and at the bound")
  func ends() {
    let none = whileLoop(Tensor(3.0), while: { $0 .< 0 }) { $0 + 1 }
    let bound = whileLoop(Tensor(3.0), maximumSteps: 4, while: { $0 .> 0 }) { $0 + 1 }
    #expect(none.item() == 3 && bound.item() == 7)
    #expect(gradient(at: Tensor(3.0)) { whileLoop($0, maximumSteps: 4, while: { $0 .< 0 }) { $0 * $0 } }.item() == 1)
  }

  @Test("a derivative from the results back needs a bound, and says so")
  func needsBound() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = gradient(at: Self.numbers[0]) { Self.root($0) }
    }
    .expectsMessage("give maximumSteps")
  }

  private static func choice(_ x: Tensor) -> Tensor {
    cond(x.sum() .> 0) {
      sqrt(x) * 2
    } otherwise: {
      x * x
    }
  }

  @Test("only the chosen function runs: the other finds no fault, and its derivative no NaN")
  func onlyOne() throws {
    let singular = Tensor.zeros([2, 2])
    let found = try catchingDataFaults {
      cond(singular.sum() .> 0) {
        solve(singular, Tensor([1.0, 1]))
      } otherwise: {
        Tensor([1.0, 2])
      }
    }
    #expect(found.array() == [1, 2] as [Float])
    #expect(gradient(at: Tensor([-3.0, 1])) { Self.choice($0).sum() }.array() == [-6, 2] as [Float])
    #expect(gradient(at: Tensor([4.0, 1])) { Self.choice($0).sum() }.array() == [0.5, 1] as [Float])
    // Of a loop within a branch too.
    let looped = gradient(at: Tensor(-4.0)) { x in
      cond(x .> 0) {
        forLoop(x, count: 2) { _, y in y * sqrt(x) }
      } otherwise: {
        forLoop(x, count: 2) { _, y in y * x }
      }
    }
    #expect(looped.item() == 48)
  }

  @Test("a compiled function chooses at each call")
  func compiledChoice() {
    let f = compile { (x: Tensor) in gradient(at: x) { Self.choice($0).sum() } }
    #expect(f(Tensor([-3.0, 1])).array() == [-6, 2] as [Float])
    #expect(f(Tensor([4.0, 1])).array() == [0.5, 1] as [Float])
    #expect(f.statistics.compilations == 1)
  }

  @Test("under vmap one predicate for all chooses for all, and one for each for each")
  func batchedChoice() {
    let xs = Tensor([[4.0, 1], [-3, 1]])
    #expect(vmap(Self.choice)(xs).array() == [4, 2, 9, 1] as [Float])
    let flag = (Tensor(1.0) .> 0)
    let all = vmap { (x: Tensor) in
      cond(flag) {
        x * 2
      } otherwise: {
        x
      }
    }(xs)
    #expect(all.array() == [8, 2, -6, 2] as [Float])
  }

  @Test("functions of different results, and a predicate that is no truth value, are refused")
  func refused() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = cond((Tensor(1.0) .> 0)) {
        Tensor([1.0])
      } otherwise: {
        Tensor(1.0)
      }
    }
    .expectsMessage("`then` gives float32[1], and `otherwise` float32[]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = cond((Tensor([1.0, 0]) .> 0)) {
        Tensor(1.0)
      } otherwise: {
        Tensor(1.0)
      }
    }
    .expectsMessage("the predicate is bool[2]")
  }

  @Test("a function of a hundred arguments keeps them all for its derivative")
  func manyArguments() {
    let numbers = (0..<100).map { Tensor(Double($0)) }
    let slopes = gradient(at: numbers) { x in
      customDerivative(x, forward: { $0.reduce(Tensor(0.0)) { $0 + $1 } }, vjp: { x, _, ct in x.map { _ in ct } })
    }
    #expect(slopes.map { $0.item() } == [Double](repeating: 1, count: 100))
  }
}
