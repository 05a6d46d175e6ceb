import Testing
import WengertNN

/// SGD with momentum in tensor operations, as a user writes it.
private struct Momentum: Optimizer {
  var weightDecay = 0.1
  var groups: [ParameterGroup] = []
  var state = OptimizerState(bufferNames: ["momentum"])

  func updated(
    _ parameter: Tensor, _ buffers: [Tensor], gradient: Tensor, scalars: [Tensor], weightDecay: Double
  ) -> (parameter: Tensor, buffers: [Tensor]) {
    let velocity = buffers[0] * 0.5 + (gradient + parameter * weightDecay)
    return (parameter - velocity * scalars[0], [velocity])
  }

  func scalars(step: Tensor, learningRate: Tensor, weightDecay: Double) -> [Tensor] { [learningRate] }
}

@Suite("Optimizers of one's own")
struct OwnOptimizerTests {
  private let x = RandomKey(2).normal([5, 4])

  private func gradient(_ model: Linear) -> Linear { valueAndGradient(at: model) { square($0(x)).mean() }.gradient }

  private func expectClose(_ a: Linear, _ b: Linear) {
    for ((name, a), b) in zip(a.namedTensors, b.tensors) {
      let distance = (a - b).norm().item()
      #expect(distance < 1e-5, "\(name)")
    }
  }

  @Test("written in tensor operations, it moves a model as the library's does") func eager() {
    var own = Linear(4, 3, key: RandomKey(1)), other = own
    var momentum = Momentum(), sgd = SGD(momentum: 0.5, weightDecay: 0.1)
    for _ in 0..<4 {
      momentum.update(&own, gradient(own), learningRate: 0.1)
      sgd.update(&other, gradient(other), learningRate: 0.1)
    }
    expectClose(own, other)
    #expect(momentum.state.step == 4)
    #expect(momentum.state.namedTensors.map(\.name) == ["step", "bias.momentum", "weight.momentum"])
  }

  @Test("it is part of a compiled step like any other") func compiled() {
    var other = Linear(4, 3, key: RandomKey(1)), sgd = SGD(momentum: 0.5, weightDecay: 0.1)
    var state = Pair(other, Momentum())
    state.second.state.prepare(for: state.first)
    let step = compileUpdate({ (state: inout Pair<Linear, Momentum>, x: Tensor) -> Tensor in
      let (loss, gradient) = valueAndGradient(at: state.first) { square($0(x)).mean() }
      state.second.update(&state.first, gradient, learningRate: Tensor(0.1))
      return loss
    })
    for _ in 0..<4 {
      _ = step(&state, x)
      sgd.update(&other, gradient(other), learningRate: 0.1)
    }
    expectClose(state.first, other)
    #expect(state.second.state.step == 4)
  }

  @Test("parameters of half precision keep their dtype, and its buffers are float32") func half() {
    var model = Tensor([1, 2, 4], dtype: .bfloat16), momentum = Momentum(weightDecay: 0)
    momentum.update(&model, Tensor([1, -1, 2], dtype: .bfloat16), learningRate: 0.5)
    #expect(model.dtype == .bfloat16)
    #expect(model.array(of: Double.self) == [0.5, 2.5, 3])
    #expect(momentum.state.tensors.last?.dtype == .float32)
  }

  @Test("the library's optimizers tell the update of one parameter") func updateOfOne() {
    let parameter = Tensor([1.0, 2]), gradient = Tensor([2.0, -2])
    let new = SGD().updated(parameter, [], gradient: gradient, scalars: [Tensor(0.5)], weightDecay: 0)
    #expect(new.parameter.array(of: Double.self) == [0, 3])
    #expect(new.buffers.isEmpty)
    #expect(parameter.array(of: Double.self) == [1, 2])
  }
}
