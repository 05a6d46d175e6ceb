import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

@testable import WengertCore

@Suite("Compiled functions, derivatives and vmap in each other")
struct LevelNestingTests {
  private let x = Tensor([0.5, -1, 2], dtype: .float64)
  private let w = Tensor([[1, 2, -1], [0.25, -3, 1]], dtype: .float64)

  private func cube(_ x: Tensor) -> Tensor { (x * x * x).sum() }
  private func slope(_ x: Tensor) -> Tensor { gradient(at: x) { cube($0) } }

  @Test("a value of a graph that is moved to where it is stays itself")
  func moved() {
    let compiled = compile { (x: Tensor) in x.to(.cpu) * 3 }
    expectEqual(compiled(x), x * 3)
  }

  @Test("a constant of another device is named with both devices, behind a derivative and behind vmap")
  func devices() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let y = Tensor([1.0, 2]).to(Device(ReferenceBackend()))
      _ = compile { (x: Tensor) in gradient(at: x) { ($0 * y).sum() } }(Tensor([1.0, 2]))
    }
    .expectsMessage("compile: a tensor on the device reference is used in a program for cpu; move it with to(_:)")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let y = Tensor(2.0).to(Device(ReferenceBackend()))
      _ = compile { (x: Tensor) in vmap { (x: Tensor) in x * y }(x) }(Tensor([1.0, 2]))
    }
    .expectsMessage("compile: a tensor on the device reference is used in a program for cpu; move it with to(_:)")
  }

  @Test("a gradient through vmap in a compiled function, with a gradient inside, is that of all examples together")
  func examples() {
    // Σᵣ Σⱼ 3rⱼ² · Σⱼ rⱼ
    func each(_ w: Tensor) -> Tensor { vmap { (row: Tensor) in slope(row) * row.sum() }(w) }
    func through(_ w: Tensor) -> Tensor { gradient(at: w) { each($0).sum() } }
    let sums = w.sum(axis: 1, keepDims: true), squares = square(w).sum(axis: 1, keepDims: true)
    expectEqual(through(w), 6 * w * sums + 3 * squares)
    expectEqual(compile { (w: Tensor) in through(w) }(w), through(w))
    expectEqual(compile { (w: Tensor) in each(w) }(w), each(w))
  }

  @Test("a compiled function inside of vmap, and of a gradient in vmap, is the function itself")
  func inside() {
    let compiled = compile { (x: Tensor) in cube(x) }
    expectEqual(vmap { (row: Tensor) in compiled(row) }(w), (w * w * w).sum(axis: 1))
    expectEqual(vmap { (row: Tensor) in gradient(at: row) { compiled($0) } }(w), w * w * 3)
    #expect(compiled.statistics.lastCall == .inlined && compiled.statistics.compilations == 0)
  }

  @Test("a compiled function of values that neither a derivative nor vmap knows is a program inside of them")
  func ownProgram() {
    let compiled = compile { (x: Tensor) in cube(x) }
    let y = Tensor([1, 2, 3], dtype: .float64)
    expectEqual(gradient(at: x) { $0.sum() * compiled(y) }, x * 0 + 36)
    #expect(compiled.statistics.lastCall == .compiled)
    expectEqual(vmap { (row: Tensor) in row.sum() * compiled(y) }(w), w.sum(axis: 1) * 36)
    #expect(compiled.statistics.lastCall == .reused)
  }

  @Test("a jvp in a compiled function, in a gradient around and inside of it")
  func tangents() {
    // 6 Σ x³, whose gradient is 18x²
    func along(_ x: Tensor) -> Tensor { jvp(at: x, along: x * 2) { cube($0) }.tangent }
    let compiled = compile { (x: Tensor) in along(x) }
    expectEqual(compiled(x), cube(x) * 6)
    expectEqual(gradient(at: x) { compiled($0) }, x * x * 18)
    expectEqual(compile { (x: Tensor) in gradient(at: x) { along($0) } }(x), x * x * 18)
  }

  @Test("a number beside a value of a graph is a node of it, also beside one that is recorded or an example")
  func beside() {
    func lines(_ f: (Tensor) -> Tensor) -> String { trace(.float64(3)) { [f($0[0])] }.lines.joined(separator: "\n") }
    #expect(lines { $0 + 1 }.contains("fill(1"))
    #expect(lines { x in gradient(at: x) { ($0 + 5).sum() + x.sum() } }.contains("fill(5"))
    #expect(lines { vmap { (x: Tensor) in x + 7 }($0) }.contains("fill(7"))
  }

  @Test("which values can be read, and whose numbers are known, in graphs, derivatives and vmap")
  func numbers() {
    #expect(x.isConcrete && x.hasNumbers && !x.isTransformed)
    _ = trace(.float64(3)) { arguments in
      #expect(!arguments[0].isConcrete && !arguments[0].hasNumbers && arguments[0].isTransformed)
      _ = gradient(at: arguments[0]) { (x: Tensor) -> Tensor in
        #expect(!x.isConcrete && !x.hasNumbers && x.isTransformed)
        return x.sum()
      }
      _ = vmap { (x: Tensor) -> Tensor in
        #expect(!x.isConcrete && !x.hasNumbers && x.isTransformed)
        return x
      }(arguments[0])
      return arguments
    }
    _ = gradient(at: x) { (x: Tensor) -> Tensor in
      #expect(x.isConcrete && x.hasNumbers && x.isTransformed)
      return x.sum()
    }
    _ = vmap { (x: Tensor) -> Tensor in
      #expect(!x.isConcrete && x.hasNumbers && x.isTransformed)
      return x
    }(x)
  }

  @Test("customDerivative of a value of a graph and a constant is traced through, with its own derivative")
  func custom() {
    func product(_ x: Tensor) -> Tensor {
      customDerivative([x, w[0]], forward: { $0[0] * $0[1] }, vjp: { inputs, _, cotangent in [cotangent * inputs[1] / 2, nil] })
    }
    let compiled = compile { (x: Tensor) in gradient(at: x) { product($0).sum() } + product(x) }
    expectEqual(compiled(x), w[0] / 2 + x * w[0])
  }

  @Test("stopGradient stops in a compiled function too")
  func stopped() {
    let half = compile { (x: Tensor) in gradient(at: x) { (stopGradient($0) * $0).sum() } }
    expectEqual(half(x), x)
    let none = compile { (x: Tensor) in gradient(at: x) { stopGradient(cube($0)) } }
    expectEqual(none(x), x * 0)
  }

  @Test("numbers of a recorded value of a graph, and of an example in one, cannot be read")
  func unread() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile { (x: Tensor) in gradient(at: x) { $0.sum() * $0.sum().item() } }(Tensor([1.0]))
    }
    .expectsMessage("compile: reading a tensor's values is not possible while a graph is traced, when they are not known yet")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile { (x: Tensor) in vmap { (x: Tensor) in x * x.item() }(x) }(Tensor([1.0]))
    }
    .expectsMessage("vmap: reading a tensor's values is not possible inside of vmap, where it stands for all examples at once")
  }

  @Test("numbers of a value kept from a graph that is finished cannot be read")
  func kept() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var kept: Tensor?
      _ = compile { (x: Tensor) in
        kept = x * 2
        return x
      }(Tensor([1.0]))
      print(kept!.array(of: Double.self))
    }
    .expectsMessage("compile: a traced tensor is used outside of the function that was compiled; return it from that function instead")
  }
}
