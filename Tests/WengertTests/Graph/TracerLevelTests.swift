import Testing
@_spi(Backend) import WengertTestSupport

@testable import Wengert
@_spi(Backend) @testable import WengertCore

@Suite("A function that is traced, as a level among others")
struct TracerLevelTests {
  static let x = Tensor([0.5, -1, 2])
  static func f(_ x: Tensor) -> Tensor { (sin(x) * x.sum() + 1).sum() }
  private func expectEqual(_ a: Tensor, _ b: Tensor, _ name: String) {
    expectClose(a.view, b.view, Tolerance(.float32, unitsInLastPlace: 8, absolute: 1e-6), name)
  }

  @Test("a traced tensor is on the device where the program will run, and a tensor that is made beside it is of its graph")
  func device() {
    let reference = ReferenceBackend()
    let x = Tensor([1, 2], shape: [2], backend: reference)
    let compiled = compile { (x: Tensor) in
      #expect(x.backend === reference && !x.isConcrete && !x.hasNumbers)
      let ones = Tensor.full(1, [2], dtype: x.dtype, beside: x)
      #expect(!ones.isConcrete && ones.backend === reference)
      return x + ones
    }
    #expect(compiled(x).array(of: Double.self) == [2, 3])
  }

  @Test("a program's device and that of a tensor from outside are named")
  func devices() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let there = Tensor([1, 2], shape: [2], backend: ReferenceBackend())
      _ = compile { (x: Tensor) in x + there }(Tensor([1.0, 2]))
    }
    .expectsMessage("compile: a tensor on the device reference is used in a program for cpu; move it with to(_:)")
  }

  @Test("derivatives, vmap and compile in each other give what they give one by one")
  func nested() {
    let slope = gradient(at: Self.x, Self.f), ones = Tensor.ones([3])
    let slopeOfSlope = hessianVectorProduct(at: Self.x, along: ones, Self.f)
    let inside = compile { (x: Tensor) in gradient(at: x, Self.f) }
    expectEqual(inside(Self.x), slope, "gradient in compile")
    let compiled = compile(Self.f)
    expectEqual(gradient(at: Self.x) { compiled($0) }, slope, "compile in gradient")
    let rate = compile { (x: Tensor) in
      gradient(at: x) { x in jvp(at: x, along: Tensor.ones([3]), { compiled($0) }).tangent }
    }
    expectEqual(rate(Self.x), slopeOfSlope, "jvp in gradient in compile")
    let rows = Tensor([[0.5, -1, 2], [1, 0, 3]])
    let each = compile { (rows: Tensor) in vmap { (x: Tensor) in gradient(at: x, Self.f) }(rows) }
    let one = vmap { (x: Tensor) in inside(x) }
    expectEqual(each(rows), one(rows), "vmap in compile, compile in vmap")
    expectEqual(each(rows)[0], slope, "one example")
  }

  @Test("a value from outside is written into a tensor from outside where the symbols say")
  func symbolicPlace() {
    let table = Tensor.zeros([8]), value = Tensor.full(7, [])
    let marked = compile(
      { (x: Tensor) -> Tensor in
        var marked = table
        marked[x.shape[dim: 0] - 1] = value
        return marked
      }, CompileOptions(shapes: ["0": ["n"]]))
    #expect(marked(Tensor.ones([3])).array() == [0, 0, 7, 0, 0, 0, 0, 0])
    #expect(marked(Tensor.ones([5])).array() == [0, 0, 0, 0, 7, 0, 0, 0])
  }

  @Test("a compiled function that uses a variable of a derivative outside of it, and is not given it, ends the program")
  func captured() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = gradient(at: Tensor([1.0, 2])) { w in compile { (x: Tensor) in (x * w).sum() }(Tensor([3.0, 4])) + w.sum() }
    }
    .expectsMessage(
      "compile: the function uses a tensor that a derivative or vmap outside of it computes with, and is not given it. Pass it as an argument"
    )
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = vmap { (w: Tensor) in compile { (x: Tensor) in x * w }(Tensor([3.0, 4])) }(Tensor([[1.0, 2]]))
    }
    .expectsMessage("compile: the function uses a tensor that a derivative or vmap outside of it computes with")
  }
}
