@_spi(Backend) import Wengert

/// Moves the parameters of a model against a gradient.
///
/// One of your own says in `updated` how a parameter moves, in tensor operations. Those of this library run one fused program per tensor instead, in place if no
/// other tensor shares the memory.
///
/// As a tree of tensors it is its state, so that a compiled training step can update it together with the model.
///
/// ```swift
/// var x = Tensor([1.0, 2.0])
/// var optimizer = SGD()
/// let slope = gradient(at: x) { square($0).sum() }
/// optimizer.update(&x, slope, learningRate: 0.25)  // x is [0.5, 1]
/// ```
public protocol Optimizer: TensorTree, Sendable {
  /// The weight decay of parameters to which no group gives another.
  var weightDecay: Double { get set }
  /// Groups of parameters with settings of their own.
  var groups: [ParameterGroup] { get set }
  /// The moments and the number of steps made.
  var state: OptimizerState { get set }

  /// The update of a parameter: from its value, its buffers, its gradient and the step's scalars, all of the type in which kernels compute (float32 for parameters
  /// of half precision), the new value and the new buffers, of the shapes that they had.
  func updated(
    _ parameter: Tensor, _ buffers: [Tensor], gradient: Tensor, scalars: [Tensor], weightDecay: Double
  ) -> (parameter: Tensor, buffers: [Tensor])

  /// The numbers that change from step to step, float64 scalars, for step number `step` (float64, the first being 1).
  func scalars(step: Tensor, learningRate: Tensor, weightDecay: Double) -> [Tensor]
}

extension Optimizer {
  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) { state.visit(prefix, body) }

  /// One step: each parameter of `model` is moved against `gradient`, which has the model's structure. Whole numbers beside floating parameters are left alone; a model
  /// of whole numbers alone, which would never learn, ends the program.
  ///
  /// Inside of `catchingDataFaults` nothing is moved, and no step is counted, once an operation has met a fault.
  ///
  /// - Precondition: The model has a floating parameter, the gradient its structure and shapes, and the optimizer's state, if there is one, its shapes.
  public mutating func update<Model: TensorTree>(
    _ model: inout Model, _ gradient: Model, learningRate: Double, file: StaticString = #fileID, line: UInt = #line
  ) {
    let device = model.tensors.first?.device ?? .current
    update(&model, gradient, learningRate: .full(learningRate, [], dtype: .float64, device: device), file: file, line: line)
  }

  /// The same with the rate as a tensor of one element, which a compiled step takes as an argument.
  ///
  /// - Precondition: As with the rate as a number; it has one element.
  public mutating func update<Model: TensorTree>(
    _ model: inout Model, _ gradient: Model, learningRate: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) {
    let caller = Caller(file, line)
    requireParameters("update", model, caller)
    let parameters = model.tensors, slopes = gradient.tensors
    caller.require(
      slopes.count == parameters.count, "update",
      "the gradient holds \(slopes.count) tensors, the model \(parameters.count); both must have one structure")
    let isConcrete = (parameters + slopes + [learningRate]).allSatisfy(\.isConcrete)
    if DataFaultScope.hasFault, isConcrete { return }
    // The update of one tensor may be what meets a fault when others have moved.
    let before = isConcrete && DataFaultScope.current != nil ? (model: model, state: state) : nil
    defer { if let before, DataFaultScope.hasFault { (model, state) = before } }
    state.advance(on: learningRate.device)
    var gradients = slopes.makeIterator()
    var plans: [PlanKey: Plan] = [:]
    model.visit("") { name, parameter in
      var gradient = gradients.next()!
      guard parameter.dtype.isFloating else { return }
      caller.require(
        gradient.shape == parameter.shape, "update",
        "\(name.isEmpty ? "the parameter" : name) has the shape \(parameter.shape), its gradient \(gradient.shape)")
      if !gradient.dtype.isFloating { gradient = gradient.cast(to: parameter.dtype.computeType) }
      state.prepare(name, parameter, caller)
      let key = PlanKey(
        group: groups.firstIndex { $0.matches(name, parameter) }, dtype: parameter.dtype, gradient: gradient.dtype,
        backend: ObjectIdentifier(parameter.backend))
      let plan = plans[key] ?? plan(key, learningRate)
      plans[key] = plan
      if let program = plan.program {
        state.withBuffers(name) { buffers in
          program.update(&parameter, &buffers, reading: [gradient] + plan.scalars, file: file, line: line)
        }
      } else {
        var buffers: [Tensor] = []
        state.withBuffers(name) { buffers = $0 }
        update(&parameter, &buffers, gradient, plan, name, caller)
        state.withBuffers(name) { $0 = buffers }
      }
    }
  }

  /// The update in tensor operations.
  private func update(
    _ parameter: inout Tensor, _ buffers: inout [Tensor], _ gradient: Tensor, _ plan: Plan, _ name: String, _ caller: Caller
  ) {
    let compute = parameter.dtype.computeType
    let new = updated(
      parameter.cast(to: compute), buffers, gradient: gradient.cast(to: compute), scalars: plan.scalars, weightDecay: plan.weightDecay)
    let results = [new.parameter] + new.buffers, shapes = ([parameter] + buffers).map(\.shape)
    caller.require(
      results.count == shapes.count && zip(results, shapes).allSatisfy { $0.shape.equals($1) == true }, "update",
      "\(Self.self) must give \(name.isEmpty ? "the parameter" : name) and its \(buffers.count) buffers new values of the shapes \(shapes), got \(results.map(\.shape))"
    )
    parameter = new.parameter.cast(to: parameter.dtype)
    buffers = new.buffers.map { $0.cast(to: compute) }
  }

  private func plan(_ key: PlanKey, _ learningRate: Tensor) -> Plan {
    let group = key.group.map { groups[$0] }
    let decay = group?.weightDecay ?? weightDecay
    let rate = learningRate.cast(to: .float64).reshape([]) * (group?.learningRateScale ?? 1)
    let values = scalars(step: state.count.cast(to: .float64).reshape([]), learningRate: rate, weightDecay: decay)
    return Plan(
      program: (self as? any FusedOptimizer)?.program(key.dtype, gradient: key.gradient, scalars: values.count, weightDecay: decay),
      scalars: values.map { $0.cast(to: key.dtype.computeType) }, weightDecay: decay)
  }
}

/// Ends the program for a model that an optimizer cannot move.
func requireParameters(_ operation: String, _ model: some TensorTree, _ caller: Caller) {
  let named = model.namedTensors
  if named.contains(where: \.tensor.dtype.isFloating) { return }
  let names = named.prefix(4).map { "\($0.name) \($0.tensor.type)" }.joined(separator: ", ")
  caller.require(!named.isEmpty, operation, "the model has no parameters")
  caller.fail(
    operation,
    "the model has no floating parameter and would never learn: \(names)\(named.count > 4 ? " and \(named.count - 4) more" : ""). Convert them with cast(to: .float32)"
  )
}

/// Parameters of one group, one dtype of theirs and of their gradients and one backend share the program and the scalars of a step.
private struct PlanKey: Hashable {
  var group: Int?
  var dtype: DType
  var gradient: DType
  var backend: ObjectIdentifier
}

private struct Plan {
  var program: RowProgram?
  var scalars: [Tensor]
  var weightDecay: Double
}
