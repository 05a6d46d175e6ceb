import Testing
import WengertGraph

/// Whether two lists of tensors have the same elements.
func areSame(_ a: [Tensor], _ b: [Tensor]) -> Bool {
  a.count == b.count
    && zip(a, b).allSatisfy { a, b in
      a.shape.equals(b.shape) == true && a.dtype == b.dtype
        && a.cast(to: .float64).array(of: Double.self) == b.cast(to: .float64).array(of: Double.self)
    }
}

@Suite("Programs that were finished while Swift compiled")
struct ProgramTests {
  let x = RandomKey(1).normal([5, 3]), w = RandomKey(2).normal([3, 4]), b = RandomKey(3).normal([4]), v = RandomKey(4).normal([4, 1])

  @Test("give what the function gives, eager and compiled, for every size")
  func forward() {
    let compiled = compile { layer($0, $1, $2, $3) } as CompiledFunction<Tensor, Tensor, Tensor, Tensor, Tensor>
    for rows in [1, 5, 8] {
      let x = RandomKey(rows).normal([rows, 3])
      let found = layerGraph.forward(x, w, b, v)
      #expect(areSame([found], [layer(x, w, b, v)]))
      #expect(areSame([found], [compiled(x, w, b, v)]))
    }
    let statistics = layerGraph.forward.statistics
    #expect(statistics.compilations == 0 && statistics.calls == 3)
  }

  @Test("give the value and what a cotangent is pulled back to")
  func pullback() {
    let cotangent = RandomKey(5).normal([5, 1])
    let (value, gradients) = layerGraph.gradient(x, w, b, v, cotangent).values
    let (expected, pullback) = vjp(at: [x, w, b, v]) { layer($0[0], $0[1], $0[2], $0[3]) }
    #expect(areSame([value], [expected]) && areSame(gradients, pullback(cotangent)))
  }

  @Test("give value and gradient of one number by the arguments that are named")
  func gradient() {
    let (value, slope) = lossGraph.gradient(x, w).values
    let expected = valueAndGradient(at: w) { loss(x, $0) }
    #expect(areSame([value, slope], [expected.value, expected.gradient]))
  }

  @Test("have loops, conditions, tuples and slices in them")
  func parts() {
    let x = RandomKey(6).normal([2, 3, 12]), ids = Tensor([Int64(5), 0, 0])
    let (rows, sums) = partsGraph.forward(x, ids).values, expected = GraphTests.parts(x, ids)
    #expect(areSame([rows, sums], [expected.0, expected.1]))
    let short = RandomKey(7).normal([3, 6]), pieces = slices(short)
    #expect(areSame(slicesGraph.forward(short).tensors, [pieces.0, pieces.1]))
    #expect(
      areSame([forwardOnlyGraph.forward(x.reshape([6, 12]), Tensor.ones([12]))], [forwardOnly(x.reshape([6, 12]), Tensor.ones([12]))]))
  }

  @Test("divide as Swift does")
  func quotients() {
    let x = Tensor([1.0, 3.0])
    #expect(areSame([dividedGraph.forward(x)], [divided(x)]))
  }

  @Test("draw the same numbers from a key")
  func random() {
    let key = RandomKey(9), cotangent = RandomKey(10).normal([5, 3])
    #expect(areSame([noisyGraph.forward(x, key)], [noisy(x, key: key)]))
    let (_, pullback) = vjp(at: x) { noisy($0, key: key) }
    #expect(areSame([noisyGraph.gradient(x, key, cotangent).second], [pullback(cotangent)]))
  }

  @Test("go on past what stopGradient cuts off")
  func stopped() {
    let y = RandomKey(11).normal([5])
    let (value, gradients) = chosenGraph.gradient(x, y).values
    let expected = valueAndGradient(at: [x, y]) { chosen($0[0], $0[1]) }
    #expect(areSame([value], [expected.value]) && areSame(gradients, expected.gradient))
  }

  @Test("are of the dtypes that stand in front, and so are gradients")
  func dtypes() {
    let x = RandomKey(1).normal([4, 3], dtype: .float64), w = RandomKey(2).normal([3, 2], dtype: .float64)
    let found = doublesGraph.forward(x, w), (_, pullback) = vjp(at: [x, w]) { doubles($0[0], $0[1]) }
    #expect(found.dtype == .float64 && areSame([found], [doubles(x, w)]))
    #expect(areSame(doublesGraph.gradient(x, w, found).second, pullback(found)))

    let half = x.cast(to: .float16), gain = RandomKey(3).normal([3], dtype: .bfloat16)
    let (value, gradient) = halvesGraph.gradient(half, gain, .ones([4, 3])).values
    #expect(value.dtype == .float32 && areSame([value], [halves(half, gain)]))
    #expect(gradient.map(\.dtype) == [.float16, .bfloat16])
  }

  @Test("take up to three leading axes")
  func leadingAxes() {
    for front in [[], [2], [2, 5], [1, 2, 3]] {
      let x = RandomKey(front.count).normal(Shape(front + [3])), found = leadingGraph.forward(x, w)
      #expect(areSame([found], [leading(x, w)]))
      let (_, pullback) = vjp(at: [x, w]) { leading($0[0], $0[1]) }
      #expect(areSame(leadingGraph.gradient(x, w, found).second, pullback(found)))
    }
  }
}

@Suite("A model in one type")
struct EncoderTests {
  static func norm() -> Encoder.Norm { Encoder.Norm(gain: .ones([16]), bias: RandomKey(20).normal([16])) }

  static func encoder() -> Encoder {
    let blocks = (0..<2).map { place in
      let key = RandomKey(30 + place)
      return Encoder.Block(
        qkv: key.fold(0).normal([16, 48]) * 0.2, dense: (1..<3).map { key.fold($0).normal([16, 16]) * 0.2 }, norm: norm())
    }
    return Encoder(tokens: RandomKey(21).normal([50, 16]), blocks: blocks, norm: norm())
  }

  let model = encoder(), ids = RandomKey(22).integers(0..<50, [9]), offsets = Tensor([Int64(0), 4, 9])

  @Test("is a tree of its tensors")
  func fields() {
    #expect(model.namedTensors.map(\.name).prefix(4) == ["tokens", "blocks.0.qkv", "blocks.0.dense.0", "blocks.0.dense.1"])
    #expect(model.tensors.count == 13)
  }

  @Test("gives what its functions give, and the gradient by all of it")
  func programs() {
    #expect(areSame([Encoder.embedGraph.forward(model, ids, offsets)], [model.embed(ids, offsets)]))
    let target = RandomKey(23).normal([2, 16])
    let (value, gradient) = Encoder.lossGraph.gradient(model, ids, offsets, target).values
    let expected = valueAndGradient(at: model) { $0.loss(ids, offsets, target) }
    let compiled = compile { (model: Encoder, ids: Tensor, offsets: Tensor, target: Tensor) in
      Pair(valueAndGradient(at: model) { $0.loss(ids, offsets, target) })
    }(model, ids, offsets, target)
    #expect(areSame([value], [compiled.first]) && areSame(gradient.tensors, compiled.second.tensors))
    #expect(areSame([value], [expected.value]) && areSame(gradient.tensors, expected.gradient.tensors))
  }
}
