import Testing
import WengertNN
import WengertTestSupport

@Suite("Losses agree with PyTorch in value and gradient")
struct LossTests {
  let golden = try! Golden()

  private func expect(_ name: String, _ loss: (Tensor) -> Tensor) throws {
    let (value, gradient) = valueAndGradient(at: try golden.tensor("loss/logits"), loss)
    try golden.expect(value, "loss/\(name)/value")
    try golden.expect(gradient, "loss/\(name)/gradient")
  }

  @Test("cross entropy, plain and smoothed") func crossEntropies() throws {
    let classes = try golden.tensor("loss/classes")
    try expect("crossEntropy") { crossEntropy($0, classes) }
    try expect("smoothed") { crossEntropy($0, classes, labelSmoothing: 0.1) }
  }

  @Test("cross entropy is differentiated twice, and forwards, as its logarithm of softmax is") func crossEntropyTwice() {
    let x = RandomKey(1).normal([4, 7], dtype: .float64), v = RandomKey(2).normal([4, 7], dtype: .float64)
    let classes = Tensor([0, 6, 3, 3] as [Int])
    let plain = { (x: Tensor) in -x.logSoftmax().takeAlong(classes.expandDims(1)).mean() }
    let ours = hessianVectorProduct(at: x, along: v) { crossEntropy($0, classes) }
    #expect(abs(ours - hessianVectorProduct(at: x, along: v, plain)).max().item() < 1e-12)
    let forward = jvp(at: x, along: v) { crossEntropy($0, classes) }.tangent
    #expect(abs(forward - jvp(at: x, along: v, plain).tangent).item() < 1e-12)
  }

  @Test("a class that is not there ends the program") func classOutOfRange() async {
    await #expect(processExitsWith: .failure) { _ = crossEntropy(Tensor.ones([1, 3]), Tensor([Int(3)])) }
    await #expect(processExitsWith: .failure) { _ = crossEntropy(Tensor.ones([1, 3]), Tensor([Int(-1)])) }
  }

  @Test("binary cross entropy of a sure and right answer is small and not zero, and so is its slope") func sure() {
    for (sign, target) in [(1.0, 1.0), (-1, 0)] {
      let x = Tensor([20 * sign]), t = Tensor([target])
      let (value, slope) = valueAndGradient(at: x) { binaryCrossEntropyWithLogits($0, t) }
      #expect(abs(value.item() / 2.061153620314381e-9 - 1) < 1e-5 && abs(slope.item() * -sign / 2.0611536181902037e-9 - 1) < 1e-5)
    }
    let half = Tensor([6.0], dtype: .float16), one = Tensor([1.0], dtype: .float16)
    #expect(abs(binaryCrossEntropyWithLogits(half, one).item() / 0.0024757 - 1) < 1e-2)
  }

  @Test("mean squared error and binary cross entropy") func others() throws {
    let targets = try golden.tensor("loss/targets")
    try expect("meanSquaredError") { meanSquaredError($0, targets) }
    try expect("binary") { binaryCrossEntropyWithLogits($0, targets) }
  }

  @Test("binary cross entropy of large logits does not overflow") func large() {
    let loss = binaryCrossEntropyWithLogits(Tensor([1000, -1000]), Tensor([1, 0]))
    #expect(loss.item() == 0)
  }

  @Test("a small network learns exclusive or") func exclusiveOr() {
    var model = Sequential(Linear(2, 8, key: RandomKey(1)), Activation { tanh($0) }, Dropout(0), Linear(8, 1, key: RandomKey(2)))
    let x = Tensor([[0, 0], [0, 1], [1, 0], [1, 1]]), y = Tensor([[0], [1], [1], [0]])
    var optimizer = AdamW(weightDecay: 0)
    var loss = 0.0
    for _ in 0..<200 {
      let (value, gradient) = valueAndGradient(at: model) { binaryCrossEntropyWithLogits($0(x), y) }
      optimizer.update(&model, gradient, learningRate: 0.05)
      loss = value.item()
    }
    #expect(loss < 0.05)
  }
}
