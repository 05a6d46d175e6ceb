import Testing
import WengertDifferentiable
import WengertNN
import WengertTestSupport

// The examples of Documentation/DifferentiableSwift.md, to the letter.
struct Dense: Differentiable, ParameterTree {
  var weight: Tensor
  var bias: Tensor
  @noDerivative var activation: @differentiable(reverse) (Tensor) -> Tensor
  static let fields: [Field<Self>] = [.init("weight", \.weight), .init("bias", \.bias)]

  @differentiable(reverse)
  func callAsFunction(_ x: Tensor) -> Tensor { activation(x.matmul(weight) + bias) }
}

struct Network: Differentiable, ParameterTree {
  var layers: [Dense]
  static let fields: [Field<Self>] = [.init("layers", \.layers)]

  @differentiable(reverse)
  func callAsFunction(_ x: Tensor) -> Tensor {
    var y = x
    for i in 0..<withoutDerivative(at: layers.count) { y = layers[i](y) }
    return y
  }
}

func meanSquaredError(_ network: Network, _ x: Tensor, _ target: Tensor) -> Network.TangentVector {
  gradient(at: network, of: { network in square(network(x) - target).mean() })
}

struct Scorer: Differentiable {
  var first: Taped<Linear>
  var scale: Tensor

  @differentiable(reverse)
  func callAsFunction(_ x: Tensor) -> Tensor {
    let y = first.applied(to: x) { layer, x in layer(x) }
    return onTape([y * scale]) { x in einsum("ij,kj->ik", x[0], x[0]) }
  }
}

@differentiable(reverse)
func captured(_ x: Tensor, _ w: Tensor) -> Tensor {
  let layer: @differentiable(reverse) (Tensor) -> Tensor = { y in y * w }
  return layer(x)  // the derivative by w is zero
}

// Each has at most two uses of a value, so that the order in which cotangents are added does not matter.

@differentiable(reverse)
private func recurrence(_ x: Tensor, _ w: Tensor, _ steps: Int) -> Tensor {
  func step(_ y: Tensor) -> Tensor { tanh(y.matmul(w)) }
  var y = x
  var i = 0
  while i < steps {
    if i % 2 == 0 {
      y = step(y)
    } else {
      y += x
    }
    i += 1
  }
  return y.sum()
}

@differentiable(reverse)
private func folded(_ x: Tensor, _ weights: [Tensor]) -> Tensor {
  weights.differentiableReduce(x) { y, w in relu(y.matmul(w)) }.sum()
}

private func cubes(_ x: Tensor) -> TensorTangent { gradient(at: x, of: { y in (y * y * y).sum() }) }

@Suite("Models that Swift differentiates")
struct ModelTests {
  private let key = RandomKey(7)
  private var x: Tensor { key.fold(20).normal([5, 4]) }
  private var target: Tensor { key.fold(21).normal([5, 4]) }
  private var network: Network { Network(layers: [dense(0, gelu), dense(1, tanh), dense(2, identity)]) }

  private func dense(_ i: Int, _ activation: @escaping @differentiable(reverse) (Tensor) -> Tensor) -> Dense {
    Dense(weight: key.fold(i).normal([4, 4]), bias: key.fold(10 + i).normal([4]), activation: activation)
  }

  private func expectEqual(_ actual: [Tensor], _ expected: [Tensor], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(actual.map(\.shape) == expected.map(\.shape), sourceLocation: sourceLocation)
    for (a, b) in zip(actual, expected) { #expect(a.array(of: Double.self) == b.array(of: Double.self), sourceLocation: sourceLocation) }
  }

  @Test("value and gradient of a model with an array of layers and stored closures are the tape's, bit for bit")
  func model() {
    let (x, target, network) = (x, target, network)
    let (value, slope) = valueWithGradient(at: network, of: { network in square(network(x) - target).mean() })
    let (expected, pullback) = vjp(at: network) { network in square(network(x) - target).mean() }
    #expect(value.item() == expected.item())
    expectEqual(network.tree(of: slope).tensors, pullback(Tensor(1.0)).tensors)
    expectEqual(slope.layers.base.flatMap { [$0.weight.value!, $0.bias.value!] }, pullback(Tensor(1.0)).tensors)
    #expect(meanSquaredError(network, x, target) == slope)
  }

  @Test("loops, branches, local functions and assignments give the tape's gradient")
  func control() {
    let x = x, w = key.fold(30).normal([4, 4])
    let (value, pullback) = valueWithPullback(at: x, w, of: { x, w in recurrence(x, w, 3) })
    let (expected, expectedPullback) = vjp(at: [x, w]) { recurrence($0[0], $0[1], 3) }
    let (ofX, ofW) = pullback(TensorTangent(Tensor(1.0)))
    expectEqual([value, ofX.value!, ofW.value!], [expected] + expectedPullback(Tensor(1.0)))
  }

  @Test("a fold over an array of weights gives the tape's gradient")
  func fold() {
    let x = x, weights = (0..<3).map { key.fold(40 + $0).normal([4, 4]) }
    let slopes = gradient(at: weights, of: { weights in folded(x, weights) })
    let (_, pullback) = vjp(at: weights) { folded(x, $0) }
    expectEqual(slopes.base.map { $0.value! }, pullback(Tensor(1.0)))
  }

  @Test("layers on the tape and functions on the tape are parts of a model")
  func taped() {
    let x = x, layer = Linear(4, 3, key: key.fold(50)), scale = Tensor(0.5)
    let scorer = Scorer(first: Taped(layer), scale: scale)
    let slope = gradient(at: scorer, of: { scorer in scorer(x).sum() })
    let (_, pullback) = vjp(at: layer.tensors + [scale]) { p in
      let y = layer.replacingTensors(Array(p.dropLast()))(x) * p[p.count - 1]
      return einsum("ij,kj->ik", y, y).sum()
    }
    expectEqual(slope.first.changes.map { $0.value! } + [slope.scale.value!], pullback(Tensor(1.0)))
    var moved = scorer
    moved.move(by: slope)
    expectEqual(moved.first.tensors, zip(layer.tensors, slope.first.changes).map { $0 + $1.value! })
  }

  @Test("an optimizer takes the gradient as a tree")
  func optimizer() {
    var network = network, other = network
    let (x, target) = (x, target)
    var first = SGD(), second = SGD()
    first.update(&network, network.tree(of: meanSquaredError(network, x, target)), learningRate: 0.1)
    let slope = vjp(at: other) { other in square(other(x) - target).mean() }.pullback(Tensor(1.0))
    second.update(&other, slope, learningRate: 0.1)
    expectEqual(network.tensors, other.tensors)
  }

  @Test("a number that is read out has a derivative, so that Swift's own gradient serves")
  func item() {
    let slope = gradient(at: Tensor([1.0, 2.0]), of: { (x: Tensor) -> Double in (x * x).sum().item() })
    expectEqual([slope.value!], [Tensor([2.0, 4.0])])
  }

  @Test("the tape, vmap and compile hold a gradient that Swift computes")
  func nested() {
    let x = Tensor([1.0, 2.0])
    let second = vjp(at: x) { x in square(cubes(x).value!).sum() }.pullback(Tensor(1.0))
    // (9x⁴)' = 36x³
    expectEqual([second], [Tensor([36.0, 288.0])])
    expectEqual([compile { (x: Tensor) -> Tensor in cubes(x).value! }(x)], [Tensor([3.0, 12.0])])
    expectEqual([vmap { (x: Tensor) -> Tensor in cubes(x).value! }(Tensor([[1, 2], [3, 1]]))], [Tensor([[3, 12], [27, 3]])])
  }

  @Test("nothing is a tangent of zeros")
  func algebra() {
    let one = TensorTangent(Tensor([1.0, -2.0])), zeros = TensorTangent(Tensor.zeros([2]))
    #expect(one + .zero == one && .zero + one == one && one - one == .zero && TensorTangent.zero == zeros && one != zeros)
    #expect(.zero - one == TensorTangent(Tensor([-1.0, 2.0])) && one != TensorTangent(Tensor([[1, -2]])))
    let tree = TreeTangent([one, .zero])
    #expect(tree + .zero == tree && .zero - tree == TreeTangent([.zero - one, zeros]) && tree - tree == .zero && tree != .zero)
  }

  @Test("whole numbers get no gradient, and a cast to them is refused")
  func whole() {
    let counts = Tensor([1, 2] as [Int]), x = Tensor([0.5, 1.5])
    let (value, pullback) = valueWithPullback(at: x, counts, of: { x, counts in x * counts })
    let (ofX, ofCounts) = pullback(TensorTangent(Tensor([1.0, 1.0])))
    expectEqual([value, ofX.value!], [Tensor([0.5, 3.0]), Tensor([1.0, 2.0])])
    #expect(ofCounts.value == nil)
    let mistakes = collectingMistakes([{ _ = valueWithPullback(at: Tensor([1.5]), of: { x in x * x.cast(to: .int32) }) }])
    #expect(mistakes.map(\.operation) == ["cast"] && mistakes[0].message.contains("withoutDerivative"))
  }

  @Test("a scalar is needed for a gradient")
  func scalar() {
    let mistakes = collectingMistakes([{ _ = gradient(at: Tensor([1.0, 2.0]), of: { x in x * x }) }])
    #expect(mistakes.map(\.message) == ["the function must give one floating number, it gave float32[2]"])
  }

  // When this fails, the compiler's fault is mended: the page's last paragraphs on limits go, and this with them.
  @Test("a local constant of a differentiable closure's type passes on nothing by what it captures")
  func fault() {
    let (ofX, ofW) = valueWithPullback(at: Tensor(2.0), Tensor(3.0), of: captured).pullback(TensorTangent(Tensor(1.0)))
    #expect(ofX == TensorTangent(Tensor(3.0)) && ofW == .zero)
  }

  @Test("every line of the page's examples stands in this file")
  func page() throws {
    let page = try MarkdownFile("Documentation/DifferentiableSwift.md")
    #expect(page.blocks.count { $0.language == "swift" } == 3)
    #expect(try page.linesMissing(in: #filePath) == [])
  }
}

@differentiable(reverse)
private func identity(_ x: Tensor) -> Tensor { x }
