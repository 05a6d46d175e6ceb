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

  @Test("an update that meets a fault at one tensor moves no other, and counts no step") func fault() throws {
    let identity = Tensor([[1.0, 0], [0, 1]])
    var model = Pair(identity, identity), optimizer = Factors()
    #expect(throws: DataFault.self) {
      try catchingDataFaults { optimizer.update(&model, Pair(identity, -identity), learningRate: 1) }
    }
    #expect(model.first.array(of: Float.self) == [1, 0, 0, 1])
    #expect(optimizer.state.step == 0)
    try catchingDataFaults { optimizer.update(&model, Pair(identity, identity), learningRate: 1) }
    #expect(model.second.array(of: Float.self) == [0, 0, 0, 0])
    #expect(optimizer.state.step == 1)
  }

  @Test("the library's take gradients in the type they have: what is beyond half precision moves half parameters") func wide() {
    var x = Tensor([1.0, 1.0], dtype: .float16), sgd = SGD()
    sgd.update(&x, Tensor([70000.0, 1e-8]), learningRate: 1e-5)
    let moved = x.cast(to: .float32).array(of: Float.self)
    #expect(abs(moved[0] - 0.3) < 1e-3)
    sgd.update(&x, Tensor([0.0, 1e-8]), learningRate: 1e7)
    let again = x.cast(to: .float32).array(of: Float.self)
    #expect(abs(again[1] - 0.9) < 1e-3)
  }
}

/// Moves each parameter by the Cholesky factor of its gradient.
private struct Factors: Optimizer {
  var weightDecay = 0.0
  var groups: [ParameterGroup] = []
  var state = OptimizerState(bufferNames: [])

  func updated(
    _ parameter: Tensor, _ buffers: [Tensor], gradient: Tensor, scalars: [Tensor], weightDecay: Double
  ) -> (parameter: Tensor, buffers: [Tensor]) {
    (parameter - gradient.cholesky() * scalars[0], [])
  }

  func scalars(step: Tensor, learningRate: Tensor, weightDecay: Double) -> [Tensor] { [learningRate] }
}
