import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("Mixed precision")
struct AutocastTests {
  private struct Network: TensorTree {
    var first: Linear, second: Linear, norm: LayerNorm, head: Linear

    func logits(_ x: Tensor) -> (inner: Tensor, outer: Tensor, sum: Tensor, logits: Tensor) {
      let inner = first(x), outer = second(gelu(inner)), sum = x + outer
      return (inner, outer, sum, head(norm(sum)))
    }

    mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
      first.visit(dotted(prefix, "first"), body)
      second.visit(dotted(prefix, "second"), body)
      norm.visit(dotted(prefix, "norm"), body)
      head.visit(dotted(prefix, "head"), body)
    }
  }

  private struct Golden: Decodable {
    var x: [Float], classes: [Int], loss: Double
    var dtypes: [String: String], parameters: [String: [Float]], gradients: [String: [Float]], gradientDtypes: [String]

    var network: Network {
      var network = Network(
        first: Linear(8, 16, key: RandomKey(0)), second: Linear(16, 8, key: RandomKey(0)), norm: LayerNorm(8, epsilon: 1e-12),
        head: Linear(8, 4, key: RandomKey(0)))
      network.visit("") { name, tensor in tensor = Tensor(parameters[name]!, shape: tensor.shape) }
      return network
    }
  }

  private let golden = try! JSONDecoder().decode(Golden.self, from: Data(contentsOf: Fixtures.url("autocast.json")))
  private var x: Tensor { Tensor(golden.x, shape: [6, 8]) }
  private let weight = RandomKey(1).normal([5, 7]), factor = RandomKey(2).normal([3, 5])

  private func loss(_ network: Network) -> Tensor { crossEntropy(network.logits(x).logits, Tensor(golden.classes)) }

  @Test("dtypes, loss and gradients are those of PyTorch's autocast")
  func likePyTorch() {
    let network = golden.network
    Autocast.with(.bfloat16) {
      let parts = network.logits(x)
      let found = ["inner": parts.inner, "outer": parts.outer, "sum": parts.sum, "logits": parts.logits, "loss": loss(network)]
      #expect(found.mapValues { "\($0.dtype)" } == golden.dtypes)
      let (value, gradient) = valueAndGradient(at: network, loss)
      #expect(abs(value.item() - golden.loss) < 4e-3, "\(value) and \(golden.loss)")
      for (name, tensor) in gradient.namedTensors {
        #expect(golden.gradientDtypes == ["\(tensor.dtype)"], "\(name)")
        let worst = zip(tensor.array(of: Float.self), golden.gradients[name]!).map { abs($0 - $1) }.max()!
        #expect(worst < 4e-3, "\(name) is off by \(worst)")
      }
    }
  }

  @Test("a compiled function has a program of its own for it, whose results are the function's")
  func compiled() {
    let network = golden.network
    let compiled = compile { (network: Network) -> (Tensor, Network) in valueAndGradient(at: network, loss) }
    func run() -> (value: Tensor, gradient: Network) { compiled(network).values }
    let plain = run()
    let (value, gradient) = Autocast.with(.bfloat16) { run() }
    #expect(compiled.statistics.compilations == 2)
    #expect(run().value.item() == plain.value.item() && compiled.statistics.compilations == 2)
    #expect(value.item() != plain.value.item() && abs(value.item() - plain.value.item()) < 1e-2)
    let expected = Autocast.with(.bfloat16) { valueAndGradient(at: network, loss) }
    #expect(abs(value.item() - expected.value.item()) < 2e-3)
    for (one, other) in zip(gradient.tensors, expected.gradient.tensors) {
      #expect(one.dtype == .float32 && abs(one - other).max().item() < 4e-3)
    }
  }

  @Test("a product is that of its rounded factors, and so is its derivative, wherever it is asked for")
  func products() {
    func rounded(_ x: Tensor) -> Tensor { x.cast(to: .bfloat16) }
    let ct = RandomKey(3).normal([3, 7], dtype: .bfloat16)
    var y = Tensor(0), expected = Tensor(0)
    let slope = gradient(at: weight) { weight in
      y = Autocast.with(.bfloat16) { factor.matmul(weight) }
      return (y * ct).sum()
    }
    let expectedSlope = gradient(at: weight) { weight in
      expected = rounded(factor).matmul(rounded(weight))
      return (expected * ct).sum()
    }
    #expect(y.dtype == .bfloat16 && y.doubles == expected.doubles)
    #expect(slope.dtype == .float32 && slope.doubles == expectedSlope.doubles)
    let contracted = Autocast.with(.float16) { einsum("ij,jk->ki", factor, weight) }
    #expect(contracted.dtype == .float16)
    let offsets = Tensor([Int32(0), 2, 5]), q = RandomKey(4).normal([5, 8])
    let attended = Autocast.with(.bfloat16) { attention(query: q, key: q, value: q, offsets: offsets, heads: 2) }
    #expect(attended.dtype == .bfloat16)
    #expect(attended.doubles == attention(query: rounded(q), key: rounded(q), value: rounded(q), offsets: offsets, heads: 2).doubles)
  }

  @Test("float64, whole numbers, single operands and what stands outside are left alone; nil ends it")
  func exempt() {
    Autocast.with(.bfloat16) {
      #expect(weight.cast(to: .float64).matmul(Tensor.ones([7], dtype: .float64)).dtype == .float64)
      #expect(Tensor([Int32(1)]).matmul(Tensor([Int32(2)])).dtype == .int32)
      #expect(einsum("ij->ji", weight).dtype == .float32)
      #expect((weight * 2).softmax().dtype == .float32)
      #expect(Autocast.with(nil) { factor.matmul(weight).dtype } == .float32)
      #expect(Autocast.dtype == .bfloat16)
    }
    #expect(Autocast.dtype == nil && factor.matmul(weight).dtype == .float32)
  }

  @Test("losses are computed in float32")
  func losses() {
    let half = RandomKey(5).normal([4, 3], dtype: .float16), target = Tensor.zeros([4, 3], dtype: .float16)
    let classes = Tensor([0, 1, 2, 0])
    Autocast.with(.float16) {
      #expect(crossEntropy(half, classes).doubles == crossEntropy(half.cast(to: .float32), classes).doubles)
      #expect(crossEntropy(half, classes, labelSmoothing: 0.1).dtype == .float32)
      #expect(meanSquaredError(half, target).dtype == .float32)
      #expect(binaryCrossEntropyWithLogits(half, target).dtype == .float32)
    }
    #expect(crossEntropy(half, classes).dtype == .float16)
  }

  @Test("other dtypes are refused by name")
  func refused() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { Autocast.with(.int32) {} }
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { Autocast.with(.float32) {} }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("products can be computed in float16 or bfloat16, not in float32"), "\(text)")
  }

  @Test("the scale of a loss is halved where the gradient overflows, and doubled after steps without that, as PyTorch's GradScaler does")
  func lossScale() {
    var scale = LossScale(1024, growthInterval: 2)
    #expect(scale.accepts(norm: 3) && scale.value == 1024 && scale.steps == 1)
    #expect(scale.accepts(norm: 3) && scale.value == 2048 && scale.steps == 0)
    #expect(scale.accepts(norm: 3) && !scale.accepts(norm: .infinity) && scale.value == 1024 && scale.steps == 0)
    #expect(!scale.accepts(norm: .nan) && scale.value == 512)
    #expect(LossScale().value == 65536 && LossScale().growthInterval == 2000)
  }
}
