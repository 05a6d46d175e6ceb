import Testing
@_spi(Backend) import WengertTestSupport

@Suite("vmap")
struct VmapTests {
  private struct Network: ParameterTree {
    var first: Tensor, bias: Tensor, second: Tensor
    static let fields: [Field<Self>] = [.init("first", \.first), .init("bias", \.bias), .init("second", \.second)]

    init() {
      let keys = RandomKey(3).split(3)
      first = keys[0].normal([4, 6], dtype: .float64)
      bias = keys[1].normal([6], dtype: .float64)
      second = keys[2].normal([6, 2], dtype: .float64)
    }

    func loss(_ x: Tensor, _ y: Tensor) -> Tensor { square(tanh(x.matmul(first) + bias).matmul(second) - y).sum() }
  }

  private let network = Network()
  private let xs = RandomKey(1).normal([5, 4], dtype: .float64)
  private let ys = RandomKey(2).normal([5, 2], dtype: .float64)

  @Test("the gradient of each example, in one line")
  func perExample() {
    let all = vmap { (x: Tensor, y: Tensor) in gradient(at: network) { $0.loss(x, y) } }(xs, ys)
    for i in 0..<5 {
      let one = gradient(at: network) { $0.loss(xs[i], ys[i]) }
      expectNear(numbers(all.tensors.map { $0[i] }), numbers(one.tensors), 1e-13, "example \(i)")
    }
  }

  @Test("two results, and the value with the gradient")
  func pairs() {
    let (values, gradients) = vmap { (x: Tensor, y: Tensor) in valueAndGradient(at: network) { $0.loss(x, y) } }(xs, ys)
    #expect(values.shape == [5] && gradients.first.shape == [5, 4, 6])
    expectNear(numbers([values]), (0..<5).map { network.loss(xs[$0], ys[$0]).item() }, 1e-13, "values")
  }

  @Test("inside of each other: all pairs of rows")
  func nested() {
    let distances = vmap { (a: Tensor) in vmap { (b: Tensor) in (a - b).norm() }(xs) }(xs)
    let expected = (0..<25).map { (xs[$0 / 5] - xs[$0 % 5]).norm().item() }
    expectNear(numbers([distances]), expected, 1e-13, "distances")
    let slopes = vmap { (a: Tensor) in gradient(at: a) { a in vmap { (b: Tensor) in (a * b).sum() }(xs).sum() } }(xs)
    let sum = numbers([xs.sum(axes: [0])])
    for i in 0..<5 { expectNear(numbers([slopes[i]]), sum, 1e-13, "slope \(i)") }
  }

  @Test("arguments along other axes, arguments that are the same for all, results along another axis")
  func axes() {
    let f = { (x: Tensor, w: Tensor) in x.matmul(w) }
    let w = RandomKey(5).normal([4, 3], dtype: .float64)
    let expected = xs.matmul(w)
    expectNear(numbers([vmap(f, in: [0, nil])(xs, w)]), numbers([expected]), 1e-13, "same matrix")
    expectNear(numbers([vmap(f, in: [1, nil])(xs.transpose(), w)]), numbers([expected]), 1e-13, "along the second axis")
    let columns = vmap(f, in: [0, nil], out: 1)(xs, w)
    #expect(columns.shape == [3, 5])
    expectNear(numbers([columns.transpose()]), numbers([expected]), 1e-13, "results in columns")
    // A result that no example changes is repeated.
    #expect(vmap { (x: Tensor) in w }(xs).shape == [5, 4, 3])
  }

  @Test("a key from outside draws the same for all examples, keys of their own draw what each would alone")
  func keys() {
    let key = RandomKey(7)
    let same = vmap { (x: Tensor) in x + key.normal([2, 3], dtype: .float64) + x.sum() * 0 }(Tensor.zeros([4, 1, 1], dtype: .float64))
    for i in 0..<4 { #expect(numbers([same[i]]) == numbers([key.normal([2, 3], dtype: .float64)])) }
    let own = vmap { (key: RandomKey) in key.fold(2).normal([2, 3], dtype: .float64) }(key.split(examples: 4))
    for (i, key) in key.split(4).enumerated() { #expect(numbers([own[i]]) == numbers([key.fold(2).normal([2, 3], dtype: .float64)])) }
    // Dropout of a tensor that differs, by one key and by many.
    let x = Tensor.ones([4, 3, 8], dtype: .float64)
    let masks = vmap { (x: Tensor) in x.dropout(0.5, key: key) }(x)
    for i in 0..<4 { #expect(numbers([masks[i]]) == numbers([x[i].dropout(0.5, key: key)])) }
    let many = vmap { (x: Tensor, key: RandomKey) in x.dropout(0.5, key: key) }(x, key.split(examples: 4))
    for (i, key) in key.split(4).enumerated() { #expect(numbers([many[i]]) == numbers([x[i].dropout(0.5, key: key)])) }
  }

  @Test("checkpoint, inside and outside; a derivative of one's own, whose argument that is the same for all gets the sum")
  func rules() {
    let f: @Sendable (Tensor) -> Tensor = { sin($0 * $0).sum() }
    let plain = vmap { (x: Tensor) in gradient(at: x, f) }(xs)
    let inside = vmap { (x: Tensor) in gradient(at: x) { checkpoint($0, f) } }(xs)
    let outside = gradient(at: xs) { xs in vmap { (x: Tensor) in checkpoint(x, f) }(xs).sum() }
    let around = gradient(at: xs) { xs in checkpoint(xs) { vmap(f)($0).sum() } }
    for result in [inside, outside, around] { expectNear(numbers([result]), numbers([plain]), 1e-13, "checkpoint") }

    let scale = Tensor(1.5, dtype: .float64)
    let doubled: @Sendable (Tensor, Tensor) -> Tensor = { x, s in
      customDerivative(
        [x, s], forward: { ($0[0] * $0[1]).sum() },
        vjp: { inputs, _, ct in [(ct * inputs[1] * 2).broadcast(to: inputs[0].shape), ct * inputs[0].sum()] })
    }
    let slope = gradient(at: scale) { s in vmap { (x: Tensor) in doubled(x, s) }(xs).sum() }
    expectNear([slope.item()], [xs.sum().item()], 1e-13, "the argument that is the same for all")
    let slopes = gradient(at: xs) { xs in vmap { (x: Tensor) in doubled(x, scale) }(xs).sum() }
    #expect(slopes.array(of: Double.self).allSatisfy { $0 == 3 })
  }

  @Test("stopGradient inside stops the derivative outside, and a path through whole numbers alone is refused")
  func stops() async {
    let stopped = gradient(at: xs) { xs in vmap { (x: Tensor) in (x * stopGradient(x)).sum() }(xs).sum() }
    expectNear(numbers([stopped]), numbers([xs]), 1e-15, "stopped")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor.ones([2, 3])
      _ = gradient(at: x) { x in vmap { (x: Tensor) in x.argMax().cast(to: .float32) }(x).sum() }
    }
    .expectsMessage("the result depends on the argument only through argMax, which has no derivative")
  }

  @Test("positions are written, and updates in place make new values, for each example")
  func writing() {
    let written = vmap { (x: Tensor, v: Tensor) in
      var y = x
      y[1] = v
      return y
    }(xs, Tensor([1, 2, 3, 4, 5], dtype: .float64))
    #expect(written[0..., 1].array(of: Double.self) == [1, 2, 3, 4, 5])
    #expect(written[0..., 0].array(of: Double.self) == xs[0..., 0].array(of: Double.self))
    let b = RowBuilder("step")
    let old = b.row(.float64), change = b.row(.float64)
    b.store(old + change, as: .float64)
    let program = b.finish()
    let updated = vmap { (x: Tensor, change: Tensor) in
      var x = x, state: [Tensor] = []
      program.update(&x, &state, reading: [change])
      return x
    }(xs, xs * 2)
    expectNear(numbers([updated]), numbers([xs * 3]), 1e-15, "update in place")
  }

  @Test("compiled once for any number of examples")
  func symbolic() {
    let perExample = compile(
      { (x: Tensor, y: Tensor) in vmap { (x: Tensor, y: Tensor) in gradient(at: network) { $0.loss(x, y) } }(x, y) },
      CompileOptions(shapes: ["0": ["n", 4], "1": ["n", 2]]))
    for count in [5, 2, 1] {
      let found = perExample(xs[0..<count], ys[0..<count])
      for i in 0..<count {
        let one = gradient(at: network) { $0.loss(xs[i], ys[i]) }
        expectNear(numbers(found.tensors.map { $0[i] }), numbers(one.tensors), 1e-13, "\(count) examples, number \(i)")
      }
    }
    #expect(perExample.statistics.compilations == 1)
  }

  @Test("no example at all")
  func none() {
    let empty = Tensor.zeros([0, 4], dtype: .float64)
    #expect(vmap { (x: Tensor) in x.softmax().sum() }(empty).shape == [0])
    #expect(vmap { (x: Tensor) in gradient(at: x) { square($0).sum() } }(empty).shape == [0, 4])
  }

  @Test("sequences of each example attend within it, whether they have the same lengths or not")
  func attentionOfExamples() {
    let x = RandomKey(9).normal([3, 6, 4], dtype: .float64)
    let one = { (x: Tensor, offsets: Tensor) in attention(query: x, key: x, value: x, offsets: offsets, heads: 2) }
    let same = Tensor([0, 2, 6] as [Int]), own = Tensor([0, 2, 6, 0, 6, 6, 0, 0, 6] as [Int]).reshape([3, 3])
    let together = vmap(one, in: [0, nil])(x, same), apart = vmap(one)(x, own)
    for i in 0..<3 {
      expectNear(numbers([together[i]]), numbers([one(x[i], same)]), 1e-13, "same lengths, example \(i)")
      expectNear(numbers([apart[i]]), numbers([one(x[i], own[i])]), 1e-13, "own lengths, example \(i)")
    }
    let slope = { (x: Tensor, offsets: Tensor) in gradient(at: x) { square(one($0, offsets)).sum() } }
    let slopes = compile(vmap(slope), CompileOptions(shapes: ["0": ["examples", "tokens", 4], "1": ["examples", "ends"]]))
    for (x, own) in [(x, own), (x[1..<2], own[0..<1])] {
      let apart = slopes(x, own)
      for i in 0..<x.shape[0] {
        expectNear(numbers([apart[i]]), numbers([slope(x[i], own[i])]), 1e-13, "gradient for own lengths, example \(i)")
      }
    }
    #expect(slopes.statistics.compilations == 1)
  }

  @Test("offsets that do not name all tokens of their example are found, though its neighbors have more")
  func wrongOffsets() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor.ones([2, 3, 2]), offsets = Tensor([0, 2, 3, 1, 2, 3] as [Int]).reshape([2, 3])
      _ = vmap { (x: Tensor, offsets: Tensor) in attention(query: x, key: x, value: x, offsets: offsets, heads: 1) }(x, offsets)
    }
    .expectsMessage("attention: offsets must rise from 0 to the 3 tokens, got [0, 2, 3, 1, 2, 3]")
    // What the neighbors have is known to the program alone.
    let found = collectingMistakes(
      [[0, 2, 3, 1, 2, 3], [0, 1, 4, 0, 2, 3], [0, 1, 2, 0, 2, 3]].map { wrong in
        {
          let f = compile(
            vmap { (x: Tensor, offsets: Tensor) in attention(query: x, key: x, value: x, offsets: offsets, heads: 1) })
          _ = f(Tensor.ones([2, 3, 2]), Tensor(wrong).reshape([2, 3])).array(of: Double.self)
        }
      })
    let start = "offsets must rise from 0 to the 6 tokens; offset number"
    #expect(found.map { $0.message } == ["\(start) 2 does not", "\(start) 0 does not", "\(start) 0 does not"])
  }

  @Test("attention over no tokens has derivatives forwards and backwards")
  func attentionOverNothing() {
    let x = Tensor.ones([0, 4]), none = Tensor([0, 0] as [Int])
    let attend: (Tensor) -> Tensor = { attention(query: $0, key: $0 * 2, value: $0, offsets: none, heads: 2) }
    #expect(jvp(at: x, along: x, attend).tangent.shape == [0, 4])
    #expect(hessianVectorProduct(at: x, along: x) { square(attend($0)).sum() }.shape == [0, 4])
  }

  @Test("an index that is out of range for an example is found, though it would be in range for all of them together")
  func outOfRange() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let sources = Tensor.ones([2, 3, 2]), indices = Tensor([0, 3, 1, 1] as [Int]).reshape([2, 2])
      _ = vmap { (x: Tensor, i: Tensor) in x.gather(i) }(sources, indices).array(of: Double.self)
    }
    .expectsMessage("index 3 is out of range")
  }

  @Test("an example prints as such")
  func printing() {
    let texts = Texts()
    _ = vmap { (x: Tensor) in
      texts.add("\(x)")
      return x
    }(xs)
    #expect(texts.all == ["one example of vmap  float64[4]"])
  }

  private final class Texts: @unchecked Sendable {
    private(set) var all: [String] = []
    func add(_ text: String) { all.append(text) }
  }

  @Test("mistakes are told with the argument, the axis and one example's shapes")
  func mistakes() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = vmap { (x: Tensor, y: Tensor) in x + y }(Tensor.ones([2, 3]), Tensor.ones([4, 3]))
    }
    .expectsMessage("vmap: argument 1 of shape [4, 3] has 4 examples along axis 0, argument 0 of shape [2, 3] has 2")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = vmap { (x: Tensor, y: Tensor) in x + y }(Tensor.ones([2, 3]), Tensor(1))
    }
    .expectsMessage("vmap: argument 1 of shape [] has no axis of examples; say nil")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = vmap({ (x: Tensor) in x }, in: [nil])(Tensor.ones([2, 3]))
    }
    .expectsMessage("vmap: no argument has an axis of examples")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = vmap({ (x: Tensor) in x }, in: [0, 0])(Tensor.ones([2, 3]))
    }
    .expectsMessage("vmap: `in` has 2 axes for 1 arguments")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = vmap { (x: Tensor) in x.matmul(Tensor.ones([4, 2])) }(Tensor.ones([2, 3]))
    }
    .expectsMessage("matmul: inner extents differ: [3] · [4, 2]")
  }

  @Test("a wrong cotangent of a derivative of one's own is told with one example's shapes, around vmap and inside")
  func cotangents() {
    @Sendable func summed(_ x: Tensor, line: UInt) -> Tensor {
      customDerivative([x], forward: { $0[0] * 1 }, vjp: { _, _, ct in [ct.sum()] }, line: line).sum()
    }
    let found = collectingMistakes([
      { _ = gradient(at: Tensor.ones([2, 3])) { xs in vmap { (x: Tensor) in summed(x, line: 1) }(xs).sum() } },
      { _ = vmap { (x: Tensor) in gradient(at: x) { summed($0, line: 2) } }(Tensor.ones([2, 3])) },
    ])
    let text = "customDerivative: its vjp gave a cotangent of shape [] for an argument of shape [3]"
    #expect(found.map { $0.description } == [1, 2].map { "WengertTests/VmapTests.swift:\($0): \(text)" })
  }

  @Test("the numbers of an example cannot be read, inside nor outside")
  func reading() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = vmap { (x: Tensor) in x * x.sum().item() }(Tensor.ones([2, 3]))
    }
    .expectsMessage("vmap: reading a tensor's values is not possible inside of vmap")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let kept = Kept()
      _ = vmap { (x: Tensor) in
        kept.tensor = x
        return x
      }(Tensor.ones([2, 3]))
      _ = kept.tensor! + 1
    }
    .expectsMessage("vmap: one example's tensor is used outside of the function that was given to vmap")
  }

  private final class Kept: @unchecked Sendable { var tensor: Tensor? }
}
