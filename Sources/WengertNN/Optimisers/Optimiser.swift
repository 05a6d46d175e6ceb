/// Moves the parameters of a model against a gradient, one fused program per tensor, in place where no other tensor shares the memory.
public protocol Optimiser: Sendable {
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

  /// The numbers that change from step to step, for step number `step`, the first being 1.
  func scalars(step: Int, learningRate: Double, weightDecay: Double) -> [Double]
}

extension Optimiser {
  /// One step: each parameter of `model` is moved against `gradient`, which has the model's structure. Whole numbers are left alone.
  public mutating func update<Model: TensorTree>(
    _ model: inout Model, _ gradient: Model, learningRate: Double, file: StaticString = #fileID, line: UInt = #line
  ) {
    state.step += 1
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
      let plan = plans[key] ?? plan(key, learningRate, Device(parameter.backend))
      plans[key] = plan
      state.withBuffers(name) { buffers in
        plan.program.update(
          &parameter, &buffers, reading: [gradient.cast(to: parameter.dtype)] + plan.scalars, file: file, line: line)
      }
    }
    precondition(gradients.next() == nil, "update: the gradient has more tensors than the model", file: file, line: line)
  }

  private func plan(_ key: PlanKey, _ learningRate: Double, _ device: Device) -> Plan {
    let group = key.group.map { groups[$0] }
    let decay = group?.weightDecay ?? weightDecay
    let values = scalars(step: state.step, learningRate: learningRate * (group?.learningRateScale ?? 1), weightDecay: decay)
    let compute = key.dtype.computeType
    let b = RowBuilder("\(Self.self)")
    let parameter = b.row(key.dtype).cast(compute)
    let buffers = state.bufferNames.map { _ in b.row(compute) }
    let gradient = b.row(key.dtype).cast(compute)
    let new = rule(parameter, buffers, gradient, values.map { _ in b.scalar(compute) }, weightDecay: decay)
    b.store(new.parameter, as: key.dtype)
    for buffer in new.buffers { b.store(buffer, as: compute) }
    return Plan(program: b.finish(), scalars: values.map { Tensor([$0], shape: [], device: device).cast(to: compute) })
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
