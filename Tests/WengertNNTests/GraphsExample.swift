@_spi(Backend) import WengertNN

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
    func print(_ name: String, _ values: Any...) { printed[name] = values.map { "\($0)" }.joined(separator: "\n") }

    let network = Network()
    let x = RandomKey(3).normal([8, 16]), target = RandomKey(4).normal([8, 4])
    let forward = compile({ (network: Network, x: Tensor) in network(x) }, CompileOptions(shapes: ["1": ["batch", -1]]))
    let y = forward(network, x)
    precondition(y.shape == [8, 4])
    print("forward", forward.program!.graph)

    let plain = compile(
      { (network: Network, x: Tensor) in network(x) }, CompileOptions(shapes: ["1": ["batch", -1]], optimizes: false))
    _ = plain(network, x)
    print("traced", plain.program!.graph)

    var calls: [CompileStatistics.Call] = []
    for rows in [8, 5, 8, 100] {
      _ = forward(network, RandomKey(rows).normal([rows, 16]))
      calls.append(forward.statistics.lastCall!)
    }
    print("calls", calls)
    print("statistics", forward.statistics.calls, forward.statistics.compilations, forward.statistics.bindings)

    let change = compile(
      { (x: Tensor) in
        let n = x.shape[dim: 0]
        let steps = x[1..<n] - x[0..<(n - 1)]
        return steps.sum(axes: [0]) / steps.extent(0)
      }, CompileOptions(shapes: ["0": ["n", -1]]))
    let slope = change(RandomKey(5).normal([6, 2]))
    precondition(slope.shape == [2])

    let tokens = RandomKey(6).normal([4, 4, 16]).named("B", "T", "D")
    let scores = tokens.matmul(tokens.transpose())
    print("names", tokens.shape, scores.shape, scores.sum(axis: -1).shape)

    let train = { (state: inout Pair<Network, AdamW>, x: Tensor, target: Tensor) -> Tensor in
      let (loss, gradient) = valueAndGradient(at: state.first) { square($0(x) - target).mean() }
      state.second.update(&state.first, gradient, learningRate: Tensor(0.01))
      return loss
    }
    var state = Pair(network, AdamW())
    state.second.state.prepare(for: state.first)
    let step = compileUpdate(train, CompileOptions(shapes: ["1": ["batch", -1], "2": ["batch", -1]]))
    let first = step(&state, x, target).item()
    print("step", step.program!.graph)
    print("program", step.program!)

    step.profiler = Profiler()
    for _ in 0..<10 { _ = step(&state, x, target) }
    print("profile", step.profiler!.table)
    print("trace", step.profiler!.chromeTrace)
    step.profiler = nil
    let last = step(&state, x, target).item()
    precondition(last < first)

    let frugal = compileUpdate(train, CompileOptions(memoryBudget: 2500))
    _ = frugal(&state, x, target)
    print("budget", step.program!.arenaByteCount, frugal.program!.arenaByteCount, frugal.statistics.bytesOverBudget)

    print("graphviz", forward.program!.graph.graphviz)
    return printed
  }
}
