import Testing
@_spi(Backend) import WengertNN
import WengertTestSupport

private struct Small: ParameterTree {
  var weight: Tensor
  var bias: Tensor
  var norm: LayerNorm
  static let fields: [Field<Self>] = [.init("weight", \.weight), .init("bias", \.bias), .init("norm", \.norm)]

  init(dtype: DType = .float64) {
    weight = .zeros([3, 4], dtype: dtype)
    bias = .zeros([3], dtype: dtype)
    norm = LayerNorm(4, dtype: dtype)
  }
}

@Suite("Optimizers")
struct OptimizerTests {
  let golden = try! Golden()
  private let rates = [0.02, 0.1, 0.09, 0.05, 0.01]
  private let groups = [
    ParameterGroup(matching: { name, _ in name.hasPrefix("norm.") }, weightDecay: 0, learningRateScale: 0.5), .noDecayOnBiasesAndNorms,
  ]

  private func start(_ dtype: DType = .float64) throws -> Small {
    var model = Small(dtype: dtype)
    try model.load(golden.file, strict: false) { "optimizer/start/\($0)" }
    return model
  }

  private func gradient(_ step: Int, _ dtype: DType = .float64) throws -> Small {
    var tree = Small(dtype: dtype)
    tree.visit("") { name, tensor in
      tensor = try! golden.tensor("optimizer/gradient/\(name)")[step].cast(to: dtype)
    }
    return tree
  }

  private func expectFiveSteps(_ optimizer: any Optimizer, _ label: String, in file: String = "golden") throws {
    let expected = try Golden(file)
    for (dtype, tolerance) in [(DType.float64, 1e-12), (.float32, 2e-6)] {
      var model = try start(dtype), optimizer = optimizer
      for step in 0..<5 { optimizer.update(&model, try gradient(step, dtype), learningRate: rates[step]) }
      for (name, tensor) in model.namedTensors { try expected.expect(tensor, "optimizer/\(label)/\(name)", tolerance: tolerance) }
    }
  }

  @Test("five steps of RMSprop, Adagrad and Adafactor are those of torch.optim") func moreOfTorch() throws {
    try expectFiveSteps(RMSprop(weightDecay: 0.1, groups: groups), "rmsprop", in: "training")
    try expectFiveSteps(
      RMSprop(alpha: 0.9, momentum: 0.8, isCentered: true, weightDecay: 0.1, groups: groups), "rmspropCentered", in: "training")
    try expectFiveSteps(Adagrad(rateDecay: 0.3, weightDecay: 0.1, groups: groups), "adagrad", in: "training")
    try expectFiveSteps(Adafactor(weightDecay: 0.1, groups: groups), "adafactor", in: "training")
  }

  @Test("five steps of Lion, LAMB and Muon are those of their papers") func papers() throws {
    try expectFiveSteps(Lion(weightDecay: 0.1, groups: groups), "lion", in: "training")
    try expectFiveSteps(LAMB(weightDecay: 0.1, groups: groups), "lamb", in: "training")
    try expectFiveSteps(Muon(weightDecay: 0.1, groups: groups), "muon", in: "training")
  }

  @Test("Adafactor keeps a row and a column for each matrix, and all of a vector") func factored() throws {
    var model = try start(), optimizer = Adafactor()
    optimizer.update(&model, try gradient(0), learningRate: 0.1)
    let shapes = Dictionary(uniqueKeysWithValues: optimizer.state.namedTensors.map { ($0.name, $0.tensor.shape) })
    #expect(
      shapes["weight.rows"] == [3, 1] && shapes["weight.columns"] == [1, 4] && shapes["bias.rows"] == [3] && shapes["bias.columns"] == [])
  }

  @Test("a pattern of names has * for a part and ** for any parts")
  func patterns() {
    func group(_ pattern: String) -> [String] {
      let group = ParameterGroup(pattern, weightDecay: 0)
      return ["head.weight", "blocks.0.norm.weight", "blocks.1.norm.bias", "blocks.1.linear.bias"].filter { group.matches($0, Tensor(0)) }
    }
    #expect(group("**.bias") == ["blocks.1.norm.bias", "blocks.1.linear.bias"])
    #expect(group("blocks.*.norm.*") == ["blocks.0.norm.weight", "blocks.1.norm.bias"])
    #expect(group("*.weight") == ["head.weight"] && group("he*d.w*t") == ["head.weight"] && group("bias").isEmpty && group("**").count == 4)
  }

  @Test("five steps of AdamW are those of torch.optim.AdamW") func adamW() throws {
    try expectFiveSteps(AdamW(weightDecay: 0.1, groups: groups), "adamw")
  }

  @Test("five steps of Adam are those of torch.optim.Adam") func adam() throws {
    try expectFiveSteps(Adam(beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1, groups: groups), "adam")
  }

  @Test("five steps of SGD are those of torch.optim.SGD, plain, with momentum and with Nesterov's") func sgd() throws {
    try expectFiveSteps(SGD(weightDecay: 0.1, groups: groups), "sgd")
    try expectFiveSteps(SGD(momentum: 0.9, weightDecay: 0.1, groups: groups), "momentum")
    try expectFiveSteps(SGD(momentum: 0.9, nesterov: true, weightDecay: 0.1, groups: groups), "nesterov")
  }

  @Test("parameters and moments stay in the memory they have") func inPlace() throws {
    var model = try start(), optimizer = AdamW()
    // The first step gives memory to the moments, which begin as views of one zero.
    optimizer.update(&model, try gradient(0), learningRate: 0.1)
    func places() -> [ObjectIdentifier] { (model.tensors + optimizer.state.tensors.dropFirst()).map { ObjectIdentifier($0.view.storage) } }
    let before = places(), values = model.weight.doubles
    optimizer.update(&model, try gradient(1), learningRate: 0.1)
    #expect(places() == before)
    #expect(model.weight.doubles != values)
  }

  @Test("layers behind existentials, arrays, dictionaries and optionals are updated in place too") func nestedInPlace() {
    var models = [["a": Optional(Sequential(Linear(2, 3, key: RandomKey(1)), Linear(3, 1, bias: false, key: RandomKey(2))))]]
    var optimizer: any Optimizer = SGD()
    let before = models.tensors.map { ObjectIdentifier($0.view.storage) }
    optimizer.update(&models, models.map { _, x in .ones(x.shape) }, learningRate: 0.1)
    #expect(models.tensors.map { ObjectIdentifier($0.view.storage) } == before)
  }

  @Test("a copy of a model keeps its values when the model is updated") func copyOnWrite() throws {
    var model = try start(), optimizer = SGD()
    let copy = model
    let values = copy.tensors.map(\.doubles)
    optimizer.update(&model, try gradient(0), learningRate: 0.1)
    #expect(copy.tensors.map(\.doubles) == values)
    #expect(model.weight.doubles != values[0])
  }

  @Test("training goes on after a saved state as it would have without the pause") func resume() throws {
    try Fixtures.withTemporaryFolder { folder in
      var model = try start(), optimizer = AdamW(groups: groups)
      for step in 0..<3 { optimizer.update(&model, try gradient(step), learningRate: 0.1) }
      try optimizer.state.save(to: folder.appendingPathComponent("optimizer.safetensors"))
      var resumed = model, other = AdamW(groups: groups)
      other.state.prepare(for: resumed)
      try other.state.load(SafeTensors(contentsOf: folder.appendingPathComponent("optimizer.safetensors")))
      #expect(other.state.step == 3)
      for step in 3..<5 {
        optimizer.update(&model, try gradient(step), learningRate: 0.1)
        other.update(&resumed, try gradient(step), learningRate: 0.1)
      }
      #expect(resumed.tensors.map(\.doubles) == model.tensors.map(\.doubles))
    }
  }

  @Test("the state's tensors are named after parameters") func stateNames() {
    var optimizer = AdamW()
    optimizer.state.prepare(for: Linear(2, 3, key: RandomKey(1)))
    let names = ["step", "bias.firstMoment", "bias.secondMoment", "weight.firstMoment", "weight.secondMoment"]
    #expect(optimizer.state.namedTensors.map(\.name) == names)
  }

  @Test("half-precision parameters keep their moments in float32") func half() {
    var model = Tensor([1, 2, 3], dtype: .bfloat16), optimizer = Adam()
    optimizer.update(&model, Tensor([1, -1, 1], dtype: .bfloat16), learningRate: 0.5)
    #expect(model.dtype == .bfloat16)
    #expect(model.doubles == [0.5, 2.5, 2.5])
    #expect(optimizer.state.tensors.dropFirst().allSatisfy { $0.dtype == .float32 })
  }

  @Test("no decay on biases and norms, by name") func decayGroup() {
    let none = ParameterGroup.noDecayOnBiasesAndNorms
    let x = Tensor(0)
    for name in ["bias", "encoder.dense.bias", "blocks.0.attentionNorm.weight", "LayerNorm.weight"] { #expect(none.matches(name, x)) }
    for name in ["weight", "blocks.0.intermediate.weight", "norm"] { #expect(!none.matches(name, x)) }
  }

  @Test("a gradient whose norm is not finite is NaN everywhere when it is clipped in tensor operations") func clippingInfinity() {
    for x in [Tensor([Double.infinity, 1]), Tensor([1e25, 1]), Tensor([.nan, 0.0])] {
      #expect(clippedByGlobalNorm(x, 1).gradient.array(of: Double.self).allSatisfy { $0.isNaN })
      #expect { _ = try clipByGlobalNorm(x, 1) } throws: { "\($0)".contains("because of the tensor;") }
    }
  }

  @Test("clipping is torch.nn.utils.clip_grad_norm_") func clipping() throws {
    let (clipped, norm) = try clipByGlobalNorm(gradient(0), 1.5)
    try golden.expect(Tensor(norm, dtype: .float64), "clipping/norm", tolerance: 1e-12)
    for (name, tensor) in clipped.namedTensors { try golden.expect(tensor, "clipping/\(name)", tolerance: 1e-12) }
    let (same, _) = try clipByGlobalNorm(gradient(0), 1000)
    #expect(try same.tensors.map(\.doubles) == gradient(0).tensors.map(\.doubles))
  }

  @Test("a gradient that is not finite is reported with its tensors' names") func notFinite() throws {
    var broken = try gradient(0)
    broken.norm.bias = Tensor([1, .nan, 2, 3], dtype: .float64)
    do {
      _ = try clipByGlobalNorm(broken, 1)
      Issue.record("no error")
    } catch let error as NonFiniteGradient {
      #expect(error.names == ["norm.bias"])
      #expect("\(error)".contains("norm.bias"))
    }
  }

  @Test("more schedules, and one after another, are those of torch.optim.lr_scheduler") func moreSchedules() throws {
    let kinds: [(String, any Schedule)] = [
      ("step", StepSchedule(every: 3, decay: 0.5)), ("exponential", StepSchedule(decay: 0.9)),
      ("polynomial", PolynomialSchedule(total: 8, power: 2)), ("restarts", CosineRestartsSchedule(period: 2, growth: 2)),
      ("oneCycle", OneCycleSchedule(total: 11)), ("sequence", ConstantSchedule().then(at: 4, StepSchedule(decay: 0.5))),
    ]
    for (name, schedule) in kinds {
      try Golden("training").expect(Tensor((0...10).map { schedule.factor($0) }, dtype: .float64), "schedule/\(name)", tolerance: 1e-12)
    }
    let product = WarmupSchedule(4) * StepSchedule(every: 2, decay: 0.5)
    #expect((0...5).map { product.factor($0) } == [0, 0.25, 0.25, 0.375, 0.25, 0.25])
  }

  @Test("schedules are transformers'") func schedules() throws {
    for warmup in [0, 3] {
      let kinds: [(String, any Schedule)] = [
        ("linear", LinearSchedule(warmup: warmup, total: 10)), ("cosine", CosineSchedule(warmup: warmup, total: 10)),
      ]
      for (name, schedule) in kinds {
        try golden.expect(Tensor((0...10).map { schedule.factor($0) }, dtype: .float64), "schedule/\(name)/\(warmup)", tolerance: 1e-12)
        #expect(schedule.factor(1000) == 0)
      }
    }
    #expect(LinearSchedule(warmup: 3, total: 10).factor(0) == 0)
    #expect(LinearSchedule(warmup: 0, total: 0).factor(0) == 0)
    #expect(ConstantSchedule().factor(7) == 1)
  }
}
