import Testing
import Wengert
import WengertTestSupport

/// Expressions as users write them; that they compile is half of the claim (`make expressions` says how much search each may take).
@Suite("Everyday expressions")
struct EverydayTests {
  let x = Tensor([0.5, 1, 2], dtype: .float64)

  @Test("a reduction of tensors in a gradient's closure") func reduction() {
    let found = Closures.step(x, n: 3)
    #expect(found.doubles == Physics.pendulum(x, n: 3).doubles)
    let plain = gradient(at: x) { (y: Tensor) -> Tensor in
      var s = y
      for i in 0..<3 { s = s + 0.001 * sin(s * Double(i % 7)) }
      return s.sum()
    }
    #expect(found.doubles == plain.doubles)
  }

  @Test("arrays of tensors written in place have derivatives") func arrays() {
    let y = x + 1
    #expect(Closures.slopes(x, y).map(\.doubles) == [y.doubles.map { $0 - 2 }, x.doubles])
    #expect(
      Closures.penalized(x, y).map(\.doubles) == [zip(x.doubles, y.doubles).map { $1 - 2 + $0 }, zip(x.doubles, y.doubles).map { $0 + $1 }])
    #expect(Closures.lineFit(Tensor(1.0, dtype: .float64), Tensor(0.0, dtype: .float64), x, x).gradient[0].item() == 0.02)
    let directions = Closures.directions(x, y)
    #expect(directions.count == 5)
    var sum = 0.0
    for (i, (a, b)) in zip(x.doubles, y.doubles).enumerated() {
      let along: Double = 2 * b * b + 2 * a * a - a / 3
      let expected: [Double] = [4 * a * b, 4 * b * b + 4 * a * a, -(2 * b + 3) * along, 2 * (1 - a) * along]
      for (found, expected) in zip(directions, expected) {
        #expect(abs(found.doubles[i] - expected) <= 1e-12 * max(1, abs(expected)))
      }
      sum += a * b - 2 * a + 1
    }
    #expect(directions[4].item() == sum)
  }

  @Test("a sequence of tensors is reduced from left to right") func reduced() throws {
    let y = x + 1
    #expect([x, 2 * x].reduce(Tensor(1.0, dtype: .float64)) { $0 * 10 + $1 }.doubles == x.doubles.map { 100 + 10 * $0 + 2 * $0 })
    #expect([Tensor]().reduce(x, +).doubles == x.doubles)
    #expect(Closures.differences([x, y], [y, x], 0 * x).doubles == [0, 0, 0])
    let halves: [Double] = zip(x.doubles, y.doubles).map { (a: Double, b: Double) -> Double in a + (a * a - 1) / 2 + (b * b - 1) / 2 }
    #expect(Closures.typed(x, y).doubles == halves)
    struct Stop: Error {}
    #expect(throws: Stop.self) { try [x].reduce(x) { _, _ in throw Stop() } }
  }

  @Test("formulas mean what they say") func values() {
    let v = x.doubles
    #expect(Arithmetic.literals(x).doubles == v.map { 2 * $0 + 1 })
    #expect(Arithmetic.integers(x, n: 3).doubles == v.map { $0 * 3 + 9.0 / 4 - $0 / 5 })
    #expect(Arithmetic.remainder(-x).doubles == v.map { ((-$0).remainder3 + 3).remainder3 * 2 - 1 })
    #expect(Arithmetic.updates(x, rate: 2).doubles == v.map { (($0 + 1) * 1 - 0.5 * $0) / (2 + $0) })
    #expect(Comparisons.leaky(-x).doubles == v.map { -0.01 * $0 })
    #expect(Closures.gradientOfSquares(x).doubles == v.map { $0 - 1 })
    #expect(
      Closures.losses([(Tensor.ones([2, 1]), Tensor.zeros([2, 1])), (Tensor.zeros([2, 1]), Tensor.ones([2, 1]))], Tensor([[3]])).item() == 5
    )
    #expect(Matrices.batched(x).shape == [16, 3])
    #expect(Matrices.heads(Tensor.ones([2, 5, 12]), heads: 3).shape == [2, 3, 5, 4])
    #expect(Matrices.laplacian(Tensor.ones([4, 5])).doubles == [Double](repeating: 0, count: 6))
  }

  @Test("functions of tensors are values") func functions() {
    #expect([x].map(exp)[0].doubles == exp(x).doubles)
    #expect(Closures.unary([x])[0].doubles == log1p(exp(x)).doubles)
    #expect(Closures.functions(x).map(\.shape) == [[3], [3], [3], [3]])
    #expect([x, -x, 2 * x].reduce(x, maximum).doubles == (2 * x).doubles)
    #expect(compile(gelu)(x).doubles == gelu(x).doubles)
    let chain: [(Tensor) -> Tensor] = [relu, tanh, { $0 / 2 }]
    #expect(chain.reduce(x) { $1($0) }.doubles == (tanh(relu(x)) / 2).doubles)
  }

  @Test("a function without a line parameter still finds its caller's line") func line() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { Mistake.pair() } }
      .expectsMessage("EverydayTests.swift:\(Mistake.line)", "maximum: shapes [2] and [3] do not broadcast")
  }

  private enum Mistake {
    static func pair() { _ = maximum(Tensor.ones([2]), Tensor.ones([3])) }
    static let line = #line - 1
  }

  @Test("derivatives in code that is generic over a tree") func generic() {
    func slope<Tree: TensorTree>(_ tree: Tree, _ f: (Tree) -> Tensor) -> Tree where Tree.Itself == Tree { gradient(at: tree) { f($0) * 2 } }
    #expect(slope([x, x]) { ($0[0] * $0[1]).sum() }[0].doubles == x.doubles.map { 2 * $0 })
    let product = vjp(at: x) { $0 * $0 }
    #expect(product.pullback(x).doubles == x.doubles.map { 2 * $0 * $0 })
    #expect(jvp(at: x, along: x) { $0 * $0 }.tangent.doubles == x.doubles.map { 2 * $0 * $0 })
    #expect(hessianVectorProduct(at: x, along: x) { ($0 * $0 * $0).sum() / 6 }.doubles == x.doubles.map { $0 * $0 })
    #expect(gradient(at: x) { checkpoint($0) { ($0 * $0).sum() / 2 } }.doubles == x.doubles)
  }
}

extension Tensor {
  fileprivate var doubles: [Double] { array(of: Double.self) }
}

extension Double {
  fileprivate var remainder3: Double { self - 3 * (self / 3).rounded(.down) }
}

@Suite("Axes, subscripts and shapes in lists")
struct AxisListTests {
  let x = Tensor.iota(24).cast(to: .float64).reshape([2, 3, 4])

  @Test("a list of axes and axes one by one say the same") func lists() {
    #expect(x.flip([0, 1]).doubles == x.flip(0, 1).doubles)
    #expect(x.flip(nil).doubles == x.flip().doubles && x.flip([]).doubles == x.doubles)
    #expect(x.permute(2, 0, 1).shape == x.permute([2, 0, 1]).shape && x.permute(2, 0, 1).shape == [4, 2, 3])
    let thin = x.reshape([1, 24, 1])
    #expect(thin.squeeze([0, -1]).shape == [24] && thin.squeeze(0, -1).shape == [24] && thin.squeeze([]).shape == [1, 24, 1])
    #expect(thin.squeeze(nil).shape == [24])
    #expect(x.expandDims([0, -1]).shape == [1, 2, 3, 4, 1] && x.expandDims([]).shape == x.shape)
  }

  @Test("one axis has the label axis, several have axes") func labels() {
    #expect(x.sum(axis: 1).doubles == x.sum(axes: [1]).doubles && x.prod(axis: -1).doubles == x.prod(axes: [-1]).doubles)
    #expect(x.max(axis: 0).doubles == x.max(axes: [0]).doubles && x.min(axis: 0).doubles == x.min(axes: [0]).doubles)
    #expect(x.any(axis: 2).doubles == x.any(axes: [2]).doubles && x.all(axis: 2).doubles == x.all(axes: [2]).doubles)
    #expect(x.mean(axis: 1, keepDims: true).shape == [2, 1, 4] && x.mean(axis: 1).doubles == x.mean(axes: [1]).doubles)
    #expect(x.variance(axis: 1, correction: 1).doubles == x.variance(axes: [1], correction: 1).doubles)
    #expect(x.norm(axis: 2).doubles == x.norm(axes: [2]).doubles && x.norm(1, axis: 2).doubles == x.norm(1, axes: [2]).doubles)
    #expect(x.logSumExp(axis: 2).doubles == x.logSumExp(axes: [2]).doubles)
  }

  @Test("indices in a list read and write as in a subscript") func indices() {
    let list: [any TensorIndex] = [1, Axis.all, 1..<3]
    #expect(x[indices: list].doubles == x[1, Axis.all, 1..<3].doubles)
    var y = x
    y[indices: list] = Tensor.zeros([3, 2])
    #expect(y[1, 0..., 1..<3].sum().item() == 0 && y[0].doubles == x[0].doubles && x[1, 0, 1].item() == 13)
    #expect(x[indices: []].doubles == x.doubles)
  }

  @Test("shapes join with lists and shapes") func shapes() {
    let list = [5, 6]
    func same(_ a: Shape, _ b: Shape) -> Bool { a == b }
    #expect(same([16] + x.shape, [16, 2, 3, 4]))
    #expect(same(x.shape + [16], [2, 3, 4, 16]))
    #expect(same(list + x.shape, [5, 6, 2, 3, 4]))
    #expect(same(x.shape + list, [2, 3, 4, 5, 6]))
    #expect(same(x.shape + x.shape, [2, 3, 4, 2, 3, 4]))
    #expect(same([1] + x.shape + [2], [1, 2, 3, 4, 2]))
    #expect(same(x.shape.dropFirst() + [7], [3, 4, 7]))
    #expect(same([7] + x.shape.dropLast(2), [7, 2]))
    #expect(same(x.shape.prefix(2), [2, 3]) && same(x.shape.suffix(1), [4]))
    #expect(same(x.shape.prefix(9), x.shape) && same(x.shape.dropFirst(9), []))
    #expect(same(Shape(x.shape[1...]), [3, 4]) && same(Shape(list), [5, 6]))
    let literal = [16] + x.shape
    #expect(type(of: literal) == Shape.self && Array(x.shape) == [2, 3, 4] && x.shape == [2, 3, 4])
    var shape = x.shape
    shape += [9]
    #expect(same(shape, [2, 3, 4, 9]) && x.reshape([1] + x.shape).rank == 4)
  }

  @Test("shapes with symbols join too") func symbols() {
    let shape = Shape(dimensions: ["batch", 4])
    #expect(([2] + shape).description == "[2, batch, 4]" && (shape.dropLast() + shape).description == "[batch, batch, 4]")
  }

  @Test("naming an axis of a scalar is refused in words") func scalars() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor(1).sum(axes: [0]) }
      .expectsMessage("sum: axis 0 does not exist in a scalar, which has no axes")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor(1).softmax() }
      .expectsMessage("softmax: axis -1 does not exist in a scalar, which has no axes")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor(1).flip(-1) }
      .expectsMessage("flip: axis -1 does not exist in a scalar, which has no axes")
    #expect(Tensor(2).expandDims(0).shape == [1] && Tensor(2).sum().item() == 2 && Tensor(2).sum(axes: []).item() == 2)
  }
}

@Suite("Keys, tuples and settings in trees")
struct TreeMemberTests {
  struct Noisy: ParameterTree {
    var weight: Tensor
    var key: RandomKey
    var others: [String: [Tensor?]]
    var rate = 0.5
    var name = "noisy"
    static let fields: [Field<Self>] = [.init("weight", \.weight), .init("key", \.key), .init("others", \.others)]
  }

  @Test("a compiled function draws with the key that it is given") func key() {
    let draw = compile { (key: RandomKey, x: Tensor) in key.normal([4]) * x }
    for seed in 1...3 {
      #expect(draw(RandomKey(seed), Tensor(2)).doubles == (RandomKey(seed).normal([4]) * Tensor(2)).doubles)
    }
    #expect(draw.statistics.compilations == 1)
    let split = compile { (key: RandomKey) in Pair(key.split(2), key.fold(7)) }
    let (children, folded) = split(RandomKey(5)).values
    for (child, expected) in zip(children, RandomKey(5).split(2)) { #expect(child.data.doubles == expected.data.doubles) }
    #expect(folded.data.doubles == RandomKey(5).fold(7).data.doubles)
  }

  @Test("a model holds keys, optionals, dictionaries and settings; settings stay as they are") func model() {
    let model = Noisy(weight: Tensor([1.0, 2]), key: RandomKey(3), others: ["a": [Tensor(4.0), nil]], rate: 0.25)
    #expect(model.namedTensors.map(\.name) == ["weight", "key", "others.a.0"])
    let slope = gradient(at: model) { model in
      (model.weight * model.weight * model.others["a"]![0]! + model.rate * model.key.uniform([2])).sum() / 2
    }
    #expect(slope.weight.doubles == [4, 8] && slope.rate == 0.25 && slope.name == "noisy" && slope.key.data.item() == 0)
    #expect(slope.others["a"]![0]!.item() == 2.5 && slope.others["a"]![1] == nil)
  }

  @Test("a forgotten field is found in tuples, structs and lists of any tree") func forgotten() {
    struct Statistics { var mean: Tensor, count = 0 }
    struct Forgetful: ParameterTree {
      var weight = Tensor(1)
      var pair = (Tensor(1), 2)
      var statistics: Statistics? = Statistics(mean: Tensor(0))
      var trees: [any TensorTree] = [Tensor(1)]
      var settings = (rate: 0.1, sizes: [1, 2], name: "n")
      static let fields: [Field<Self>] = [.init("weight", \.weight)]
    }
    #expect(FieldCheck.missingFields(of: Forgetful()) == ["pair", "statistics", "trees"])
  }
}
