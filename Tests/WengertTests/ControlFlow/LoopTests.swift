import Testing
import WengertTestSupport

@Suite("Loops of tensors")
struct LoopTests {
  private static let w = RandomKey(1).normal([3, 3], dtype: .float64) * 0.5
  private static let xs = RandomKey(2).normal([7, 3], dtype: .float64)
  private static let orders: [[Int]] = [Array(0..<7), Array((0..<7).reversed())]

  /// By a loop of Swift, step by step.
  private static func plain(_ w: Tensor, _ xs: Tensor, reversed: Bool) -> Tensor {
    var h = xs[0] * 0, total = h.sum()
    for i in orders[reversed ? 1 : 0] {
      h = tanh(h.matmul(w) + xs[i])
      total = total + square(h * xs[i]).sum() * Double(i + 1)
    }
    return h.sum() + total
  }

  private static func scanned(_ w: Tensor, _ xs: Tensor, reversed: Bool, _ checkpoints: LoopCheckpoints) -> Tensor {
    let (h, products) = scan(xs[0] * 0, over: xs, reversed: reversed, checkpoints: checkpoints) { h, x in
      let next = tanh(h.matmul(w) + x)
      return (next, next * x)
    }
    let weights = Tensor((1...7).map(Double.init))
    return h.sum() + (square(products).sum(axes: [1]) * weights).sum()
  }

  private static let kept: [LoopCheckpoints] = [.allSteps, .every(1), .every(3), .every(7), .every(100), .squareRoot]

  @Test("a scan is a loop of Swift, with its derivatives to the second order, whatever steps it keeps", arguments: kept, [false, true])
  func derivatives(_ checkpoints: LoopCheckpoints, _ reversed: Bool) {
    typealias Function = (Tensor, Tensor) -> Tensor
    let plain: Function = { Self.plain($0, $1, reversed: reversed) }
    let scanned: Function = { Self.scanned($0, $1, reversed: reversed, checkpoints) }
    func all(_ f: @escaping Function) -> [Tensor] {
      let w = Self.w, xs = Self.xs
      let (value, slopes) = valueAndGradient(at: [w, xs]) { f($0[0], $0[1]) }
      let curvature = gradient(at: [w, xs]) { p in
        let slopes = gradient(at: p) { f($0[0], $0[1]) }
        return square(slopes[0]).sum() + sin(slopes[1]).sum()
      }
      let forward = jvp(at: [w, xs], along: [xs[0..<3] * 0.1, xs]) { f($0[0], $0[1]) }.tangent
      let mixed = jvp(at: w, along: xs[0..<3]) { w in gradient(at: w) { f($0, xs) } }.tangent
      let examples = vmap { (scale: Tensor) in gradient(at: w * scale) { f($0, xs * scale) } }(Tensor([1.0, 0.5, -2]).cast(to: .float64))
      let compiled = compile { (w: Tensor, xs: Tensor) in gradient(at: [w, xs]) { f($0[0], $0[1]) } }(w, xs)
      return [value, slopes[0], slopes[1], curvature[0], curvature[1], forward, mixed, examples, compiled[0], compiled[1]]
    }
    for (number, (a, b)) in zip(all(scanned), all(plain)).enumerated() {
      expectNear(numbers([a]), numbers([b]), 1e-11, "result \(number)")
    }
  }

  @Test("a graph has as many operations for ten thousand steps as for ten, and one program serves any number of steps")
  func oneProgram() {
    func nodes(_ steps: Int) -> Int {
      let f = compile { (x: Tensor) in gradient(at: x) { x in forLoop(x, count: Dimension(steps)) { _, x in x + sin(x) * 0.01 }.sum() } }
      _ = f(Tensor([1.0, 2]))
      return f.program!.graph.description.split(separator: "\n").count
    }
    #expect(nodes(10) == nodes(10_000))
    let sums = compile(
      { (xs: Tensor) in gradient(at: xs) { scan(Tensor(0.0), over: $0) { s, x in (s * 0.5 + x, [Tensor]()) }.carry } },
      CompileOptions(shapes: ["0": ["steps"]]))
    for count in [1, 4, 9] {
      let slopes = sums(Tensor.ones([count])).array(of: Double.self)
      #expect(slopes == (0..<count).map { 1 / Double(1 << (count - 1 - $0)) }, "\(count) steps")
    }
    #expect(sums.statistics.compilations == 1)
  }

  @Test("a tree of any kind is carried, scanned and given")
  func trees() {
    let elements = ["a": Tensor([1.0, 2, 3]), "b": Tensor([[1.0, 0], [0, 1], [1, 1]])]
    let (state, outputs) = scan(Pair(Tensor(0.0), [Tensor([0.0, 0])]), over: elements) { state, x in
      let next = Pair(state.first + x["a"]!, [state.second[0] + x["b"]! * x["a"]!])
      return (next, Pair(next.first, ["twice": next.second[0] * 2]))
    }
    #expect(state.first.item() == 6 && state.second[0].array() == [4, 5] as [Float])
    #expect(outputs.first.array() == [1, 3, 6] as [Float])
    #expect(outputs.second["twice"]!.shape == [3, 2])
    #expect(outputs.second["twice"]![2].array() == [8, 10] as [Float])
  }

  @Test("whole numbers and keys are carried beside floats, whose derivatives they do not cut")
  func wholeNumbers() {
    let keys = RandomKey(3).split(4)
    let slope = gradient(at: Tensor(2.0)) { x in
      let (state, noise) = scan(Pair(x, Tensor(0, dtype: .int32)), over: stack(keys.map(\.data))) { state, key in
        let noise = RandomKey(key).uniform([])
        return (Pair(state.first * 2, state.second + 1), noise)
      }
      return state.first * state.second.cast(to: .float32) + noise.sum()
    }
    #expect(slope.item() == 64)
  }

  @Test("names of axes are kept, in the state and along the steps")
  func names() {
    let xs = Tensor.ones([5, 2]).named(["time", "width"])
    let (h, ys) = scan(xs[0] * 0, over: xs) { h, x in (h + x, h) }
    #expect(h.axisNames == ["width"] && ys.axisNames == ["time", "width"])
  }

  @Test("no steps give the initial state and no outputs; their gradient is the state's")
  func noSteps() {
    let slopes = gradient(at: [Tensor([1.0, 2]), Tensor.zeros([0, 2])]) { p in
      let (h, ys) = scan(p[0], over: p[1]) { h, x in (h * x, h + x) }
      return (h * h).sum() + ys.sum()
    }
    #expect(slopes[0].array() == [2, 4] as [Float] && slopes[1].shape == [0, 2])
  }

  @Test("a finished program has the loop's code")
  func finished() throws {
    let f = compile { (w: Tensor, xs: Tensor) in
      let loss = { (w: Tensor) in
        let end = whileLoop([w.sum(), Tensor(0, dtype: .int32)], maximumSteps: 9, while: { $0[1] .< 5 }) { [sin($0[0]) + 1, $0[1] + 1] }
        return Self.scanned(w, xs, reversed: false, .squareRoot)
          + cond(end[0] .> 0) {
            end[0] * 2
          } otherwise: {
            end[0]
          }
      }
      return gradient(at: w, loss)
    }
    let expected = f(Self.w, Self.xs)
    let program = try FinishedProgram(code: f.program!.code())
    let finished = CompiledFunction<Tensor, Tensor, Tensor>(finished: program)
    #expect(finished(Self.w, Self.xs).array(of: Double.self) == expected.array(of: Double.self))
  }

  @Test("ten thousand steps take the memory of two hundred states, with a checkpoint every √n")
  func memory() async {
    await #expect(processExitsWith: .success) {
      let width = 1 << 12
      let start = Tensor.ones([width])
      func peak(_ checkpoints: LoopCheckpoints) -> Int {
        Device.cpu.trimMemory()
        let slope = gradient(at: start) { x in
          forLoop(x, count: 2500, checkpoints: checkpoints) { _, x in x + sin(x) * 0.001 }.sum()
        }
        precondition(slope.sum().item() > 0)
        return Device.cpu.memoryStatistics.peakBytesInUse
      }
      let few = peak(.squareRoot), all = peak(.allSteps)
      precondition(few < 130 * width * 4, "\(few / width / 4) states")
      precondition(all > 2500 * width * 4, "\(all / width / 4) states")
    }
  }

  @Test("a step that changes the state's type, and elements of different lengths, are refused where they are")
  func refused() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = forLoop(Tensor([1.0, 2]), count: 3) { _, x in x.sum() }
    }
    .expectsMessage("float32[] of the state float32[2]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = scan(Tensor(0.0), over: [Tensor([1.0, 2]), Tensor([1.0])]) { s, x in (s + x[0], x[1]) }
    }
    .expectsMessage("1 has 1 steps, 0 has 2")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = forLoop(Tensor(1.0), count: 3) { i, x in i.item() > 1 ? x : x * 2 }
    }
    .expectsMessage("reading a tensor's values")
  }
}
