import Testing
import Wengert

@Suite("Which program a call runs")
struct StatisticsTests {
  @Test("calls are compiled, then reused or bound anew")
  func kinds() {
    let compiled = compile({ (x: Tensor) in x * 2 }, CompileOptions(shapes: ["0": ["batch", -1]]))
    #expect(compiled.program == nil)
    func call(_ shape: Shape, _ dtype: DType = .float32) -> CompileStatistics.Call? {
      _ = compiled(Tensor.ones(shape, dtype: dtype))
      return compiled.statistics.lastCall
    }
    #expect(call([2, 3]) == .compiled)
    #expect(call([2, 3]) == .reused)
    #expect(call([4, 3]) == .rebound)
    #expect(call([2, 3]) == .reused)
    // The second extent has the first call's number.
    #expect(call([2, 5]) == .compiled)
    #expect(call([4, 3]) == .reused)
    #expect(call([4, 3], .float64) == .compiled)
    #expect(compiled.statistics.bindings == 4)
    #expect(compiled.statistics.compilations == 3)
  }

  @Test("another structure of the arguments is another program")
  func structure() {
    let compiled = compile { (x: [Tensor]) in x.reduce(Tensor(0)) { $0 + $1.sum() } }
    #expect(compiled([.ones([2]), .ones([2])]).item() == 4)
    #expect(compiled([.ones([2])]).item() == 2)
    #expect(compiled(["a", "b"].map { _ in .ones([2]) }).item() == 4)
    #expect(compiled.statistics.compilations == 2)
  }

  @Test("a function whose shapes change without end keeps as many programs as the options say")
  func cache() {
    let compiled = compile({ (x: Tensor) in x + 1 }, CompileOptions(largestCache: 8))
    for extent in 1...9 { _ = compiled(.ones([extent])) }
    _ = compiled(.ones([9]))
    #expect(compiled.statistics.compilations == 9)
    _ = compiled(.ones([1]))
    #expect(compiled.statistics.compilations == 10)
  }

  @Test("a pattern of another rank than the argument ends the program")
  func rank() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile({ (x: Tensor) in x }, CompileOptions(shapes: ["0": ["batch"]]))(Tensor.ones([2, 3]))
    }
    .expectsMessage("compile: argument 0 has the shape [2, 3], and CompileOptions.shapes gives it another number of axes, [batch]")
  }

  @Test("one symbol in two arguments is one number")
  func oneSymbol() async {
    let compiled = compile({ (x: Tensor, y: Tensor) in x + y }, CompileOptions(shapes: ["0": ["n"], "1": ["n"]]))
    #expect(compiled(.ones([3]), .ones([3])).shape == [3])
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile({ (x: Tensor, y: Tensor) in x + y }, CompileOptions(shapes: ["0": ["n"], "1": ["n"]]))(.ones([3]), .ones([4]))
    }
    .expectsMessage("compile: n is 3 in argument 0, float32[3], and 4 in argument 1, float32[4]; a symbol has one number in a call")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile({ (x: Tensor) in x }, CompileOptions(shapes: ["0": [Dimension("n") + 1]]))(.ones([1]))
    }
    .expectsMessage("compile: argument 0, float32[1], fits float32[n + 1] for no n of at least 1")
  }

  @Test("packed tokens and sequences have symbols of their own")
  func packed() {
    let f: (Tensor, Tensor) -> Tensor = { x, offsets in
      attention(query: x, key: x, value: x, offsets: offsets, heads: 2).sum(axes: [1]) * x.mean(axes: [1])
    }
    let compiled = compile(f, CompileOptions(shapes: ["0": ["tokens", 4], "1": [Dimension("sequences") + 1]]))
    for lengths in [[2, 3], [1, 1, 4], [7]] {
      let offsets = lengths.reduce(into: [0]) { $0.append($0.last! + $1) }
      let x = RandomKey(lengths.count).normal([offsets.last!, 4])
      expectEqual(compiled(x, Tensor(offsets)), f(x, Tensor(offsets)), tolerance: 1e-5)
    }
    #expect(compiled.statistics.compilations == 1)
  }
}
