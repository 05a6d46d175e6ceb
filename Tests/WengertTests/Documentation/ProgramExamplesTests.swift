import Testing
@_spi(Backend) import Wengert

/// The other examples are in CommentExamplesTests.swift, which looks for all.
@Suite("Examples in the comments of WengertCore: derivatives, programs and loops")
struct ProgramExamplesTests {
  private func numbers(_ x: Tensor) -> [Double] { x.array(of: Double.self) }

  @Test("an update in place") func updateExample() {
    let b = RowBuilder("step")
    let x = b.row(.float32), slope = b.row(.float32)
    b.store(x.binary(.subtract, slope), as: .float32)
    var w = Tensor([3.0, 4.0]), none: [Tensor] = []
    b.finish().update(&w, &none, reading: [Tensor([1.0, 2.0])])  // w is [2, 2]
    #expect(numbers(w) == [2, 2])
  }

  @Test("a pullback") func vjpExample() {
    let (value, pullback) = vjp(at: Tensor([1.0, 3.0])) { square($0) }  // value is [1, 9]
    let slope = pullback(Tensor([1.0, 10.0]))  // [2, 60]
    #expect(numbers(value) == [1, 9] && numbers(slope) == [2, 60])
  }

  @Test("a derivative along a direction") func jvpExample() {
    let (value, tangent) = jvp(at: Tensor([3.0]), along: Tensor([1.0])) { square($0) }  // [9], and [6]
    #expect(numbers(value) == [9] && numbers(tangent) == [6])
  }

  @Test("a value and its gradient") func valueAndGradientExample() {
    let (value, slope) = valueAndGradient(at: Tensor([1.0, 2.0])) { square($0).sum() }  // 5, and [2, 4]
    #expect(value.item() == 5 && numbers(slope) == [2, 4])
  }

  @Test("a gradient") func gradientExample() {
    let slope = gradient(at: Tensor([1.0, 2.0])) { square($0).sum() }  // [2, 4]
    #expect(numbers(slope) == [2, 4])
  }

  @Test("recomputation") func checkpointExample() {
    let slope = gradient(at: Tensor([1.0, 2.0])) { x in
      checkpoint(x) { square($0) }.sum()
    }  // [2, 4]
    #expect(numbers(slope) == [2, 4])
  }

  @Test("a Jacobian") func jacobianExample() {
    let j = jacobian(at: Tensor([1.0, 2.0])) { square($0) }  // [[2, 0], [0, 4]]
    #expect(j.shape == [2, 2] && numbers(j) == [2, 0, 0, 4])
  }

  @Test("a Hessian") func hessianExample() {
    let h = hessian(at: Tensor([1.0, 2.0])) { ($0 * $0 * $0).sum() }  // [[6, 0], [0, 12]]
    #expect(h.shape == [2, 2] && numbers(h) == [6, 0, 0, 12])
  }

  @Test("gradients of examples") func vmapExample() {
    let w = Tensor([1.0, 2.0])
    let slopes = vmap { (x: Tensor) in gradient(at: w) { square($0 * x).sum() } }(Tensor([[1, 1], [2, 2]]))
    // One gradient for each example: [[2, 4], [8, 16]]
    #expect(slopes.shape == [2, 2] && numbers(slopes) == [2, 4, 8, 16])
  }

  @Test("a compiled function") func compileExample() {
    let f = compile { (x: Tensor) in square(x) + 1 }
    let y = f(Tensor([1.0, 2.0]))  // [2, 5]
    #expect(numbers(y) == [2, 5])
  }

  @Test("a compiled step") func compileUpdateExample() {
    let step = compileUpdate { (w: inout Tensor, slope: Tensor) in
      w -= 0.5 * slope
      return w.sum()
    }
    var w = Tensor([1.0, 2.0])
    let sum = step(&w, Tensor([2.0, 2.0]))  // 1, and w is [0, 1]
    #expect(sum.item() == 1 && numbers(w) == [0, 1])
  }

  @Test("a compiled pullback") func compilePullbackExample() {
    let f = compilePullback { (w: Tensor, x: Tensor) in square(w * x).sum() }
    let pending = f(Tensor([1.0, 2.0]), Tensor([1.0, 1.0]))  // pending.value is 5
    var slope = Tensor.zeros([2])
    pending.add(Tensor(1), to: &slope)  // slope is [2, 4]
    #expect(pending.value.item() == 5 && numbers(slope) == [2, 4])
  }

  @Test("a derivative of one's own") func customDerivativeExample() {
    let slope = gradient(at: Tensor([1.5])) { x in
      customDerivative([x], forward: { floor($0[0]) }, vjp: { _, _, cotangent in [cotangent] }).sum()
    }  // [1], and not 0 as that of floor
    #expect(numbers(slope) == [1])
  }

  struct Affine: ParameterTree {
    var weight: Tensor
    var bias: Tensor?
    static let fields: [Field<Self>] = [.init("weight", \.weight), .init("bias", \.bias)]
  }

  @Test("a struct that lists its fields") func parameterTreeExample() {
    let names = Affine(weight: Tensor(1), bias: Tensor(2)).namedTensors.map(\.name)
    #expect(names == ["weight", "bias"])
  }

  @Test("a finished program") func finishedProgramExample() throws {
    let compiled = compile { (x: Tensor) in square(x) + 1 }
    _ = compiled(Tensor([1.0, 2.0]))
    let finished = try FinishedProgram(code: compiled.program!.code())
    let f = CompiledFunction<Tensor, Tensor>(finished: finished)
    let y = f(Tensor([3.0, 4.0]))  // [10, 17], and nothing was traced
    #expect(numbers(y) == [10, 17] && f.statistics.compilations == 0)
  }

  @Test("a function some of whose programs are finished") func compileFinishedExample() throws {
    let f = compile { (x: Tensor) in square(x) + 1 }
    _ = f(Tensor([1.0, 2.0]))
    let finished = CompiledFunction<Tensor, Tensor>(finished: try FinishedProgram(code: f.program!.code()))
    let g = compile({ (x: Tensor) in square(x) + 1 }, finished: [finished])
    let y = g(Tensor([3.0, 4.0]))  // [10, 17], and nothing was traced
    let z = g(Tensor(3.0))  // 10: a scalar is no pair
    #expect(numbers(y) == [10, 17] && numbers(z) == [10] && g.statistics.compilations == 1)
  }

  @Test("a function of one element after another") func scanExample() {
    let (sum, sums) = scan(Tensor(0.0), over: Tensor([1.0, 2, 3])) { total, x in (total + x, total + x) }
    // sum is 6, sums is [1, 3, 6]
    #expect(sum.item() == 6 && numbers(sums) == [1, 3, 6])
  }

  @Test("steps of a number, by a condition, and a choice") func loopExamples() {
    do {
      let power = forLoop(Tensor(1.0), count: 10) { _, x in x * 2 }  // 1024
      #expect(power.item() == 1024)
    }
    do {
      let power = whileLoop(Tensor(1.0), while: { $0 .< 1000 }) { $0 * 2 }  // 1024
      #expect(power.item() == 1024)
    }
    let x = Tensor([4.0, 9])
    let root = cond(x.sum() .> 0) {
      sqrt(x)
    } otherwise: {
      x * 0
    }
    #expect(numbers(root) == [2, 3])
  }
}
