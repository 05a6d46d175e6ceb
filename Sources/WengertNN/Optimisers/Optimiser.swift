/// Moves the parameters of a model against a gradient, one fused program per tensor, in place where no other tensor shares the memory.
///
/// As a tree of tensors it is its state, so that a compiled training step can update it together with the model.
public protocol Optimiser: TensorTree, Sendable {
  /// The weight decay of parameters to which no group gives another.
  var weightDecay: Double { get set }
  /// Parameters treated in their own way.
  var groups: [ParameterGroup] { get set }
  /// The moments and the number of steps made.
  var state: OptimiserState { get set }

  /// Writes the update of a parameter: from its value, its buffers, its gradient and the step's scalars, all of the compute type, the new value and the new
  /// buffers.
  func rule(
    _ parameter: RowValue, _ buffers: [RowValue], _ gradient: RowValue, _ scalars: [RowValue], weightDecay: Double
  ) -> (parameter: RowValue, buffers: [RowValue])

  /// The numbers that change from step to step, float64 scalars, for step number `step` (float64, the first being 1).
  func scalars(step: Tensor, learningRate: Tensor, weightDecay: Double) -> [Tensor]
}

extension Optimiser {
  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) { state.visit(prefix, body) }

  /// One step: each parameter of `model` is moved against `gradient`, which has the model's structure. Whole numbers are left alone.
  public mutating func update<Model: TensorTree>(
    _ model: inout Model, _ gradient: Model, learningRate: Double, file: StaticString = #fileID, line: UInt = #line
  ) {
    let backend = model.tensors.first?.backend ?? Device.current.backend
    update(
      &model, gradient, learningRate: .full(learningRate, [], dtype: .float64, backend: backend), file: file, line: line)
  }

  /// The same with the rate as a tensor of one element, which a compiled step takes as an argument.
  public mutating func update<Model: TensorTree>(
    _ model: inout Model, _ gradient: Model, learningRate: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) {
    state.advance(on: learningRate.backend)
    var gradients = gradient.tensors.makeIterator()
    var plans: [PlanKey: Plan] = [:]
    model.visit("") { name, parameter in
      guard let gradient = gradients.next() else {
        preconditionFailure("update: the gradient has no tensor for \(name)", file: file, line: line)
      }
      guard parameter.dtype.isFloating else { return }
      precondition(
        gradient.shape == parameter.shape, "update: \(name) has the shape \(parameter.shape), its gradient \(gradient.shape)", file: file,
        line: line)
      state.prepare(name, parameter)
      let key = PlanKey(
        group: groups.firstIndex { $0.matches(name, parameter) }, dtype: parameter.dtype, backend: ObjectIdentifier(parameter.backend))
      let plan = plans[key] ?? plan(key, learningRate)
      plans[key] = plan
      state.withBuffers(name) { buffers in
        plan.program.update(
          &parameter, &buffers, reading: [gradient.cast(to: parameter.dtype)] + plan.scalars, file: file, line: line)
      }
    }
    precondition(gradients.next() == nil, "update: the gradient has more tensors than the model", file: file, line: line)
  }

  private func plan(_ key: PlanKey, _ learningRate: Tensor) -> Plan {
    let group = key.group.map { groups[$0] }
    let decay = group?.weightDecay ?? weightDecay
    let rate = learningRate.cast(to: .float64).reshape([]) * (group?.learningRateScale ?? 1)
    let values = scalars(step: state.count.cast(to: .float64).reshape([]), learningRate: rate, weightDecay: decay)
    let compute = key.dtype.computeType
    let b = RowBuilder("\(Self.self)")
    let parameter = b.row(key.dtype).cast(compute)
    let buffers = state.bufferNames.map { _ in b.row(compute) }
    let gradient = b.row(key.dtype).cast(compute)
    let new = rule(parameter, buffers, gradient, values.map { _ in b.scalar(compute) }, weightDecay: decay)
    b.store(new.parameter, as: key.dtype)
    for buffer in new.buffers { b.store(buffer, as: compute) }
    return Plan(program: b.finish(), scalars: values.map { $0.cast(to: compute) })
  }
}

/// Parameters of one group, dtype and backend share the program and the scalars of a step.
private struct PlanKey: Hashable {
  var group: Int?
  var dtype: DType
  var backend: ObjectIdentifier
}

private struct Plan {
  var program: RowProgram
  var scalars: [Tensor]
}
