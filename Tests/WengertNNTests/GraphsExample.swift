import WengertNN

// The example of Documentation/Graphs.md, to the letter.
struct Network: ParameterTree, Sendable {
  var hidden = Linear(16, 32, key: RandomKey(1))
  var norm = LayerNorm(32)
  var output = Linear(32, 4, key: RandomKey(2))
  static let fields: [Field<Self>] = [.init("hidden", \.hidden), .init("norm", \.norm), .init("output", \.output)]

  func callAsFunction(_ x: Tensor) -> Tensor { output(norm(gelu(hidden(x)))) }
}

/// What the example prints, by the names of the blocks in the documentation.
enum GraphsExample {
  static func run() -> [String: String] {
    var printed: [String: String] = [:]

    let network = Network()
    let traced = compile({ (x: Tensor) in network(x) }, CompileOptions(shapes: ["0": ["batch", -1]], optimizes: false))
    _ = traced(Tensor.ones([8, 16]))
    printed["traced"] = "\(traced.program!.graph)"

    let forward = compile({ (network: Network, x: Tensor) in network(x) }, CompileOptions(shapes: ["1": ["batch", -1]]))
    let x = RandomKey(3).normal([8, 16]), target = RandomKey(4).normal([8, 4])
    _ = forward(network, x)
    printed["forward"] = "\(forward.program!.graph)"

    var state = Pair(network, AdamW())
    state.second.state.prepare(for: state.first)
    let shapes: [String: [Dimension]] = ["1": ["batch", -1], "2": ["batch", -1]]
    let step = compileUpdate(
      { (state: inout Pair<Network, AdamW>, x: Tensor, target: Tensor) -> Tensor in
        let (loss, gradient) = valueAndGradient(at: state.first) { square($0(x) - target).mean() }
        state.second.update(&state.first, gradient, learningRate: Tensor(0.01))
        return loss
      }, CompileOptions(shapes: shapes))
    let loss = step(&state, x, target)
    printed["step"] = "\(step.program!.graph)"
    printed["program"] = "\(step.program!)"
    _ = loss
    return printed
  }
}
