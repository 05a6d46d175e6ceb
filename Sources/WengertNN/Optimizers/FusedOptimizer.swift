@_spi(Backend) import Wengert

/// An optimizer whose update is one kernel.
@_spi(Backend) public protocol FusedOptimizer: Optimizer {
  /// Writes the update of a parameter, as `updated` does in tensor operations: from its value, its buffers, its gradient and the step's scalars, all of the compute
  /// type, the new value and the new buffers.
  func rule(
    _ parameter: RowValue, _ buffers: [RowValue], _ gradient: RowValue, _ scalars: [RowValue], weightDecay: Double
  ) -> (parameter: RowValue, buffers: [RowValue])
}

extension FusedOptimizer {
  /// The update of a parameter of this dtype as a kernel, whose inputs are the parameter, the buffers, the gradient (of its own dtype) and the scalars.
  func program(_ dtype: DType, gradient gradientType: DType, scalars count: Int, weightDecay: Double) -> RowProgram {
    let compute = dtype.computeType
    let b = RowBuilder("\(Self.self)")
    let parameter = b.row(dtype).cast(compute)
    let buffers = state.bufferNames.map { _ in b.row(compute) }
    let gradient = b.row(gradientType).cast(compute)
    let new = rule(parameter, buffers, gradient, (0..<count).map { _ in b.scalar(compute) }, weightDecay: weightDecay)
    b.store(new.parameter, as: dtype)
    for buffer in new.buffers { b.store(buffer, as: compute) }
    return b.finish()
  }

  /// What this kernel makes of one parameter.
  func fused(
    _ parameter: Tensor, _ buffers: [Tensor], _ gradient: Tensor, _ scalars: [Tensor], _ weightDecay: Double
  ) -> (parameter: Tensor, buffers: [Tensor]) {
    var new = parameter, buffers = buffers
    program(parameter.dtype, gradient: gradient.dtype, scalars: scalars.count, weightDecay: weightDecay).update(
      &new, &buffers, reading: [gradient] + scalars)
    return (new, buffers)
  }
}
